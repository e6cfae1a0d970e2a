/* view_console.c - what pages of the console show that no single message says. */
#include <string.h>

#include "message.h"
#include "method.h"
#include "rule.h"
#include "text.h"
#include "view.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

static const datum_type_t a_case = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
static const datum_type_t an_item = DATUM_TYPE_MESSAGE(catalog__item__descriptor);
static const datum_type_t a_report = DATUM_TYPE_MESSAGE(catalog__check_report__descriptor);
static const datum_type_t a_catalogue = DATUM_TYPE_MESSAGE(identity__permission_list__descriptor);
static const datum_type_t a_member = DATUM_TYPE_MESSAGE(identity__staff__descriptor);
static const datum_type_t a_system = DATUM_TYPE_MESSAGE(identity__system__descriptor);

/* The message of an argument, NULL without one. */
static const void *message_of(const view_call_t *call, size_t at)
{
    bool there = at < call->count && call->arguments[at].kind == DATUM_MESSAGE;
    return there ? (const void *) call->arguments[at].message : NULL;
}

/* A list of records with `slots` values each, filled by put(); entries that put() does not want are
 * left out. */
typedef struct {
    datum_t *entries, *values;
    size_t count, slots;
} rows_t;

static bool rows_open(const view_call_t *call, size_t most, size_t slots, rows_t *ret)
{
    *ret = (rows_t){.slots = slots};
    ret->entries = ARRAY(call->arena, datum_t, most);
    size_t all = most * slots;
    ret->values = ARRAY(call->arena, datum_t, all);
    return ret->entries && ret->values;
}

static datum_t *rows_add(rows_t *self)
{
    datum_t *values = self->values + self->count * self->slots;
    self->entries[self->count++] = datum_record(values);
    return values;
}

static datum_t rows_close(const rows_t *self)
{
    return datum_array(self->entries, self->count);
}

/* --- console_materials CASE ITEM: what was handed in beside what the guide asks ----------- */

enum {
    MATERIAL_INDEX,
    MATERIAL_ID,
    MATERIAL_NAME,
    MATERIAL_REQUIRED,
    MATERIAL_PAPER,
    MATERIAL_FILES,
    MATERIAL_STANDARD,
    MATERIAL_CONDITION,
    MATERIAL_GAP,
    MATERIAL_SLOTS
};
static const datum_type_t a_file = DATUM_TYPE_MESSAGE(case__file__descriptor);
static const datum_type_t files = DATUM_TYPE_LIST(a_file);
static const datum_name_t material_names[] = {
    {"index", &datum_type_int},
    {"id", &datum_type_text},
    {"name", &datum_type_text},
    {"required", &datum_type_bool},
    {"paper", &datum_type_bool},
    {"files", &files},
    {"standard", &datum_type_text},
    {"condition", &datum_type_text},
    {"missing", &datum_type_bool}, /* required, and neither a file nor on paper */
    {NULL, NULL}};
static const datum_type_t material = DATUM_TYPE_RECORD(material_names);
static const datum_type_t materials = DATUM_TYPE_LIST(material);

static const Catalog__Material *asked_material(const Catalog__Item *item, const char *id)
{
    for (size_t i = 0; item && i < item->n_materials; i++)
        if (text_equal(item->materials[i]->id, id))
            return item->materials[i];
    return NULL;
}

static datum_t make_materials(const view_call_t *call)
{
    const Case__CaseDetail *detail = message_of(call, 0);
    const Catalog__Item *item = message_of(call, 1);
    const ProtobufCFieldDescriptor *field =
        message_field(&case__material__descriptor, "files", strlen("files"));
    rows_t rows;
    if (!detail || !rows_open(call, detail->n_materials, MATERIAL_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i < detail->n_materials; i++) {
        const Case__Material *given = detail->materials[i];
        const Catalog__Material *asked = asked_material(item, given->material_id);
        datum_t *values = rows_add(&rows);
        values[MATERIAL_INDEX] = datum_int((int64_t) i);
        values[MATERIAL_ID] = datum_text(given->material_id);
        values[MATERIAL_NAME] = datum_text(given->name);
        values[MATERIAL_REQUIRED] = datum_bool(given->required);
        values[MATERIAL_PAPER] = datum_bool(given->paper);
        values[MATERIAL_FILES] = datum_field(&given->base, field);
        values[MATERIAL_STANDARD] = datum_text(asked ? asked->acceptance_standard : "");
        values[MATERIAL_CONDITION] = datum_text(asked ? asked->condition : "");
        values[MATERIAL_GAP] = datum_bool(given->required && !given->paper && !given->n_files);
    }
    return rows_close(&rows);
}

/* --- console_gaps CASE: what a correction notice said, with the names of the things ------------ */

enum { GAP_NOTICE, GAP_NAME, GAP_REASON, GAP_HOW, GAP_SLOTS };
static const datum_name_t gap_names[] = {{"notice", &datum_type_int},
                                         {"name", &datum_type_text},
                                         {"reason", &datum_type_text},
                                         {"how", &datum_type_text},
                                         {NULL, NULL}};
static const datum_type_t gap = DATUM_TYPE_RECORD(gap_names);
static const datum_type_t gaps = DATUM_TYPE_LIST(gap);

static const char *gap_name(const Case__CaseDetail *detail, const Catalog__Item *item,
                            const Case__Gap *of)
{
    for (size_t i = 0; !text_empty(of->material_id) && i < detail->n_materials; i++)
        if (text_equal(detail->materials[i]->material_id, of->material_id))
            return detail->materials[i]->name;
    for (size_t i = 0; item && !text_empty(of->field) && i < item->n_form_fields; i++)
        if (text_equal(item->form_fields[i]->id, of->field))
            return item->form_fields[i]->label;
    return text_empty(of->field) ? of->material_id : of->field;
}

static datum_t make_gaps(const view_call_t *call)
{
    const Case__CaseDetail *detail = message_of(call, 0);
    const Catalog__Item *item = message_of(call, 1);
    size_t count = 0;
    rows_t rows;
    for (size_t i = 0; detail && i < detail->n_corrections; i++)
        count += detail->corrections[i]->n_gaps;
    if (!detail || !rows_open(call, count, GAP_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i < detail->n_corrections; i++) {
        const Case__Correction *correction = detail->corrections[i];
        for (size_t k = 0; k < correction->n_gaps; k++) {
            datum_t *values = rows_add(&rows);
            values[GAP_NOTICE] = datum_int(correction->number);
            values[GAP_NAME] = datum_text(gap_name(detail, item, correction->gaps[k]));
            values[GAP_REASON] = datum_text(correction->gaps[k]->reason);
            values[GAP_HOW] = datum_text(correction->gaps[k]->how);
        }
    }
    return rows_close(&rows);
}

/* --- the sections of a guide --------------------------------------------------------------------- */

/* A section is a page /console/items/{id}/edit/NAME; its fields are what that page saves.  Adding a
 * field of the guide: its name here and its control on the page. */
static const struct {
    const char *name;
    const char *title;
    const char *fields[24];
} SECTIONS[] = {
    {"basics",
     "基本信息",
     {"name", "shortName", "type", "role", "mainName", "audiences", "useLevel", "division",
      "personThemes", "bodyThemes", "keywords", "sample", "sampleExplain"}},
    {"body",
     "实施主体和编码",
     {"departmentId", "departmentName", "creditCode", "bodyNature", "entrustedBy", "undertaker",
      "powerSource", "powerDivision", "exerciseContent", "baseCode", "implCode", "itemCode",
      "localBaseCode", "localImplCode"}},
    {"legal", "设定依据", {"legalBases"}},
    {"handling",
     "时限、条件和办理方式",
     {"caseKind",
      "legalDays",
      "legalUnit",
      "legalExplain",
      "promiseDays",
      "promiseUnit",
      "promiseExplain",
      "conditions",
      "quantityLimit",
      "handlingForms",
      "onlineDepth",
      "onlineUrl",
      "visits",
      "visitsExplain",
      "appointment",
      "onlinePayment",
      "express",
      "handleArea",
      "handleAreaExplain",
      "requiredLevel",
      "plannedEffectiveDate",
      "plannedCancelDate"}},
    {"materials", "申请材料", {"materials"}},
    {"stages", "办理流程", {"stages", "flowExplain", "specialProcedures"}},
    {"form", "电子表单", {"formFields"}},
    {"fees", "收费", {"fees"}},
    {"results", "办理结果", {"results"}},
    {"places",
     "办理地点和咨询",
     {"places", "consult", "supervise", "intermediary", "runSystem", "coDepartments"}},
    {"questions", "常见问题", {"questions"}},
};
#define SECTION_COUNT      (sizeof SECTIONS / sizeof *SECTIONS)
#define SECTION_FIELDS_MAX (sizeof SECTIONS->fields / sizeof *SECTIONS->fields)

/* "materials[2].name" is of the section that saves materials. */
static bool of_section(size_t section, const char *path)
{
    size_t size = strcspn(path, ".[");
    for (size_t i = 0; i < SECTION_FIELDS_MAX && SECTIONS[section].fields[i]; i++)
        if (strlen(SECTIONS[section].fields[i]) == size &&
            memcmp(SECTIONS[section].fields[i], path, size) == 0)
            return true;
    return false;
}

enum {
    SECTION_NAME,
    SECTION_TITLE,
    SECTION_FAULTS,
    SECTION_BLOCKING,
    SECTION_CURRENT,
    SECTION_SLOTS
};
static const datum_name_t section_names[] = {
    {"name", &datum_type_text},     {"title", &datum_type_text},   {"faults", &datum_type_int},
    {"blocking", &datum_type_bool}, {"current", &datum_type_bool}, {NULL, NULL}};
static const datum_type_t section = DATUM_TYPE_RECORD(section_names);
static const datum_type_t sections = DATUM_TYPE_LIST(section);

/* console_sections REPORT "materials": all of them, the present one marked. */
static datum_t make_sections(const view_call_t *call)
{
    const Catalog__CheckReport *report = message_of(call, 0);
    datum_t present = call->count > 1 ? call->arguments[1] : datum_none();
    rows_t rows;
    if (!rows_open(call, SECTION_COUNT, SECTION_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        int64_t faults = 0;
        bool blocking = false;
        for (size_t k = 0; report && k < report->n_faults; k++)
            if (of_section(i, report->faults[k]->field)) {
                faults++;
                blocking = blocking || report->faults[k]->blocking;
            }
        datum_t *values = rows_add(&rows);
        values[SECTION_NAME] = datum_text(SECTIONS[i].name);
        values[SECTION_TITLE] = datum_text(SECTIONS[i].title);
        values[SECTION_FAULTS] = datum_int(faults);
        values[SECTION_BLOCKING] = datum_bool(blocking);
        values[SECTION_CURRENT] = datum_bool(
            present.kind == DATUM_TEXT && present.text.size == strlen(SECTIONS[i].name) &&
            memcmp(present.text.data, SECTIONS[i].name, present.text.size) == 0);
    }
    return rows_close(&rows);
}

enum { FAULT_MESSAGE, FAULT_BLOCKING, FAULT_SECTION, FAULT_TITLE, FAULT_SLOTS };
static const datum_name_t fault_names[] = {{"message", &datum_type_text},
                                           {"blocking", &datum_type_bool},
                                           {"section", &datum_type_text},
                                           {"title", &datum_type_text},
                                           {NULL, NULL}};
static const datum_type_t fault = DATUM_TYPE_RECORD(fault_names);
static const datum_type_t faults = DATUM_TYPE_LIST(fault);

static size_t section_of(const char *field)
{
    size_t at = 0;
    while (at < SECTION_COUNT && !of_section(at, field))
        at++;
    return at;
}

static void add_faults(rows_t *rows, const Catalog__CheckReport *report, datum_t only,
                       bool blocking)
{
    for (size_t i = 0; i < report->n_faults; i++) {
        const Catalog__CheckFault *found = report->faults[i];
        size_t at = section_of(found->field);
        const char *name = at < SECTION_COUNT ? SECTIONS[at].name : "";
        bool here = only.kind != DATUM_TEXT || (strlen(name) == only.text.size &&
                                                memcmp(name, only.text.data, only.text.size) == 0);
        if (!here || !found->blocking != !blocking)
            continue;
        datum_t *values = rows_add(rows);
        values[FAULT_MESSAGE] = datum_text(found->message);
        values[FAULT_BLOCKING] = datum_bool(blocking);
        values[FAULT_SECTION] = datum_text(name);
        values[FAULT_TITLE] = datum_text(at < SECTION_COUNT ? SECTIONS[at].title : "");
    }
}

/* console_faults REPORT ["materials"]: what a guide lacks (in a section), what blocks it first. */
static datum_t make_faults(const view_call_t *call)
{
    const Catalog__CheckReport *report = message_of(call, 0);
    datum_t only = call->count > 1 ? call->arguments[1] : datum_none();
    rows_t rows;
    if (!report || !rows_open(call, report->n_faults, FAULT_SLOTS, &rows))
        return datum_none();
    add_faults(&rows, report, only, true);
    add_faults(&rows, report, only, false);
    return rows_close(&rows);
}

/* --- console_form_rows ITEM: fields of an item's form with their choices, for the editor ------------ */

/* `at` of the field is seen from among its choices, where _index counts them. */
enum { CHOICE_NUMBER, CHOICE_VALUE, CHOICE_LABEL, CHOICE_SLOTS };
static const datum_name_t choice_names[] = {{"number", &datum_type_int},
                                            {"choiceValue", &datum_type_text},
                                            {"choiceLabel", &datum_type_text},
                                            {NULL, NULL}};
static const datum_type_t choice = DATUM_TYPE_RECORD(choice_names);
static const datum_type_t choices = DATUM_TYPE_LIST(choice);
static const datum_type_t form_field = DATUM_TYPE_MESSAGE(catalog__form_field__descriptor);
enum { ROW_AT, ROW_FIELD, ROW_CHOICES, ROW_FRESH, ROW_SLOTS };
static const datum_name_t row_names[] = {
    {"at", &datum_type_int},
    {"field", &form_field},
    {"choiceRows", &choices},
    {"fresh", &datum_type_bool}, /* an empty one, to be added */
    {NULL, NULL}};
static const datum_type_t form_row = DATUM_TYPE_RECORD(row_names);
static const datum_type_t form_rows = DATUM_TYPE_LIST(form_row);

enum { FRESH_CHOICES = 3 }; /* empty ones behind those that are there */

static datum_t choice_rows(const view_call_t *call, const Catalog__FormField *field)
{
    rows_t rows;
    size_t count = field->n_choices + FRESH_CHOICES;
    if (!rows_open(call, count, CHOICE_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i < count; i++) {
        bool there = i < field->n_choices;
        datum_t *values = rows_add(&rows);
        values[CHOICE_NUMBER] = datum_int((int64_t) i);
        values[CHOICE_VALUE] = datum_text(there ? field->choices[i]->value : "");
        values[CHOICE_LABEL] = datum_text(there ? field->choices[i]->label : "");
    }
    return rows_close(&rows);
}

static datum_t make_form_rows(const view_call_t *call)
{
    static const Catalog__FormField empty = CATALOG__FORM_FIELD__INIT;
    const Catalog__Item *item = message_of(call, 0);
    rows_t rows;
    if (!item || !rows_open(call, item->n_form_fields + 1, ROW_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i <= item->n_form_fields; i++) {
        bool fresh = i == item->n_form_fields;
        const Catalog__FormField *field = fresh ? &empty : item->form_fields[i];
        datum_t *values = rows_add(&rows);
        values[ROW_AT] = datum_int((int64_t) i);
        values[ROW_FIELD] = datum_message(&field->base);
        values[ROW_CHOICES] = choice_rows(call, field);
        values[ROW_FRESH] = datum_bool(fresh);
    }
    return rows_close(&rows);
}

/* --- console_permissions CATALOGUE [STAFF]: what may be granted beside the posts ------------------ */

static const datum_type_t a_permission = DATUM_TYPE_MESSAGE(identity__permission_info__descriptor);
static const datum_type_t permissions = DATUM_TYPE_LIST(a_permission);

static bool granted(const Identity__Staff *staff, const char *name)
{
    for (size_t i = 0; staff && i < staff->n_permissions; i++)
        if (text_equal(staff->permissions[i], name))
            return true;
    return false;
}

/* "作出决定，调配本部门办件（决定岗自带）". */
static const char *permission_text(const Identity__PermissionInfo *info, arena_t *arena)
{
    const char *text = "";
    for (size_t i = 0; text && i < info->n_posts; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? "、" : "",
                            label_of(&identity__post__descriptor, info->posts[i]));
    if (!text || !*text)
        return info->wide ? arena_printf(arena, "%s（跨部门或管理类）", info->label) : info->label;
    return arena_printf(arena, "%s（%s岗自带，不用再勾选）", info->label, text);
}

static datum_t make_permissions(const view_call_t *call)
{
    const Identity__PermissionList *list = message_of(call, 0);
    const Identity__Staff *staff = message_of(call, 1);
    datum_t *entries = list ? ARRAY(call->arena, datum_t, list->n_permissions) : NULL;
    size_t count = 0;
    for (size_t i = 0; entries && i < list->n_permissions; i++) {
        const Identity__PermissionInfo *info = list->permissions[i];
        if (!info->grantable && !granted(staff, info->name))
            continue;
        Identity__PermissionInfo *shown = ARRAY(call->arena, Identity__PermissionInfo, 1);
        if (!shown)
            return datum_none();
        *shown = *info;
        shown->label = permission_text(info, call->arena);
        entries[count++] = datum_message(shown->label ? &shown->base : NULL);
    }
    return entries ? datum_array(entries, count) : datum_none();
}

/* --- console_methods SYSTEM: methods that a department system may be granted, and is ------------------ */

/* What each lets a system do.  A method of the contract without a row is shown by its name. */
static const struct {
    const char *name;
    const char *label;
} METHOD_WORDS[] = {
    {"case.Accept", "受理"},
    {"case.CloseCase", "送达办结"},
    {"case.Decide", "作出决定"},
    {"case.EndSpecial", "结束特别程序"},
    {"case.FinishStage", "完成审查环节"},
    {"case.GetCaseForSystem", "取办件的全部内容"},
    {"case.GetFile", "取申请材料的文件"},
    {"case.GetTimeline", "取办理记录"},
    {"case.Refuse", "不予受理"},
    {"case.SendCorrection", "一次性告知补正"},
    {"case.StartSpecial", "启动特别程序"},
    {"case.Watch", "等待本部门办件的变化"},
};

static const char *method_words(const char *name)
{
    for (size_t i = 0; i < sizeof METHOD_WORDS / sizeof *METHOD_WORDS; i++)
        if (text_equal(METHOD_WORDS[i].name, name))
            return METHOD_WORDS[i].label;
    return name;
}

enum { METHOD_NAME, METHOD_LABEL, METHOD_GRANTED, METHOD_SLOTS };
static const datum_name_t method_names[] = {{"name", &datum_type_text},
                                            {"label", &datum_type_text},
                                            {"granted", &datum_type_bool},
                                            {NULL, NULL}};
static const datum_type_t a_method = DATUM_TYPE_RECORD(method_names);
static const datum_type_t methods = DATUM_TYPE_LIST(a_method);

static bool may_call(const Identity__System *system, const char *method)
{
    for (size_t i = 0; i < system->n_methods; i++)
        if (text_equal(system->methods[i], method))
            return true;
    return false;
}

static datum_t make_methods(const view_call_t *call)
{
    const Identity__System *system = message_of(call, 0);
    rows_t rows;
    if (!system || !rows_open(call, contract_method_count, METHOD_SLOTS, &rows))
        return datum_none();
    for (size_t i = 0; i < contract_method_count; i++) {
        const method_t *one = contract_methods[i];
        if (!(one->may & MAY_SYSTEM))
            continue;
        datum_t *values = rows_add(&rows);
        values[METHOD_NAME] = datum_text(one->name);
        values[METHOD_LABEL] = datum_text(method_words(one->name));
        values[METHOD_GRANTED] = datum_bool(may_call(system, one->name));
    }
    return rows_close(&rows);
}

/* --- the table -------------------------------------------------------------------------------------- */

static const datum_type_t *const takes_case_item[] = {&a_case, &an_item, NULL};
static const datum_type_t *const takes_report_text[] = {&a_report, &datum_type_text, NULL};
static const datum_type_t *const takes_item[] = {&an_item, NULL};
static const datum_type_t *const takes_permissions[] = {&a_catalogue, &a_member, NULL};
static const datum_type_t *const takes_system[] = {&a_system, NULL};

const view_t view_console[] = {
    {.name = "console_materials",
     .takes = takes_case_item,
     .optional = 1,
     .gives = &materials,
     .make = make_materials},
    {.name = "console_gaps",
     .takes = takes_case_item,
     .optional = 1,
     .gives = &gaps,
     .make = make_gaps},
    {.name = "console_sections",
     .takes = takes_report_text,
     .optional = 1,
     .gives = &sections,
     .make = make_sections},
    {.name = "console_faults",
     .takes = takes_report_text,
     .optional = 1,
     .gives = &faults,
     .make = make_faults},
    {.name = "console_form_rows", .takes = takes_item, .gives = &form_rows, .make = make_form_rows},
    {.name = "console_permissions",
     .takes = takes_permissions,
     .optional = 1,
     .gives = &permissions,
     .make = make_permissions},
    {.name = "console_methods", .takes = takes_system, .gives = &methods, .make = make_methods},
    {0},
};
