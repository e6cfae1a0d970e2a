#include "form.h"

#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "rule.h"
#include "text.h"

#define VALUE_LENGTH  200 /* of a field that names no maximum; as catalog.FormField.max_len */
#define NUMBER_LENGTH 30

/* --- one value ---------------------------------------------------------------------------- */

typedef struct {
    call_t *call;
    const Catalog__FormField *field;
    const char *path; /* "form.project_name" */
    const char *value;
} check_t;

static void fault(const check_t *self, const char *code, const char *what)
{
    call_fault(self->call, self->path, code, "%s：%s", self->field->label, what);
}

static bool has_controls(const char *text, bool lines)
{
    for (const unsigned char *c = (const unsigned char *) text; *c; c++)
        if ((*c < 0x20 && !(lines && (*c == '\n' || *c == '\r' || *c == '\t'))) || *c == 0x7f)
            return true;
    return false;
}

static void check_text(const check_t *self)
{
    if (has_controls(self->value, self->field->type == CATALOG__FIELD_TYPE__FIELD_TYPE_PARAGRAPH))
        fault(self, "control", "不能包含换行或控制字符");
}

/* A decimal number as people write it: sign, digits, fraction. */
static bool is_number(const char *text)
{
    size_t whole, fraction = 0;
    if (*text == '-' || *text == '+')
        text++;
    whole = strspn(text, "0123456789");
    text += whole;
    if (*text == '.')
        fraction = strspn(++text, "0123456789");
    return whole && !text[fraction] && (text[-1] != '.' || fraction);
}

static void check_number(const check_t *self)
{
    const Catalog__FormField *field = self->field;
    if (strlen(self->value) > NUMBER_LENGTH || !is_number(self->value)) {
        fault(self, "type", "请填写数字");
        return;
    }
    double number = strtod(self->value, NULL);
    if ((field->min || field->max) &&
        (number < (double) field->min || number > (double) field->max))
        call_fault(self->call, self->path, "range", "%s：应在 %lld 到 %lld 之间", field->label,
                   (long long) field->min, (long long) field->max);
}

static void check_kind(const check_t *self, kind_t kind)
{
    const char *message = "";
    const char *code = kind_check(kind, self->value, &message);
    if (code)
        fault(self, code, message);
}

static void check_date(const check_t *self)
{
    check_kind(self, KIND_DATE);
}

static bool is_choice(const Catalog__FormField *field, const char *value, size_t size)
{
    for (size_t i = 0; i < field->n_choices; i++)
        if (strlen(field->choices[i]->value) == size &&
            memcmp(field->choices[i]->value, value, size) == 0)
            return true;
    return false;
}

static void check_choice(const check_t *self)
{
    if (!is_choice(self->field, self->value, strlen(self->value)))
        fault(self, "choice", "请从给出的选项中选择");
}

static void check_choices(const check_t *self)
{
    for (const char *at = self->value; at;) {
        size_t size = strcspn(at, ",");
        if (!is_choice(self->field, at, size)) {
            fault(self, "choice", "请从给出的选项中选择");
            return;
        }
        at = at[size] ? at + size + 1 : NULL;
    }
}

/* "name|number": a person with ID number or an organisation with credit code. */
static void check_party(const check_t *self)
{
    const char *bar = strchr(self->value, '|');
    const char *message;
    if (!bar || bar == self->value || strchr(bar + 1, '|'))
        fault(self, "party", "请填写姓名（名称）和证件号码，用“|”分开");
    else if (kind_check(KIND_RESIDENT_ID, bar + 1, &message) &&
             kind_check(KIND_CREDIT_CODE, bar + 1, &message))
        fault(self, "party", "证件号码不是有效的身份证号码或统一社会信用代码");
}

/* Files are looked up by form_check(): a draft may name one that is still to come. */
static void check_file(const check_t *self)
{
    check_kind(self, KIND_ID);
}

static void (*const CHECKS[])(const check_t *) = {
    [CATALOG__FIELD_TYPE__FIELD_TYPE_UNSPECIFIED] = check_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_TEXT] = check_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_PARAGRAPH] = check_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_NUMBER] = check_number,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_DATE] = check_date,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE] = check_choice,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICES] = check_choices,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_ADDRESS] = check_text,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_PARTY] = check_party,
    [CATALOG__FIELD_TYPE__FIELD_TYPE_FILE] = check_file,
};
#define CHECK_COUNT (sizeof CHECKS / sizeof *CHECKS)

static const char *path_of(call_t *call, const char *name)
{
    const char *path = arena_printf(call->arena, "form.%s", name);
    return path ? path : "form";
}

static void check_value(call_t *call, const Catalog__FormField *field, const char *value)
{
    const check_t self = {call, field, path_of(call, field->id), value};
    uint32_t most = field->max_len ? field->max_len : VALUE_LENGTH;
    if (text_empty(value))
        return;
    if (text_length(value) > most)
        call_fault(call, self.path, "too_long", "%s：最多 %u 个字", field->label, most);
    else if ((size_t) field->type < CHECK_COUNT)
        CHECKS[field->type](&self);
    if (field->kind != YW__KIND__KIND_UNSPECIFIED)
        check_kind(&self, (kind_t) field->kind);
}

void form_check_values(call_t *call, const Catalog__Item *item, Case__FormValue *const *values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Catalog__FormField *field = item_field(item, values[i]->name);
        if (field)
            check_value(call, field, values[i]->value);
        else
            call_fault(call, path_of(call, values[i]->name), "unknown", "表单中没有“%s”这一项",
                       values[i]->name);
    }
}

/* --- a whole form ------------------------------------------------------------------------- */

static status_t check_named_file(call_t *call, const Catalog__FormField *field, const char *case_id,
                                 const char *file_id)
{
    query_t *find = query(call->store, "SELECT 1 AS one FROM files WHERE id = :file_id"
                                       " AND case_id = :case_id AND complete = 1");
    query_text(find, "file_id", file_id);
    query_text(find, "case_id", case_id);
    bool found = query_next(find);
    if (!found)
        call_fault(call, path_of(call, field->id), "file", "%s：没有找到已上传完成的文件",
                   field->label);
    return query_done(find);
}

static void check_missing(call_t *call, const Catalog__FormField *field)
{
    if (field->required)
        call_fault(call, path_of(call, field->id), "required", "请填写“%s”", field->label);
}

void form_check_group(call_t *call, const Catalog__Item *item, const Case__StoredForm *form,
                      const char *group)
{
    for (size_t i = 0; i < item->n_form_fields; i++) {
        const Catalog__FormField *field = item->form_fields[i];
        if (text_equal(field->group, group) && text_empty(contents_value(form, field->id)))
            check_missing(call, field);
    }
}

status_t form_check(call_t *call, const Catalog__Item *item, const Case__StoredForm *form,
                    const char *case_id)
{
    form_check_values(call, item, form->values, form->n_values);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < item->n_form_fields && status == STATUS_OK; i++) {
        const Catalog__FormField *field = item->form_fields[i];
        const char *value = contents_value(form, field->id);
        if (text_empty(value))
            check_missing(call, field);
        else if (field->type == CATALOG__FIELD_TYPE__FIELD_TYPE_FILE)
            status = check_named_file(call, field, case_id, value);
    }
    return status;
}

void form_forget_unknown(const Catalog__Item *item, Case__StoredForm *form)
{
    size_t kept = 0;
    for (size_t i = 0; i < form->n_values; i++)
        if (item_field(item, form->values[i]->name))
            form->values[kept++] = form->values[i];
    form->n_values = kept;
}

static bool serves(const Catalog__Item *item, bool organisation)
{
    for (size_t i = 0; i < item->n_audiences; i++)
        if ((item->audiences[i] != CATALOG__AUDIENCE__AUDIENCE_PERSON) == organisation)
            return true;
    return item->n_audiences == 0;
}

void form_check_party(call_t *call, const Catalog__Item *item, const Case__Applicant *party)
{
    bool organisation = party->kind == CASE__APPLICANT_KIND__APPLICANT_KIND_ORGANISATION;
    if (!serves(item, organisation))
        call_fault(call, "applicant.kind", "audience",
                   organisation ? "该事项只面向自然人办理"
                                : "该事项只面向法人或其他组织办理，请填写单位信息");
    if (!organisation)
        return;
    if (text_empty(party->name))
        call_fault(call, "applicant.name", "required", "请填写单位名称");
    const char *message = "请填写统一社会信用代码";
    const char *code = text_empty(party->id_number)
                           ? "required"
                           : kind_check(KIND_CREDIT_CODE, party->id_number, &message);
    if (code)
        call_fault(call, "applicant.idNumber", code, "%s", message);
}

/* --- materials ---------------------------------------------------------------------------- */

typedef struct {
    bool file, paper;
} given_t;

static size_t index_of(const Catalog__Item *item, const char *material_id)
{
    size_t i = 0;
    while (i < item->n_materials && !text_equal(item->materials[i]->id, material_id))
        i++;
    return i;
}

static void check_given(call_t *call, const Catalog__Item *item, const given_t *given)
{
    for (size_t i = 0; i < item->n_materials; i++) {
        const Catalog__Material *material = item->materials[i];
        const char *path = arena_printf(call->arena, "materials[%s]", material->id);
        if (given[i].file)
            continue;
        if (given[i].paper &&
            material->format == CATALOG__MATERIAL_FORMAT__MATERIAL_FORMAT_ELECTRONIC)
            call_fault(call, path, "format", "材料“%s”只接受电子文件，请上传", material->name);
        else if (!given[i].paper && material->need == CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS)
            call_fault(call, path, "required", "请上传“%s”，或选择递交纸质材料", material->name);
    }
}

static status_t find_given(call_t *call, const Catalog__Item *item, query_t *find, given_t *given)
{
    while (query_next(find)) {
        size_t i = index_of(item, query_get_text(find, "material_id", call->arena));
        if (i == item->n_materials)
            continue; /* of a version before this one */
        if (query_get_int(find, "paper"))
            given[i].paper = true;
        else
            given[i].file = true;
    }
    return query_done(find);
}

status_t form_check_materials(call_t *call, const Catalog__Item *item, const char *case_id)
{
    given_t *given = ARRAY(call->arena, given_t, item->n_materials);
    if (!given)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *find =
        query(call->store,
              "SELECT material_id, 0 AS paper FROM files WHERE case_id = :id AND complete = 1"
              " UNION SELECT material_id, 1 AS paper FROM case_papers WHERE case_id = :id");
    query_text(find, "id", case_id);
    status_t status = find_given(call, item, find, given);
    if (status == STATUS_OK)
        check_given(call, item, given);
    return status;
}

void form_check_papers(call_t *call, const Catalog__Item *item, const char *const *papers,
                       size_t count)
{
    given_t *given = ARRAY(call->arena, given_t, item->n_materials);
    if (!given)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t at = index_of(item, papers[i]);
        if (at < item->n_materials)
            given[at].paper = true;
        else
            call_fault(call, arena_printf(call->arena, "paperMaterials[%zu]", i), "unknown",
                       "该事项没有标识为“%s”的材料", papers[i]);
    }
    check_given(call, item, given);
}
