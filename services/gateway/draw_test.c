#include "draw.h"

#include "clock.h"
#include "part_stand_test.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

#define HAS(text)   EXPECT(stand_has(html, text))
#define LACKS(text) EXPECT(!strstr(html, text))

static Google__Protobuf__Timestamp *at(const char *text)
{
    int64_t ms = 0;
    CHECK(clock_parse(text, strlen(text), &ms));
    return timestamp_make(stand_arena, ms);
}

/* --- ways ---------------------------------------------------------------------------------- */

#define STATE(name) CASE__STATE__STATE_##name
#define STAGE(name) CASE__STAGE_STATE__STAGE_STATE_##name

static Case__CaseDetail detail;
static Case__CaseSummary summary;
static Case__Deadlines deadlines;
static Case__Stage stages[2];

static const char *draw_case(Case__State state)
{
    static Case__Stage *list[] = {&stages[0], &stages[1]};
    summary.state = state;
    detail.summary = &summary;
    detail.deadlines = &deadlines;
    detail.stages = list;
    detail.n_stages = 2;
    return stand_render(&detail.base);
}

static void load_case(void)
{
    EXPECT(text_equal(stand_load("data case: case.GetCase id=1\n", "{{@flow case}}"), ""));
    detail = (Case__CaseDetail) CASE__CASE_DETAIL__INIT;
    summary = (Case__CaseSummary) CASE__CASE_SUMMARY__INIT;
    deadlines = (Case__Deadlines) CASE__DEADLINES__INIT;
    for (size_t i = 0; i < 2; i++)
        stages[i] = (Case__Stage) CASE__STAGE__INIT;
    stages[0].name = "现场<勘验>";
    stages[1].name = "专家论证";
    stages[0].state = stages[1].state = STAGE(PENDING);
    summary.submitted_at = at("2026-11-20T01:02:00Z");
}

TEST(a_submitted_case_waits_for_acceptance)
{
    load_case();
    deadlines.accept_due_at = at("2026-11-27T16:00:00Z"); /* 24:00 of the 27th in Shanghai */
    const char *html = draw_case(STATE(SUBMITTED));
    HAS("<svg class=\"flow\" viewBox=\"0 0 320 ");
    HAS("role=\"img\"><title>办理进度</title><desc>第1步，提交申请，已完成，2026年11月20日 09:02。"
        "第2步，受理，正在进行，应在2026年11月27日前完成。第3步，现场&lt;勘验&gt;，未开始。");
    HAS("第5步，作出决定，未开始。第6步，送达办结，未开始。</desc>");
    EXPECT(stand_count(html, "data-state=\"current\"") == 1);
    EXPECT(stand_count(html, "data-state=\"done\"") == 1);
    LACKS("style=");
    LACKS("<勘验>");
}

TEST(each_state_has_its_place)
{
    static const struct {
        Case__State state;
        const char *words;
    } cases[] = {
        {STATE(DRAFT), "第1步，填写并提交申请，正在进行。第2步，受理，未开始"},
        {STATE(CORRECTION), "第2步，申请人补正材料，正在进行。第3步，受理，未开始"},
        {STATE(DECIDING),
         "第2步，受理，已完成。第3步，现场&lt;勘验&gt;，未开始。第4步，专家论证，未开始。第5步，作出决定，正在进行。第6步，送达办结，未开始"},
        {STATE(GRANTED), "准予许可，已完成。第6步，送达办结，正在进行"},
        {STATE(DENIED), "不予许可，已完成"},
        {STATE(CLOSED), "作出决定，已完成。第6步，送达办结，已完成"},
        {STATE(REFUSED), "不予受理，已终止"},
        {STATE(WITHDRAWN), "已撤回，已终止"},
        {STATE(TERMINATED), "逾期未补正，视为撤回，已终止"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        load_case();
        EXPECT(stand_has(draw_case(cases[i].state), cases[i].words));
    }
}

/* What would have followed is not drawn when a case has ended before. */
TEST(a_case_that_ended_early)
{
    load_case();
    stages[0].state = STAGE(DONE);
    stages[1].state = STAGE(OPEN);
    const char *html = draw_case(STATE(WITHDRAWN));
    HAS("现场&lt;勘验&gt;，已完成");
    LACKS("专家论证");
    LACKS("作出决定");
}

TEST(the_open_stage_is_told_with_its_limit)
{
    load_case();
    detail.accepted_at = at("2026-11-21T01:00:00Z");
    stages[0].state = STAGE(DONE);
    stages[0].ended_at = at("2026-11-22T01:00:00Z");
    stages[1].state = STAGE(OPEN);
    stages[1].due_at = at("2026-11-30T16:00:00Z");
    const char *html = draw_case(STATE(REVIEWING));
    HAS("第2步，受理，已完成，2026年11月21日 09:00");
    HAS("第4步，专家论证，正在进行，应在2026年11月30日前完成");
}

TEST(the_way_of_an_item)
{
    EXPECT(text_equal(stand_load("data item: catalog.GetItem id=1\n", "{{@flow item}}"), ""));
    Catalog__Item item = CATALOG__ITEM__INIT;
    Catalog__Stage one = CATALOG__STAGE__INIT;
    Catalog__Stage *list[] = {&one};
    one.name = "一个很长很长很长很长很长很长很长很长很长很长的环节名称需要换行";
    one.kind = CATALOG__STAGE_KIND__STAGE_KIND_REVIEW;
    one.days = 3;
    one.unit = CATALOG__DAY_UNIT__DAY_UNIT_WORKING;
    item.promise_days = 5;
    item.promise_unit = CATALOG__DAY_UNIT__DAY_UNIT_CALENDAR;
    item.stages = list;
    item.n_stages = 1;
    const char *html = stand_render(&item.base);
    HAS("<title>办理流程</title>");
    HAS("审查 · 3个工作日");
    HAS("承诺办结时限：5个自然日");
    HAS("data-state=\"plain\"");
    EXPECT(stand_count(html, "class=\"flow__text\"") == 4); /* the long one takes two lines */
    item.n_stages = 0;
    html = stand_render(&item.base);
    HAS("第4步，决定");
    EXPECT(
        stand_has(stand_load("data s: catalog.SearchItems\n", "{{@flow s}}"), "a way is drawn of"));
}

/* --- charts -------------------------------------------------------------------------------------- */

static Catalog__ItemDepartment departments[70];
static Catalog__ItemDepartment *department_list[70];
static Catalog__ItemDepartmentList departments_of;

static ProtobufCMessage *counts(size_t count, const uint32_t *numbers)
{
    departments_of = (Catalog__ItemDepartmentList) CATALOG__ITEM_DEPARTMENT_LIST__INIT;
    for (size_t i = 0; i < count; i++) {
        departments[i] = (Catalog__ItemDepartment) CATALOG__ITEM_DEPARTMENT__INIT;
        departments[i].name = arena_printf(stand_arena, "<%zu>", i);
        departments[i].items = numbers ? numbers[i] : 1;
        department_list[i] = &departments[i];
    }
    departments_of.departments = department_list;
    departments_of.n_departments = count;
    return &departments_of.base;
}

#define DEPARTMENTS "data d: catalog.ListItemDepartments\n"

TEST(bars_are_a_table)
{
    EXPECT(text_equal(
        stand_load(
            DEPARTMENTS,
            "{{@bars d.departments label=name value=items title=\"各<部门\" unit=\"项\" of=\"部门\"}}"),
        ""));
    const char *html = stand_render(counts(2, (uint32_t[]){3, 12}));
    HAS("<figcaption class=\"chart-box__title\">各&lt;部门</figcaption>");
    HAS("<th scope=\"col\">部门</th><th scope=\"col\">数量</th>");
    HAS("<tr><th scope=\"row\">&lt;0&gt;</th><td class=\"num\">3项</td>");
    HAS("<rect class=\"chart__bar c1\" width=\"25.0\" height=\"10\"/>");
    HAS("width=\"100.0\"");
    html = stand_render(counts(2, (uint32_t[]){0, 0}));
    HAS("还没有数据");
    html = stand_render(NULL);
    HAS("还没有数据");
}

TEST(columns_have_a_table_beside_them)
{
    EXPECT(text_equal(stand_load(DEPARTMENTS, "{{@columns d.departments label=name value=items}}"),
                      ""));
    const char *html = stand_render(counts(3, (uint32_t[]){1, 0, 4}));
    HAS("viewBox=\"0 0 30 100\" preserveAspectRatio=\"none\" role=\"img\"><title>图表</title><desc>合计5，最多的是&lt;2&gt;，4</desc>");
    HAS("x=\"21\" y=\"2.0\" width=\"8\" height=\"98.0\"><title>&lt;2&gt;：4</title>");
    HAS("<details class=\"details chart-box__data\"><summary>查看数据表</summary>");
    EXPECT(stand_count(html, "<tr><th scope=\"row\">") == 3);
    html = stand_render(counts(70, NULL));
    EXPECT(stand_count(html, "<rect") == DRAW_ENTRIES_MAX);
}

TEST(a_ring_gathers_what_is_left)
{
    EXPECT(
        text_equal(stand_load(DEPARTMENTS, "{{@donut d.departments label=name value=items}}"), ""));
    const char *html = stand_render(counts(1, (uint32_t[]){7}));
    HAS("class=\"chart__slice c1\" d=\"M60.00 2.00A58 58 0 1 1 59.96 2.00L");
    HAS("（100%）");
    html = stand_render(counts(8, NULL));
    EXPECT(stand_count(html, "chart__slice") == DRAW_SLICES_MAX);
    HAS("其他<span class=\"chart-legend__value num\">3（38%）</span>");
    html = stand_render(counts(8, (uint32_t[]){1, 1, 1, 1, 1, 50, 60, 1}));
    HAS("c1\"></span>&lt;6&gt;<span class=\"chart-legend__value num\">60");
    HAS("其他<span class=\"chart-legend__value num\">3（3%）");
    html = stand_render(counts(2, (uint32_t[]){0, 5}));
    EXPECT(stand_count(html, "chart__slice") == 1);
    LACKS("（nan");
}

TEST(charts_of_what_is_no_number)
{
    EXPECT(stand_has(stand_load(DEPARTMENTS, "{{@bars d.departments label=name value=id}}"),
                     "value=id is no number"));
    EXPECT(stand_has(stand_load(DEPARTMENTS, "{{@bars d.departments label=nam value=items}}"),
                     "has no field `nam`"));
}

/* --- QR codes ---------------------------------------------------------------------------------------- */

TEST(a_qr_code_is_dark_on_white)
{
    EXPECT(text_equal(stand_load("data d: catalog.GetItem id=1\n", "{{@qr d.name}}"), ""));
    Catalog__Item item = CATALOG__ITEM__INIT;
    item.name = "https://example.cn/items/1?a=1&b=2";
    const char *html = stand_render(&item.base);
    /* 34 bytes at level M: version 3, 29 modules and 4 of quiet on each side. */
    HAS("<svg class=\"qr__svg\" viewBox=\"0 0 37 37\" role=\"img\"");
    HAS("<desc>https://example.cn/items/1?a=1&amp;b=2</desc>");
    HAS("<rect width=\"37\" height=\"37\" fill=\"#fff\"/><path fill=\"#000\" d=\"M4 4h7v1h-7z");
    char longer[DRAW_QR_MAX + 2];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = 0;
    item.name = longer;
    EXPECT(text_equal(stand_render(&item.base), ""));
    item.name = "";
    EXPECT(text_equal(stand_render(&item.base), ""));
}
