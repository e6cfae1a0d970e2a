/* view_steps.c - an application as steps: the applicant, each group of the form, each material. */
#include "view_portal.h"

#include "text.h"

/* --- apply_steps ------------------------------------------------------------------------------ */

enum {
    STEP_KEY,
    STEP_KIND,
    STEP_TITLE,
    STEP_GROUP,
    STEP_NUMBER,
    STEP_DONE,
    STEP_OPTIONAL,
    STEP_CURRENT,
    STEP_LACKS,
    STEP_MATERIAL,
    STEP_GIVEN,
    STEP_SLOTS
};
static const datum_name_t step_names[] = {
    [STEP_KEY] = {"key", &datum_type_text},   /* in the address: applicant, form-2, material-plan */
    [STEP_KIND] = {"kind", &datum_type_text}, /* applicant, form, material */
    [STEP_TITLE] = {"title", &datum_type_text},
    [STEP_GROUP] = {"group", &datum_type_text}, /* of the form */
    [STEP_NUMBER] = {"number", &datum_type_int},
    [STEP_DONE] = {"done", &datum_type_bool}, /* nothing required is missing */
    [STEP_OPTIONAL] = {"optional",
                       &datum_type_bool}, /* nothing is required, and nothing is there */
    [STEP_CURRENT] = {"current", &datum_type_bool},
    [STEP_LACKS] = {"lacks", &datum_type_texts}, /* labels of what is missing */
    [STEP_MATERIAL] = {"material", &portal_material_type},
    [STEP_GIVEN] = {"given", &portal_given_type},
    [STEP_SLOTS] = {NULL, NULL},
};
static const datum_type_t step_type = DATUM_TYPE_RECORD(step_names);
static const datum_type_t step_list = DATUM_TYPE_LIST(step_type);

enum {
    STEPS_LIST,
    STEPS_CURRENT,
    STEPS_PREVIOUS,
    STEPS_NEXT,
    STEPS_FIRST,
    STEPS_DONE,
    STEPS_TOTAL,
    STEPS_READY,
    STEPS_SUBMITTED,
    STEPS_FOR_PERSON,
    STEPS_FOR_BODY,
    STEPS_SLOTS
};
static const datum_name_t steps_names[] = {
    [STEPS_LIST] = {"list", &step_list},
    [STEPS_CURRENT] = {"current", &step_type},
    [STEPS_PREVIOUS] = {"previous", &datum_type_text}, /* keys; "" before the first */
    [STEPS_NEXT] = {"next", &datum_type_text},         /* "check" behind the last */
    [STEPS_FIRST] = {"first", &datum_type_text},       /* the first that is not done, or "check" */
    [STEPS_DONE] = {"done", &datum_type_int},
    [STEPS_TOTAL] = {"total", &datum_type_int},
    [STEPS_READY] = {"ready", &datum_type_bool},         /* all are done */
    [STEPS_SUBMITTED] = {"submitted", &datum_type_bool}, /* the case is no draft any more */
    [STEPS_FOR_PERSON] = {"forPerson", &datum_type_bool},
    [STEPS_FOR_BODY] = {"forBody", &datum_type_bool},
    [STEPS_SLOTS] = {NULL, NULL},
};
const datum_type_t portal_steps_type = DATUM_TYPE_RECORD(steps_names);

/* An item's audiences are persons, bodies, or both; none said is both. */
static bool item_serves(const Catalog__Item *item, bool body)
{
    for (size_t i = 0; i < item->n_audiences; i++)
        if ((item->audiences[i] != CATALOG__AUDIENCE__AUDIENCE_PERSON) == body)
            return true;
    return item->n_audiences == 0;
}

typedef struct {
    const view_call_t *call;
    const Case__CaseDetail *one;
    const Catalog__Item *item;
    datum_t *list;
    size_t count, done;
} steps_t;

static datum_t *step_add(steps_t *self, const char *key, const char *kind, const char *title)
{
    datum_t *step = portal_record(self->call, STEP_SLOTS);
    if (!step)
        return NULL;
    step[STEP_KEY] = datum_text(key);
    step[STEP_KIND] = datum_text(kind);
    step[STEP_TITLE] = datum_text(title);
    step[STEP_GROUP] = datum_text("");
    step[STEP_NUMBER] = datum_int((int64_t) self->count + 1);
    self->list[self->count++] = datum_record(step);
    return step;
}

static void step_end(steps_t *self, datum_t *step, datum_t *lacks, size_t lack_count, bool optional)
{
    step[STEP_LACKS] = datum_array(lacks, lack_count);
    step[STEP_DONE] = datum_bool(lack_count == 0);
    step[STEP_OPTIONAL] = datum_bool(optional);
    self->done += lack_count == 0;
}

/* As services/case/form.c checks the party. */
static void add_applicant(steps_t *self)
{
    enum { LACKS = 3 };
    const Case__Applicant *party = self->one->applicant;
    datum_t *step = step_add(self, "applicant", "applicant", "申请人");
    datum_t *lacks = portal_record(self->call, LACKS);
    size_t count = 0;
    if (!step || !lacks)
        return;
    bool body = party && party->kind == CASE__APPLICANT_KIND__APPLICANT_KIND_ORGANISATION;
    if (!item_serves(self->item, body))
        lacks[count++] = datum_text("申请人类型");
    else if (body && text_empty(party->name))
        lacks[count++] = datum_text("单位名称");
    if (body && text_empty(party->id_number))
        lacks[count++] = datum_text("统一社会信用代码");
    step_end(self, step, lacks, count, false);
}

static void add_group(steps_t *self, const char *group, size_t number)
{
    const Catalog__Item *item = self->item;
    const char *key = arena_printf(self->call->arena, "form-%zu", number);
    datum_t *step = step_add(self, key, "form", portal_group_title(group));
    datum_t *lacks = portal_record(self->call, item->n_form_fields);
    size_t count = 0;
    bool empty = true, required = false;
    if (!step || !lacks)
        return;
    for (size_t i = 0; i < item->n_form_fields; i++) {
        const Catalog__FormField *field = item->form_fields[i];
        if (!text_equal(field->group, group))
            continue;
        bool there = !text_empty(portal_form_value(self->one, field->id));
        empty = empty && !there;
        required = required || field->required;
        if (field->required && !there)
            lacks[count++] = datum_text(field->label);
    }
    step[STEP_GROUP] = datum_text(group);
    step_end(self, step, lacks, count, empty && !required);
}

const Case__Material *portal_given(const Case__CaseDetail *one, const char *material_id)
{
    for (size_t i = 0; i < one->n_materials; i++)
        if (text_equal(one->materials[i]->material_id, material_id))
            return one->materials[i];
    return NULL;
}

static void add_material(steps_t *self, const Catalog__Material *material)
{
    const Case__Material *given = portal_given(self->one, material->id);
    const char *key = arena_printf(self->call->arena, "material-%s", material->id);
    datum_t *step = step_add(self, key, "material", material->name);
    datum_t *lacks = portal_record(self->call, 1);
    if (!step || !lacks)
        return;
    bool there = given && (given->n_files || given->paper);
    bool required = material->need == CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
    lacks[0] = datum_text(material->name);
    step[STEP_MATERIAL] = datum_message(&material->base);
    step[STEP_GIVEN] = datum_message(given ? &given->base : NULL);
    step_end(self, step, lacks, required && !there, !required && !there);
}

static const char *key_at(const steps_t *self, size_t at)
{
    return self->list[at].kind == DATUM_RECORD
               ? portal_text(self->list[at].slots[STEP_KEY], self->call->arena)
               : "";
}

static datum_t steps_end(steps_t *self, const char *key)
{
    datum_t *steps = portal_record(self->call, STEPS_SLOTS);
    size_t current = self->count, first = self->count;
    if (!steps || !self->count)
        return datum_none();
    for (size_t i = self->count; i-- > 0;) {
        if (text_equal(key_at(self, i), key))
            current = i;
        if (!datum_is_set(self->list[i].slots[STEP_DONE]))
            first = i;
    }
    if (current == self->count && !text_equal(key, "check")) /* an address of a former version */
        current = first < self->count ? first : 0;
    bool at_check = current == self->count;
    if (!at_check) {
        ((datum_t *) self->list[current].slots)[STEP_CURRENT] = datum_bool(true);
        steps[STEPS_CURRENT] = self->list[current];
    }
    steps[STEPS_LIST] = datum_array(self->list, self->count);
    steps[STEPS_PREVIOUS] = datum_text(current ? key_at(self, current - 1) : "");
    steps[STEPS_NEXT] = datum_text(current + 1 < self->count ? key_at(self, current + 1) : "check");
    steps[STEPS_FIRST] = datum_text(first < self->count ? key_at(self, first) : "check");
    steps[STEPS_DONE] = datum_int((int64_t) self->done);
    steps[STEPS_TOTAL] = datum_int((int64_t) self->count);
    steps[STEPS_READY] = datum_bool(self->done == self->count);
    steps[STEPS_SUBMITTED] =
        datum_bool(self->one->summary && self->one->summary->state != CASE__STATE__STATE_DRAFT);
    steps[STEPS_FOR_PERSON] = datum_bool(item_serves(self->item, false));
    steps[STEPS_FOR_BODY] = datum_bool(item_serves(self->item, true));
    return datum_record(steps);
}

datum_t portal_steps(const view_call_t *call)
{
    const char *groups[PORTAL_GROUPS_MAX];
    steps_t self = {.call = call, .one = portal_message(call, 0), .item = portal_message(call, 1)};
    if (!self.one || !self.item)
        return datum_none();
    size_t group_count = portal_form_groups(self.item, groups);
    self.list = portal_record(call, 1 + group_count + self.item->n_materials);
    if (!self.list)
        return datum_none();
    add_applicant(&self);
    for (size_t i = 0; i < group_count; i++)
        add_group(&self, groups[i], i + 1);
    for (size_t i = 0; i < self.item->n_materials; i++)
        add_material(&self, self.item->materials[i]);
    return steps_end(&self, portal_argument(call, 2));
}
