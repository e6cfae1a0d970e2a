/* control_field.c - {{@field FORM path …}}: a field of the contract as a control.
 *
 * What the contract says decides: its type and rule choose the control, its label stands above, its
 * limits go to the browser.  Options only say what the contract cannot know. */
#include <string.h>

#include "check.h"
#include "control.h"
#include "message.h"
#include "text.h"

#define AREA_FROM 200 /* a text that may be longer than this gets several lines */

enum {
    FORM,
    PATH,
    LABEL,
    HINT,
    VALUE,
    ROWS,
    TYPE,
    AUTOCOMPLETE,
    PLACEHOLDER,
    OPTIONAL,
    WIDTH,
    CHOICES,
    CHOICE_VALUE,
    CHOICE_LABEL,
    CHOICE_HINT,
    UNIT,
    INLINE,
    EMPTY,
    ACCEPT,
    MULTIPLE
};

#define TEXTS (1u << DATUM_TEXT | 1u << DATUM_INT | 1u << DATUM_ENUM | 1u << DATUM_TIME)

static const part_parameter_t parameters[] = {
    [FORM] = {"form", PART_WORD, PART_REQUIRED, 0},
    [PATH] = {"field", PART_WORD, PART_REQUIRED, 0},
    [LABEL] = {"label", PART_VALUE, PART_OPTION, TEXTS},
    [HINT] = {"hint", PART_VALUE, PART_OPTION, TEXTS},
    [VALUE] = {"value", PART_VALUE, PART_OPTION, TEXTS | 1u << DATUM_BOOL | 1u << DATUM_LIST},
    [ROWS] = {"rows", PART_VALUE, PART_OPTION, 1u << DATUM_INT},
    [TYPE] = {"type", PART_WORD, PART_OPTION, 0},
    [AUTOCOMPLETE] = {"autocomplete", PART_WORD, PART_OPTION, 0},
    [PLACEHOLDER] = {"placeholder", PART_VALUE, PART_OPTION, TEXTS},
    [OPTIONAL] = {"optional", PART_WORD, PART_OPTION, 0},
    [WIDTH] = {"width", PART_WORD, PART_OPTION, 0},
    [CHOICES] = {"choices", PART_VALUE, PART_OPTION, 1u << DATUM_LIST},
    [CHOICE_VALUE] = {"choiceValue", PART_WORD, PART_OPTION, 0},
    [CHOICE_LABEL] = {"choiceLabel", PART_WORD, PART_OPTION, 0},
    [CHOICE_HINT] = {"choiceHint", PART_WORD, PART_OPTION, 0},
    [UNIT] = {"unit", PART_VALUE, PART_OPTION, TEXTS},
    [INLINE] = {"inline", PART_WORD, PART_OPTION, 0},
    [EMPTY] = {"empty", PART_VALUE, PART_OPTION, TEXTS},
    [ACCEPT] = {"accept", PART_WORD, PART_OPTION, 0},
    [MULTIPLE] = {"multiple", PART_WORD, PART_OPTION, 0},
    {0},
};

static const struct {
    const char *word;
    control_kind_t kind;
} types[] = {
    {"text", CONTROL_TEXT},         {"textarea", CONTROL_AREA}, {"number", CONTROL_NUMBER},
    {"password", CONTROL_PASSWORD}, {"radio", CONTROL_RADIO},   {"select", CONTROL_SELECT},
    {"checkbox", CONTROL_CHECKBOX}, {"date", CONTROL_DATE},     {"file", CONTROL_FILE},
    {"hidden", CONTROL_HIDDEN},     {"search", CONTROL_SEARCH},
};

/* What the check works out of one place. */
typedef struct {
    control_place_t place;
    const rule_t *rule; /* NULL: none */
    control_kind_t kind;
    bool kind_said; /* by type= */
    bool list;      /* a repeated scalar */
    const char *label, *autocomplete;
    bool has_choices, choices_are_entries; /* choices of records or messages */
    datum_path_t choice_value, choice_label, choice_hint;
    control_choice_t *labels; /* of an enum */
    size_t label_count;
} field_part_t;

static bool is_password(const field_part_t *self)
{
    return self->rule && self->rule->flags & RULE_SECRET &&
           strstr(self->place.field->name, "password");
}

static control_kind_t usual_kind(const field_part_t *self)
{
    const ProtobufCFieldDescriptor *field = self->place.field;
    if (self->place.map_value)
        return CONTROL_TEXT;
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return CONTROL_CHECKBOX;
    case PROTOBUF_C_TYPE_ENUM:
        return self->list ? CONTROL_CHECKBOXES : CONTROL_RADIO;
    case PROTOBUF_C_TYPE_MESSAGE:
        return CONTROL_DATE;
    case PROTOBUF_C_TYPE_BYTES:
        return CONTROL_FILE;
    case PROTOBUF_C_TYPE_STRING:
        break;
    default:
        return CONTROL_NUMBER;
    }
    if (self->list)
        return self->has_choices ? CONTROL_CHECKBOXES : CONTROL_AREA;
    if (self->has_choices)
        return CONTROL_RADIO;
    if (is_password(self))
        return CONTROL_PASSWORD;
    if (self->rule && self->rule->kind == KIND_DATE)
        return CONTROL_DATE;
    return self->rule && self->rule->kind == KIND_NONE && self->rule->max_len > AREA_FROM
               ? CONTROL_AREA
               : CONTROL_TEXT;
}

/* WCAG 1.3.5: what the browser knows of the person who types.  Officials type of others. */
static const char *usual_autocomplete(const part_check_t *check, const field_part_t *self)
{
    static const struct {
        const char *field, *token;
    } tokens[] = {{"identifier", "username"},
                  {"login_name", "username"},
                  {"old_password", "current-password"},
                  {"name", "name"},
                  {"mobile", "tel"},
                  {"address", "address-line1"},
                  {"contact_name", "name"},
                  {"id_number", "off"}};
    const rule_t *rule = self->rule;
    const page_t *page = check->page;
    bool personal = rule && rule->flags & RULE_PERSONAL, own = page->who != PAGE_STAFF;
    const char *name = self->place.field->name;
    if (self->place.map_value)
        return NULL;
    if (is_password(self))
        return strstr(name, "old") || !rule->min_len ? "current-password" : "new-password";
    if (rule && rule->flags & RULE_SECRET)
        return rule->pattern ? "one-time-code" : "off";
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (strcmp(name, tokens[i].field) == 0 && (personal || i < 2))
            return own || i < 2 ? tokens[i].token : "off";
    return NULL;
}

/* --- check -------------------------------------------------------------------------------- */

static bool find_type(part_check_t *check, field_part_t *self)
{
    const part_argument_t *type = &check->arguments[TYPE];
    if (!type->given) {
        self->kind = usual_kind(self);
        return true;
    }
    self->kind_said = true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].word, type->written) == 0) {
            self->kind = types[i].kind;
            if (self->kind == CONTROL_CHECKBOX && self->list)
                self->kind = CONTROL_CHECKBOXES;
            return true;
        }
    part_fault(check, "`%s` is no type of a field", type->written);
    return false;
}

static bool find_path(part_check_t *check, int argument, const char *usual,
                      const datum_type_t *entry, datum_path_t *ret)
{
    const part_argument_t *given = &check->arguments[argument];
    const char *name = given->given ? given->written : usual;
    const char *why = datum_path(entry, name, strlen(name), check->arena, ret);
    if (why)
        part_fault(check, "choices: %s", why);
    return !why;
}

static bool find_choices(part_check_t *check, field_part_t *self)
{
    const part_argument_t *choices = &check->arguments[CHOICES];
    if (!choices->given)
        return true;
    self->has_choices = true;
    const datum_type_t *entry = choices->type->entry;
    if (!entry)
        return true;
    self->choices_are_entries = entry->kind == DATUM_MESSAGE || entry->kind == DATUM_RECORD;
    if (!self->choices_are_entries)
        return true;
    const char *value =
        check->arguments[CHOICE_VALUE].given ? check->arguments[CHOICE_VALUE].written : "id";
    return find_path(check, CHOICE_VALUE, "id", entry, &self->choice_value) &&
           find_path(check, CHOICE_LABEL, value, entry, &self->choice_label) &&
           (!check->arguments[CHOICE_HINT].given ||
            find_path(check, CHOICE_HINT, "", entry, &self->choice_hint));
}

/* Labels of an enum: those who have one.  Its 0 means that nothing was chosen. */
static void find_labels(part_check_t *check, field_part_t *self)
{
    const ProtobufCFieldDescriptor *field = self->place.field;
    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return;
    const ProtobufCEnumDescriptor *type = field->descriptor;
    self->labels = ARRAY(check->arena, control_choice_t, type->n_values);
    for (unsigned i = 0; self->labels && i < type->n_values; i++)
        if (type->values[i].value)
            self->labels[self->label_count++] = (control_choice_t){
                type->values[i].name, label_of(type, type->values[i].value), NULL};
}

static bool needs_choices(const field_part_t *self)
{
    return (self->kind == CONTROL_RADIO || self->kind == CONTROL_SELECT ||
            self->kind == CONTROL_CHECKBOXES) &&
           !self->has_choices && !self->label_count;
}

static void check_field(part_check_t *check)
{
    field_part_t *self = arena_alloc(check->arena, sizeof *self);
    const page_form_t *form = control_form(check, check->arguments[FORM].written);
    if (!self || !form || !control_find(check, form, check->arguments[PATH].written, &self->place))
        return;
    const ProtobufCFieldDescriptor *field = self->place.field;
    self->rule = self->place.map_value ? NULL : rule_of(self->place.type, field->name);
    self->list = !self->place.map_value && field->label == PROTOBUF_C_LABEL_REPEATED;
    self->label = self->rule ? self->rule->label : NULL;
    if (!find_choices(check, self) || !find_type(check, self))
        return;
    find_labels(check, self);
    self->autocomplete = usual_autocomplete(check, self);
    if (!check->arguments[LABEL].given && text_empty(self->label) && self->kind != CONTROL_HIDDEN)
        part_fault(check, "`%s` has no label in the contract: give label=\"…\"",
                   check->arguments[PATH].written);
    if (needs_choices(self))
        part_fault(check, "`%s` needs choices=", check->arguments[PATH].written);
    if (self->kind != CONTROL_HIDDEN)
        control_note(check, form, check->arguments[PATH].written);
    control_form_t *outer = control_outer(check);
    if (self->kind == CONTROL_FILE && outer)
        outer->has_files = true;
    check->kept = self;
}

/* --- write ---------------------------------------------------------------------------------- */

static bool is_word(datum_t argument, const char *word)
{
    return argument.kind == DATUM_TEXT && argument.text.size == strlen(word) &&
           memcmp(argument.text.data, word, argument.text.size) == 0;
}

static const char *shown(datum_t value, arena_t *arena)
{
    if (value.kind == DATUM_ENUM)
        return label_of(value.choice.type, value.choice.value);
    return control_plain(value, arena);
}

static void take_choices(const field_part_t *self, const part_render_t *render, control_t *control)
{
    datum_t list = render->arguments[CHOICES];
    if (!self->has_choices) {
        control->choices = self->labels;
        control->choice_count = self->label_count;
        return;
    }
    size_t count = list.kind != DATUM_LIST            ? 0
                   : list.count < CONTROL_CHOICES_MAX ? list.count
                                                      : CONTROL_CHOICES_MAX;
    control_choice_t *choices = ARRAY(render->arena, control_choice_t, count);
    for (size_t i = 0; choices && i < count; i++) {
        datum_t entry = datum_at(list, i), value = entry, label = entry, hint = datum_none();
        if (self->choices_are_entries) {
            value = datum_follow(&self->choice_value, entry);
            label = datum_follow(&self->choice_label, entry);
            if (self->choice_hint.count)
                hint = datum_follow(&self->choice_hint, entry);
        }
        choices[control->choice_count++] =
            (control_choice_t){control_plain(value, render->arena), shown(label, render->arena),
                               datum_is_set(hint) ? shown(hint, render->arena) : NULL};
    }
    control->choices = choices;
}

static void take_given(const part_render_t *render, control_t *control)
{
    datum_t list = render->arguments[VALUE];
    size_t count = list.kind == DATUM_LIST ? list.count : 0;
    if (count > CONTROL_CHOICES_MAX)
        count = CONTROL_CHOICES_MAX;
    const char **given = ARRAY(render->arena, const char *, count);
    for (size_t i = 0; given && i < count; i++)
        given[control->given_count++] = control_plain(datum_at(list, i), render->arena);
    control->given = given;
}

/* A list as lines of a text area. */
static const char *joined(const control_t *control, arena_t *arena)
{
    size_t size = 1;
    for (size_t i = 0; i < control->given_count; i++)
        size += strlen(control->given[i]) + 1;
    char *text = arena_alloc(arena, size), *out = text;
    for (size_t i = 0; text && i < control->given_count; i++) {
        if (i)
            *out++ = '\n';
        for (const char *c = control->given[i]; *c; c++)
            *out++ = *c;
    }
    return text ? text : "";
}

static bool is_secret(const field_part_t *self)
{
    return self->rule && self->rule->flags & RULE_SECRET;
}

/* What was typed counts, then value=.  Secrets never come back. */
static void take_value(const field_part_t *self, const part_render_t *render, control_t *control)
{
    const form_pairs_t *typed = control_typed(render, self->place.form);
    const char *text = typed ? form_typed(typed, control->name) : NULL;
    control->typed = typed;
    control->value = "";
    take_given(render, control);
    if (self->kind == CONTROL_CHECKBOX && !control->yes_no)
        control->value = control_plain(render->arguments[VALUE], render->arena);
    else if (is_secret(self) || self->kind == CONTROL_FILE)
        control->value = "";
    else if (text)
        control->value = text;
    else if (render->arguments[VALUE].kind == DATUM_LIST)
        control->value = joined(control, render->arena);
    else
        control->value = control_plain(render->arguments[VALUE], render->arena);
}

static const char *usual_hint(const field_part_t *self, const control_t *control)
{
    if (control->kind == CONTROL_DATE)
        return "格式如2026-01-31";
    if (self->list && control->kind == CONTROL_AREA)
        return "每行填写一项";
    return NULL;
}

static void take_rule(const field_part_t *self, const part_render_t *render, control_t *control)
{
    const rule_t *rule = self->rule;
    datum_t optional = render->arguments[OPTIONAL];
    control->text_kind =
        self->place.map_value ? KIND_NONE : form_kind(self->place.type, self->place.field);
    control->whole = control->text_kind == FORM_KIND_NUMBER;
    if (rule) {
        control->required = rule->flags & RULE_REQUIRED;
        control->min_len = rule->min_len;
        control->max_len = rule->max_len;
        control->min = rule->min;
        control->max = rule->max;
        control->pattern = rule->pattern;
    }
    if (self->list) /* limits are those of one line */
        control->min_len = control->max_len = 0;
    control->optional = !control->required && control->kind != CONTROL_CHECKBOX &&
                        control->kind != CONTROL_SEARCH && !is_word(optional, "no");
}

/* Few choices are shown all at once, more or optional ones in a list that can be left. */
static void choose_select(const field_part_t *self, const part_render_t *render, control_t *control)
{
    if (control->kind == CONTROL_RADIO && !self->kind_said &&
        (control->choice_count > CONTROL_RADIOS_MAX || !control->required))
        control->kind = CONTROL_SELECT;
    if (control->kind == CONTROL_SELECT) {
        const char *empty = control_text(render->arguments[EMPTY], render->arena);
        control->empty = empty ? empty : control->required ? "请选择" : "（不选）";
    }
}

static void write_field(const part_render_t *render)
{
    const field_part_t *self = render->kept;
    const datum_t *arguments = render->arguments;
    arena_t *arena = render->arena;
    control_t control = {.kind = self->kind, .name = control_plain(arguments[PATH], arena)};
    const char *label = control_text(arguments[LABEL], arena);
    const char *autocomplete = control_text(arguments[AUTOCOMPLETE], arena);

    control.id = form_anchor(self->place.form->name, control.name, arena);
    control.label = label ? label : self->label ? self->label : "";
    control.error = control_error(render, self->place.form, control.name);
    control.yes_no = self->place.field->type == PROTOBUF_C_TYPE_BOOL;
    control.autocomplete = autocomplete ? autocomplete : self->autocomplete;
    control.placeholder = control_text(arguments[PLACEHOLDER], arena);
    control.width = control_text(arguments[WIDTH], arena);
    control.unit = control_text(arguments[UNIT], arena);
    control.accept = control_text(arguments[ACCEPT], arena);
    control.multiple = is_word(arguments[MULTIPLE], "yes");
    control.inline_choices = is_word(arguments[INLINE], "yes");
    control.rows = arguments[ROWS].kind == DATUM_INT ? arguments[ROWS].number : 0;
    take_rule(self, render, &control);
    take_choices(self, render, &control);
    take_value(self, render, &control);
    choose_select(self, render, &control);
    control.hint = control_text(arguments[HINT], arena);
    if (!control.hint)
        control.hint = usual_hint(self, &control);
    control_write(&control, render->out, arena);
}

const part_t part_field = {"field", false, parameters, check_field, write_field};
