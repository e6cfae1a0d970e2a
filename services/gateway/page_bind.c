#include "page_private.h"

#include "google/protobuf/timestamp.pb-c.h"
#include "message.h"
#include "yiwang/options.pb-c.h"

/* --- values: "text {name} text" ------------------------------------------------------------ */

static bool page_read_piece(reader_t *reader, const datum_type_t *scope, span_t name,
                            page_piece_t *ret)
{
    const char *fault = datum_path(scope, name.data, name.size, reader->arena, &ret->path);
    if (fault)
        FAULT(reader, "{%.*s}: %s", (int) name.size, name.data, fault);
    return !fault;
}

static void page_read_text(reader_t *reader, const datum_type_t *scope, span_t text,
                           page_text_t *ret)
{
    page_piece_t *pieces = page_make(reader->arena, PAGE_PIECES_MAX * sizeof *pieces);
    ret->written = page_copy(reader->arena, text);
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
            pieces[ret->count++].text = page_copy(reader->arena, before);
        if (before.size == text.size)
            return;
        span_t name = span_cut(rest, '}', &after);
        if (name.size == rest.size) {
            FAULT(reader, "%s: { is not closed", ret->written);
            return;
        }
        if (!page_read_piece(reader, scope, name, &pieces[ret->count++]))
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
                  datum_type_name(type, reader->arena), field->name);
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
        span_t word = page_next_word(&rest);
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
        page_read_text(reader, scope, value, &bind->value);
        check_bind(reader, bind);
        count++;
    }
    return count;
}

/* --- keys, second pass: what needs names ------------------------------------------------------------------ */

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

static void bind_condition(reader_t *reader, span_t condition, page_text_t *ret)
{
    page_piece_t *piece = page_make(reader->arena, sizeof *piece);
    ret->written = page_copy(reader->arena, condition);
    ret->pieces = piece;
    ret->count = 1;
    if (!page_read_piece(reader, reader->page->root, condition, piece))
        ret->count = 0;
}

static void bind_data(reader_t *reader, span_t key, span_t value, page_call_t *call)
{
    page_t *page = reader->page;
    span_t condition;
    page_read_name(reader, key, &condition);
    (void) page_next_word(&value); /* the method */
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
    arena_t *arena = reader->arena;
    const char *text = page_copy(arena, word);
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
    arena_t *arena = reader->arena;
    size_t wanted = 0, faults = reader->faults->count;
    while (view->takes && view->takes[wanted])
        wanted++;
    (void) page_next_word(&value); /* the function */
    while (value.size && make_->argument_count < VIEW_ARGUMENTS_MAX) {
        size_t at = make_->argument_count++;
        bind_argument(reader, page_next_word(&value), make_, at, &given[at]);
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
        page_names_add(reader->page, arena, make_->name, type, &make_->slot);
}

static void bind_form(reader_t *reader, span_t value, page_form_t *form)
{
    (void) page_next_word(&value);
    form->bind_count =
        read_binds(reader, reader->page->root, form->method, value, form->binds, NULL);
    for (size_t i = 0; i < form->bind_count; i++)
        form->needs |= text_needs(reader, &form->binds[i].value);
    check_may(reader, form->method);
    if (!!form->files != !!(form->method->flags & METHOD_UPLOAD))
        FAULT(reader, "files: goes with methods that take uploads, and they need it");
}

static void bind_then(reader_t *reader, span_t value, page_form_t *form)
{
    span_t to = page_next_word(&value);
    if (span_is(to, "stay")) {
        form->stay = true;
    } else {
        /* "{query.next}" is looked at when it is there. */
        if (!to.size || (to.data[0] != '/' && to.data[0] != '{'))
            FAULT(reader, "then: is a path of ours");
        page_read_text(reader, page_names_then(reader->page, form, reader->arena), to, &form->then);
    }
    if (value.size) {
        span_t word = page_next_word(&value);
        if (span_is(word, "keep") && !value.size)
            form->keep = true;
        else
            FAULT(reader, "`%.*s` is not understood", (int) word.size, word.data);
    }
}

static void bind_go(reader_t *reader, span_t value)
{
    page_t *page = reader->page;
    page_read_text(reader, page->root, page_next_word(&value), &page->go);
    page->go_set = true;
    if (value.size) {
        span_t word = page_next_word(&value);
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
    const method_t *method = page_read_method(reader, &copy_);
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

void page_bind_entry(reader_t *reader, const entry_t *entry, second_t *second)
{
    page_t *page = reader->page;
    span_t key = entry->key, value = page_value_of(reader, entry);
    reader->line = entry->line;
    bool data = page_starts(key, "data"), optional = page_starts(key, "data?");
    if ((data || optional) && second->data < page->data_count &&
        page->data[second->data].line == entry->line)
        bind_data(reader, page_behind(key, optional ? "data?" : "data"), value,
                  &page->data[second->data++]);
    else if (page_starts(key, "make") && second->make < page->make_count &&
             page->makes[second->make].line == entry->line)
        bind_make(reader, value, &page->makes[second->make++]);
    else if (page_starts(key, "post") && second->form < page->form_count &&
             page->forms[second->form].line == entry->line)
        bind_form(reader, value, second->last = &page->forms[second->form++]);
    else if (span_is(key, "then") && second->last)
        bind_then(reader, value, second->last);
    else if (span_is(key, "go"))
        bind_go(reader, value);
    else if (span_is(key, "file"))
        bind_file(reader, value);
    else if (span_is(key, "download"))
        page_read_text(reader, page->root, value, &page->download), page->download_set = true;
    else if (span_is(key, "title"))
        second->title = value, second->title_line = entry->line;
}
