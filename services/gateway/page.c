#include "page.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "check.h"
#include "message.h"
#include "serve.h"
#include "table.h"
#include "text.h"
#include "yiwang/identity.pb-c.h"
#include "yiwang/options.pb-c.h"

#define SET_BYTES_MAX (512u << 20) /* of a compiled set; ours takes a few per cent of it */
#define FOLDERS_MAX   6            /* inside each other */
#define LINES_MAX     400          /* of a head */
#define WORDS_MAX     64           /* of a line */

typedef struct {
    const char *file; /* "portal/home.page", "layout/portal.html" */
    const char *text;
    size_t size;
} source_t;

struct page_set {
    atomic_uint holders;
    arena_t *arena;
    static_files_t *statics;
    routes_t *routes;
    source_t sources[PAGE_FILES_MAX];
    size_t source_count;
    table_t *by_file; /* source_t */
    page_t *pages[PAGE_FILES_MAX];
    size_t page_count;
    table_t *by_shape; /* "/items/{}" -> page_t */
    bool develop;
};

/* What is wrong while a file is read. */
typedef struct {
    page_set_t *set;
    template_faults_t *faults;
    page_t *page;
    int line;
} reader_t;

#define FAULT(reader, ...)                                                                         \
    template_fault((reader)->faults, (reader)->set->arena, (reader)->page->file, (reader)->line,   \
                   __VA_ARGS__)

static void *make(arena_t *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);
    CHECK(memory); /* files are limited, and so is what they can ask for */
    return memory;
}

static char *copy(arena_t *arena, span_t text)
{
    char *out = arena_copy(arena, text.data, text.size);
    CHECK(out);
    return out;
}

/* --- words ----------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static span_t trim(span_t self)
{
    while (self.size && is_blank(self.data[0]))
        self = span(self.data + 1, self.size - 1);
    while (self.size && is_blank(self.data[self.size - 1]))
        self.size--;
    return self;
}

/* The next word; blanks inside "…" and {…} belong to it. */
static span_t next_word(span_t *rest)
{
    *rest = trim(*rest);
    size_t size = 0;
    bool quoted = false, braced = false;
    for (; size < rest->size; size++) {
        char c = rest->data[size];
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '}'))
            braced = c == '{';
        else if (!quoted && !braced && is_blank(c))
            break;
    }
    span_t word = span(rest->data, size);
    *rest = trim(span(rest->data + size, rest->size - size));
    return word;
}

static bool is_name(span_t text)
{
    if (!text.size || (text.data[0] >= '0' && text.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_'))
            return false;
    }
    return true;
}

/* --- permissions and types --------------------------------------------------------------- */

bool page_permission_is(const char *permission, const char *name, size_t size)
{
    size_t i = 0;
    for (; i < size && permission[i]; i++)
        if (permission[i] != name[i] && !(permission[i] == '.' && name[i] == '_'))
            return false;
    return i == size && !permission[i];
}

/* Permissions that no method asks for by itself: handlers look at them (identity/permission.c). */
static const char *const WIDER[] = {"case.all", "item.all", "case.holidays", "audit.view"};

static bool permission_known(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof WIDER / sizeof *WIDER; i++)
        if (page_permission_is(WIDER[i], name, size))
            return true;
    for (size_t i = 0; i < contract_method_count; i++) {
        const char *permission = contract_methods[i]->permission;
        if (permission && page_permission_is(permission, name, size))
            return true;
    }
    return false;
}

static bool may_knows(const datum_type_t *self, const char *name, size_t size)
{
    (void) self;
    return permission_known(name, size);
}

/* "FORM.X" of a form of this page. */
static bool typed_knows(const datum_type_t *self, const char *name, size_t size)
{
    const page_t *page = self->of_maker;
    span_t rest;
    span_t form = span_cut(span(name, size), '.', &rest);
    for (size_t i = 0; i < page->form_count; i++)
        if (span_is(form, page->forms[i].name))
            return rest.size > 0;
    return false;
}

/* A message type by its name without "yiwang."; in the contract's methods and what they hold. */
static const ProtobufCMessageDescriptor *message_find(const ProtobufCMessageDescriptor *type,
                                                      const char *name, int depth)
{
    if (text_equal(type->name, name))
        return type;
    for (unsigned i = 0; i < type->n_fields && depth < 6; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            const ProtobufCMessageDescriptor *found =
                message_find(type->fields[i].descriptor, name, depth + 1);
            if (found)
                return found;
        }
    return NULL;
}

static const ProtobufCMessageDescriptor *message_named(arena_t *arena, span_t name)
{
    const char *full = arena_printf(arena, "yiwang.%.*s", (int) name.size, name.data);
    for (size_t i = 0; i < contract_method_count; i++) {
        const ProtobufCMessageDescriptor *found = message_find(contract_methods[i]->out, full, 0);
        if (found)
            return found;
    }
    return NULL;
}

/* --- values: "text {name} text" ------------------------------------------------------------ */

static bool read_piece(reader_t *reader, const datum_type_t *scope, span_t name, page_piece_t *ret)
{
    const char *fault = datum_path(scope, name.data, name.size, reader->set->arena, &ret->path);
    if (fault)
        FAULT(reader, "{%.*s}: %s", (int) name.size, name.data, fault);
    return !fault;
}

static void read_text(reader_t *reader, const datum_type_t *scope, span_t text, page_text_t *ret)
{
    page_piece_t *pieces = make(reader->set->arena, PAGE_PIECES_MAX * sizeof *pieces);
    ret->written = copy(reader->set->arena, text);
    ret->pieces = pieces;
    ret->count = 0;
    if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"')
        text = span(text.data + 1, text.size - 2);
    while (text.size) {
        span_t rest, after;
        span_t before = span_cut(text, '{', &rest);
        if (ret->count + 2 > PAGE_PIECES_MAX) {
            FAULT(reader, "%s has too many pieces", ret->written);
            return;
        }
        if (before.size)
            pieces[ret->count++].text = copy(reader->set->arena, before);
        if (before.size == text.size)
            return;
        span_t name = span_cut(rest, '}', &after);
        if (name.size == rest.size) {
            FAULT(reader, "%s: { is not closed", ret->written);
            return;
        }
        if (!read_piece(reader, scope, name, &pieces[ret->count++]))
            return;
        text = after;
    }
}

/* Data calls that a value is taken from.  Views come after all calls. */
static uint32_t text_needs(reader_t *reader, const page_text_t *text)
{
    const page_t *page = reader->page;
    uint32_t needs = 0;
    for (size_t i = 0; i < text->count; i++) {
        if (text->pieces[i].text || !text->pieces[i].path.count)
            continue;
        size_t slot = text->pieces[i].path.steps[0].slot;
        for (size_t j = 0; j < page->data_count; j++)
            if (page->data[j].slot == slot)
                needs |= 1u << j;
        for (size_t j = 0; j < page->make_count; j++)
            if (slot >= PAGE_SLOTS && page->makes[j].slot == slot)
                FAULT(reader, "%s: what a call needs cannot come from a make", text->written);
    }
    return needs;
}

/* --- field=value ----------------------------------------------------------------------------- */

static bool read_field(reader_t *reader, const ProtobufCMessageDescriptor *type, span_t name,
                       page_bind_t *ret)
{
    span_t rest = name;
    for (ret->depth = 0; rest.size; ret->depth++) {
        span_t step = span_cut(rest, '.', &rest);
        const ProtobufCFieldDescriptor *field = message_field(type, step.data, step.size);
        ret->type = type;
        if (!field || ret->depth == DATUM_STEPS_MAX) {
            FAULT(reader, "%s has no field `%.*s`", type->name, (int) step.size, step.data);
            return false;
        }
        ret->fields[ret->depth] = field;
        bool inner = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                     field->descriptor != &google__protobuf__timestamp__descriptor;
        if (inner != (rest.size > 0) || (inner && field->label == PROTOBUF_C_LABEL_REPEATED)) {
            FAULT(reader, "`%.*s` of %s: name a single value in it", (int) name.size, name.data,
                  type->name);
            return false;
        }
        type = inner ? field->descriptor : NULL;
    }
    return ret->depth > 0;
}

/* "REGISTER" -> "PURPOSE_REGISTER"; NULL: no such value. */
const char *page_enum_name(const ProtobufCEnumDescriptor *type, const char *text)
{
    if (protobuf_c_enum_descriptor_get_value_by_name(type, text))
        return text;
    size_t size = strlen(text);
    const char *zero = type->n_values ? type->values[0].name : "";
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = type->values[i].name;
        size_t full = strlen(name);
        if (full <= size || name[full - size - 1] != '_' || strcmp(name + full - size, text) != 0)
            continue;
        /* What is before it is the prefix that all values have. */
        if (strncmp(name, zero, full - size) == 0)
            return name;
    }
    return NULL;
}

/* What stands there in the page is right whatever a request brings. */
static void check_literal(reader_t *reader, page_bind_t *bind)
{
    const ProtobufCFieldDescriptor *field = bind->fields[bind->depth - 1];
    page_piece_t *piece = (page_piece_t *) bind->value.pieces; /* made here, not yet shared */
    if (bind->value.count != 1 || !piece->text)
        return;
    const char *fault = NULL;
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const char *name = page_enum_name(field->descriptor, piece->text);
        if (name)
            piece->text = name;
    }
    /* Into a message of its own: what the type does not take is found now. */
    arena_t *scratch = arena_new(1u << 20);
    ProtobufCMessage *message = message_new(bind->type, scratch);
    CHECK(message);
    fault = message_set_text(message, field, piece->text, strlen(piece->text), scratch);
    if (fault)
        FAULT(reader, "`%s` cannot become `%s`: %s", piece->text, field->name, fault);
    arena_free(&scratch);
}

static void check_bind(reader_t *reader, page_bind_t *bind)
{
    const ProtobufCFieldDescriptor *field = bind->fields[bind->depth - 1];
    bool single = bind->value.count == 1 && !bind->value.pieces[0].text;
    for (size_t i = 0; i < bind->value.count; i++) {
        const datum_type_t *type = bind->value.pieces[i].path.type;
        if (bind->value.pieces[i].text || !type)
            continue;
        bool list = type->kind == DATUM_LIST && single && field->label == PROTOBUF_C_LABEL_REPEATED;
        const datum_type_t *one = list ? type->entry : type;
        if (one && (one->kind == DATUM_MESSAGE || one->kind == DATUM_RECORD ||
                    one->kind == DATUM_MAP || one->kind == DATUM_LIST || one->kind == DATUM_HTML))
            FAULT(reader, "%s is %s and cannot become `%s`", bind->value.written,
                  datum_type_name(type, reader->set->arena), field->name);
    }
    check_literal(reader, bind);
}

/* "field=value …" behind the method's name. */
static size_t read_binds(reader_t *reader, const datum_type_t *scope, const method_t *method,
                         span_t rest, page_bind_t binds[PAGE_BINDS_MAX], bool *all_query)
{
    size_t count = 0;
    while (rest.size) {
        span_t value;
        span_t word = next_word(&rest);
        if (span_is(word, "query.*") && all_query) {
            *all_query = true;
            continue;
        }
        span_t name = span_cut(word, '=', &value);
        if (name.size == word.size) {
            FAULT(reader, "`%.*s` is not field=value", (int) word.size, word.data);
            continue;
        }
        if (count == PAGE_BINDS_MAX) {
            FAULT(reader, "too many fields");
            break;
        }
        page_bind_t *bind = &binds[count];
        if (!read_field(reader, method->in, name, bind))
            continue;
        read_text(reader, scope, value, &bind->value);
        check_bind(reader, bind);
        count++;
    }
    return count;
}

/* --- methods ------------------------------------------------------------------------------------ */

static const method_t *read_method(reader_t *reader, span_t *rest)
{
    span_t word = next_word(rest);
    const char *name = copy(reader->set->arena, word);
    const method_t *method = contract_method(name);
    if (!method)
        FAULT(reader, "the contract has no method `%s`", name);
    return method;
}

static unsigned session_may(const page_t *page)
{
    if (page->as == PAGE_AS_STAFF)
        return MAY_STAFF;
    return page->as == PAGE_AS_PERSON ? MAY_PERSON : 0;
}

static void check_may(reader_t *reader, const method_t *method)
{
    if (!(method->may & (MAY_PUBLIC | session_may(reader->page))))
        FAULT(reader, "%s cannot be called by who sees this page", method->name);
}

/* --- the head, line by line -------------------------------------------------------------------------- */

typedef struct {
    span_t key, value; /* "data? timeline if query.q" and what stands behind ':' */
    int line;
} entry_t;

typedef struct {
    entry_t entries[LINES_MAX];
    size_t count;
    span_t body;
    int body_line;
} head_t;

/* "  then: /x" belongs to the post before, any other indented line goes on with its value. */
static bool is_sub_key(span_t line)
{
    static const char *const keys[] = {"then:", "files:", "sign in:", "sign out:"};
    line = trim(line);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (line.size >= strlen(keys[i]) && memcmp(line.data, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/* Lines of one entry are joined by what is between them: the value is one span of the file. */
static bool split_head(reader_t *reader, span_t text, head_t *ret)
{
    memset(ret, 0, sizeof *ret);
    for (reader->line = 1; text.size; reader->line++) {
        span_t rest;
        span_t line = span_cut(text, '\n', &rest);
        if (span_is(trim(line), "---") && line.data[0] == '-') {
            ret->body = rest;
            ret->body_line = reader->line + 1;
            return true;
        }
        text = rest;
        if (!trim(line).size || line.data[0] == '#')
            continue;
        bool inner = is_blank(line.data[0]);
        if (inner && ret->count && !is_sub_key(line)) {
            span_t *value = &ret->entries[ret->count - 1].value;
            value->size = (size_t) (line.data + line.size - value->data);
            continue;
        }
        span_t value;
        span_t key = span_cut(line, ':', &value);
        if (key.size == line.size || ret->count == LINES_MAX) {
            FAULT(reader, "`%.*s` is not key: value", (int) line.size, line.data);
            continue;
        }
        if (!value.size)
            value = span(line.data + line.size, 0);
        ret->entries[ret->count++] = (entry_t){trim(key), value, reader->line};
    }
    ret->body = span("", 0);
    ret->body_line = reader->line;
    return true;
}

/* Comments inside a value that goes over lines are blanks. */
static span_t value_of(reader_t *reader, const entry_t *entry)
{
    span_t value = trim(entry->value);
    if (!value.size || !memchr(value.data, '\n', value.size))
        return value;
    char *out = copy(reader->set->arena, value);
    for (size_t i = 0; i < value.size; i++)
        if (out[i] == '\n' && out[i + 1] == '#')
            for (i++; i < value.size && out[i] != '\n'; i++)
                out[i] = ' ';
    return trim(span(out, value.size));
}

/* --- keys, first pass: what other pages and the names of this one depend on --------------------------- */

static void read_path(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    static const char *const taken[] = {"/api",  "/static",     "/healthz",
                                        "/view", "/robots.txt", "/metrics"};
    const char *pattern = copy(reader->set->arena, value);
    if (page->pattern) {
        FAULT(reader, "a page has one path");
        return;
    }
    if (pattern[0] != '/' || strpbrk(pattern, " \t?#:")) {
        FAULT(reader, "`%s` is not a path", pattern);
        return;
    }
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        size_t size = strlen(taken[i]);
        if (strncmp(pattern, taken[i], size) == 0 && (!pattern[size] || pattern[size] == '/'))
            FAULT(reader, "%s is the gateway's own", taken[i]);
    }
    span_t rest = span_text(pattern + 1);
    size_t segments = 0, count = 0;
    bool good = true;
    for (; rest.size && good; segments++) {
        bool last = !memchr(rest.data, '/', rest.size);
        span_t segment = span_cut(rest, '/', &rest);
        bool variable =
            segment.size > 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}';
        good = segment.size && (last || rest.size) && segments < ROUTE_SEGMENTS_MAX;
        if (!variable) {
            good = good && !memchr(segment.data, '{', segment.size);
            continue;
        }
        span_t name = span(segment.data + 1, segment.size - 2);
        good = good && is_name(name) && count < ROUTE_VARIABLES_MAX;
        for (size_t i = 0; i < count; i++)
            good = good && !span_is(name, page->variables[i]);
        if (good)
            page->variables[count++] = copy(reader->set->arena, name);
    }
    if (!good)
        FAULT(reader, "`%s` is not a path we can serve", pattern);
    else
        page->pattern = pattern;
}

/* Pages whose paths differ in names of variables only are one path. */
static void claim_path(reader_t *reader)
{
    page_t *page = reader->page;
    char *shape = copy(reader->set->arena, span_text(page->pattern));
    size_t size = 0;
    bool name = false; /* between braces */
    for (const char *c = page->pattern; *c; c++) {
        name = name && *c != '}';
        if (!name)
            shape[size++] = *c;
        name = name || *c == '{';
    }
    const page_t *other = table_get(reader->set->by_shape, shape, size);
    if (other)
        FAULT(reader, "%s is the path of %s, too", page->pattern, other->file);
    else
        CHECK(table_set(reader->set->by_shape, shape, size, page));
}

static void read_who(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    span_t who = next_word(&value);
    if (span_is(who, "public")) {
        page->who = PAGE_PUBLIC;
    } else if (span_is(who, "person")) {
        page->who = PAGE_PERSON;
        if (value.size) {
            span_t level = next_word(&value);
            const char *name =
                page_enum_name(&yw__level__descriptor, copy(reader->set->arena, level));
            if (name)
                page->level =
                    protobuf_c_enum_descriptor_get_value_by_name(&yw__level__descriptor, name)
                        ->value;
            else
                FAULT(reader, "`%.*s` is no level", (int) level.size, level.data);
        }
    } else if (span_is(who, "staff")) {
        page->who = PAGE_STAFF;
        while (value.size && page->right_count < PAGE_RIGHTS_MAX) {
            span_t right = next_word(&value);
            if (!permission_known(right.data, right.size))
                FAULT(reader, "`%.*s` is no permission of the contract", (int) right.size,
                      right.data);
            page->rights[page->right_count++] = copy(reader->set->arena, right);
        }
    } else {
        FAULT(reader, "who: is public, person or staff");
    }
    if (value.size)
        FAULT(reader, "`%.*s` is too much", (int) value.size, value.data);
}

static void read_as(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    if (span_is(value, "person"))
        page->as = PAGE_AS_PERSON;
    else if (span_is(value, "staff"))
        page->as = PAGE_AS_STAFF;
    else if (span_is(value, "none"))
        page->as = PAGE_AS_NONE;
    else
        FAULT(reader, "as: is person, staff or none");
}

static span_t behind(span_t key, const char *word)
{
    return trim(span(key.data + strlen(word), key.size - strlen(word)));
}

static bool starts(span_t key, const char *word)
{
    size_t size = strlen(word);
    return key.size > size && memcmp(key.data, word, size) == 0 && is_blank(key.data[size]);
}

/* "NAME" or "NAME if query.q": the name; what is behind if. */
static const char *read_name(reader_t *reader, span_t key, span_t *condition)
{
    span_t name = next_word(&key);
    *condition = span("", 0);
    if (!is_name(name)) {
        FAULT(reader, "`%.*s` is not a name", (int) name.size, name.data);
        return "";
    }
    if (key.size) {
        span_t word = next_word(&key);
        if (!span_is(word, "if") || !key.size)
            FAULT(reader, "`%.*s` is not understood", (int) word.size, word.data);
        *condition = key;
    }
    return copy(reader->set->arena, name);
}

static bool name_taken(const page_t *page, const char *name)
{
    static const char *const always[] = {"site",  "page",   "session", "path",
                                         "query", "errors", "refused", "refusal",
                                         "typed", "stayed", NULL};
    for (size_t i = 0; always[i]; i++)
        if (text_equal(always[i], name))
            return true;
    for (size_t i = 0; i < page->data_count; i++)
        if (text_equal(page->data[i].name, name))
            return true;
    for (size_t i = 0; i < page->make_count; i++)
        if (text_equal(page->makes[i].name, name))
            return true;
    return text_equal(page->flash, name);
}

static void declare_data(reader_t *reader, span_t key, bool optional, span_t value)
{
    page_t *page = reader->page;
    span_t condition;
    const char *name = read_name(reader, key, &condition);
    const method_t *method = read_method(reader, &value);
    if (!method || !*name)
        return;
    if (page->data_count == PAGE_DATA_MAX || name_taken(page, name)) {
        FAULT(reader, "`%s`: there is this name already, or too many calls", name);
        return;
    }
    if (method->flags & (METHOD_UPLOAD | METHOD_DOWNLOAD) ||
        (method->flags & METHOD_WRITES && !(method->flags & METHOD_IDEMPOTENT)))
        FAULT(reader, "%s writes: only forms may call it", method->name);
    page->data[page->data_count++] = (page_call_t){.name = name,
                                                   .method = method,
                                                   .optional = optional,
                                                   .conditional = condition.size > 0,
                                                   .line = reader->line};
}

static void declare_make(reader_t *reader, span_t key, span_t value)
{
    page_t *page = reader->page;
    span_t condition;
    const char *name = read_name(reader, key, &condition);
    const char *function = copy(reader->set->arena, next_word(&value));
    const view_t *view = view_find(function);
    if (!view) {
        FAULT(reader, "there is no function `%s`", function);
        return;
    }
    if (page->make_count == PAGE_MAKES_MAX || name_taken(page, name) || condition.size) {
        FAULT(reader, "`%s`: there is this name already, or too many, or a condition", name);
        return;
    }
    page->makes[page->make_count++] =
        (page_make_t){.name = name, .view = view, .line = reader->line};
}

static void declare_flash(reader_t *reader, span_t key, span_t value)
{
    page_t *page = reader->page;
    span_t condition;
    const char *name = read_name(reader, key, &condition);
    const ProtobufCMessageDescriptor *type = message_named(reader->set->arena, value);
    if (!type)
        FAULT(reader, "the contract has no answer `%.*s`", (int) value.size, value.data);
    else if (page->flash || name_taken(page, name))
        FAULT(reader, "`%s`: there is this name, or a flash, already", name);
    else
        page->flash = name, page->flash_type = type;
}

static void declare_form(reader_t *reader, span_t key, span_t value)
{
    page_t *page = reader->page;
    span_t condition;
    const char *name = read_name(reader, key, &condition);
    const method_t *method = read_method(reader, &value);
    if (!method || !*name)
        return;
    bool again = page->form_count == PAGE_FORMS_MAX || condition.size;
    for (size_t i = 0; i < page->form_count; i++)
        again = again || text_equal(page->forms[i].name, name);
    if (again) {
        FAULT(reader, "`%s`: there is this form already, or too many, or a condition", name);
        return;
    }
    if (method->flags & METHOD_DOWNLOAD || method->verb == VERB_NONE)
        FAULT(reader, "%s is not for forms", method->name);
    page_form_t *form = &page->forms[page->form_count++];
    *form = (page_form_t){.page = page,
                          .name = name,
                          .method = method,
                          .inputs = make(reader->set->arena, sizeof *form->inputs),
                          .line = reader->line};
}

static page_form_t *last_form(reader_t *reader)
{
    page_t *page = reader->page;
    if (page->form_count)
        return &page->forms[page->form_count - 1];
    FAULT(reader, "this belongs to a post, and there is none before it");
    return NULL;
}

static void read_sign(reader_t *reader, bool in, span_t value)
{
    page_form_t *form = last_form(reader);
    if (!form)
        return;
    bool staff = span_is(value, "staff");
    if (!staff && !span_is(value, "person"))
        FAULT(reader, "sign %s: is person or staff", in ? "in" : "out");
    if (in && form->method->out != &identity__session_tokens__descriptor)
        FAULT(reader, "%s does not answer with identity.SessionTokens", form->method->name);
    form->sign = in      ? staff ? PAGE_SIGN_IN_STAFF : PAGE_SIGN_IN_PERSON
                 : staff ? PAGE_SIGN_OUT_STAFF
                         : PAGE_SIGN_OUT_PERSON;
}

/* The keys that stand alone. */
static bool declare_word(reader_t *reader, span_t key, span_t value)
{
    page_t *page = reader->page;
    page_form_t *form;
    if (span_is(key, "path")) {
        read_path(reader, value);
    } else if (span_is(key, "who")) {
        read_who(reader, value);
    } else if (span_is(key, "as")) {
        read_as(reader, value);
    } else if (span_is(key, "layout")) {
        page->layout = copy(reader->set->arena, value);
    } else if (span_is(key, "type")) {
        page->type = copy(reader->set->arena, value);
        page->html = text_starts(page->type, "text/html");
    } else if (span_is(key, "develop")) {
        page->develop = span_is(value, "yes");
    } else if (span_is(key, "sign in") || span_is(key, "sign out")) {
        read_sign(reader, span_is(key, "sign in"), value);
    } else if (span_is(key, "files")) {
        if ((form = last_form(reader)))
            form->files = copy(reader->set->arena, value);
    } else if (span_is(key, "then")) {
        (void) last_form(reader);
    } else {
        return span_is(key, "title") || span_is(key, "download") || span_is(key, "go") ||
               span_is(key, "file");
    }
    return true;
}

static void declare(reader_t *reader, const entry_t *entry)
{
    span_t key = entry->key, value = value_of(reader, entry);
    reader->line = entry->line;
    if (starts(key, "data?"))
        declare_data(reader, behind(key, "data?"), true, value);
    else if (starts(key, "data"))
        declare_data(reader, behind(key, "data"), false, value);
    else if (starts(key, "make"))
        declare_make(reader, behind(key, "make"), value);
    else if (starts(key, "flash"))
        declare_flash(reader, behind(key, "flash"), value);
    else if (starts(key, "post"))
        declare_form(reader, behind(key, "post"), value);
    else if (!declare_word(reader, key, value))
        FAULT(reader, "there is no key `%.*s`", (int) key.size, key.data);
}

/* --- the names of a page ------------------------------------------------------------------------------- */

static const datum_type_t may_type = {
    .kind = DATUM_MAP, .value = &datum_type_bool, .knows = may_knows};
static const datum_type_t query_type = DATUM_TYPE_MAP(datum_type_text);
static const datum_type_t level_type = DATUM_TYPE_ENUM(yw__level__descriptor);

static const datum_name_t site_names[] = {[SITE_NAME] = {"name", &datum_type_text},
                                          [SITE_REGION] = {"region", &datum_type_text},
                                          [SITE_PHONE] = {"phone", &datum_type_text},
                                          [SITE_THEME] = {"theme", &datum_type_text},
                                          [SITE_EMBLEM] = {"emblem", &datum_type_text},
                                          [SITE_RECORD] = {"record", &datum_type_text},
                                          [SITE_SLOTS] = {0}};
static const datum_name_t page_names[] = {[PAGE_NAME_PATH] = {"path", &datum_type_text},
                                          [PAGE_NAME_ADDRESS] = {"address", &datum_type_text},
                                          [PAGE_NAME_TITLE] = {"title", &datum_type_text},
                                          [PAGE_NAME_TRACE] = {"trace", &datum_type_text},
                                          [PAGE_NAME_YEAR] = {"year", &datum_type_int},
                                          [PAGE_NAME_NOW] = {"now", &datum_type_time},
                                          [PAGE_NAME_DEVELOP] = {"develop", &datum_type_bool},
                                          [PAGE_NAME_MISSING] = {"missing", &datum_type_texts},
                                          [PAGE_NAME_DONE] = {"done", &datum_type_text},
                                          [PAGE_NAME_ELDER] = {"elder", &datum_type_bool},
                                          [PAGE_NAME_NOTICE] = {"notice", &datum_type_text},
                                          [PAGE_NAME_STATUS] = {"status", &datum_type_int},
                                          [PAGE_NAME_CODE] = {"code", &datum_type_text},
                                          [PAGE_NAME_SLOTS] = {0}};
static const datum_name_t session_names[] = {
    [SESSION_SIGNED_IN] = {"signedIn", &datum_type_bool},
    [SESSION_ACCOUNT_ID] = {"accountId", &datum_type_text},
    [SESSION_NAME] = {"name", &datum_type_text},
    [SESSION_LEVEL] = {"level", &level_type},
    [SESSION_IS_STAFF] = {"isStaff", &datum_type_bool},
    [SESSION_DEPARTMENT_ID] = {"departmentId", &datum_type_text},
    [SESSION_MAY] = {"may", &may_type},
    [SESSION_SLOTS] = {0}};
static const datum_name_t error_names[] = {[ERROR_FIELD] = {"field", &datum_type_text},
                                           [ERROR_MESSAGE] = {"message", &datum_type_text},
                                           [ERROR_ANCHOR] = {"anchor", &datum_type_text},
                                           [ERROR_SLOTS] = {0}};
static const datum_type_t site_type = DATUM_TYPE_RECORD(site_names);
static const datum_type_t page_type = DATUM_TYPE_RECORD(page_names);
static const datum_type_t session_type = DATUM_TYPE_RECORD(session_names);
static const datum_type_t error_type = DATUM_TYPE_RECORD(error_names);
static const datum_type_t errors_type = DATUM_TYPE_LIST(error_type);

static const datum_type_t *type_of_message(arena_t *arena,
                                           const ProtobufCMessageDescriptor *message)
{
    const datum_type_t *type = datum_type_message(message, arena);
    CHECK(type);
    return type;
}

static const datum_type_t *path_type_of(const page_t *page, arena_t *arena)
{
    datum_name_t *names = make(arena, (ROUTE_VARIABLES_MAX + 1) * sizeof *names);
    for (size_t i = 0; page->variables[i]; i++)
        names[i] = (datum_name_t){page->variables[i], &datum_type_text};
    return datum_type_record(names, arena);
}

/* "stayed.code": the answers of forms that stay. */
static const datum_type_t *stayed_type_of(const page_t *page, arena_t *arena)
{
    datum_name_t *names = make(arena, (PAGE_FORMS_MAX + 1) * sizeof *names);
    for (size_t i = 0; i < page->form_count; i++)
        names[i] =
            (datum_name_t){page->forms[i].name, type_of_message(arena, page->forms[i].method->out)};
    return datum_type_record(names, arena);
}

static void make_root(page_t *page, arena_t *arena)
{
    size_t most = PAGE_SLOTS + 1 + PAGE_DATA_MAX + PAGE_MAKES_MAX + 1, count = PAGE_SLOTS;
    datum_name_t *names = make(arena, most * sizeof *names);
    datum_type_t *typed = make(arena, sizeof *typed);
    *typed = (datum_type_t){
        .kind = DATUM_MAP, .value = &datum_type_text, .knows = typed_knows, .of_maker = page};
    names[PAGE_SLOT_SITE] = (datum_name_t){"site", &site_type};
    names[PAGE_SLOT_PAGE] = (datum_name_t){"page", &page_type};
    names[PAGE_SLOT_SESSION] = (datum_name_t){"session", &session_type};
    names[PAGE_SLOT_PATH] = (datum_name_t){"path", path_type_of(page, arena)};
    names[PAGE_SLOT_QUERY] = (datum_name_t){"query", &query_type};
    names[PAGE_SLOT_ERRORS] = (datum_name_t){"errors", &errors_type};
    names[PAGE_SLOT_REFUSED] = (datum_name_t){"refused", &datum_type_text};
    names[PAGE_SLOT_REFUSAL] = (datum_name_t){"refusal", &datum_type_text};
    names[PAGE_SLOT_TYPED] = (datum_name_t){"typed", typed};
    names[PAGE_SLOT_STAYED] = (datum_name_t){"stayed", stayed_type_of(page, arena)};
    if (page->flash) {
        page->flash_slot = count;
        names[count++] = (datum_name_t){page->flash, type_of_message(arena, page->flash_type)};
    }
    for (size_t i = 0; i < page->data_count; i++) {
        page->data[i].slot = count;
        names[count++] =
            (datum_name_t){page->data[i].name, type_of_message(arena, page->data[i].method->out)};
    }
    page->root = datum_type_record(names, arena);
    CHECK(page->root);
    page->slot_count = count;
}

/* A view's type is known when its arguments are: the record grows by it. */
static void add_slot(page_t *page, arena_t *arena, const char *name, const datum_type_t *type,
                     size_t *ret)
{
    datum_name_t *names = make(arena, (page->slot_count + 2) * sizeof *names);
    memcpy(names, page->root->names, page->slot_count * sizeof *names);
    *ret = page->slot_count;
    names[page->slot_count++] = (datum_name_t){name, type};
    page->root = datum_type_record(names, arena);
    CHECK(page->root);
}

/* --- keys, second pass: what needs names ------------------------------------------------------------------ */

static void bind_condition(reader_t *reader, span_t condition, page_text_t *ret)
{
    page_piece_t *piece = make(reader->set->arena, sizeof *piece);
    ret->written = copy(reader->set->arena, condition);
    ret->pieces = piece;
    ret->count = 1;
    if (!read_piece(reader, reader->page->root, condition, piece))
        ret->count = 0;
}

static void bind_data(reader_t *reader, span_t key, span_t value, page_call_t *call)
{
    page_t *page = reader->page;
    span_t condition;
    read_name(reader, key, &condition);
    (void) next_word(&value); /* the method */
    if (condition.size) {
        bind_condition(reader, condition, &call->condition);
        call->needs |= text_needs(reader, &call->condition);
    }
    call->bind_count =
        read_binds(reader, page->root, call->method, value, call->binds, &call->all_query);
    for (size_t i = 0; i < call->bind_count; i++)
        call->needs |= text_needs(reader, &call->binds[i].value);
    if (call != &page->file_call && call->needs >> (size_t) (call - page->data))
        FAULT(reader, "`%s` needs what stands behind it: put that before", call->name);
    if (!call->conditional)
        check_may(reader, call->method);
}

/* "text", a number, or a name. */
static void bind_argument(reader_t *reader, span_t word, page_make_t *make_, size_t at,
                          const datum_type_t **ret)
{
    int64_t number;
    arena_t *arena = reader->set->arena;
    const char *text = copy(arena, word);
    *ret = &datum_type_none;
    if (word.size >= 2 && word.data[0] == '"') {
        make_->fixed[at] = datum_bytes(text + 1, word.size - 2);
        *ret = &datum_type_text;
    } else if (text_int(text, INT64_MIN, INT64_MAX, &number)) {
        make_->fixed[at] = datum_int(number);
        *ret = &datum_type_int;
    } else {
        const char *fault =
            datum_path(reader->page->root, text, word.size, arena, &make_->arguments[at]);
        if (fault)
            FAULT(reader, "`%s`: %s", text, fault);
        else
            *ret = make_->arguments[at].type;
    }
}

static bool fits(const datum_type_t *wanted, const datum_type_t *given)
{
    if (wanted->kind != given->kind)
        return false;
    if (wanted->kind == DATUM_MESSAGE)
        return !wanted->message || wanted->message == given->message;
    if (wanted->kind == DATUM_LIST)
        return !wanted->entry || !given->entry || fits(wanted->entry, given->entry);
    return true;
}

static void bind_make(reader_t *reader, span_t value, page_make_t *make_)
{
    const datum_type_t *given[VIEW_ARGUMENTS_MAX];
    const view_t *view = make_->view;
    arena_t *arena = reader->set->arena;
    size_t wanted = 0, faults = reader->faults->count;
    while (view->takes && view->takes[wanted])
        wanted++;
    (void) next_word(&value); /* the function */
    while (value.size && make_->argument_count < VIEW_ARGUMENTS_MAX) {
        size_t at = make_->argument_count++;
        bind_argument(reader, next_word(&value), make_, at, &given[at]);
    }
    if (reader->faults->count > faults)
        return;
    if (value.size || make_->argument_count > wanted ||
        make_->argument_count + view->optional < wanted) {
        FAULT(reader, "%s takes %zu arguments", view->name, wanted);
        return;
    }
    for (size_t i = 0; i < make_->argument_count; i++)
        if (!fits(view->takes[i], given[i]))
            FAULT(reader, "argument %zu of %s is %s, wanted is %s", i + 1, view->name,
                  datum_type_name(given[i], arena),
                  view->takes[i]->kind == DATUM_MESSAGE && !view->takes[i]->message
                      ? "a message"
                      : datum_type_name(view->takes[i], arena));
    const datum_type_t *type =
        view->gives ? view->gives : view->of(given, make_->argument_count, arena);
    if (!type)
        FAULT(reader, "%s cannot work with these arguments", view->name);
    else
        add_slot(reader->page, arena, make_->name, type, &make_->slot);
}

static void bind_form(reader_t *reader, span_t value, page_form_t *form)
{
    (void) next_word(&value);
    form->bind_count =
        read_binds(reader, reader->page->root, form->method, value, form->binds, NULL);
    for (size_t i = 0; i < form->bind_count; i++)
        form->needs |= text_needs(reader, &form->binds[i].value);
    check_may(reader, form->method);
    if (!!form->files != !!(form->method->flags & METHOD_UPLOAD))
        FAULT(reader, "files: goes with methods that take uploads, and they need it");
}

static const datum_type_t *then_scope(const page_t *page, const page_form_t *form, arena_t *arena)
{
    datum_name_t *names = make(arena, (THEN_SLOTS + 1) * sizeof *names);
    names[THEN_PATH] = (datum_name_t){"path", page->root->names[PAGE_SLOT_PATH].type};
    names[THEN_QUERY] = (datum_name_t){"query", &query_type};
    names[THEN_SESSION] = (datum_name_t){"session", &session_type};
    names[THEN_ANSWER] = (datum_name_t){"answer", type_of_message(arena, form->method->out)};
    names[THEN_TYPED] = (datum_name_t){"typed", &query_type};
    return datum_type_record(names, arena);
}

static void bind_then(reader_t *reader, span_t value, page_form_t *form)
{
    span_t to = next_word(&value);
    if (span_is(to, "stay")) {
        form->stay = true;
    } else {
        /* "{query.next}" is looked at when it is there. */
        if (!to.size || (to.data[0] != '/' && to.data[0] != '{'))
            FAULT(reader, "then: is a path of ours");
        read_text(reader, then_scope(reader->page, form, reader->set->arena), to, &form->then);
    }
    if (value.size) {
        span_t word = next_word(&value);
        if (span_is(word, "keep") && !value.size)
            form->keep = true;
        else
            FAULT(reader, "`%.*s` is not understood", (int) word.size, word.data);
    }
}

static void bind_go(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    read_text(reader, page->root, next_word(&value), &page->go);
    page->go_set = true;
    if (value.size) {
        span_t word = next_word(&value);
        if (!span_is(word, "if") || !value.size)
            FAULT(reader, "go: PATH if NAME");
        page->go_conditional = true;
        bind_condition(reader, value, &page->go_condition);
    }
}

static void bind_file(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    span_t copy_ = value;
    const method_t *method = read_method(reader, &copy_);
    if (!method)
        return;
    if (!(method->flags & METHOD_DOWNLOAD))
        FAULT(reader, "%s gives no file", method->name);
    page->file_set = true;
    page->file_call = (page_call_t){.name = "file", .method = method, .line = reader->line};
    bind_data(reader, span_text("file"), value, &page->file_call);
    if (page->file_call.needs)
        FAULT(reader, "file: takes its values from path, query and session");
}

typedef struct {
    size_t data, make, form; /* how many have been seen */
    page_form_t *last;
    span_t title;
    int title_line;
} second_t;

static void bind_entry(reader_t *reader, const entry_t *entry, second_t *second)
{
    page_t *page = reader->page;
    span_t key = entry->key, value = value_of(reader, entry);
    reader->line = entry->line;
    bool data = starts(key, "data"), optional = starts(key, "data?");
    if ((data || optional) && second->data < page->data_count &&
        page->data[second->data].line == entry->line)
        bind_data(reader, behind(key, optional ? "data?" : "data"), value,
                  &page->data[second->data++]);
    else if (starts(key, "make") && second->make < page->make_count &&
             page->makes[second->make].line == entry->line)
        bind_make(reader, value, &page->makes[second->make++]);
    else if (starts(key, "post") && second->form < page->form_count &&
             page->forms[second->form].line == entry->line)
        bind_form(reader, value, second->last = &page->forms[second->form++]);
    else if (span_is(key, "then") && second->last)
        bind_then(reader, value, second->last);
    else if (span_is(key, "go"))
        bind_go(reader, value);
    else if (span_is(key, "file"))
        bind_file(reader, value);
    else if (span_is(key, "download"))
        read_text(reader, page->root, value, &page->download), page->download_set = true;
    else if (span_is(key, "title"))
        second->title = value, second->title_line = entry->line;
}

/* --- bodies ------------------------------------------------------------------------------------------------- */

static bool find_source(const page_set_t *self, const char *folder, span_t name,
                        template_source_t *ret)
{
    char file[256];
    int size = snprintf(file, sizeof file, "%s/%.*s.html", folder, (int) name.size, name.data);
    if (size < 0 || (size_t) size >= sizeof file)
        return false;
    const source_t *source = table_get(self->by_file, file, (size_t) size);
    if (source)
        *ret = (template_source_t){source->file, source->text, source->size, 1};
    return source != NULL;
}

static bool find_partial(const void *owner, const char *name, size_t size, template_source_t *ret)
{
    return find_source(owner, "partial", span(name, size), ret);
}

static void compile(reader_t *reader, const head_t *head, const second_t *second)
{
    page_t *page = reader->page;
    page_set_t *set = reader->set;
    template_source_t layout,
        source = {page->file, head->body.data, head->body.size, head->body_line};
    template_options_t options = {.root = page->root,
                                  .partial = find_partial,
                                  .owner = set,
                                  .parts = part_registry,
                                  .page = page,
                                  .plain = !page->html};
    reader->line = 1;
    if (page->file_set)
        return;
    if (page->html && !page->layout)
        FAULT(reader, "layout: is missing (none, where there shall be none)");
    else if (page->layout && !text_equal(page->layout, "none")) {
        if (find_source(set, "layout", span_text(page->layout), &layout))
            options.layout = &layout;
        else
            FAULT(reader, "there is no layout/%s.html", page->layout);
    }
    page->body = template_compile(&options, &source, set->arena, reader->faults);

    if (!second->title.size) {
        if (page->html)
            FAULT(reader, "title: is missing");
        return;
    }
    template_source_t title = {page->file, second->title.data, second->title.size,
                               second->title_line};
    options.layout = NULL;
    options.plain = true; /* escaped where it is shown */
    page->title = template_compile(&options, &title, set->arena, reader->faults);
}

/* --- forms, for parts --------------------------------------------------------------------------------------- */

const page_form_t *page_form(const page_t *page, const char *target, const char *name)
{
    if (target && *target) {
        size_t size = strcspn(target, "?#");
        route_match_t match = page_find(page->set, VERB_GET, span(target, size));
        if (!match.route)
            return NULL;
        page = match.route->owner;
    }
    for (size_t i = 0; i < page->form_count; i++)
        if (text_equal(page->forms[i].name, name))
            return &page->forms[i];
    return NULL;
}

bool page_form_fixed(const page_form_t *self, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < self->bind_count; i++)
        if (self->binds[i].depth == 1 && self->binds[i].fields[0] == field)
            return true;
    return false;
}

const static_files_t *page_set_statics(const page_set_t *self)
{
    return self->statics;
}

const static_files_t *page_statics(const page_t *page)
{
    return page->set->statics;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static void file_fault(page_set_t *self, template_faults_t *faults, const char *file,
                       const char *why)
{
    template_fault(faults, self->arena, file, 1, "%s", why);
}

static void read_source(page_set_t *self, const char *path, const char *file, size_t size,
                        template_faults_t *faults)
{
    FILE *stream = NULL;
    char *text = make(self->arena, size + 1);
    if (self->source_count == PAGE_FILES_MAX) {
        file_fault(self, faults, file, "too many files");
    } else if (size > PAGE_FILE_MAX) {
        file_fault(self, faults, file, "larger than a page may be");
    } else if (!(stream = fopen(path, "rb")) || fread(text, 1, size, stream) != size) {
        file_fault(self, faults, file, strerror(errno));
    } else if (!text_is_utf8(text, size)) {
        file_fault(self, faults, file, "is not UTF-8");
    } else {
        source_t *source = &self->sources[self->source_count++];
        *source = (source_t){copy(self->arena, span_text(file)), text, size};
        CHECK(table_set(self->by_file, file, strlen(file), source));
    }
    if (stream)
        fclose(stream);
}

static void read_folder(page_set_t *self, const char *folder, const char *prefix, int depth,
                        template_faults_t *faults)
{
    DIR *directory = opendir(folder);
    if (!directory) {
        file_fault(self, faults, folder, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat status;
        char *path = arena_printf(self->arena, "%s/%s", folder, entry->d_name);
        char *file = arena_printf(self->arena, "%s%s", prefix, entry->d_name);
        CHECK(path && file);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth < FOLDERS_MAX) {
            char *inner = arena_printf(self->arena, "%s/", file);
            CHECK(inner);
            read_folder(self, path, inner, depth + 1, faults);
        } else if (S_ISREG(status.st_mode) &&
                   (text_ends(file, ".page") || text_ends(file, ".html"))) {
            read_source(self, path, file, (size_t) status.st_size, faults);
        }
    }
    closedir(directory);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const source_t *) a)->file, ((const source_t *) b)->file);
}

/* Whatever order the file system has, faults come in the same. */
static void sort_sources(page_set_t *self)
{
    qsort(self->sources, self->source_count, sizeof *self->sources, by_file);
    for (size_t i = 0; i < self->source_count; i++)
        CHECK(table_set(self->by_file, self->sources[i].file, strlen(self->sources[i].file),
                        &self->sources[i]));
}

/* --- a set -------------------------------------------------------------------------------------------------------- */

typedef struct {
    page_t *page;
    head_t head;
    second_t second;
    bool whole; /* its head was understood: worth looking at the rest */
} work_t;

static void add_routes(page_t *page)
{
    routes_t *routes = page->set->routes;
    routes_add(routes, VERB_GET, page->pattern, page->pattern, NULL, NULL)->owner = page;
    if (page->form_count)
        routes_add(routes, VERB_POST, page->pattern, page->pattern, NULL, NULL)->owner = page;
}

static void read_head(reader_t *reader, const source_t *source, work_t *work)
{
    page_t *page = work->page = reader->page = make(reader->set->arena, sizeof *page);
    size_t faults = reader->faults->count;
    *page = (page_t){.set = reader->set,
                     .file = source->file,
                     .type = "text/html; charset=utf-8",
                     .html = true,
                     .as = PAGE_AS_PERSON};
    reader->line = 1;
    split_head(reader, span(source->text, source->size), &work->head);
    for (size_t i = 0; i < work->head.count; i++)
        declare(reader, &work->head.entries[i]);
    if (page->who == PAGE_PERSON)
        page->as = PAGE_AS_PERSON;
    if (page->who == PAGE_STAFF)
        page->as = PAGE_AS_STAFF;
    reader->line = 1;
    if (!page->pattern)
        FAULT(reader, "path: is missing");
    else
        claim_path(reader);
    work->whole = reader->faults->count == faults;
}

static void read_rest(reader_t *reader, work_t *work)
{
    page_t *page = reader->page = work->page;
    size_t faults = reader->faults->count;
    for (size_t i = 0; i < work->head.count; i++)
        bind_entry(reader, &work->head.entries[i], &work->second);
    for (size_t i = 0; i < page->form_count; i++)
        if (!page->forms[i].then.count && !page->forms[i].stay) {
            reader->line = page->forms[i].line;
            FAULT(reader, "post %s: then: is missing", page->forms[i].name);
        }
    if (reader->faults->count == faults)
        compile(reader, &work->head, &work->second);
}

static void read_pages(page_set_t *self, template_faults_t *faults)
{
    reader_t reader = {.set = self, .faults = faults};
    work_t *works = xalloc(PAGE_FILES_MAX * sizeof *works);
    size_t count = 0;
    for (size_t i = 0; i < self->source_count; i++) {
        if (!text_ends(self->sources[i].file, ".page"))
            continue;
        work_t *work = &works[count];
        read_head(&reader, &self->sources[i], work);
        count++;
        if (!work->whole)
            continue;
        self->pages[self->page_count++] = work->page;
        make_root(work->page, self->arena);
        /* Checked in any case, and error.page is served by its name. */
        if (!work->page->develop || self->develop)
            add_routes(work->page);
    }
    for (size_t i = 0; i < count; i++)
        if (works[i].whole)
            read_rest(&reader, &works[i]);
    free(works);
}

static void tell(const template_faults_t *faults, buffer_t *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        buffer_text(out, faults->faults[i]);
        buffer_char(out, '\n');
    }
    if (faults->count == TEMPLATE_FAULTS_MAX)
        buffer_text(out, "... and more\n");
}

page_set_t *page_set_load(const char *folder, static_files_t *statics, bool develop, buffer_t *out)
{
    page_set_t *self = xalloc(sizeof *self);
    template_faults_t *faults = xalloc(sizeof *faults);
    atomic_init(&self->holders, 1);
    self->arena = arena_new(SET_BYTES_MAX);
    self->statics = static_files_hold(statics);
    self->routes = routes_new();
    self->by_file = table_new(PAGE_FILES_MAX);
    self->by_shape = table_new(PAGE_FILES_MAX);
    self->develop = develop;
    read_folder(self, folder, "", 0, faults);
    sort_sources(self);
    read_pages(self, faults);
    tell(faults, out);
    if (faults->count)
        page_set_drop(&self);
    free(faults);
    return self;
}

page_set_t *page_set_hold(page_set_t *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void page_set_drop(page_set_t **self_p)
{
    page_set_t *self = *self_p;
    *self_p = NULL;
    if (!self || atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) > 1)
        return;
    routes_free(&self->routes);
    table_free(&self->by_file);
    table_free(&self->by_shape);
    static_files_drop(&self->statics);
    arena_free(&self->arena);
    free(self);
}

route_match_t page_find(const page_set_t *self, verb_t verb, span_t path)
{
    return routes_find(self->routes, verb, path);
}

const page_t *page_named(const page_set_t *self, const char *name)
{
    for (size_t i = 0; i < self->page_count; i++) {
        const char *file = self->pages[i]->file;
        size_t size = strlen(file) - strlen(".page");
        if (strncmp(file, name, size) == 0 && !name[size])
            return self->pages[i];
    }
    return NULL;
}

const page_t *const *page_all(const page_set_t *self, size_t *ret_count)
{
    *ret_count = self->page_count;
    return (const page_t *const *) self->pages;
}
