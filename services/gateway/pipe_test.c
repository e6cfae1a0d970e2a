#include "pipe.h"

#include <stdio.h>

#include "message.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"

/* Each pipe is run through a template: arguments are read as pages write them. */
#include "template.h"

#define NOW 1795420800000 /* 2026-11-23 16:00 in Shanghai */
#define DAY 86400000

static arena_t *arena;
static template_faults_t faults;

static const datum_type_t state_type = DATUM_TYPE_ENUM(case__state__descriptor);
static const datum_type_t detail_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
static const datum_name_t r_names[] = {{"text", &datum_type_text},
                                       {"number", &datum_type_int},
                                       {"none", &datum_type_text},
                                       {NULL, NULL}};
static const datum_type_t r_type = DATUM_TYPE_RECORD(r_names);
static const datum_name_t names[] = {{"text", &datum_type_text}, {"number", &datum_type_int},
                                     {"time", &datum_type_time}, {"state", &state_type},
                                     {"case", &detail_type},     {"texts", &datum_type_texts},
                                     {"html", &datum_type_html}, {"r", &r_type},
                                     {"bool", &datum_type_bool}, {NULL, NULL}};
static const datum_type_t root_type = DATUM_TYPE_RECORD(names);

static datum_t root[9], r[3], texts[3];
static Case__CaseDetail detail;

static void set_case(void)
{
    static Case__Material materials[4], *list[4];
    static const char *const material_names[] = {"a", "b", "c", "d"};
    static const bool required[] = {true, true, false, true};
    static Case__Action actions[] = {CASE__ACTION__ACTION_ACCEPT, CASE__ACTION__ACTION_SUPPLEMENT};
    case__case_detail__init(&detail);
    for (size_t i = 0; i < 4; i++) {
        case__material__init(&materials[i]);
        materials[i].name = material_names[i];
        materials[i].required = required[i];
        list[i] = &materials[i];
    }
    detail.materials = list;
    detail.n_materials = 4;
    detail.actions = actions;
    detail.n_actions = 2;
}

static void set_values(const char *text, int64_t number, int64_t time_ms, int state)
{
    set_case();
    texts[0] = datum_text("甲");
    texts[1] = datum_text("乙&");
    texts[2] = datum_text("丙");
    r[0] = datum_text("r.text");
    r[1] = datum_int(3);
    r[2] = datum_none();
    root[0] = datum_text(text);
    root[1] = datum_int(number);
    root[2] = datum_time(time_ms);
    root[3] = datum_enum(&case__state__descriptor, state);
    root[4] = datum_message(&detail.base);
    root[5] = datum_array(texts, 3);
    root[6] = datum_html("<i>", 3);
    root[7] = datum_record(r);
    root[8] = datum_bool(true);
}

static const template_t *compile(const char *text)
{
    template_options_t options = {.root = &root_type};
    template_source_t source = {"p", text, strlen(text), 1};
    arena_free(&arena);
    arena = arena_new(8 << 20);
    faults.count = 0;
    return template_compile(&options, &source, arena, &faults);
}

static bool shows(const char *template, const char *expected)
{
    const template_t *compiled = compile(template);
    template_scope_t scope = {.root = root, .arena = arena, .now_ms = NOW};
    buffer_t out = buffer_new(1 << 20);
    const char *stop = compiled ? template_render(compiled, &scope, &out) : faults.faults[0];
    const char *got = stop ? stop : out.size ? out.data : "";
    bool right = text_equal(got, expected);
    if (!right)
        printf("%s\n expected: %s\n      got: %s\n", template, expected, got);
    buffer_free(&out);
    return right;
}

static bool text_shows(const char *text, const char *template, const char *expected)
{
    set_values(text, 0, 0, 0);
    return shows(template, expected);
}

static bool number_shows(int64_t number, const char *template, const char *expected)
{
    set_values("", number, 0, 0);
    return shows(template, expected);
}

static bool time_shows(int64_t time_ms, const char *template, const char *expected)
{
    set_values("", 0, time_ms, 0);
    return shows(template, expected);
}

static bool state_shows(int state, const char *template, const char *expected)
{
    set_values("", 0, 0, state);
    return shows(template, expected);
}

static bool asks(const char *question, bool expected)
{
    char template[256];
    const char *end = strchr(question, ' ');
    snprintf(template, sizeof template, "{{#%s}}yes{{/%.*s}}", question, (int) (end - question),
             question);
    return shows(template, expected ? "yes" : "");
}

static bool refuses(const char *template, const char *fault)
{
    bool refused = !compile(template);
    const char *got = faults.count ? faults.faults[0] + strlen("p:1: ") : "no fault";
    if (!text_equal(got, fault))
        printf("%s\n expected: %s\n      got: %s\n", template, fault, got);
    return refused && text_equal(got, fault);
}

/* --- enums ------------------------------------------------------------------------ */

TEST(pipe_label_and_name)
{
    EXPECT(
        state_shows(CASE__STATE__STATE_ACCEPTED, "{{state}} {{state | label}}", "已受理 已受理"));
    EXPECT(state_shows(CASE__STATE__STATE_ACCEPTED, "{{state | name}}", "ACCEPTED"));
    EXPECT(state_shows(0, "({{state}}{{state | label}})", "()"));
    EXPECT(state_shows(0, "{{state | name}}", "UNSPECIFIED"));
    EXPECT(state_shows(77, "({{state}}{{state | label}}{{state | name}})", "()"));
}

TEST(pipe_is_and_isnt)
{
    set_values("a", 3, 0, CASE__STATE__STATE_ACCEPTED);
    EXPECT(asks("state | is DRAFT ACCEPTED", true) && asks("state | is DRAFT", false));
    EXPECT(asks("state | isnt DRAFT ACCEPTED", false) && asks("state | isnt DRAFT", true));
    EXPECT(asks("text | is a", true) && asks("text | is b \"a\"", true) &&
           asks("text | is A", false));
    EXPECT(asks("number | is 1 2 3", true) && asks("number | is r.number", true));
    EXPECT(asks("number | is 4", false) && asks("text | is r.text", false));
    EXPECT(asks("r.none | is a", false) && asks("r.none | isnt a", true)); /* absent is not a */
    EXPECT(refuses("{{#state | is ACCEPT}}{{/state}}", "case.State has no value `ACCEPT`"));
    EXPECT(refuses("{{#number | is x}}{{/number}}", "a number cannot be compared with `x`"));
    EXPECT(
        refuses("{{#text | is r.number}}{{/text}}", "a text cannot be compared with `r.number`"));
    EXPECT(refuses("{{#texts | is a}}{{/texts}}", "pipe `is` does not take a list of a text"));
}

TEST(pipe_starts)
{
    set_values("/my/cases", 0, 0, 0);
    EXPECT(asks("text | starts \"/login\" \"/my\"", true) && asks("text | starts /your", false));
    EXPECT(asks("text | starts /my/cases/1", false) && asks("text | starts r.none", false));
}

TEST(pipe_over_and_under)
{
    set_values("", 3, 0, 0);
    EXPECT(asks("number | over 2", true) && asks("number | over 3", false));
    EXPECT(asks("number | under 4", true) && asks("number | under 3", false));
    EXPECT(asks("texts | over 2", true) && asks("texts | under 3", false));
    EXPECT(asks("texts | under r.number", false));
    EXPECT(refuses("{{#number | over x}}{{/number}}", "`x` is not a number"));
}

TEST(pipe_has)
{
    set_values("", 0, 0, 0);
    EXPECT(asks("texts | has 甲", true) && asks("texts | has 丁", false));
    EXPECT(asks("case.actions | has ACCEPT", true) && asks("case.actions | has REFUSE", false));
    EXPECT(refuses("{{#case.actions | has X}}{{/case.actions}}", "case.Action has no value `X`"));
    EXPECT(refuses("{{#case.materials | has X}}{{/case.materials}}",
                   "pipe `has` takes a list of texts, numbers or enums, not a list of "
                   "case.Material"));
}

/* --- times: the process's time zone does not count --------------------------------- */

TEST(pipe_times_are_in_shanghai)
{
    /* 2026-12-31 16:30 UTC is 2027-01-01 00:30 there. */
    const int64_t new_year = 1798734600000;
    EXPECT(time_shows(new_year, "{{time}}", "2027年1月1日 00:30"));
    EXPECT(time_shows(new_year, "{{time | date}} {{time | day}}", "2027年1月1日 2027-01-01"));
    EXPECT(time_shows(new_year, "{{time | time}} {{time | clock}}", "1月1日 00:30 00:30"));
    EXPECT(time_shows(new_year, "{{time | iso}}", "2027-01-01T00:30:00+08:00"));
    EXPECT(time_shows(0, "({{time | date}}{{time | left}}{{time | light}})", "()"));
    EXPECT(time_shows(-1000, "{{time | iso}}", "1970-01-01T07:59:59+08:00"));
}

TEST(pipe_days_as_text)
{
    EXPECT(text_shows("2026-11-22", "{{text | date}} {{text | day}}", "2026年11月22日 2026-11-22"));
    EXPECT(text_shows("2026-11-22", "{{text | time}} {{text | iso}}", "11月22日 2026-11-22"));
    EXPECT(text_shows("2026-11-22", "({{text | clock}})", "()"));
    EXPECT(text_shows("2026-02-30", "{{text | date}}", "2026-02-30")); /* no day: as it is */
    EXPECT(text_shows("长期 <", "{{text | date}}({{text | left}})", "长期 &lt;()"));
}

#define MIDNIGHT (NOW + 8 * 3600000) /* 24:00 of today */

TEST(pipe_left_and_light)
{
    EXPECT(time_shows(NOW, "{{time | left}} {{time | light}}", "今天截止 amber"));
    EXPECT(time_shows(NOW - 8 * 3600000, "{{time | left}}", "今天截止")); /* earlier today */
    EXPECT(time_shows(MIDNIGHT + 1, "{{time | left}}", "还剩1天"));
    EXPECT(time_shows(NOW + 2 * DAY, "{{time | left}} {{time | light}}", "还剩2天 amber"));
    EXPECT(time_shows(NOW + 3 * DAY, "{{time | left}} {{time | light}}", "还剩3天 green"));
    EXPECT(time_shows(NOW - DAY, "{{time | left}} {{time | light}}", "已超期1天 red"));
    EXPECT(text_shows("2026-11-25", "{{text | left}}", "还剩2天"));
}

/* A limit ends at 24:00 of its last day, which is 0:00 of the next. */
TEST(pipe_limits_end_at_midnight)
{
    EXPECT(
        time_shows(MIDNIGHT, "{{time | limit}} {{time | date}}", "2026年11月23日 2026年11月24日"));
    EXPECT(time_shows(MIDNIGHT, "{{time | left}} {{time | light}}", "今天截止 amber"));
    EXPECT(time_shows(MIDNIGHT - DAY, "{{time | left}} {{time | light}}", "已超期1天 red"));
    EXPECT(
        time_shows(MIDNIGHT + DAY, "{{time | limit}} {{time | left}}", "2026年11月24日 还剩1天"));
    EXPECT(text_shows("2026-11-25", "{{text | limit}}", "2026年11月25日"));
    EXPECT(time_shows(0, "({{time | limit}})", "()"));
}

/* --- numbers ---------------------------------------------------------------------------- */

TEST(pipe_money)
{
    EXPECT(number_shows(0, "{{number | money}}", "免费"));
    EXPECT(number_shows(5, "{{number | money}}", "0.05元"));
    EXPECT(number_shows(123450, "{{number | money}}", "1,234.50元"));
    EXPECT(number_shows(100000000, "{{number | money}}", "1,000,000.00元"));
    EXPECT(number_shows(-99900, "{{number | money}}", "-999.00元"));
    EXPECT(number_shows(INT64_MIN, "{{number | money}}", "-92,233,720,368,547,758.08元"));
}

TEST(pipe_numbers)
{
    EXPECT(number_shows(0, "{{number}}", "0") && number_shows(-10, "{{number}}", "-10"));
    EXPECT(number_shows(INT64_MIN, "{{number}}", "-9223372036854775808"));
    EXPECT(number_shows(INT64_MAX, "{{number}}", "9223372036854775807"));
}

TEST(pipe_bytes_and_count)
{
    EXPECT(number_shows(0, "{{number | bytes}}", "0 B"));
    EXPECT(number_shows(1023, "{{number | bytes}}", "1023 B"));
    EXPECT(number_shows(1258291, "{{number | bytes}}", "1.2 MB"));
    EXPECT(number_shows(INT64_MAX, "{{number | bytes}}", "8388608.0 TB"));
    EXPECT(number_shows(3, "{{number | count \"件\"}}{{texts | count r.text}}", "3件3r.text"));
    EXPECT(number_shows(0, "({{number | count \"件\"}})", "()"));
}

/* --- texts -------------------------------------------------------------------------------- */

TEST(pipe_mask)
{
    EXPECT(text_shows("张三丰", "{{text | mask name}}", "张**"));
    EXPECT(text_shows("110101199003070134", "{{text | mask id}}", "110***********0134"));
    EXPECT(text_shows("13800138000", "{{text | mask mobile}}", "138****8000"));
    EXPECT(text_shows("", "({{text | mask name}})", "()"));
    EXPECT(refuses("{{text | mask face}}", "mask `face`: name, id or mobile"));
}

TEST(pipe_lines)
{
    EXPECT(text_shows("a\nb <\r\n\r\n\nc", "{{text | lines}}", "<p>a<br>b &lt;</p><p>c</p>"));
    EXPECT(text_shows("", "({{text | lines}})", "()"));
    EXPECT(text_shows("\n\n", "({{text | lines}})", "()"));
    EXPECT(text_shows("<script>", "{{text | lines}}", "<p>&lt;script&gt;</p>"));
}

TEST(pipe_url)
{
    EXPECT(text_shows("a b/?&\"中~", "{{text | url}}", "a%20b%2F%3F%26%22%E4%B8%AD~"));
    EXPECT(number_shows(-5, "{{number | url}}", "-5"));
    EXPECT(state_shows(CASE__STATE__STATE_DRAFT, "{{state | url}}", "STATE_DRAFT"));
}

TEST(pipe_cut_code_length)
{
    EXPECT(text_shows("中华人民", "{{text | cut 4}} {{text | cut 3}}", "中华人民 中华人…"));
    EXPECT(text_shows("𠮷野家", "{{text | cut 1}}", "𠮷…"));
    EXPECT(text_shows("110105193", "{{text | code}}", "1101 0519 3"));
    EXPECT(text_shows("中文", "{{text | code}}", "中文"));
    EXPECT(text_shows("𠮷a中", "{{text | length}}{{texts | length}}", "33"));
    EXPECT(refuses("{{text | cut 0}}", "cut `0`: a number of characters"));
    EXPECT(refuses("{{text | cut r.number}}", "cut `r.number`: a number of characters"));
}

TEST(pipe_or)
{
    EXPECT(text_shows("", "{{text | or \"无 <\"}} {{r.none | or -}}", "无 &lt; -"));
    EXPECT(text_shows("a", "{{text | or \"无\"}} {{r.none | or r.text}}", "a r.text"));
    EXPECT(number_shows(0, "{{number | or \"无\"}} {{number | or r.number}}", "无 3"));
    EXPECT(state_shows(CASE__STATE__STATE_DRAFT, "{{state | or \"无\"}}", "草稿"));
    EXPECT(time_shows(0, "{{time | date | or \"未定\"}}", "未定"));
    EXPECT(refuses("{{html | or \"x\"}}", "HTML or `x`: neither texts nor of one type"));
}

/* --- lists --------------------------------------------------------------------------------- */

#define NAMES(list) "{{#" list "}}{{name}}{{/case.materials}}"

TEST(pipe_first_rest_where)
{
    set_values("", 0, 0, 0);
    EXPECT(shows(NAMES("case.materials | first 2"), "ab"));
    EXPECT(shows(NAMES("case.materials | first 9"), "abcd"));
    EXPECT(shows(NAMES("case.materials | rest 3"), "d"));
    EXPECT(shows(NAMES("case.materials | rest 4"), ""));
    EXPECT(shows(NAMES("case.materials | where required true"), "abd"));
    EXPECT(shows(NAMES("case.materials | where required false"), "c"));
    EXPECT(shows(NAMES("case.materials | where name b"), "b"));
    EXPECT(shows(NAMES("case.materials | where required true | rest 1 | first 1"), "b"));
    EXPECT(refuses(NAMES("case.materials | where nam b"), "case.Material has no field `nam`"));
    EXPECT(refuses(NAMES("case.materials | where files b"), "`files` is a list of case.File"));
    EXPECT(refuses(NAMES("case.materials | where required maybe"),
                   "a bool cannot be compared with `maybe`"));
    EXPECT(refuses(NAMES("case.materials | first x"), "`x` is not a number of entries"));
}

TEST(pipe_group)
{
    set_values("", 0, 0, 0);
    EXPECT(shows("{{#case.materials | group required}}{{key}}:{{#items}}{{name}}{{/items}};"
                 "{{/case.materials}}",
                 "是:ab;否:c;是:d;"));
    EXPECT(shows("{{#case.materials | rest 9 | group name}}x{{/case.materials}}", ""));
    EXPECT(refuses("{{#case.materials | group nam}}{{/case.materials}}",
                   "case.Material has no field `nam`"));
}

TEST(pipe_join)
{
    set_values("", 0, 0, 0);
    EXPECT(shows("{{texts | join \"、\"}}", "甲、乙&amp;、丙"));
    EXPECT(shows("{{case.actions | join \" \"}}", "受理 补正材料"));
    EXPECT(shows("{{texts | first 0 | join x}}", ""));
    EXPECT(refuses("{{texts | join r.text}}", "join `r.text`: a \"text\""));
}

/* --- limits ----------------------------------------------------------------------------------- */

TEST(pipe_chain_and_arguments_have_limits)
{
    EXPECT(compile("{{text|cut 9|cut 9|cut 9|cut 9|cut 9|cut 9}}"));
    EXPECT(refuses("{{text|cut 9|cut 9|cut 9|cut 9|cut 9|cut 9|cut 9}}", "more than 6 pipes"));
    EXPECT(refuses("{{number | is 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7}}",
                   "pipe `is` takes at most 16 arguments"));
}

/* Each pipe that makes something says so when there is no memory for it. */
TEST(pipe_without_memory)
{
    static const char *const templates[] = {"{{text | url}}",
                                            "{{text | cut 1}}",
                                            "{{text | code}}",
                                            "{{text | lines}}",
                                            "{{text | mask name}}",
                                            "{{time | date}}",
                                            "{{number | money}}",
                                            "{{number | bytes}}",
                                            "{{number | count x}}",
                                            "{{texts | join x}}",
                                            "{{state | url}}",
                                            "{{number | or x}}",
                                            "{{#case.materials | where name a}}{{/case.materials}}",
                                            "{{#case.materials | group name}}{{/case.materials}}"};
    set_values("some text", 1234, NOW, 1);
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        const template_t *compiled = compile(templates[i]);
        arena_t *small = arena_new(1);
        template_scope_t scope = {.root = root, .arena = small, .now_ms = NOW};
        buffer_t out = buffer_new(1000);
        EXPECT(compiled && text_equal(template_render(compiled, &scope, &out), "memory"));
        buffer_free(&out);
        arena_free(&small);
    }
}
