/* control_item.c - {{@itemform FORM item.formFields values=case.form group=…}}: the controls of an
 * item's own form.
 *
 * The fields are data (catalog.FormField): a new form needs no program.  They become inputs
 * named after the {name, value} list of the request, `form.project_name`; what is written like a
 * number or a day is told to the gateway by _kinds (form.h). */
#include <string.h>

#include "check.h"
#include "control.h"
#include "message.h"
#include "text.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/case.pb-c.h"

#define FIELDS_MAX 100 /* as catalog.Item.form_fields */
#define LENGTH     200 /* of a field that names none; as catalog.FormField.max_len */
#define AREA_FROM  100 /* a paragraph of more gets more lines */

enum { FORM, FIELDS, VALUES, GROUP, DIVISIONS, MATERIALS };

static const part_parameter_t parameters[] = {
    [FORM] = {"form", PART_WORD, PART_REQUIRED, 0},
    [FIELDS] = {"fields", PART_VALUE, PART_REQUIRED, 1u << DATUM_LIST},
    [VALUES] = {"values", PART_VALUE, PART_OPTION, 1u << DATUM_LIST},
    [GROUP] = {"group", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    [DIVISIONS] = {"divisions", PART_VALUE, PART_OPTION, 1u << DATUM_LIST},
    [MATERIALS] = {"materials", PART_VALUE, PART_OPTION, 1u << DATUM_LIST},
    {0},
};

typedef struct {
    const page_form_t *form;
    const char *map; /* JSON name of the request's list */
    bool by_group;   /* group= is given */
} item_part_t;

/* --- check -------------------------------------------------------------------------------- */

static bool is_list_of(part_check_t *check, int argument, const ProtobufCMessageDescriptor *type)
{
    const part_argument_t *given = &check->arguments[argument];
    if (!given->given || (given->type->entry && given->type->entry->kind == DATUM_MESSAGE &&
                          given->type->entry->message == type))
        return true;
    part_fault(check, "`%s` has to be a list of %s", given->written, type->name);
    return false;
}

static const char *map_of(const ProtobufCMessageDescriptor *type, arena_t *arena)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (form_is_map(&type->fields[i])) {
            char *name = arena_text(arena, type->fields[i].name);
            if (name)
                message_camel(type->fields[i].name, name);
            return name;
        }
    return NULL;
}

static void check_itemform(part_check_t *check)
{
    item_part_t *kept = arena_alloc(check->arena, sizeof *kept);
    const page_form_t *form = control_form(check, check->arguments[FORM].written);
    if (!kept || !form || !is_list_of(check, FIELDS, &catalog__form_field__descriptor) ||
        !is_list_of(check, VALUES, &case__form_value__descriptor) ||
        !is_list_of(check, DIVISIONS, &catalog__division__descriptor) ||
        !is_list_of(check, MATERIALS, &case__material__descriptor))
        return;
    *kept =
        (item_part_t){form, map_of(form->method->in, check->arena), check->arguments[GROUP].given};
    if (!kept->map) {
        part_fault(check, "%s takes no form of an item", form->method->name);
        return;
    }
    const char *any = arena_printf(check->arena, "%s.{id}", kept->map);
    if (any)
        control_note(check, form, any);
    check->kept = kept;
}

/* --- one field -------------------------------------------------------------------------------- */

typedef struct {
    const part_render_t *render;
    const item_part_t *part;
    const control_choice_t *divisions, *files;
    size_t division_count, file_count;
} item_form_t;

static const char *value_of(const item_form_t *self, const char *id)
{
    datum_t values = self->render->arguments[VALUES];
    for (size_t i = 0; i < values.count && values.kind == DATUM_LIST; i++) {
        const Case__FormValue *value = (const Case__FormValue *) datum_at(values, i).message;
        if (value && text_equal(value->name, id))
            return value->value ? value->value : "";
    }
    return "";
}

/* "a,b" as its words. */
static void split_values(const char *text, control_t *control, arena_t *arena)
{
    size_t most = 1;
    for (const char *c = text; *c; c++)
        most += *c == ',';
    const char **given = ARRAY(arena, const char *, most);
    for (const char *at = text; given && at && *at;) {
        size_t size = strcspn(at, ",");
        const char *word = arena_copy(arena, at, size);
        given[control->given_count++] = word ? word : "";
        at = at[size] ? at + size + 1 : NULL;
    }
    control->given = given;
}

static void take_choices(const Catalog__FormField *field, control_t *control, arena_t *arena)
{
    control_choice_t *choices = ARRAY(arena, control_choice_t, field->n_choices);
    for (size_t i = 0; choices && i < field->n_choices; i++)
        choices[control->choice_count++] =
            (control_choice_t){field->choices[i]->value, field->choices[i]->label, NULL};
    control->choices = choices;
}

static void use_choices(const control_choice_t *choices, size_t count, control_t *control)
{
    control->choices = choices;
    control->choice_count = count;
}

static void be_text(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) self;
    control->kind = field->kind == YW__KIND__KIND_DATE ? CONTROL_DATE : CONTROL_TEXT;
}

static void be_area(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) self;
    control->kind = CONTROL_AREA;
    control->rows = field->max_len > 1000 ? 8 : field->max_len > AREA_FROM ? 5 : 3;
}

static void be_number(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) self;
    control->kind = CONTROL_NUMBER;
    control->text_kind = FORM_KIND_NUMBER;
    control->max_len = 0;
    control->min = field->min;
    control->max = field->max;
}

static void be_date(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) self;
    (void) field;
    control->kind = CONTROL_DATE;
    if (!control->hint)
        control->hint = "格式如2026-01-31";
}

static void be_choice(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    take_choices(field, control, self->render->arena);
    control->kind =
        field->n_choices <= CONTROL_RADIOS_MAX && field->required ? CONTROL_RADIO : CONTROL_SELECT;
    control->empty = field->required ? "请选择" : "（不选）";
    control->inline_choices = field->n_choices == 2;
}

static void be_choices(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    take_choices(field, control, self->render->arena);
    split_values(control->value, control, self->render->arena);
    control->kind = CONTROL_CHECKBOXES;
}

static void be_address(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) field;
    control->autocomplete = "address-line1"; /* street-address is for several lines */
    if (!self->division_count)
        return;
    control->kind = CONTROL_ADDRESS;
    control->empty = "请选择；不在列表中的，请在详细地址中写全";
    use_choices(self->divisions, self->division_count, control);
}

static void be_party(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    (void) self;
    (void) field;
    control->kind = CONTROL_PARTY;
}

/* The value is the id of a file that was uploaded before, with the materials. */
static void be_file(const item_form_t *self, const Catalog__FormField *field, control_t *control)
{
    control->kind = CONTROL_SELECT;
    control->empty = field->required ? "请选择已上传的文件" : "（不选）";
    use_choices(self->files, self->file_count, control);
    if (!self->file_count)
        control->hint = "请先在“上传材料”中上传文件，再回到这里选择";
}

static void (*const beings[])(const item_form_t *, const Catalog__FormField *, control_t *) = {
    [CATALOG__FIELD_TYPE__FIELD_TYPE_UNSPECIFIED] = be_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_TEXT] = be_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_PARAGRAPH] = be_area,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_NUMBER] = be_number,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_DATE] = be_date,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE] = be_choice,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICES] = be_choices,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_ADDRESS] = be_address,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_PARTY] = be_party,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_FILE] = be_file,
};

static const char *autocomplete_of(const Catalog__FormField *field)
{
    static const char *const tokens[][2] = {{"account.name", "name"}, {"account.mobile", "tel"}};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (text_equal(field->prefill, tokens[i][0]))
            return tokens[i][1];
    return field->personal ? "off" : NULL;
}

static void write_one(const item_form_t *self, const Catalog__FormField *field)
{
    const part_render_t *render = self->render;
    const page_form_t *form = self->part->form;
    const char *name = arena_printf(render->arena, "%s.%s", self->part->map, field->id);
    if (!name || (size_t) field->type >= sizeof beings / sizeof *beings)
        return;
    const form_pairs_t *typed = control_typed(render, form);
    const char *value = typed ? form_typed(typed, name) : NULL;
    control_t control = {.kind = CONTROL_TEXT,
                         .name = name,
                         .id = form_anchor(form->name, name, render->arena),
                         .label = field->label,
                         .hint = text_empty(field->help) ? NULL : field->help,
                         .error = control_error(render, form, name),
                         .value = value ? value : value_of(self, field->id),
                         .typed = typed,
                         .text_kind = (kind_t) field->kind,
                         .required = field->required,
                         .optional = !field->required,
                         .max_len = field->max_len ? field->max_len : LENGTH,
                         .autocomplete = autocomplete_of(field)};
    beings[field->type](self, field, &control);
    control_write(&control, render->out, render->arena);
}

/* --- the form ------------------------------------------------------------------------------------ */

static const Catalog__FormField *field_at(const item_form_t *self, size_t index)
{
    return (const Catalog__FormField *) datum_at(self->render->arguments[FIELDS], index).message;
}

static bool in_group(const item_form_t *self, const Catalog__FormField *field)
{
    datum_t group = self->render->arguments[GROUP];
    const char *own = field->group ? field->group : "";
    size_t size = group.kind == DATUM_TEXT ? group.text.size : 0;
    return !self->part->by_group ||
           (strlen(own) == size && (size == 0 || memcmp(own, group.text.data, size) == 0));
}

static void open_group(const item_form_t *self, const char *group)
{
    buffer_t *out = self->render->out;
    buffer_text(out, "<fieldset class=\"form__group\"><legend class=\"form__legend\">");
    part_escape_text(out, group);
    buffer_text(out, "</legend>");
}

/* All of a form: neighbours of one group stand in a frame.  One group has the page's heading. */
static void write_fields(const item_form_t *self, size_t count)
{
    buffer_t *out = self->render->out;
    const char *open = "";
    for (size_t i = 0; i < count; i++) {
        const Catalog__FormField *field = field_at(self, i);
        if (!field || !in_group(self, field))
            continue;
        const char *group = self->part->by_group || !field->group ? "" : field->group;
        if (strcmp(group, open) != 0) {
            buffer_text(out, *open ? "</fieldset>" : "");
            if (*group)
                open_group(self, group);
            open = group;
        }
        write_one(self, field);
    }
    buffer_text(out, *open ? "</fieldset>" : "");
}

static int kind_of(const Catalog__FormField *field)
{
    if (field->kind != YW__KIND__KIND_UNSPECIFIED)
        return (int) field->kind;
    return field->type == CATALOG__FIELD_TYPE__FIELD_TYPE_DATE     ? (int) KIND_DATE
           : field->type == CATALOG__FIELD_TYPE__FIELD_TYPE_NUMBER ? (int) FORM_KIND_NUMBER
                                                                   : 0;
}

static void write_kinds(const item_form_t *self, size_t count)
{
    buffer_t *out = self->render->out;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const Catalog__FormField *field = field_at(self, i);
        int kind = field && in_group(self, field) ? kind_of(field) : 0;
        if (!kind || (kind > KIND_URL && kind != FORM_KIND_NUMBER))
            continue;
        buffer_text(out, any ? " " : "<input type=\"hidden\" name=\"_kinds\" value=\"");
        any = true;
        buffer_printf(out, "%s.", self->part->map);
        part_escape_text(out, field->id);
        if (kind == FORM_KIND_NUMBER)
            buffer_text(out, ":n");
        else
            buffer_printf(out, ":%d", kind);
    }
    buffer_text(out, any ? "\">" : "");
}

static void take_divisions(item_form_t *self)
{
    datum_t list = self->render->arguments[DIVISIONS];
    size_t count = list.kind == DATUM_LIST ? list.count : 0;
    if (count > CONTROL_CHOICES_MAX)
        count = CONTROL_CHOICES_MAX;
    control_choice_t *choices = ARRAY(self->render->arena, control_choice_t, count);
    for (size_t i = 0; choices && i < count; i++) {
        const Catalog__Division *division = (const Catalog__Division *) datum_at(list, i).message;
        choices[self->division_count++] = (control_choice_t){division->name, division->name, NULL};
    }
    self->divisions = choices;
}

static void take_files(item_form_t *self)
{
    datum_t list = self->render->arguments[MATERIALS];
    control_choice_t *choices = ARRAY(self->render->arena, control_choice_t, CONTROL_CHOICES_MAX);
    for (size_t i = 0; choices && list.kind == DATUM_LIST && i < list.count; i++) {
        const Case__Material *material = (const Case__Material *) datum_at(list, i).message;
        for (size_t j = 0; j < material->n_files && self->file_count < CONTROL_CHOICES_MAX; j++)
            if (material->files[j]->complete)
                choices[self->file_count++] =
                    (control_choice_t){material->files[j]->id, material->files[j]->file_name, NULL};
    }
    self->files = choices;
}

static void write_itemform(const part_render_t *render)
{
    item_form_t self = {.render = render, .part = render->kept};
    datum_t fields = render->arguments[FIELDS];
    size_t count = fields.kind == DATUM_LIST ? fields.count : 0;
    if (count > FIELDS_MAX)
        count = FIELDS_MAX;
    take_divisions(&self);
    take_files(&self);
    write_fields(&self, count);
    write_kinds(&self, count);
}

const part_t part_itemform = {"itemform", false, parameters, check_itemform, write_itemform};
