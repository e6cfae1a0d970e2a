/* control_form.c - what stands around fields: the form itself, its hidden inputs, the summary of what
 * is wrong. */
#include <google/protobuf/timestamp.pb-c.h>
#include <string.h>

#include "check.h"
#include "control.h"
#include "message.h"
#include "text.h"

#define ERRORS_MAX 50 /* lines of a summary: nobody reads more */

/* --- finding -------------------------------------------------------------------------------- */

control_form_t *control_outer(const part_check_t *check)
{
    return check->outer == &part_form ? check->outer_kept : NULL;
}

const page_form_t *control_form(part_check_t *check, const char *name)
{
    const control_form_t *outer = control_outer(check);
    if (check->outer == &part_form && !outer)
        return NULL; /* its own fault was told */
    if (outer) {
        if (strcmp(outer->form->name, name) != 0)
            part_fault(check, "this stands in the form `%s`, not `%s`", outer->form->name, name);
        return strcmp(outer->form->name, name) == 0 ? outer->form : NULL;
    }
    const page_form_t *form = page_form(check->page, NULL, name);
    if (!form)
        part_fault(check, "the page has no `post %s`", name);
    return form;
}

/* Whether the head of the page gives this field or what it stands in. */
static bool is_given(const page_form_t *form, const ProtobufCFieldDescriptor *const *chain,
                     size_t depth)
{
    for (size_t i = 0; i < form->bind_count; i++) {
        const page_bind_t *bind = &form->binds[i];
        if (bind->depth && bind->depth <= depth &&
            memcmp(bind->fields, chain, bind->depth * sizeof *chain) == 0)
            return true;
    }
    return false;
}

/* Behind "[…]", NULL: there is none.  What is inside may be a {name}. */
static const char *behind_index(const char *at)
{
    if (*at != '[')
        return NULL;
    at += strcspn(at, "]");
    return *at ? at + 1 : NULL;
}

bool control_find(part_check_t *check, const page_form_t *form, const char *path,
                  control_place_t *ret)
{
    const ProtobufCFieldDescriptor *chain[FORM_STEPS_MAX];
    const ProtobufCMessageDescriptor *type = form->method->in;
    const char *at = path;
    for (size_t depth = 0; depth < FORM_STEPS_MAX; depth++) {
        size_t size = strcspn(at, ".[");
        const ProtobufCFieldDescriptor *field = message_field(type, at, size);
        if (!field) {
            part_fault(check, "%s has no field `%.*s`", type->name, (int) size, at);
            return false;
        }
        chain[depth] = field;
        if (is_given(form, chain, depth + 1)) {
            part_fault(check, "`%s` is given by `post %s` and cannot be typed", path, form->name);
            return false;
        }
        at += size;
        *ret = (control_place_t){form, type, field, form_is_map(field)};
        bool scalar = field->type != PROTOBUF_C_TYPE_MESSAGE ||
                      field->descriptor == &google__protobuf__timestamp__descriptor;
        if (scalar && !*at)
            return true;
        if (ret->map_value && *at == '.' && at[1])
            return true;
        if (field->label == PROTOBUF_C_LABEL_REPEATED && !scalar && !ret->map_value)
            at = behind_index(at);
        if (scalar || ret->map_value || !at || *at != '.') {
            part_fault(check, "`%s` is no place for one value: `%s` is %s", path, field->name,
                       scalar           ? "one"
                       : ret->map_value ? "a list of named values: say form.name"
                       : field->label == PROTOBUF_C_LABEL_REPEATED
                           ? "a list: say list[{_index}].name"
                           : "a message");
            return false;
        }
        type = field->descriptor;
        at++;
    }
    part_fault(check, "`%s` has too many steps", path);
    return false;
}

void control_note(part_check_t *check, const page_form_t *form, const char *path)
{
    form_inputs_t *input = arena_alloc(check->arena, sizeof *input);
    if (!input)
        return;
    *input = (form_inputs_t){path, *form->inputs};
    *form->inputs = input;
}

/* {name} in a path is any text. */
static bool fits(const char *written, const char *path)
{
    for (; *written != '{'; written++, path++) {
        if (*written != *path)
            return false;
        if (!*written)
            return true;
    }
    written += strcspn(written, "}");
    written += *written == '}';
    for (; *path; path++)
        if (fits(written, path))
            return true;
    return !*written;
}

static bool has_input(const page_form_t *form, const char *path)
{
    char field[FORM_NAME_MAX + 1]; /* an element of a list of scalars counts for its field */
    size_t size = strlen(path);
    if (size > FORM_NAME_MAX)
        return false;
    memcpy(field, path, size + 1);
    if (size && path[size - 1] == ']' && strrchr(field, '['))
        *strrchr(field, '[') = 0;
    for (const form_inputs_t *input = *form->inputs; input; input = input->next)
        if (fits(input->path, path) || fits(input->path, field))
            return true;
    return false;
}

const char *control_input(const page_form_t *form, const char *fault)
{
    if (has_input(form, fault))
        return fault;
    return form->files && has_input(form, form->files) ? form->files : NULL;
}

const char *control_anchor(const page_form_t *form, const char *fault, arena_t *arena)
{
    const char *path = control_input(form, fault);
    return path ? form_anchor(form->name, path, arena) : "";
}

const form_pairs_t *control_typed(const part_render_t *render, const page_form_t *form)
{
    const page_view_t *view = render->context;
    return view && form && view->refused == form ? view->typed : NULL;
}

const char *control_error(const part_render_t *render, const page_form_t *form, const char *path)
{
    const page_view_t *view = render->context;
    const faults_t *faults = view && form && view->refused == form ? view->faults : NULL;
    const fault_t *fault = form_fault(faults, path);
    if (!fault && faults && form->files && strcmp(form->files, path) == 0)
        for (size_t i = 0; i < faults->count && !fault; i++)
            if (control_input(form, faults->faults[i].field) == form->files)
                fault = &faults->faults[i];
    return fault ? fault->message : NULL;
}

/* --- {{@form}} -------------------------------------------------------------------------------- */

enum { FORM_NAME, FORM_CLASS, FORM_ID, FORM_TARGET, FORM_LABEL, FORM_GUARD, FORM_NOVALIDATE };

static const part_parameter_t form_parameters[] = {
    [FORM_NAME] = {"form", PART_WORD, PART_REQUIRED, 0},
    [FORM_CLASS] = {"class", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [FORM_ID] = {"id", PART_WORD, PART_OPTION, 0},
    [FORM_TARGET] = {"target", PART_WORD, PART_OPTION, 0},
    [FORM_LABEL] = {"label", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [FORM_GUARD] = {"guard", PART_WORD, PART_OPTION, 0},
    [FORM_NOVALIDATE] = {"novalidate", PART_WORD, PART_OPTION, 0},
    {0},
};

static bool is_yes(datum_t word)
{
    return word.kind == DATUM_TEXT && word.text.size == 3 && memcmp(word.text.data, "yes", 3) == 0;
}

static void check_form(part_check_t *check)
{
    const part_argument_t *arguments = check->arguments;
    const char *name = arguments[FORM_NAME].written;
    const char *target = arguments[FORM_TARGET].given ? arguments[FORM_TARGET].written : NULL;
    if (check->outer == &part_form) {
        part_fault(check, "a form cannot stand in another form");
        return;
    }
    const page_form_t *form = page_form(check->page, target, name);
    if (!form) {
        part_fault(check, "%s has no `post %s`", target ? target : "the page", name);
        return;
    }
    control_form_t *kept = arena_alloc(check->arena, sizeof *kept);
    if (!kept)
        return;
    *kept = (control_form_t){form, form->files != NULL};
    check->kept = kept;
}

static void write_hidden(buffer_t *out, const char *name, const char *value)
{
    buffer_text(out, "<input type=\"hidden\"");
    control_attribute(out, "name", name);
    control_attribute(out, "value", value ? value : "");
    buffer_char(out, '>');
}

static void write_form(const part_render_t *render)
{
    const control_form_t *kept = render->kept;
    const page_view_t *view = render->context;
    buffer_t *out = render->out;
    const char *target = control_text(render->arguments[FORM_TARGET], render->arena);
    const char *class = control_text(render->arguments[FORM_CLASS], render->arena);
    const char *id = control_text(render->arguments[FORM_ID], render->arena);
    const char *label = control_text(render->arguments[FORM_LABEL], render->arena);

    buffer_text(out, "<form method=\"post\"");
    control_attribute(out, "action", target ? target : view->action);
    control_attribute(out, "class", class ? class : "form");
    if (id)
        control_attribute(out, "id", id);
    if (label)
        control_attribute(out, "aria-label", label);
    if (kept->has_files)
        buffer_text(out, " enctype=\"multipart/form-data\"");
    if (kept->form->files)
        buffer_text(out, " data-upload");
    if (is_yes(render->arguments[FORM_GUARD]))
        buffer_text(out, " data-guard");
    if (is_yes(render->arguments[FORM_NOVALIDATE]))
        buffer_text(out, " novalidate");
    buffer_char(out, '>');
    /* First, so that a button called _post comes behind and counts. */
    write_hidden(out, "_post", kept->form->name);
    write_hidden(out, "_token", view->token);
    write_hidden(out, "_key", view->key);
    if (view->carry && !target)
        write_hidden(out, "_carry", view->carry);
    part_body(render);
    buffer_text(out, "</form>");
}

const part_t part_form = {"form", true, form_parameters, check_form, write_form};

/* --- {{@csrf}} -------------------------------------------------------------------------------- */

static void write_csrf(const part_render_t *render)
{
    const page_view_t *view = render->context;
    write_hidden(render->out, "_token", view->token);
}

static const part_parameter_t no_parameters[] = {{0}};
const part_t part_csrf = {"csrf", false, no_parameters, NULL, write_csrf};

/* --- {{@hidden}} -------------------------------------------------------------------------------- */

enum { HIDDEN_FORM, HIDDEN_PATH, HIDDEN_VALUE };

static const part_parameter_t hidden_parameters[] = {
    [HIDDEN_FORM] = {"form", PART_WORD, PART_REQUIRED, 0},
    [HIDDEN_PATH] = {"field", PART_WORD, PART_REQUIRED, 0},
    [HIDDEN_VALUE] = {"value", PART_VALUE, PART_OPTION,
                      1u << DATUM_TEXT | 1u << DATUM_INT | 1u << DATUM_BOOL | 1u << DATUM_ENUM |
                          1u << DATUM_TIME},
    {0},
};

static void check_hidden(part_check_t *check)
{
    control_place_t place;
    const char *path = check->arguments[HIDDEN_PATH].written;
    const page_form_t *form = control_form(check, check->arguments[HIDDEN_FORM].written);
    /* Names in front of '_' are the page's own: _next, gaps[2]._use. */
    const char *last = strrchr(path, '.');
    if (form && *path != '_' && !(last && last[1] == '_'))
        control_find(check, form, path, &place);
    check->kept = (void *) form;
}

/* What the page says counts more than what was typed: a version that was refused for its age would
 * be refused for ever. */
static void write_hidden_part(const part_render_t *render)
{
    const form_pairs_t *typed = control_typed(render, render->kept);
    const char *path = control_plain(render->arguments[HIDDEN_PATH], render->arena);
    const char *value = datum_plain(render->arguments[HIDDEN_VALUE], render->arena);
    if (render->arguments[HIDDEN_VALUE].kind == DATUM_NONE && typed)
        value = form_typed(typed, path);
    write_hidden(render->out, path, value);
}

const part_t part_hidden = {"hidden", false, hidden_parameters, check_hidden, write_hidden_part};

/* --- {{@errors}} ---------------------------------------------------------------------------------- */

typedef struct {
    int refusal; /* slot of the sentence in the page's names, -1: none */
} errors_part_t;

static void check_errors(part_check_t *check)
{
    errors_part_t *kept = arena_alloc(check->arena, sizeof *kept);
    if (!kept)
        return;
    kept->refusal = datum_type_slot(check->root, "refusal", 7);
    check->kept = kept;
}

static void write_error(const part_render_t *render, const page_view_t *view, const fault_t *fault)
{
    buffer_t *out = render->out;
    const char *anchor = control_anchor(view->refused, fault->field, render->arena);
    buffer_text(out, "<li>");
    if (*anchor) {
        buffer_text(out, "<a href=\"#");
        part_escape_text(out, anchor);
        buffer_text(out, "\">");
    }
    part_escape_text(out, fault->message);
    buffer_text(out, *anchor ? "</a></li>" : "</li>");
}

static void write_errors(const part_render_t *render)
{
    const errors_part_t *kept = render->kept;
    const page_view_t *view = render->context;
    buffer_t *out = render->out;
    const char *sentence = kept && kept->refusal >= 0
                               ? control_text(render->root[kept->refusal], render->arena)
                               : NULL;
    size_t count = view->refused && view->faults ? view->faults->count : 0;
    if (!view->refused || (!count && !sentence))
        return;
    buffer_text(out, "<div class=\"errors\" role=\"alert\" tabindex=\"-1\" id=\"errors\""
                     " aria-labelledby=\"errors-title\">"
                     "<h2 class=\"errors__title\" id=\"errors-title\">");
    if (count)
        buffer_printf(out, "有%zu处需要修改", count);
    else
        part_escape_text(out, sentence);
    buffer_text(out, "</h2>");
    if (count) {
        buffer_text(out, "<ul class=\"errors__list\">");
        for (size_t i = 0; i < count && i < ERRORS_MAX; i++)
            write_error(render, view, &view->faults->faults[i]);
        buffer_text(out, "</ul>");
    }
    buffer_text(out, "</div>");
}

const part_t part_errors = {"errors", false, no_parameters, check_errors, write_errors};
