#include "template.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"

static arena_t *arena;
static template_faults_t faults;

/* --- what a page has: names, parts, partials ----------------------------------------- */

static const datum_type_t detail_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
static const datum_name_t page_names[] = {
    {"path", &datum_type_text}, {"missing", &datum_type_texts}, {NULL, NULL}};
static const datum_type_t page_type = DATUM_TYPE_RECORD(page_names);

static bool knows_q(const datum_type_t *self, const char *name, size_t size)
{
    (void) self;
    return size == 1 && name[0] == 'q';
}

static const datum_type_t query_type = {
    .kind = DATUM_MAP, .value = &datum_type_text, .knows = knows_q};
static const datum_name_t root_names[] = {{"case", &detail_type},
                                          {"page", &page_type},
                                          {"query", &query_type},
                                          {"html", &datum_type_html},
                                          {"number", &datum_type_int},
                                          {"answer", &datum_type_bool},
                                          {NULL, NULL}};
static const datum_type_t root_type = DATUM_TYPE_RECORD(root_names);

static datum_t find_q(const datum_map_t *self, const char *name, size_t size)
{
    (void) self;
    return size == 1 && name[0] == 'q' ? datum_text("<q>") : datum_none();
}

/* {{@box width label=…}}…{{@end}}, {{@say word value}} */
static const part_parameter_t box_parameters[] = {
    {"width", PART_VALUE, PART_REQUIRED, 1u << DATUM_INT},
    {"label", PART_VALUE, PART_OPTION, 1u << DATUM_TEXT},
    {NULL, 0, 0, 0}};
static const part_parameter_t say_parameters[] = {
    {"word", PART_WORD, PART_REQUIRED, 0}, {"value", PART_VALUE, 0, 0}, {NULL, 0, 0, 0}};

static void check_box(part_check_t *check)
{
    if (check->arguments[0].fixed && check->arguments[0].value.number > 9)
        part_fault(check, "a box of %s is too wide", check->arguments[0].written);
    check->kept = (void *) "kept";
}

static void write_box(const part_render_t *render)
{
    buffer_text(render->out, "[");
    part_show(render->out, render->arguments[0]);
    part_show(render->out, render->arguments[1]);
    buffer_text(render->out, ":");
    part_body(render);
    buffer_text(render->out, render->kept && text_equal(render->kept, "kept") ? "]" : "?");
}

static void check_say(part_check_t *check)
{
    if (check->outer && !text_equal(check->outer_kept, "kept"))
        part_fault(check, "the box has lost what it kept");
    if (check->arguments[0].fixed && text_equal(check->arguments[0].written, "wrong"))
        part_fault(check, "do not say `wrong`");
}

static void write_say(const part_render_t *render)
{
    part_show(render->out, render->arguments[0]);
    buffer_text(render->out, "=");
    part_show(render->out, render->arguments[1]);
    buffer_text(render->out, render->outer_kept ? " inside" : "");
}

static const part_t part_box = {"box", true, box_parameters, check_box, write_box};
static const part_t part_say = {"say", false, say_parameters, check_say, write_say};
static const part_t *const parts[] = {&part_box, &part_say, NULL};

static bool find_partial(const void *owner, const char *name, size_t size, template_source_t *ret)
{
    static const struct {
        const char *name, *text;
    } partials[] = {{"number", "{{summary.number}}"},
                    {"bad", "ok\n{{nothing}}\n"},
                    {"endless", "{{>endless}}"},
                    {"twice", "{{>twice}}{{>twice}}"},
                    {"open", "{{#case}}"}};
    (void) owner;
    for (size_t i = 0; i < sizeof partials / sizeof *partials; i++)
        if (strlen(partials[i].name) == size && memcmp(partials[i].name, name, size) == 0) {
            *ret = (template_source_t){partials[i].name, partials[i].text, strlen(partials[i].text),
                                       1};
            return true;
        }
    return false;
}

static const template_t *compile_with(template_options_t options, const char *text)
{
    template_source_t source = {"a.page", text, strlen(text), 1};
    arena_free(&arena);
    arena = arena_new(64 << 20);
    faults.count = 0;
    options.root = &root_type;
    options.partial = find_partial;
    options.parts = parts;
    return template_compile(&options, &source, arena, &faults);
}

static const template_t *compile(const char *text)
{
    return compile_with((template_options_t){0}, text);
}

/* --- a case to show --------------------------------------------------------------------- */

static Case__Material materials[3];
static Case__CaseDetail detail;
static Case__CaseSummary summary;
static Google__Protobuf__Timestamp due = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
static datum_t root[6];

static void make_case(void)
{
    static Case__Material *list[] = {&materials[0], &materials[1], &materials[2]};
    static const char *const names[] = {"申请表", "身份证 <复印件>", "照片"};
    static Case__Action actions[] = {CASE__ACTION__ACTION_ACCEPT, CASE__ACTION__ACTION_SUPPLEMENT};
    case__case_detail__init(&detail);
    case__case_summary__init(&summary);
    for (size_t i = 0; i < 3; i++) {
        case__material__init(&materials[i]);
        materials[i].name = names[i];
        materials[i].required = i < 2;
    }
    due.seconds = 1795503840; /* 2026-11-24 15:04 in Shanghai */
    summary.number = "YW-1";
    summary.state = CASE__STATE__STATE_ACCEPTED;
    summary.item_name = "a & b";
    summary.due_at = &due;
    detail.summary = &summary;
    detail.materials = list;
    detail.n_materials = 3;
    detail.actions = actions;
    detail.n_actions = 2;
}

static const char *render(const template_t *template)
{
    static char text[8192];
    static datum_t page_slots[2], missing[2];
    static datum_map_t query = {find_q};
    make_case();
    missing[0] = datum_text("timeline");
    missing[1] = datum_text("item");
    page_slots[0] = datum_text("/my");
    page_slots[1] = datum_array(missing, 2);
    root[0] = datum_message(&detail.base);
    root[1] = datum_record(page_slots);
    root[2] = datum_map(&query);
    root[3] = datum_html("<b>", 3);
    root[4] = datum_int(7);
    root[5] = datum_bool(true);
    template_scope_t scope = {.root = root, .arena = arena, .now_ms = 1795420800000};
    buffer_t out = buffer_new(sizeof text - 1);
    const char *stop = template_render(template, &scope, &out);
    text_copy(text, sizeof text, stop ? stop : out.size ? out.data : "");
    buffer_free(&out);
    return text;
}

static bool gives(const char *template, const char *expected)
{
    const template_t *compiled = compile(template);
    const char *got = compiled ? render(compiled) : faults.faults[0];
    if (!text_equal(got, expected))
        printf("%s\n expected: %s\n      got: %s\n", template, expected, got);
    return text_equal(got, expected);
}

/* The template is refused, and this is the first thing told. */
static bool refuses(const char *template, const char *fault)
{
    const template_t *compiled = compile(template);
    const char *got = compiled ? "no fault" : faults.count ? faults.faults[0] : "nothing told";
    if (!text_equal(got, fault))
        printf("%s\n expected: %s\n      got: %s\n", template, fault, got);
    return !compiled && text_equal(got, fault);
}

/* --- rendering ------------------------------------------------------------------------------ */

TEST(template_shows_fields_of_messages)
{
    EXPECT(gives("{{case.summary.number}} {{case.summary.itemName}} {{number}} {{answer}}",
                 "YW-1 a &amp; b 7 是"));
    EXPECT(gives("{{case.summary.state}} {{case.summary.dueAt}}", "已受理 2026年11月24日 15:04"));
    EXPECT(gives("{{html}}{{query.q}}{{page.path}}", "<b>&lt;q&gt;/my"));
    EXPECT(gives("[{{case.decision.outcome}}{{case.closedAt}}{{case.decision.documentNumber}}]",
                 "[]"));
}

TEST(template_sections_repeat_enter_or_ask)
{
    EXPECT(gives("{{#case.materials}}{{_number}}.{{name}}{{^_last}}, {{/_last}}{{/case.materials}}",
                 "1.申请表, 2.身份证 &lt;复印件&gt;, 3.照片"));
    EXPECT(gives("{{#case}}{{#summary}}{{number}} {{page.path}}{{/summary}}{{/case}}", "YW-1 /my"));
    EXPECT(gives("{{#case.actions}}{{_index}}{{.}} {{#_first}}| {{/_first}}{{/case.actions}}",
                 "0受理 | 1补正材料 "));
    EXPECT(gives("{{#case.summary.overdue}}late{{/case.summary.overdue}}"
                 "{{^case.decision}}open{{/case.decision}}",
                 "open"));
    EXPECT(gives("{{#page.missing}}{{.}},{{/page.missing}}", "timeline,item,"));
}

/* A question does not change what {{.}} is; a text that is there is the innermost level. */
TEST(template_questions_have_no_level)
{
    EXPECT(gives("{{#page.missing}}{{#_last}}{{.}}{{/_last}}{{/page.missing}}", "item"));
    EXPECT(gives("{{#case.summary.state | is ACCEPTED}}{{case.summary.number}}"
                 "{{/case.summary.state}}",
                 "YW-1"));
    EXPECT(gives("{{#case.summary.number}}({{.}}){{/case.summary.number}}", "(YW-1)"));
}

/* _number of an outer list is not lost inside a message, and the inner list's counts inside it. */
TEST(template_counters_are_of_the_innermost_list)
{
    EXPECT(
        gives("{{#case.materials}}{{#case.summary}}{{_number}}{{/case.summary}}{{/case.materials}}",
              "123"));
    EXPECT(gives("{{#page.missing}}{{#case.actions}}{{_number}}{{/case.actions}}{{_number}};"
                 "{{/page.missing}}",
                 "121;122;"));
}

TEST(template_pipes_follow_each_other)
{
    EXPECT(gives("{{case.materials | length}}", "3"));
    EXPECT(gives("{{#case.materials | where required true | rest 1}}{{name}}{{/case.materials}}",
                 "身份证 &lt;复印件&gt;"));
    EXPECT(gives("{{#case.materials|first 1}}{{name|cut 2}}{{/case.materials}}", "申请…"));
    EXPECT(gives("{{query.q | or \"x\"}} {{case.decision.documentNumber | or \"无 & x\"}}",
                 "&lt;q&gt; 无 &amp; x"));
    EXPECT(gives("{{#case.summary.number | is page.path}}a{{/case.summary.number}}"
                 "{{#case.summary.number | isnt page.path}}b{{/case.summary.number}}",
                 "b"));
    EXPECT(gives("{{case.summary.dueAt | left}}", "还剩1天"));
}

TEST(template_partials_see_where_they_stand)
{
    EXPECT(gives("{{#case}}{{>number}}{{/case}}", "YW-1"));
    EXPECT(refuses("x\n{{>number}}", "number:1: there is no name `summary` (used at a.page:2)"));
    EXPECT(refuses("{{>nobody}}", "a.page:1: there is no partial `nobody`"));
}

TEST(template_layouts_go_around)
{
    template_source_t layout = {"layout.html", "<p>{{page.path}}\n{{@body}}\n</p>\n", 0, 1};
    layout.size = strlen(layout.text);
    const template_t *template =
        compile_with((template_options_t){.layout = &layout}, "{{number}}\n");
    EXPECT(template && text_equal(render(template), "<p>/my\n7\n</p>\n"));
    layout.text = "<>\n\n";
    layout.size = 4;
    EXPECT(!compile_with((template_options_t){.layout = &layout}, "x"));
    EXPECT(faults.count == 1 && text_equal(faults.faults[0], "layout.html:1: no {{@body}}"));
    EXPECT(refuses("{{@body}}", "a.page:1: {{@body}} belongs into a layout"));
}

TEST(template_plain_is_not_escaped)
{
    const template_t *template =
        compile_with((template_options_t){.plain = true}, "{{case.summary.itemName}}");
    EXPECT(template && text_equal(render(template), "a & b"));
    EXPECT(!compile_with((template_options_t){.plain = true}, "{{html}}"));
    EXPECT(faults.count == 1);
}

/* --- parts ------------------------------------------------------------------------------------ */

TEST(template_parts_get_their_arguments)
{
    EXPECT(gives("{{@say hello}}", "hello="));
    EXPECT(gives("{{@say hello number}}|{{@say \"a b\" \"c & d\"}}", "hello=7|a b=c &amp; d"));
    EXPECT(gives("{{@say hello -12}}{{@say hello true}}", "hello=-12hello=是"));
    EXPECT(gives("{{#case.materials}}{{@say list[{_index}].name name}};{{/case.materials}}",
                 "list[0].name=申请表;list[1].name=身份证 &lt;复印件&gt;;list[2].name=照片;"));
    EXPECT(gives("{{@say a{number}}}", "a7="));
    EXPECT(
        gives("{{@say a \"{number}项，{case.summary.state | name}，{}\"}}", "a=7项，ACCEPTED，{}"));
}

TEST(template_blocks_write_their_body)
{
    EXPECT(gives("{{@box 3 label=\"a\"}}x{{@say y}}{{@end}}", "[3a:xy= inside]"));
    EXPECT(gives("{{#case.actions}}{{@box _number}}{{.}}{{@end}}{{/case.actions}}",
                 "[1:受理][2:补正材料]"));
    EXPECT(gives("a\n  {{@box 1}}\nb\n  {{@end}}\nc\n", "a\n[1:b\n]c\n"));
}

TEST(template_parts_are_checked)
{
    EXPECT(refuses("{{@nobody}}", "a.page:1: there is no part `nobody`"));
    EXPECT(refuses("{{@say}}", "a.page:1: part `say` needs `word`"));
    EXPECT(refuses("{{@say a b c}}", "a.page:1: there is no name `b`"));
    EXPECT(refuses("{{@say a 1 2}}", "a.page:1: part `say` does not take `2`"));
    EXPECT(refuses("{{@say a x=1}}", "a.page:1: part `say` has no option `x`"));
    EXPECT(refuses("{{@say a 1 | date}}", "a.page:1: arguments of parts have no pipes"));
    EXPECT(refuses("{{@say wrong}}", "a.page:1: do not say `wrong`"));
    EXPECT(refuses("\n{{@box \"a\"}}{{@end}}", "a.page:2: `width` of part `box` cannot be a text"));
    EXPECT(refuses("{{@box 10}}{{@end}}", "a.page:1: a box of 10 is too wide"));
    EXPECT(
        refuses("{{@box 1 label=\"a\" label=\"b\"}}{{@end}}", "a.page:1: `label` is given twice"));
    EXPECT(refuses("{{@say \"a}}", "a.page:1: the quotes are not closed"));
    EXPECT(refuses("{{@say a{case}.b}}", "a.page:1: {case} is case.CaseDetail, which is no text"));
}

/* --- what is refused ---------------------------------------------------------------------------- */

TEST(template_names_are_checked)
{
    EXPECT(refuses("a\n\n{{nothing}}", "a.page:3: there is no name `nothing`"));
    EXPECT(refuses("{{case.summary.stat}}", "a.page:1: case.CaseSummary has no field `stat`"));
    EXPECT(refuses("{{case.summary.item_name}}",
                   "a.page:1: case.CaseSummary has no field `item_name`"));
    EXPECT(refuses("{{query.x}}", "a.page:1: there is no name `x`"));
    EXPECT(refuses("{{case.materials.name}}", "a.page:1: a list of case.Material has no `name` in "
                                              "it: enter its entries by a section"));
    EXPECT(refuses("{{number.x}}", "a.page:1: a number has no `x` in it"));
    EXPECT(refuses("{{_number}}", "a.page:1: _number, _index, _first and _last are of a list"));
    EXPECT(
        refuses("{{case.materials}}",
                "a.page:1: `case.materials` is a list of case.Material: use a section or | join"));
    EXPECT(refuses("{{case}}", "a.page:1: `case` is case.CaseDetail: say which of its names"));
    EXPECT(refuses("{{}}", "a.page:1: a name is missing"));
    EXPECT(refuses("{{.}}", "a.page:1: `.` is a record: say which of its names"));
    EXPECT(refuses("{{case.}}", "a.page:1: case.CaseDetail has no field ``"));
}

TEST(template_pipes_are_checked)
{
    EXPECT(refuses("{{number | nobody}}", "a.page:1: there is no pipe `nobody`"));
    EXPECT(refuses("{{number | date}}", "a.page:1: pipe `date` does not take a number"));
    EXPECT(refuses("{{case.summary.state | is NOWHERE}}",
                   "a.page:1: case.State has no value `NOWHERE`"));
    EXPECT(refuses("{{number | over}}", "a.page:1: pipe `over` takes 1 argument"));
    EXPECT(refuses("{{number | over x.y}}", "a.page:1: there is no name `x`"));
    EXPECT(refuses("{{number date}}", "a.page:1: a pipe begins with |: `date`"));
    EXPECT(refuses("{{number | is 1 |}}", "a.page:1: there is no pipe ``"));
}

TEST(template_blocks_are_closed)
{
    EXPECT(refuses("a\n{{#case}}\nb", "a.page:2: `case` is not closed"));
    EXPECT(refuses("{{/case}}", "a.page:1: {{/case}} closes nothing"));
    EXPECT(refuses("{{@end}}", "a.page:1: {{@end}} closes nothing"));
    EXPECT(refuses("{{#case}}{{@box 1}}\n{{/case}}{{@end}}",
                   "a.page:2: {{/case}} stands where `box` of line 1 is open"));
    EXPECT(
        refuses("{{#case}}{{/page}}", "a.page:1: {{/page}} stands where `case` of line 1 is open"));
    EXPECT(refuses("{{>open}}", "open:1: `case` is not closed (used at a.page:1)"));
    EXPECT(refuses("a {{b", "a.page:1: the tag is not closed"));
    EXPECT(refuses("{{=x=}}", "a.page:1: delimiters are set like this: {{=<% %>=}}"));
}

TEST(template_raw_output_is_refused)
{
    const char *sentence =
        "a.page:1: `page.path` would not be escaped: HTML is made by parts, not by {{{ or {{&";
    EXPECT(refuses("{{{page.path}}}", sentence));
    EXPECT(refuses("{{&page.path}}", sentence));
}

/* Escaping helps in text and in quotes; elsewhere a value would not be held. */
TEST(template_values_stand_where_escaping_is_enough)
{
    const char *in_tag = "a.page:1: a value inside of a tag stands in quotes";
    const char *in_code = "a.page:1: values inside of <script> and <style> would not be escaped";
    EXPECT(gives("<!doctype html><a href=\"/{{number}}?a={{number}}\" title='{{number}}'>{{number}}"
                 "<br/><!-- > {{number}} --><input disabled>{{number}} < {{number}}</a>",
                 "<!doctype html><a href=\"/7?a=7\" title='7'>7"
                 "<br/><!-- > 7 --><input disabled>7 < 7</a>"));
    EXPECT(gives("<script src=\"/a\"></script>{{number}}", "<script src=\"/a\"></script>7"));
    EXPECT(gives("<a{{#answer}} class=\"b\"{{/answer}}>{{number}}</a>", "<a class=\"b\">7</a>"));
    EXPECT(refuses("<a href={{number}}>", in_tag) && refuses("<a href=/{{number}}>", in_tag));
    EXPECT(refuses("<a {{number}}>", in_tag) && refuses("<a x{{number}}=\"\">", in_tag));
    EXPECT(refuses("<{{number}}>", in_tag) && refuses("<h{{number}}>", in_tag));
    EXPECT(refuses("<script>{{number}}</script>", in_code));
    EXPECT(refuses("<STYLE media=\"x\">p{}</p>{{number}}", in_code));
}

TEST(template_inline_styles_and_handlers_are_refused)
{
    EXPECT(refuses("<p>a</p>\n<p class=\"x\"\n style=\"y\">",
                   "a.page:3: style=\"…\" is forbidden by the CSP: write a class in site.css"));
    EXPECT(refuses("<p\nONCLICK='x'>", "a.page:2: handlers (on…=\"…\") are forbidden by the CSP: "
                                       "write them in site.js"));
    EXPECT(gives("style=\"y\" on=\"x\" <p on=\"1\">onclick=</p>",
                 "style=\"y\" on=\"x\" <p on=\"1\">onclick=</p>"));
}

TEST(template_tells_all_faults_each_once)
{
    EXPECT(!compile("{{a}}\n{{>bad}}{{#b}}{{x}}{{/b}}\n{{>bad}}{{case.c}}{{number | d}}"));
    EXPECT(faults.count == 5);
    EXPECT(text_equal(faults.faults[0], "a.page:1: there is no name `a`"));
    EXPECT(text_equal(faults.faults[1], "bad:2: there is no name `nothing` (used at a.page:2)"));
    EXPECT(text_equal(faults.faults[2], "a.page:2: there is no name `b`"));
    EXPECT(text_equal(faults.faults[3], "a.page:3: case.CaseDetail has no field `c`"));
    EXPECT(text_equal(faults.faults[4], "a.page:3: there is no pipe `d`"));
}

/* --- limits ---------------------------------------------------------------------------------------- */

TEST(template_partials_end)
{
    const char *end = "too many sections, partials and blocks inside each other"
                      " (TEMPLATE_DEPTH_MAX): does a partial include itself?";
    EXPECT(!compile("{{>endless}}") && faults.count == 1 && strstr(faults.faults[0], end));
    EXPECT(!compile("{{>twice}}") && faults.count == 1 && strstr(faults.faults[0], end));
}

static const template_t *compile_repeated(const char *text, size_t count)
{
    size_t size = strlen(text);
    char *whole = calloc(1, size * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(whole + i * size, text, size);
    const template_t *template = compile(whole);
    free(whole);
    return template;
}

TEST(template_has_limits)
{
    EXPECT(compile_repeated("{{number}}", TEMPLATE_NODES_MAX - 10));
    EXPECT(!compile_repeated("{{number}}", TEMPLATE_NODES_MAX + 1));
    EXPECT(faults.count == 1 && strstr(faults.faults[0], "too many tags"));
    EXPECT(!compile_repeated("{{#case}}", TEMPLATE_DEPTH_MAX + 1) && faults.count >= 1);
    EXPECT(!compile_repeated("{{nothing}}\n", 1000) && faults.count == TEMPLATE_FAULTS_MAX);
}

TEST(template_stops_at_the_ceiling_of_the_output)
{
    const template_t *template = compile("{{#case.materials}}{{name}}{{/case.materials}}");
    render(template); /* fills root */
    template_scope_t scope = {.root = root, .arena = arena};
    buffer_t out = buffer_new(12);
    EXPECT(text_equal(template_render(template, &scope, &out), "output"));
    buffer_free(&out);
}

TEST(template_stops_when_the_arena_is_full)
{
    const template_t *template = compile("{{case.summary.itemName | url}}");
    render(template);
    arena_t *small = arena_new(8);
    template_scope_t scope = {.root = root, .arena = small};
    buffer_t out = buffer_new(100);
    EXPECT(text_equal(template_render(template, &scope, &out), "memory"));
    buffer_free(&out);
    arena_free(&small);
}

static datum_t empty_entry(const datum_made_t *self, size_t index)
{
    (void) self;
    return datum_int((int64_t) index);
}

TEST(template_stops_a_list_that_is_too_long)
{
    static const datum_type_t numbers = DATUM_TYPE_LIST(datum_type_int);
    static const datum_name_t names[] = {{"list", &numbers}, {NULL, NULL}};
    static const datum_type_t type = DATUM_TYPE_RECORD(names);
    static const datum_made_t made = {empty_entry};
    template_options_t options = {.root = &type};
    template_source_t source = {"a.page", "{{#list}}{{/list}}", 18, 1};
    faults.count = 0;
    const template_t *template = template_compile(&options, &source, arena, &faults);
    datum_t list = datum_made(&made, TEMPLATE_STEPS_MAX + 1);
    template_scope_t scope = {.root = &list, .arena = arena};
    buffer_t out = buffer_new(100);
    EXPECT(text_equal(template_render(template, &scope, &out), "steps"));
    buffer_free(&out);
}

/* A message of another type than was checked is not read: it is nothing. */
TEST(template_does_not_misread_messages)
{
    const template_t *template = compile("({{case.summary.number}})");
    render(template);
    root[0] = datum_message(&materials[0].base);
    template_scope_t scope = {.root = root, .arena = arena};
    buffer_t out = buffer_new(100);
    EXPECT(!template_render(template, &scope, &out) && text_equal(out.data, "()"));
    buffer_free(&out);
}

/* --- lanes ------------------------------------------------------------------------------------------- */

#define LANES 4
#define TURNS 200

static const char *const shared_page =
    "{{#case.materials | where required true}}{{_number}}{{name | cut 2}}{{/case.materials}}"
    "{{@box number}}{{case.summary.state}} {{case.summary.dueAt | left}}{{@end}}";

static void *lane(void *argument)
{
    const template_t *template = argument;
    size_t wrong = 0;
    for (size_t i = 0; i < TURNS; i++) {
        arena_t *own = arena_new(1 << 16);
        template_scope_t scope = {.root = root, .arena = own, .now_ms = 1795420800000};
        buffer_t out = buffer_new(1000);
        wrong += template_render(template, &scope, &out) ||
                 !text_equal(out.data, "1申请…2身份…[7:已受理 还剩1天]");
        buffer_free(&out);
        arena_free(&own);
    }
    return (void *) wrong;
}

/* A compiled template is read only: lanes render it side by side. */
TEST(template_is_shared_by_lanes)
{
    pthread_t threads[LANES];
    const template_t *template = compile(shared_page);
    EXPECT(template != NULL);
    render(template); /* fills root */
    for (size_t i = 0; i < LANES; i++)
        EXPECT(pthread_create(&threads[i], NULL, lane, (void *) template) == 0);
    for (size_t i = 0; i < LANES; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        EXPECT(!wrong);
    }
}
