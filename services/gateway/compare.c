#include "compare.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "control.h"
#include "message.h"
#include "rule.h"
#include "text.h"

#define DEPTH_MAX 8

enum { LEFT, RIGHT, SKIP, LEFT_TITLE, RIGHT_TITLE };

static const part_parameter_t parameters[] = {
    [LEFT] = {"left", PART_VALUE, PART_REQUIRED, 1u << DATUM_MESSAGE},
    [RIGHT] = {"right", PART_VALUE, PART_REQUIRED, 1u << DATUM_MESSAGE},
    [SKIP] = {"skip", PART_WORD, PART_OPTION, 0},
    [LEFT_TITLE] = {"leftTitle", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [RIGHT_TITLE] = {"rightTitle", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    {0},
};

typedef struct {
    buffer_t *out;
    arena_t *arena;
    const char *skip; /* words, or "" */
    size_t rows;
    bool more; /* than are told */
} compare_t;

/* The words that stand before a label: where we are. */
typedef struct where {
    const struct where *up;
    const char *label;
} where_t;

/* --- check -------------------------------------------------------------------------------- */

static bool is_word_of(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += size)
        if ((at == words || at[-1] == ' ') && (!at[size] || at[size] == ' '))
            return true;
    return false;
}

static void check_compare(part_check_t *check)
{
    const part_argument_t *arguments = check->arguments;
    const ProtobufCMessageDescriptor *type = arguments[LEFT].type->message;
    if (type != arguments[RIGHT].type->message) {
        part_fault(check, "only messages of one type can be compared, not %s and %s",
                   datum_type_name(arguments[LEFT].type, check->arena),
                   datum_type_name(arguments[RIGHT].type, check->arena));
        return;
    }
    const char *skip = arguments[SKIP].given ? arguments[SKIP].written : "";
    for (const char *at = skip; *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        if (!message_field(type, at, size))
            part_fault(check, "%s has no field `%.*s`", type->name, (int) size, at);
        at += size;
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static void write_where(const compare_t *self, const where_t *where)
{
    if (!where)
        return;
    write_where(self, where->up);
    part_escape_text(self->out, where->label);
    buffer_text(self->out, "：");
}

static void write_text(const compare_t *self, const char *text, size_t size)
{
    bool cut = size > COMPARE_TEXT_MAX;
    if (cut)
        for (size = COMPARE_TEXT_MAX; size && (text[size] & 0xc0) == 0x80;)
            size--;
    part_escape(self->out, text, size);
    buffer_text(self->out, cut ? "……" : "");
}

static void write_value(const compare_t *self, datum_t value)
{
    if (value.kind == DATUM_TEXT)
        write_text(self, value.text.data, value.text.size);
    else if (value.kind == DATUM_BOOL)
        buffer_text(self->out, value.truth ? "是" : "否");
    else
        part_show(self->out, value);
}

/* A value, or the elements of a list of values. */
static void write_cell(const compare_t *self, const char *class, datum_t value)
{
    buffer_printf(self->out, "<td class=\"%s\">", class);
    if (!datum_is_set(value) && value.kind != DATUM_INT && value.kind != DATUM_BOOL) {
        buffer_text(self->out, "<span class=\"muted\">无</span>");
    } else if (value.kind == DATUM_LIST) {
        for (size_t i = 0; i < value.count && i < COMPARE_ROWS_MAX; i++) {
            buffer_text(self->out, i ? "、" : "");
            write_value(self, datum_at(value, i));
        }
    } else {
        write_value(self, value);
    }
    buffer_text(self->out, "</td>");
}

static bool takes_row(compare_t *self)
{
    if (self->rows >= COMPARE_ROWS_MAX || self->out->full) {
        self->more = true;
        return false;
    }
    self->rows++;
    return true;
}

static void write_row(compare_t *self, const where_t *where, const char *label, datum_t left,
                      datum_t right)
{
    if (!takes_row(self))
        return;
    buffer_text(self->out, "<tr><th scope=\"row\">");
    write_where(self, where);
    part_escape_text(self->out, label);
    buffer_text(self->out, "</th>");
    write_cell(self, "compare__old", left);
    write_cell(self, "compare__new", right);
    buffer_text(self->out, "</tr>");
}

static void write_group(compare_t *self, const where_t *where, const char *what)
{
    if (!takes_row(self))
        return;
    buffer_text(self->out, "<tr class=\"compare__group\"><th colspan=\"3\" scope=\"colgroup\">");
    write_where(self, where->up);
    part_escape_text(self->out, where->label);
    buffer_text(self->out, what);
    buffer_text(self->out, "</th></tr>");
}

/* --- messages ------------------------------------------------------------------------------------ */

static bool is_inner(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor != &google__protobuf__timestamp__descriptor;
}

static bool same_scalar(datum_t a, datum_t b)
{
    if (!datum_is_set(a) && !datum_is_set(b))
        return true;
    if (a.kind != b.kind)
        return false;
    switch ((datum_kind_t) a.kind) {
    case DATUM_BOOL:
        return a.truth == b.truth;
    case DATUM_INT:
        return a.number == b.number;
    case DATUM_ENUM:
        return a.choice.value == b.choice.value;
    case DATUM_TIME:
        return a.time_ms == b.time_ms;
    default:
        return a.text.size == b.text.size &&
               (!a.text.size || memcmp(a.text.data, b.text.data, a.text.size) == 0);
    }
}

static bool same_values(datum_t a, datum_t b)
{
    if (a.kind != DATUM_LIST && b.kind != DATUM_LIST)
        return same_scalar(a, b);
    size_t count = a.kind == DATUM_LIST ? a.count : 0;
    if (count != (b.kind == DATUM_LIST ? b.count : 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!same_scalar(datum_at(a, i), datum_at(b, i)))
            return false;
    return true;
}

static datum_t value_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return message ? datum_field(message, field) : datum_none();
}

static const char *text_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = message_field(message->descriptor, name, strlen(name));
    if (!field || field->type != PROTOBUF_C_TYPE_STRING ||
        field->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    const char *text = *(const char *const *) message_at(message, field);
    return text_empty(text) ? NULL : text;
}

/* What people call an entry. */
static const char *title_of(const ProtobufCMessage *message)
{
    static const char *const names[] = {"name", "label", "law", "question"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *title = text_field(message, names[i]);
        if (title)
            return title;
    }
    return NULL;
}

static void compare_messages(compare_t *self, const where_t *where, const ProtobufCMessage *left,
                             const ProtobufCMessage *right, size_t depth);

/* The entry of `list` that belongs to `entry`, which stands at `index` of its own; -1: none. */
static long partner(datum_t list, const ProtobufCMessage *entry, size_t index)
{
    const char *id = text_field(entry, "id");
    if (!id)
        return list.kind == DATUM_LIST && index < list.count ? (long) index : -1;
    for (size_t i = 0; list.kind == DATUM_LIST && i < list.count; i++)
        if (text_equal(text_field(datum_at(list, i).message, "id"), id))
            return (long) i;
    return -1;
}

static bool same_messages(const ProtobufCMessage *a, const ProtobufCMessage *b, arena_t *arena)
{
    ProtobufCBinaryData left = message_pack(a, arena), right = message_pack(b, arena);
    return left.data && right.data && left.len == right.len &&
           memcmp(left.data, right.data, left.len) == 0;
}

static void compare_entry(compare_t *self, const where_t *up, const char *label, size_t number,
                          const ProtobufCMessage *left, const ProtobufCMessage *right, size_t depth)
{
    const char *title = title_of(right ? right : left);
    const char *words = title ? arena_printf(self->arena, "%s第%zu项“%s”", label, number, title)
                              : arena_printf(self->arena, "%s第%zu项", label, number);
    where_t where = {up, words ? words : label};
    if (left && right && same_messages(left, right, self->arena))
        return;
    write_group(self, &where, !left ? "（新增）" : !right ? "（已删除）" : "");
    compare_messages(self, NULL, left, right, depth + 1);
}

static void compare_lists(compare_t *self, const where_t *where, const char *label, datum_t left,
                          datum_t right, size_t depth)
{
    for (size_t i = 0; right.kind == DATUM_LIST && i < right.count && !self->more; i++) {
        const ProtobufCMessage *entry = datum_at(right, i).message;
        long other = partner(left, entry, i);
        compare_entry(self, where, label, i + 1,
                      other < 0 ? NULL : datum_at(left, (size_t) other).message, entry, depth);
    }
    for (size_t i = 0; left.kind == DATUM_LIST && i < left.count && !self->more; i++) {
        const ProtobufCMessage *entry = datum_at(left, i).message;
        if (partner(right, entry, i) < 0)
            compare_entry(self, where, label, i + 1, entry, NULL, depth);
    }
}

/* Either may be NULL.  Fields without a label are not for people. */
static void compare_messages(compare_t *self, const where_t *where, const ProtobufCMessage *left,
                             const ProtobufCMessage *right, size_t depth)
{
    const ProtobufCMessageDescriptor *type = (left ? left : right)->descriptor;
    for (unsigned i = 0; i < type->n_fields && depth < DEPTH_MAX && !self->more; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const rule_t *rule = rule_of(type, field->name);
        char camel[64];
        if (!rule || text_empty(rule->label) || strlen(field->name) >= sizeof camel)
            continue;
        message_camel(field->name, camel);
        if (depth == 0 && is_word_of(self->skip, camel))
            continue;
        datum_t a = value_of(left, field), b = value_of(right, field);
        if (!is_inner(field)) {
            if (!same_values(a, b))
                write_row(self, where, rule->label, a, b);
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            compare_lists(self, where, rule->label, a, b, depth);
        } else if (a.kind == DATUM_MESSAGE || b.kind == DATUM_MESSAGE) {
            where_t inner = {where, rule->label};
            compare_messages(self, &inner, a.kind == DATUM_MESSAGE ? a.message : NULL,
                             b.kind == DATUM_MESSAGE ? b.message : NULL, depth + 1);
        }
    }
}

/* --- the part ---------------------------------------------------------------------------------------- */

static void write_head(const part_render_t *render)
{
    buffer_t *out = render->out;
    const char *left = control_text(render->arguments[LEFT_TITLE], render->arena);
    const char *right = control_text(render->arguments[RIGHT_TITLE], render->arena);
    buffer_text(out,
                "<div class=\"scroll\" role=\"region\" aria-label=\"比较\" tabindex=\"0\">"
                "<table class=\"table table--keep compare\"><caption class=\"visually-hidden\">"
                "不同之处</caption><thead><tr><th scope=\"col\">项目</th><th scope=\"col\">");
    part_escape_text(out, left ? left : "原来");
    buffer_text(out, "</th><th scope=\"col\">");
    part_escape_text(out, right ? right : "现在");
    buffer_text(out, "</th></tr></thead><tbody>");
}

static void write_compare(const part_render_t *render)
{
    const datum_t left = render->arguments[LEFT], right = render->arguments[RIGHT];
    buffer_t *out = render->out;
    const char *skip = control_text(render->arguments[SKIP], render->arena);
    compare_t self = {.out = out, .arena = render->arena, .skip = skip ? skip : ""};
    if (left.kind != DATUM_MESSAGE || right.kind != DATUM_MESSAGE)
        return; /* one of them did not come: the page says so */
    if (same_messages(left.message, right.message, render->arena)) {
        buffer_text(out, "<p class=\"muted\">两者没有不同。</p>");
        return;
    }
    size_t start = out->size;
    write_head(render);
    compare_messages(&self, NULL, left.message, right.message, 0);
    buffer_text(out, "</tbody></table></div>");
    if (self.more)
        buffer_text(out, "<p class=\"muted\">不同之处过多，其余没有列出。</p>");
    if (!self.rows && !out->full) { /* only what nobody looks at is different */
        out->size = start;
        out->data[start] = 0;
        buffer_text(out, "<p class=\"muted\">两者没有不同。</p>");
    }
}

const part_t part_compare = {"compare", false, parameters, check_compare, write_compare};
