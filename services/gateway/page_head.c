#include "page_private.h"

#include "yiwang/identity.pb-c.h"
#include "yiwang/options.pb-c.h"

/* --- words ----------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

span_t page_trim(span_t self)
{
    while (self.size && is_blank(self.data[0]))
        self = span(self.data + 1, self.size - 1);
    while (self.size && is_blank(self.data[self.size - 1]))
        self.size--;
    return self;
}

/* The next word; blanks inside "…" and {…} belong to it. */
span_t page_next_word(span_t *rest)
{
    *rest = page_trim(*rest);
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
    *rest = page_trim(span(rest->data + size, rest->size - size));
    return word;
}

bool page_is_name(span_t text)
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

bool page_permission_known(const char *name, size_t size)
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

/* --- methods ------------------------------------------------------------------------------------ */

const method_t *page_read_method(reader_t *reader, span_t *rest)
{
    span_t word = page_next_word(rest);
    const char *name = page_copy(reader->arena, word);
    const method_t *method = contract_method(name);
    if (!method)
        FAULT(reader, "the contract has no method `%s`", name);
    return method;
}

/* --- the head, line by line -------------------------------------------------------------------------- */

/* "  then: /x" belongs to the post before, any other indented line goes on with its value. */
static bool is_sub_key(span_t line)
{
    static const char *const keys[] = {"then:", "files:", "sign in:", "sign out:"};
    line = page_trim(line);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (line.size >= strlen(keys[i]) && memcmp(line.data, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/* Lines of one entry are joined by what is between them: the value is one span of the file. */
void page_split_head(reader_t *reader, span_t text, head_t *ret)
{
    memset(ret, 0, sizeof *ret);
    for (reader->line = 1; text.size; reader->line++) {
        span_t rest;
        span_t line = span_cut(text, '\n', &rest);
        if (span_is(page_trim(line), "---") && line.data[0] == '-') {
            ret->body = rest;
            ret->body_line = reader->line + 1;
            return;
        }
        text = rest;
        if (!page_trim(line).size || line.data[0] == '#')
            continue;
        bool inner = is_blank(line.data[0]);
        if (inner && ret->count && !is_sub_key(line)) {
            span_t *value = &ret->entries[ret->count - 1].value;
            value->size = (size_t) (line.data + line.size - value->data);
            continue;
        }
        span_t value;
        span_t key = span_cut(line, ':', &value);
        if (key.size == line.size || ret->count == PAGE_LINES_MAX) {
            FAULT(reader, "`%.*s` is not key: value", (int) line.size, line.data);
            continue;
        }
        if (!value.size)
            value = span(line.data + line.size, 0);
        ret->entries[ret->count++] = (entry_t){page_trim(key), value, reader->line};
    }
    ret->body = span("", 0);
    ret->body_line = reader->line;
}

/* Comments inside a value that goes over lines are blanks. */
span_t page_value_of(reader_t *reader, const entry_t *entry)
{
    span_t value = page_trim(entry->value);
    if (!value.size || !memchr(value.data, '\n', value.size))
        return value;
    char *out = page_copy(reader->arena, value);
    for (size_t i = 0; i < value.size; i++)
        if (out[i] == '\n' && out[i + 1] == '#')
            for (i++; i < value.size && out[i] != '\n'; i++)
                out[i] = ' ';
    return page_trim(span(out, value.size));
}

/* --- keys, first pass: what other pages and the names of this one depend on --------------------------- */

static void read_path(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    static const char *const taken[] = {"/api",  "/static",     "/healthz",
                                        "/view", "/robots.txt", "/metrics"};
    const char *pattern = page_copy(reader->arena, value);
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
        good = good && page_is_name(name) && count < ROUTE_VARIABLES_MAX;
        for (size_t i = 0; i < count; i++)
            good = good && !span_is(name, page->variables[i]);
        if (good)
            page->variables[count++] = page_copy(reader->arena, name);
    }
    if (!good)
        FAULT(reader, "`%s` is not a path we can serve", pattern);
    else
        page->pattern = pattern;
}

static void read_who(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    span_t who = page_next_word(&value);
    if (span_is(who, "public")) {
        page->who = PAGE_PUBLIC;
    } else if (span_is(who, "person")) {
        page->who = PAGE_PERSON;
        if (value.size) {
            span_t level = page_next_word(&value);
            const char *name =
                page_enum_name(&yw__level__descriptor, page_copy(reader->arena, level));
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
            span_t right = page_next_word(&value);
            if (!page_permission_known(right.data, right.size))
                FAULT(reader, "`%.*s` is no permission of the contract", (int) right.size,
                      right.data);
            page->rights[page->right_count++] = page_copy(reader->arena, right);
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

span_t page_behind(span_t key, const char *word)
{
    return page_trim(span(key.data + strlen(word), key.size - strlen(word)));
}

bool page_starts(span_t key, const char *word)
{
    size_t size = strlen(word);
    return key.size > size && memcmp(key.data, word, size) == 0 && is_blank(key.data[size]);
}

/* "NAME" or "NAME if query.q": the name; what is behind if. */
const char *page_read_name(reader_t *reader, span_t key, span_t *condition)
{
    span_t name = page_next_word(&key);
    *condition = span("", 0);
    if (!page_is_name(name)) {
        FAULT(reader, "`%.*s` is not a name", (int) name.size, name.data);
        return "";
    }
    if (key.size) {
        span_t word = page_next_word(&key);
        if (!span_is(word, "if") || !key.size)
            FAULT(reader, "`%.*s` is not understood", (int) word.size, word.data);
        *condition = key;
    }
    return page_copy(reader->arena, name);
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
    const char *name = page_read_name(reader, key, &condition);
    const method_t *method = page_read_method(reader, &value);
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
    const char *name = page_read_name(reader, key, &condition);
    const char *function = page_copy(reader->arena, page_next_word(&value));
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
    const char *name = page_read_name(reader, key, &condition);
    const ProtobufCMessageDescriptor *type = message_named(reader->arena, value);
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
    const char *name = page_read_name(reader, key, &condition);
    const method_t *method = page_read_method(reader, &value);
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
                          .inputs = page_make(reader->arena, sizeof *form->inputs),
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
        page->layout = page_copy(reader->arena, value);
    } else if (span_is(key, "type")) {
        page->type = page_copy(reader->arena, value);
        page->html = text_starts(page->type, "text/html");
    } else if (span_is(key, "develop")) {
        page->develop = span_is(value, "yes");
    } else if (span_is(key, "sign in") || span_is(key, "sign out")) {
        read_sign(reader, span_is(key, "sign in"), value);
    } else if (span_is(key, "files")) {
        if ((form = last_form(reader)))
            form->files = page_copy(reader->arena, value);
    } else if (span_is(key, "then")) {
        (void) last_form(reader);
    } else {
        return span_is(key, "title") || span_is(key, "download") || span_is(key, "go") ||
               span_is(key, "file");
    }
    return true;
}

void page_declare(reader_t *reader, const entry_t *entry)
{
    span_t key = entry->key, value = page_value_of(reader, entry);
    reader->line = entry->line;
    if (page_starts(key, "data?"))
        declare_data(reader, page_behind(key, "data?"), true, value);
    else if (page_starts(key, "data"))
        declare_data(reader, page_behind(key, "data"), false, value);
    else if (page_starts(key, "make"))
        declare_make(reader, page_behind(key, "make"), value);
    else if (page_starts(key, "flash"))
        declare_flash(reader, page_behind(key, "flash"), value);
    else if (page_starts(key, "post"))
        declare_form(reader, page_behind(key, "post"), value);
    else if (!declare_word(reader, key, value))
        FAULT(reader, "there is no key `%.*s`", (int) key.size, key.data);
}
