#include "quality.h"
#include <stdio.h>
#include <string.h>
#include "codes.h"
#include "text.h"
#include "themes.h"

/* --- catch-all materials ------------------------------------------------------------ */

/* Each means "whatever we may think of".  国办函〔2016〕108号 and 优化营商环境条例 forbid them. */
static const char *const CATCH_ALLS[] = {
    "其他材料",       "其它材料",   "其他相关",   "其它相关",       "其他有关",   "其它有关",
    "其他资料",       "其它资料",   "其他证明",   "其它证明",       "其他文件",   "其它文件",
    "其他需",         "其它需",     "其他应当",   "其他必要",       "规定的其他", "规定的其它",
    "规定其他",       "要求的其他", "要求的其它", "要求提供的材料", "需要的其他", "需要提交的其他",
    "需要提供的其他", "认为需要",   "认为必要",   "等相关材料",     "等有关材料",
};

bool quality_catch_all(const char *material_name)
{
    char name[1024];
    size_t size = 0;
    for (const char *at = material_name; *at && size + 1 < sizeof name; at++)
        if (*at != ' ' && *at != '\t' && *at != '\n')
            name[size++] = *at;
    name[size] = 0;
    for (size_t i = 0; i < sizeof CATCH_ALLS / sizeof *CATCH_ALLS; i++)
        if (strstr(name, CATCH_ALLS[i]))
            return true;
    return false;
}

/* --- collecting --------------------------------------------------------------------- */

typedef struct {
    const Catalog__Item *item;
    arena_t *arena;
    Catalog__CheckReport *report;
} checking_t;

__attribute__((format(printf, 5, 6))) static void
add(checking_t *self, const char *field, const char *code, bool blocking, const char *format, ...)
{
    Catalog__CheckReport *report = self->report;
    Catalog__CheckFault *fault = arena_alloc(self->arena, sizeof *fault);
    if (blocking)
        report->can_submit = false;
    if (!fault || !report->faults || report->n_faults == QUALITY_FAULTS_MAX)
        return;
    va_list args;
    va_start(args, format);
    catalog__check_fault__init(fault);
    fault->field = arena_text(self->arena, field);
    fault->code = code;
    fault->message = arena_vprintf(self->arena, format, args);
    fault->blocking = blocking;
    va_end(args);
    if (fault->field && fault->message)
        report->faults[report->n_faults++] = fault;
}

/* --- elements: one predicate each, true when it is there ------------------------------- */

static bool has_codes(const Catalog__Item *item)
{
    return !text_empty(item->base_code) || !text_empty(item->local_base_code);
}

/* 行政权力 needs a law; a public service needs none. */
static bool has_legal_basis(const Catalog__Item *item)
{
    bool power = item->type != CATALOG__ITEM_TYPE__ITEM_TYPE_PUBLIC_SERVICE;
    return !power || item->n_legal_bases > 0;
}

static bool has_articles(const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_legal_bases; i++)
        if (text_empty(item->legal_bases[i]->article))
            return false;
    return true;
}

static bool has_body(const Catalog__Item *item)
{
    return !text_empty(item->department_id) && !text_empty(item->department_name);
}

static bool days_said(uint32_t days, Catalog__DayUnit unit)
{
    if (unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE)
        return days == 0;
    return unit != CATALOG__DAY_UNIT__DAY_UNIT_UNSPECIFIED && days > 0;
}

static bool has_legal_days(const Catalog__Item *item)
{
    /* Services without a statutory limit say so in words. */
    return days_said(item->legal_days, item->legal_unit) || !text_empty(item->legal_explain);
}

static bool has_promise_days(const Catalog__Item *item)
{
    return days_said(item->promise_days, item->promise_unit);
}

static bool promise_within_law(const Catalog__Item *item)
{
    if (item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE || item->legal_days == 0)
        return item->legal_unit != CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE || item->promise_days == 0;
    return item->promise_unit != item->legal_unit || item->promise_days <= item->legal_days;
}

static bool kind_fits_promise(const Catalog__Item *item)
{
    bool at_once = item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE;
    return item->case_kind != CATALOG__CASE_KIND__CASE_KIND_PROMISED || !at_once;
}

static bool has_materials(const Catalog__Item *item)
{
    return item->n_materials > 0;
}

static bool has_flow(const Catalog__Item *item)
{
    return item->n_stages > 0;
}

/* The stages' days, as far as they count in the promise's unit. */
static bool stages_within_promise(const Catalog__Item *item)
{
    uint64_t days = 0;
    for (size_t i = 0; i < item->n_stages; i++)
        if (item->stages[i]->unit == item->promise_unit &&
            item->stages[i]->kind != CATALOG__STAGE_KIND__STAGE_KIND_SPECIAL)
            days += item->stages[i]->days;
    return item->promise_days == 0 || days <= item->promise_days;
}

static bool has_inner_rules(const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_stages; i++)
        if (text_empty(item->stages[i]->post) || text_empty(item->stages[i]->standard))
            return false;
    return item->n_stages > 0;
}

static bool has_fee_basis(const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_fees; i++)
        if (text_empty(item->fees[i]->basis) || text_empty(item->fees[i]->standard))
            return false;
    return true;
}

static bool has_places(const Catalog__Item *item)
{
    for (size_t i = 0; i < item->n_places; i++)
        if (text_empty(item->places[i]->address) || text_empty(item->places[i]->hours))
            return false;
    return item->n_places > 0;
}

static bool has_phone(const Catalog__Item *item)
{
    if (!text_empty(item->consult))
        return true;
    for (size_t i = 0; i < item->n_places; i++)
        if (!text_empty(item->places[i]->phone))
            return true;
    return false;
}

static bool has_theme(const Catalog__Item *item)
{
    return item->n_person_themes + item->n_body_themes > 0;
}

static bool visits_explained(const Catalog__Item *item)
{
    return item->visits <= 1 || !text_empty(item->visits_explain);
}

static bool sample_explained(const Catalog__Item *item)
{
    return !item->sample || !text_empty(item->sample_explain);
}

static bool has_audience(const Catalog__Item *item)
{
    return item->n_audiences > 0;
}

static bool has_form(const Catalog__Item *item)
{
    bool online = item->online_depth > CATALOG__ONLINE_DEPTH__ONLINE_DEPTH_NONE;
    return !online || item->n_form_fields > 0;
}

static bool has_results(const Catalog__Item *item)
{
    return item->n_results > 0;
}

static bool has_questions(const Catalog__Item *item)
{
    return item->n_questions > 0;
}

static bool has_handling_forms(const Catalog__Item *item)
{
    return item->n_handling_forms > 0;
}

#define SAID(field)                                                                                \
    static bool has_##field(const Catalog__Item *item)                                             \
    {                                                                                              \
        return !text_empty(item->field);                                                           \
    }
#define CHOSEN(field)                                                                              \
    static bool has_##field(const Catalog__Item *item)                                             \
    {                                                                                              \
        return item->field != 0;                                                                   \
    }
SAID(name)
SAID(credit_code)
SAID(division)
SAID(conditions)
SAID(supervise)
CHOSEN(type)
CHOSEN(use_level)
CHOSEN(body_nature)
CHOSEN(power_source)
CHOSEN(case_kind)
CHOSEN(online_depth)
CHOSEN(handle_area)

typedef struct {
    const char *field;
    bool (*there)(const Catalog__Item *item);
    uint32_t weight; /* points lost; all of them and the 10 of lists make 100 */
    bool blocking;
    const char *message;
} element_t;

/* A new element is one line here; keep the sum of the weights at 90. */
static const element_t ELEMENTS[] = {
    {"name", has_name, 3, true, "缺少事项名称。"},
    {"type", has_type, 3, true, "缺少事项类型。"},
    {"baseCode", has_codes, 3, false, "缺少基本编码（或地方基本编码）。"},
    {"legalBases", has_legal_basis, 4, true, "行政权力事项须列明设定依据。"},
    {"legalBases", has_articles, 2, false, "设定依据须写明条款号。"},
    {"useLevel", has_use_level, 2, true, "缺少行使层级。"},
    {"powerSource", has_power_source, 1, false, "缺少权力来源。"},
    {"departmentId", has_body, 3, true, "缺少实施主体。"},
    {"creditCode", has_credit_code, 3, false, "缺少实施主体的统一社会信用代码。"},
    {"bodyNature", has_body_nature, 1, false, "缺少实施主体性质。"},
    {"division", has_division, 2, false, "缺少行政区划。"},
    {"audiences", has_audience, 3, true, "缺少服务对象。"},
    {"caseKind", has_case_kind, 3, true, "缺少办件类型（即办件、承诺件）。"},
    {"legalDays", has_legal_days, 4, false, "缺少法定办结时限；法律没有规定的请在说明中写明。"},
    {"promiseDays", has_promise_days, 4, true, "缺少承诺办结时限。"},
    {"promiseDays", promise_within_law, 3, true, "承诺办结时限不得长于法定办结时限。"},
    {"caseKind", kind_fits_promise, 1, false, "当场办结的事项应为即办件。"},
    {"conditions", has_conditions, 4, true, "缺少受理条件。"},
    {"materials", has_materials, 5, false, "缺少申请材料。"},
    {"stages", has_flow, 5, true, "缺少办理流程。"},
    {"stages", stages_within_promise, 2, true, "各环节时限之和超过承诺办结时限。"},
    {"stages", has_inner_rules, 3, false, "各环节须写明办理岗位和审查标准。"},
    {"fees", has_fee_basis, 3, true, "收费项目须写明收费标准和收费依据。"},
    {"results", has_results, 3, false, "缺少办理结果。"},
    {"handlingForms", has_handling_forms, 2, false, "缺少办理形式。"},
    {"onlineDepth", has_online_depth, 1, false, "缺少网办深度。"},
    {"formFields", has_form, 3, false, "可网上办理的事项须有电子表单。"},
    {"handleArea", has_handle_area, 1, false, "缺少通办范围。"},
    {"visits", visits_explained, 1, false, "须到现场两次以上的，请说明原因。"},
    {"places", has_places, 3, false, "缺少办理地点或办理时间。"},
    {"consult", has_phone, 2, false, "缺少咨询方式。"},
    {"supervise", has_supervise, 2, false, "缺少监督投诉方式。"},
    {"personThemes", has_theme, 1, false, "缺少服务主题。"},
    {"questions", has_questions, 2, false, "缺少常见问题。"},
    {"sampleExplain", sample_explained, 2, true, "示例数据须说明哪些内容是虚构的。"},
};

/* --- lists ----------------------------------------------------------------------------- */

static bool same_id(const char *a, const char *b)
{
    return !text_empty(a) && text_equal(a, b);
}

static void check_materials(checking_t *self)
{
    const Catalog__Item *item = self->item;
    char field[64];
    for (size_t i = 0; i < item->n_materials; i++) {
        const Catalog__Material *material = item->materials[i];
        snprintf(field, sizeof field, "materials[%zu].name", i);
        if (quality_catch_all(material->name))
            add(self, field, "catch_all", true,
                "“%s”是兜底条款，不得作为申请材料，请逐一列明所需材料。", material->name);
        for (size_t k = 0; k < i; k++)
            if (text_equal(item->materials[k]->name, material->name) ||
                same_id(item->materials[k]->id, material->id)) {
                add(self, field, "duplicate", true, "材料“%s”重复。", material->name);
                break;
            }
        snprintf(field, sizeof field, "materials[%zu]", i);
        if (!material->need || !material->type || !material->format || !material->source)
            add(self, field, "incomplete", false, "材料“%s”须写明必要性、类型、形式和来源渠道。",
                material->name);
        if (material->originals + material->copies == 0 &&
            material->format == CATALOG__MATERIAL_FORMAT__MATERIAL_FORMAT_PAPER)
            add(self, field, "copies", false, "纸质材料“%s”须写明份数。", material->name);
        if (material->need == CATALOG__MATERIAL_NEED__MATERIAL_NEED_SOMETIMES &&
            text_empty(material->condition))
            add(self, field, "condition", false, "非必要材料“%s”须写明需要提供的情形。",
                material->name);
        if (text_empty(material->acceptance_standard))
            add(self, field, "standard", false, "材料“%s”缺少受理标准。", material->name);
    }
}

static void check_form(checking_t *self)
{
    const Catalog__Item *item = self->item;
    char field[64];
    for (size_t i = 0; i < item->n_form_fields; i++) {
        const Catalog__FormField *form = item->form_fields[i];
        snprintf(field, sizeof field, "formFields[%zu]", i);
        bool choice = form->type == CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICE ||
                      form->type == CATALOG__FIELD_TYPE__FIELD_TYPE_CHOICES;
        if (text_empty(form->id) || !form->type)
            add(self, field, "incomplete", true, "表单字段“%s”须有标识和类型。", form->label);
        if (choice != (form->n_choices > 0))
            add(self, field, "choices", true, "表单字段“%s”的选项与类型不符。", form->label);
        for (size_t k = 0; k < i; k++)
            if (same_id(item->form_fields[k]->id, form->id)) {
                add(self, field, "duplicate", true, "表单字段标识“%s”重复。", form->id);
                break;
            }
    }
}

static void check_stages(checking_t *self)
{
    const Catalog__Item *item = self->item;
    char field[64];
    for (size_t i = 0; i < item->n_stages; i++) {
        snprintf(field, sizeof field, "stages[%zu]", i);
        if (text_empty(item->stages[i]->id) || !item->stages[i]->kind)
            add(self, field, "incomplete", true, "环节“%s”须有标识和类型。", item->stages[i]->name);
        for (size_t k = 0; k < i; k++)
            if (same_id(item->stages[k]->id, item->stages[i]->id)) {
                add(self, field, "duplicate", true, "环节标识“%s”重复。", item->stages[i]->id);
                break;
            }
    }
}

static void check_themes(checking_t *self)
{
    const Catalog__Item *item = self->item;
    for (size_t i = 0; i < item->n_person_themes; i++)
        if (theme_index(CATALOG__THEME_KIND__THEME_KIND_PERSON, item->person_themes[i]) < 0)
            add(self, "personThemes", "unknown", false, "没有自然人服务主题“%s”。",
                item->person_themes[i]);
    for (size_t i = 0; i < item->n_body_themes; i++)
        if (theme_index(CATALOG__THEME_KIND__THEME_KIND_BODY, item->body_themes[i]) < 0)
            add(self, "bodyThemes", "unknown", false, "没有法人服务主题“%s”。",
                item->body_themes[i]);
}

/* 31 = credit code + level + base code: the parts must be those of the item. */
static void check_codes(checking_t *self)
{
    const Catalog__Item *item = self->item;
    if (strlen(item->impl_code) == 31) {
        if (!text_empty(item->credit_code) && !text_starts(item->impl_code, item->credit_code))
            add(self, "implCode", "mismatch", true, "实施编码与实施主体代码不一致。");
        if (!text_empty(item->base_code) && !text_equal(item->impl_code + 19, item->base_code))
            add(self, "implCode", "mismatch", true, "实施编码与基本编码不一致。");
        if (item->use_level && item->impl_code[18] != '0' + (int) item->use_level)
            add(self, "implCode", "mismatch", true, "实施编码与行使层级不一致。");
    }
    if (strlen(item->item_code) == 33 && !text_empty(item->impl_code) &&
        !text_starts(item->item_code, item->impl_code))
        add(self, "itemCode", "mismatch", true, "业务办理项编码与实施编码不一致。");
}

void quality_check(const Catalog__Item *item, arena_t *arena, Catalog__CheckReport *ret)
{
    checking_t self = {item, arena, ret};
    ret->faults = arena_alloc(arena, QUALITY_FAULTS_MAX * sizeof *ret->faults);
    ret->n_faults = 0;
    ret->can_submit = true;
    uint32_t score = 90;
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof *ELEMENTS; i++) {
        const element_t *element = &ELEMENTS[i];
        if (element->there(item))
            continue;
        score -= element->weight;
        add(&self, element->field, "incomplete", element->blocking, "%s", element->message);
    }

    /* 10 points for the lists: one lost with each fault in them. */
    size_t before = ret->n_faults;
    check_codes(&self);
    check_materials(&self);
    check_form(&self);
    check_stages(&self);
    check_themes(&self);
    size_t lost = ret->n_faults - before;
    ret->score = score + (lost < 10 ? 10 - (uint32_t) lost : 0);
}
