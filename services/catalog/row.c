#include "row.h"
#include <stdio.h>
#include <string.h>
#include "check.h"
#include "clean.h"
#include "codes.h"
#include "message.h"
#include "text.h"

enum { FLAGS_MAX = 50, ORIGINAL_CHARACTERS_MAX = 4000, JSON_BYTES_MAX = 4 << 20 };

static const char *const SEPARATORS[] = {",", "，", "、", ";", "；", "|", "^", "\n"};

/* --- small things -------------------------------------------------------------------------- */

row_t row_new(arena_t *arena)
{
    row_t self = {.arena = arena, .memory = true};
    self.item = (Catalog__Item *) message_new(&catalog__item__descriptor, arena);
    if (self.item)
        self.item->flags = ARRAY(arena, Catalog__Flag *, FLAGS_MAX);
    self.memory = self.item && self.item->flags;
    return self;
}

/* The first `max` characters. */
static const char *cut(const char *text, size_t max, arena_t *arena)
{
    size_t size = 0, count = 0;
    uint32_t code;
    for (size_t step; count < max && (step = text_next(text + size, &code)) > 0; count++)
        size += step;
    return text[size] ? arena_copy(arena, text, size) : text;
}

bool row_flag(row_t *self, const char *field, const char *code, const char *original,
              const char *message)
{
    Catalog__Item *item = self->item;
    if (item->n_flags >= FLAGS_MAX)
        return true;
    Catalog__Flag *flag = (Catalog__Flag *) message_new(&catalog__flag__descriptor, self->arena);
    if (!flag)
        return self->memory = false;
    flag->field = cut(field, 100, self->arena);
    flag->code = code;
    flag->message = cut(message, 500, self->arena);
    flag->original = cut(original, ORIGINAL_CHARACTERS_MAX, self->arena);
    if (!flag->field || !flag->message || !flag->original)
        return self->memory = false;
    item->flags[item->n_flags++] = flag;
    return true;
}

static void print_json(buffer_t *out, const json_t *value, int depth)
{
    if (value->kind == JSON_TEXT) {
        json_quote(out, value->text, strlen(value->text));
    } else if (value->kind == JSON_NUMBER) {
        buffer_text(out, value->text);
    } else if (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT) {
        bool object = value->kind == JSON_OBJECT;
        buffer_char(out, object ? '{' : '[');
        CHECK(depth <= JSON_DEPTH_MAX); /* json_read() refuses deeper ones */
        for (const json_t *child = value->child; child; child = child->next) {
            if (child != value->child)
                buffer_char(out, ',');
            if (object) {
                json_quote(out, child->name, strlen(child->name));
                buffer_char(out, ':');
            }
            print_json(out, child, depth + 1);
        }
        buffer_char(out, object ? '}' : ']');
    } else {
        buffer_text(out, value->kind == JSON_TRUE    ? "true"
                         : value->kind == JSON_FALSE ? "false"
                                                     : "null");
    }
}

const char *row_json_text(const json_t *value, arena_t *arena)
{
    buffer_t out = buffer_new(JSON_BYTES_MAX);
    print_json(&out, value, 0);
    const char *text = out.data ? arena_copy(arena, out.data, out.size) : NULL;
    buffer_free(&out);
    return text;
}

static const ProtobufCFieldDescriptor *field_of(const char *name)
{
    const ProtobufCFieldDescriptor *field =
        message_field(&catalog__item__descriptor, name, strlen(name));
    CHECK(field); /* columns.c names a field that the contract lacks */
    return field;
}

/* --- scalars --------------------------------------------------------------------------------- */

static void set_string(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    const char **at = message_at(&self->item->base, field);
    const rule_t *rule = rule_of(&catalog__item__descriptor, field->name);
    const char *message;
    bool have = !text_empty(*at);
    if (have && rule && rule->kind != KIND_NONE && kind_check(rule->kind, *at, &message) &&
        !kind_check(rule->kind, text, &message)) {
        /* A list that names a code twice, once wrongly. */
        row_flag(self, field->name, "replaced", *at, "该值有误，已采用同一行中另一处的正确值。");
        have = false;
    }
    if (!have)
        *at = text;
}

/* "1", "01", "行政许可" or "ITEM_TYPE_LICENSE". */
static bool read_enum(const ProtobufCEnumDescriptor *type, const char *text, int *ret)
{
    int64_t number;
    bool numeric = text_int(text, 0, 9999, &number);
    for (unsigned i = 0; i < type->n_values; i++) {
        const ProtobufCEnumValue *value = &type->values[i];
        if (numeric
                ? value->value == number
                : text_equal(value->name, text) || text_equal(label_of(type, value->value), text)) {
            *ret = value->value;
            return true;
        }
    }
    return false;
}

/* Words that lists use beside the standard's own. */
static bool read_enum_loosely(const ProtobufCEnumDescriptor *type, const char *text, int *ret)
{
    static const struct {
        const ProtobufCEnumDescriptor *type;
        const char *word;
        int value;
    } WORDS[] = {
        {&catalog__item_type__descriptor, "其他类别", 10},
        {&catalog__item_type__descriptor, "其他权力", 10},
        {&catalog__item_type__descriptor, "许可", 1},
        {&catalog__item_type__descriptor, "公共服务", 20},
        {&catalog__use_level__descriptor, "国家", 1},
        {&catalog__use_level__descriptor, "省", 2},
        {&catalog__use_level__descriptor, "市", 3},
        {&catalog__use_level__descriptor, "县", 4},
        {&catalog__use_level__descriptor, "区", 4},
        {&catalog__use_level__descriptor, "镇", 5},
        {&catalog__use_level__descriptor, "乡", 5},
        {&catalog__use_level__descriptor, "村", 6},
        {&catalog__day_unit__descriptor, "G", 1},
        {&catalog__day_unit__descriptor, "Z", 2},
        {&catalog__day_unit__descriptor, "天", 2},
        {&catalog__day_unit__descriptor, "日", 2},
        {&catalog__day_unit__descriptor, "当场", 3},
        {&catalog__day_unit__descriptor, "即时", 3},
        {&catalog__audience__descriptor, "个人", 1},
        {&catalog__audience__descriptor, "企业", 2},
        {&catalog__audience__descriptor, "事业单位", 3},
        {&catalog__audience__descriptor, "社会组织", 4},
        {&catalog__handling_form__descriptor, "窗口", 1},
        {&catalog__handling_form__descriptor, "网上", 2},
        {&catalog__handling_form__descriptor, "快递", 4},
    };
    if (read_enum(type, text, ret))
        return true;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (WORDS[i].type == type && text_starts(text, WORDS[i].word)) {
            *ret = WORDS[i].value;
            return true;
        }
    return false;
}

/* The unit that belongs to a number of days: "20个工作日" says both. */
static Catalog__DayUnit *unit_beside(Catalog__Item *item, const char *field)
{
    if (text_equal(field, "legal_days"))
        return &item->legal_unit;
    return text_equal(field, "promise_days") ? &item->promise_unit : NULL;
}

static bool set_number(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    char digits[16];
    size_t size = strspn(text, "0123456789");
    int64_t number = 0;
    Catalog__DayUnit *unit = unit_beside(self->item, field->name);
    int said = 0;
    bool at_once = unit && size == 0 &&
                   read_enum_loosely(&catalog__day_unit__descriptor, text, &said) && said == 3;
    const char *rest = text + size + strspn(text + size, " ");
    if (text_starts(rest, "个"))
        rest += strlen("个");
    if (at_once) {
        *unit = CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE;
        return true;
    }
    if (size == 0 || size >= sizeof digits)
        return false;
    text_copy(digits, size + 1, text);
    if (!text_int(digits, 0, UINT32_MAX, &number))
        return false;
    if (unit && *rest && read_enum_loosely(&catalog__day_unit__descriptor, rest, &said))
        *unit = (Catalog__DayUnit) said;
    else if (*rest && !text_equal(rest, "次") && !text_equal(rest, "份"))
        return false;
    *(uint32_t *) message_at(&self->item->base, field) = (uint32_t) number;
    return true;
}

static bool set_bool(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    static const char *const YES[] = {"1", "true", "是", "Y", "y", "yes", "支持"};
    static const char *const NO[] = {"0", "false", "否", "N", "n", "no", "不支持"};
    for (size_t i = 0; i < sizeof YES / sizeof *YES; i++) {
        if (!text_equal(text, YES[i]) && !text_equal(text, NO[i]))
            continue;
        *(protobuf_c_boolean *) message_at(&self->item->base, field) = text_equal(text, YES[i]);
        return true;
    }
    return false;
}

/* False: the text says nothing we understand. */
static bool set_scalar(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    int value;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        set_string(self, field, text);
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        if (!read_enum_loosely(field->descriptor, text, &value))
            return false;
        if (*(int *) message_at(&self->item->base, field) == 0)
            *(int *) message_at(&self->item->base, field) = value;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        return set_number(self, field, text);
    case PROTOBUF_C_TYPE_BOOL:
        return set_bool(self, field, text);
    default:
        return false;
    }
}

/* --- lists -------------------------------------------------------------------------------------- */

/* Splits in place of separators; pieces are trimmed, empty ones left out. */
static size_t split(row_t *self, const char *text, const char **pieces, size_t max)
{
    size_t count = 0;
    while (*text && count < max) {
        size_t size = strlen(text), skip = 0;
        for (size_t i = 0; i < sizeof SEPARATORS / sizeof *SEPARATORS; i++) {
            const char *at = strstr(text, SEPARATORS[i]);
            if (at && (size_t) (at - text) < size) {
                size = (size_t) (at - text);
                skip = strlen(SEPARATORS[i]);
            }
        }
        size_t from = strspn(text, " \t\r"), to = size;
        while (to > from && strchr(" \t\r", text[to - 1]))
            to--;
        if (to > from) {
            pieces[count] = arena_copy(self->arena, text + from, to - from);
            if (!pieces[count++]) {
                self->memory = false;
                return 0;
            }
        }
        text += size + skip;
    }
    return count;
}

enum { PIECES_MAX = 60 };

/* Points a repeated field at an array of `count` elements. */
static void point(row_t *self, const ProtobufCFieldDescriptor *field, void *array, size_t count)
{
    char *base = (char *) self->item;
    if (!array) {
        self->memory = false;
        return;
    }
    *(void **) (base + field->offset) = array;
    *(size_t *) (base + field->quantifier_offset) = count;
}

static bool set_enums(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    const char *pieces[PIECES_MAX];
    size_t count = split(self, text, pieces, PIECES_MAX);
    int *values = ARRAY(self->arena, int, count);
    size_t known = 0;
    bool all = true;
    for (size_t i = 0; values && i < count; i++) {
        int value;
        bool readable = read_enum_loosely(field->descriptor, pieces[i], &value) && value != 0;
        all = all && readable;
        bool twice = false;
        for (size_t k = 0; readable && k < known; k++)
            twice = twice || values[k] == value;
        if (readable && !twice)
            values[known++] = value;
    }
    point(self, field, values, known);
    return all;
}

static bool set_strings(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    const char *pieces[PIECES_MAX];
    size_t count = split(self, text, pieces, PIECES_MAX);
    const char **copy = ARRAY(self->arena, const char *, count);
    if (copy && count)
        memcpy(copy, pieces, count * sizeof *copy);
    point(self, field, copy, count);
    return true;
}

/* Lists of messages that may come as plain text, and the member that takes it. */
static const struct {
    const char *field;
    const char *member;
    bool many; /* one element for each piece */
} PLAIN[] = {
    {"legal_bases", "law", false},
    {"results", "name", true},
    {"places", "name", false},
    {"co_departments", "name", true},
    {"special_procedures", "name", true},
    {"materials", "name", true},
    {"stages", "name", true},
};

/* 《law》第x条: the law is between the marks, the rest is the text. */
static void read_law(row_t *self, Catalog__LegalBasis *basis, const char *text)
{
    const char *from = strstr(text, "《");
    const char *to = from ? strstr(from, "》") : NULL;
    basis->text = text;
    basis->law =
        to ? arena_copy(self->arena, from + strlen("《"), (size_t) (to - from) - strlen("《"))
           : cut(text, 200, self->arena);
    const char *article = to ? strstr(to, "第") : NULL;
    const char *end = article ? strstr(article, "条") : NULL;
    if (end && end - article < 60)
        basis->article = arena_copy(self->arena, article, (size_t) (end - article) + strlen("条"));
    self->memory = self->memory && basis->law && basis->article;
}

static bool set_plain(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    const char *pieces[PIECES_MAX] = {text};
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
        if (!text_equal(PLAIN[i].field, field->name))
            continue;
        const rule_t *rule = rule_of(&catalog__item__descriptor, field->name);
        size_t max = rule && rule->max_items < PIECES_MAX ? rule->max_items : PIECES_MAX;
        size_t count = PLAIN[i].many ? split(self, text, pieces, max) : 1;
        const ProtobufCMessageDescriptor *type = field->descriptor;
        ProtobufCMessage **array = ARRAY(self->arena, ProtobufCMessage *, count);
        for (size_t k = 0; array && k < count; k++) {
            array[k] = message_new(type, self->arena);
            if (!array[k])
                return self->memory = false;
            if (type == &catalog__legal_basis__descriptor)
                read_law(self, (Catalog__LegalBasis *) array[k], pieces[k]);
            else
                *(const char **) message_at(
                    array[k], message_field(type, PLAIN[i].member, strlen(PLAIN[i].member))) =
                    pieces[k];
            if (type == &catalog__place__descriptor) {
                ((Catalog__Place *) array[k])->address = pieces[k];
                ((Catalog__Place *) array[k])->name = "办理地点";
            }
        }
        point(self, field, array, count);
        return true;
    }
    return false;
}

/* Flags that came with the row: room for ours behind them. */
static bool grow_flags(row_t *self)
{
    Catalog__Flag **flags = ARRAY(self->arena, Catalog__Flag *, FLAGS_MAX);
    if (!flags)
        return self->memory = false;
    if (self->item->n_flags > FLAGS_MAX)
        self->item->n_flags = FLAGS_MAX;
    if (self->item->n_flags)
        memcpy(flags, self->item->flags, self->item->n_flags * sizeof *flags);
    self->item->flags = flags;
    return true;
}

/* A JSON value into one field.  The field stays as it was when the value does not fit. */
static bool set_tree(row_t *self, const ProtobufCFieldDescriptor *field, const json_t *value)
{
    json_t member = *value;
    member.name = field->name;
    member.next = NULL;
    json_t object = {.kind = JSON_OBJECT, .child = &member};
    ProtobufCMessage *item = message_new(&catalog__item__descriptor, self->arena);
    faults_t *faults = arena_alloc(self->arena, sizeof *faults);
    if (!item || !faults)
        return self->memory = false;
    if (!json_to_message(&object, self->arena, item, "", faults))
        return false;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (!repeated)
        return false;
    point(self, field, *(void **) ((char *) item + field->offset),
          *(size_t *) ((char *) item + field->quantifier_offset));
    return text_equal(field->name, "flags") ? grow_flags(self) : true;
}

/* --- setting ---------------------------------------------------------------------------------------- */

static void unreadable(row_t *self, const char *field, const char *original)
{
    row_flag(self, field, "unreadable", original, "无法识别的内容，未采用，原文保留在此。");
}

/* A cell with a list in JSON, as our own export writes it. */
static bool set_json_cell(row_t *self, const ProtobufCFieldDescriptor *field, const char *text)
{
    const char *error;
    size_t at;
    const json_t *tree = json_read(text, strlen(text), self->arena, &error, &at);
    return tree && tree->kind == JSON_ARRAY && set_tree(self, field, tree);
}

void row_set_text(row_t *self, const char *name, const char *text)
{
    const ProtobufCFieldDescriptor *field = field_of(name);
    unsigned found;
    if (!self->memory)
        return;
    bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
    const char *plain = clean_text(text, true, self->arena, &found);
    if (!plain) {
        self->memory = false;
        return;
    }
    if (!*plain)
        return;
    bool done;
    if (list && *plain == '[')
        done = set_json_cell(self, field, text);
    else if (list && field->type == PROTOBUF_C_TYPE_ENUM)
        done = set_enums(self, field, plain);
    else if (list && field->type == PROTOBUF_C_TYPE_STRING)
        done = set_strings(self, field, plain);
    else if (list)
        done = set_plain(self, field, text); /* uncleaned: row_finish() keeps the original */
    else
        done = set_scalar(self, field, field->type == PROTOBUF_C_TYPE_STRING ? text : plain);
    if (!done)
        unreadable(self, name, text);
}

void row_set_json(row_t *self, const char *name, const json_t *value)
{
    if (!self->memory || value->kind == JSON_NULL)
        return;
    if (value->kind == JSON_TEXT || value->kind == JSON_NUMBER) {
        row_set_text(self, name, value->text);
    } else if (value->kind == JSON_TRUE || value->kind == JSON_FALSE) {
        row_set_text(self, name, value->kind == JSON_TRUE ? "1" : "0");
    } else if (!set_tree(self, field_of(name), value)) {
        const char *original = row_json_text(value, self->arena);
        unreadable(self, name, original ? original : "");
    }
}

/* --- finishing ------------------------------------------------------------------------------------------ */

/* The national code fields and where a wrong code goes. */
static const char **local_field(Catalog__Item *item, const char *field)
{
    if (text_equal(field, "base_code"))
        return &item->local_base_code;
    if (text_equal(field, "impl_code") || text_equal(field, "item_code"))
        return &item->local_impl_code;
    return NULL;
}

static void check_kind(row_t *self, const char **text, const rule_t *rule, const char *path)
{
    const char *message = "";
    const char *code = **text ? kind_check(rule->kind, *text, &message) : NULL;
    if (!code)
        return;
    row_flag(self, path, code, *text, message);
    const char **local = local_field(self->item, path);
    if (local && text_empty(*local))
        *local = *text;
    *text = "";
}

static void finish_text(row_t *self, const char **text, const rule_t *rule, const char *path)
{
    enum { PARAGRAPH_CHARACTERS = 500 }; /* fields this long may have lines */
    unsigned found;
    bool lines = !rule || (rule->kind == KIND_NONE && rule->max_len >= PARAGRAPH_CHARACTERS);
    const char *clean = clean_text(*text, lines, self->arena, &found);
    if (!clean) {
        self->memory = false;
        return;
    }
    if (found & CLEAN_HTML)
        row_flag(self, path, "html", *text, "内容含网页标记，已转换为纯文本。");
    if (found & CLEAN_CONTROL)
        row_flag(self, path, "control", *text, "内容含控制字符，已去除。");
    if (rule && rule->max_len > 0 && text_length(clean) > rule->max_len) {
        row_flag(self, path, "too_long", clean, "内容超过长度限制，已截断。");
        clean = cut(clean, rule->max_len, self->arena);
    }
    *text = clean ? clean : "";
    if (rule && rule->kind != KIND_NONE)
        check_kind(self, text, rule, path);
}

static void finish_number(row_t *self, void *at, const ProtobufCFieldDescriptor *field,
                          const rule_t *rule, const char *path)
{
    if (!rule || (rule->min == 0 && rule->max == 0))
        return;
    bool wide = field->type == PROTOBUF_C_TYPE_INT64;
    int64_t value = wide ? *(int64_t *) at : (int64_t) * (uint32_t *) at;
    if (value >= rule->min && value <= rule->max)
        return;
    const char *original = arena_printf(self->arena, "%lld", (long long) value);
    row_flag(self, path, "range", original ? original : "", "数值超出范围，未采用。");
    if (wide)
        *(int64_t *) at = 0;
    else
        *(uint32_t *) at = 0;
}

static void finish_enum(row_t *self, int *at, const ProtobufCFieldDescriptor *field,
                        const char *path)
{
    if (protobuf_c_enum_descriptor_get_value(field->descriptor, *at))
        return;
    const char *original = arena_printf(self->arena, "%d", *at);
    row_flag(self, path, "unknown", original ? original : "", "没有这个选项，未采用。");
    *at = 0;
}

static void finish_message(row_t *self, ProtobufCMessage *message, const char *path);

static void finish_one(row_t *self, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field, void *at, const char *path)
{
    const rule_t *rule = rule_of(message->descriptor, field->name);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        finish_text(self, at, rule, path);
    else if (field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_INT64)
        finish_number(self, at, field, rule, path);
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        finish_enum(self, at, field, path);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage **) at)
        finish_message(self, *(ProtobufCMessage **) at, path);
}

static void finish_list(row_t *self, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, const char *path)
{
    const rule_t *rule = rule_of(message->descriptor, field->name);
    size_t *count = (size_t *) ((char *) message + field->quantifier_offset);
    if (rule && rule->max_items && *count > rule->max_items) {
        const char *original = arena_printf(self->arena, "%zu", *count);
        row_flag(self, path, "too_many", original ? original : "", "条目过多，超出部分未采用。");
        *count = rule->max_items;
    }
    char *array = *(char **) ((char *) message + field->offset);
    size_t width = field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
    for (size_t i = 0; i < *count && self->memory; i++) {
        const char *element = arena_printf(self->arena, "%s[%zu]", path, i);
        if (!element)
            self->memory = false;
        else
            finish_one(self, message, field, array + i * width, element);
    }
}

/* Walks all fields.  Messages of the contract are not recursive, so this ends. */
static void finish_message(row_t *self, ProtobufCMessage *message, const char *path)
{
    for (unsigned i = 0; i < message->descriptor->n_fields && self->memory; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (message->descriptor == &catalog__item__descriptor && text_equal(field->name, "flags"))
            continue;
        const char *inner =
            *path ? arena_printf(self->arena, "%s.%s", path, field->name) : field->name;
        if (!inner)
            self->memory = false;
        else if (field->label == PROTOBUF_C_LABEL_REPEATED)
            finish_list(self, message, field, inner);
        else
            finish_one(self, message, field, message_at(message, field), inner);
    }
}

/* Lists have one column "code" and put into it what they have: 31 and 33 characters tell which. */
static void settle_codes(Catalog__Item *item)
{
    const char *code = item->item_code;
    if (strlen(code) == 31 && text_empty(item->impl_code)) {
        item->impl_code = code;
        item->item_code = "";
    }
    code = item->impl_code;
    if (strlen(code) == 33 && text_empty(item->item_code)) {
        item->item_code = code;
        item->impl_code = "";
    }
}

/* A day limit that says "at once" has no days. */
static void finish_days(row_t *self)
{
    Catalog__Item *item = self->item;
    if (item->legal_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE)
        item->legal_days = 0;
    if (item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE)
        item->promise_days = 0;
}

bool row_finish(row_t *self, faults_t *faults)
{
    if (self->memory) {
        settle_codes(self->item);
        finish_message(self, &self->item->base, "");
        finish_days(self);
    }
    if (!self->memory) {
        faults_add(faults, self->arena, "", "memory", "该行内容过大，无法处理。");
        return false;
    }
    return rule_check(&self->item->base, self->arena, faults);
}
