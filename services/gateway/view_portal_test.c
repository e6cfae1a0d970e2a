/* view_portal_test.c - steps, filters, questions, answers, stations: each looked at through the
 * names that pages use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "test.h"
#include "text.h"
#include "view.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

static arena_t *arena;

static void begin(void)
{
    arena_free(&arena);
    arena = arena_new(4 << 20);
}

static datum_t message(const ProtobufCMessageDescriptor *type, const char *json)
{
    faults_t faults = {.count = 0};
    ProtobufCMessage *out = message_new(type, arena);
    if (!json_parse(json, strlen(json), arena, out, &faults))
        fprintf(stderr, "    %s %s\n", faults.faults[0].field, faults.faults[0].message);
    return datum_message(out);
}

/* What somebody typed into an address: "audience=AUDIENCE_PERSON theme=…" */
typedef struct {
    datum_map_t map;
    const char *text;
} query_t;

static datum_t query_find(const datum_map_t *map, const char *name, size_t size)
{
    const char *at = ((const query_t *) map)->text;
    while (at && *at) {
        size_t key = strcspn(at, "="), value = strcspn(at + key + 1, " ");
        if (key == size && memcmp(at, name, size) == 0)
            return datum_bytes(at + key + 1, value);
        at += key + 1 + value;
        at += *at == ' ';
    }
    return datum_none();
}

static datum_t query(const char *text)
{
    query_t *self = arena_alloc(arena, sizeof *self);
    *self = (query_t){{query_find}, text};
    return datum_map(&self->map);
}

static const view_t *view;

static datum_t make(const char *name, const datum_t *arguments, size_t count)
{
    view = view_portal;
    while (view->name && !text_equal(view->name, name))
        view++;
    const view_call_t call = {arguments, count, arena, 0};
    return view->name ? view->make(&call) : datum_none();
}

/* The text that a dotted name of what the view gave leads to; numbers pick entries: "list.0.key". */
static const char *at(datum_t value, const char *name)
{
    const datum_type_t *type = view->gives;
    static char out[512];
    for (const char *rest = name; *rest;) {
        size_t size = strcspn(rest, ".");
        if (type->kind == DATUM_LIST) {
            value = datum_at(value, (size_t) strtoul(rest, NULL, 10));
            type = type->entry;
        } else {
            datum_path_t path;
            if (datum_path(type, rest, size, arena, &path))
                return "no such name";
            value = datum_follow(&path, value);
            type = path.type;
        }
        rest += size;
        rest += *rest == '.';
    }
    if (value.kind == DATUM_LIST)
        snprintf(out, sizeof out, "%u", value.count);
    else
        snprintf(out, sizeof out, "%s", datum_plain(value, arena));
    return out;
}

#define IS(value, name, text) EXPECT(text_equal(at((value), (name)), (text)))

static const char ITEM[] =
    "{\"audiences\":[\"AUDIENCE_ENTERPRISE\",\"AUDIENCE_PERSON\"],\"formFields\":["
    "{\"id\":\"name\",\"label\":\"工程名称\",\"type\":\"FIELD_TYPE_TEXT\",\"required\":true,\"group\":\"工程\"},"
    "{\"id\":\"kind\",\"label\":\"类别\",\"type\":\"FIELD_TYPE_CHOICES\",\"group\":\"其他\",\"choices\":["
    "{\"value\":\"a\",\"label\":\"甲\"},{\"value\":\"b\",\"label\":\"乙\"}]},"
    "{\"id\":\"owner\",\"label\":\"建设单位\",\"type\":\"FIELD_TYPE_PARTY\",\"required\":true,\"group\":\"工程\"},"
    "{\"id\":\"day\",\"label\":\"开工日期\",\"type\":\"FIELD_TYPE_DATE\",\"group\":\"工程\"}],"
    "\"materials\":[{\"id\":\"plan\",\"name\":\"图纸\",\"need\":\"MATERIAL_NEED_ALWAYS\"},"
    "{\"id\":\"photo\",\"name\":\"照片\",\"need\":\"MATERIAL_NEED_SOMETIMES\"}]}";

static datum_t steps(const char *json, const char *key)
{
    const datum_t arguments[] = {message(&case__case_detail__descriptor, json),
                                 message(&catalog__item__descriptor, ITEM), datum_text(key)};
    return make("apply_steps", arguments, 3);
}

/* Applicant, two groups in the order of their fields, two materials; what is missing is named. */
TEST(steps_of_a_fresh_draft)
{
    begin();
    datum_t it = steps(
        "{\"summary\":{\"state\":\"STATE_DRAFT\"},\"applicant\":{\"kind\":\"APPLICANT_KIND_PERSON\"}}",
        "form-1");
    IS(it, "list", "5");
    IS(it, "list.0.key", "applicant");
    IS(it, "list.0.done", "true");
    IS(it, "list.1.title", "工程");
    IS(it, "list.1.lacks.0", "工程名称");
    IS(it, "list.1.lacks.1", "建设单位");
    IS(it, "list.1.lacks", "2");
    IS(it, "list.1.current", "true");
    IS(it, "list.2.optional", "true");
    IS(it, "list.3.key", "material-plan");
    IS(it, "list.3.done", "false");
    IS(it, "list.4.optional", "true");
    IS(it, "current.key", "form-1");
    IS(it, "previous", "applicant");
    IS(it, "next", "form-2");
    IS(it, "first", "form-1");
    IS(it, "done", "3");
    IS(it, "ready", "false");
    IS(it, "submitted", "false");
    IS(it, "forPerson", "true");
    IS(it, "forBody", "true");
}

TEST(steps_of_a_whole_draft)
{
    begin();
    static const char json[] =
        "{\"summary\":{\"state\":\"STATE_DRAFT\"},\"applicant\":{\"kind\":\"APPLICANT_KIND_ORGANISATION\","
        "\"name\":\"示例公司\",\"idNumber\":\"91350100M000100Y43\"},"
        "\"form\":[{\"name\":\"name\",\"value\":\"一号楼\"},{\"name\":\"owner\",\"value\":\"甲|91350100M000100Y43\"}],"
        "\"materials\":[{\"materialId\":\"plan\",\"paper\":true}]}";
    datum_t it = steps(json, "check");
    IS(it, "ready", "true");
    IS(it, "first", "check");
    IS(it, "previous", "material-photo");
    IS(it, "current.key", "");
    it = steps(json, "material-photo");
    IS(it, "next", "check");
    IS(it, "current.material.name", "照片");
    IS(it, "current.number", "5");
}

/* An address of a former version of the item leads to what is to be done; an organisation needs its
 * name and code; a submitted case is none to fill in. */
TEST(steps_go_on_where_something_is_missing)
{
    begin();
    datum_t it = steps("{\"summary\":{\"state\":\"STATE_SUBMITTED\"},\"applicant\":{\"kind\":"
                       "\"APPLICANT_KIND_ORGANISATION\"}}",
                       "material-gone");
    IS(it, "current.key", "applicant");
    IS(it, "list.0.lacks", "2");
    IS(it, "submitted", "true");
    IS(it, "previous", "");
}

TEST(answers_are_read_by_people)
{
    begin();
    const datum_t arguments[] = {
        message(
            &case__case_detail__descriptor,
            "{\"form\":[{\"name\":\"kind\",\"value\":\"b,a\"},{\"name\":\"owner\",\"value\":\"甲|9135\"},"
            "{\"name\":\"day\",\"value\":\"2026-03-02\"}]}"),
        message(&catalog__item__descriptor, ITEM)};
    datum_t it = make("form_answers", arguments, 2);
    IS(it, "0.title", "工程");
    IS(it, "0.step", "form-1");
    IS(it, "0.rows.0.lacking", "true");
    IS(it, "0.rows.0.anchor", "submit-form-name");
    IS(it, "0.rows.1.value", "甲（9135）");
    IS(it, "0.rows.2.value", "2026年3月2日");
    IS(it, "1.rows.0.value", "乙、甲");
}

static const char COUNTS[] =
    "{\"total\":9,\"audiences\":[{\"value\":\"AUDIENCE_PERSON\",\"label\":\"自然人\",\"items\":6},"
    "{\"value\":\"AUDIENCE_ENTERPRISE\",\"label\":\"企业法人\",\"items\":5}],"
    "\"personThemes\":[{\"value\":\"户籍办理\",\"label\":\"户籍办理\",\"items\":3},{\"value\":\"证件办理\",\"label\":\"证件办理\",\"items\":2}],"
    "\"aims\":[{\"value\":\"AIM_FIRST\",\"label\":\"首次办理\",\"items\":9}],"
    "\"departments\":[{\"value\":\"gaj\",\"label\":\"公安局\",\"items\":9}]}";

/* Filters that are on can be taken off, those with one value are none, addresses are encoded. */
TEST(filters_of_a_search)
{
    begin();
    const datum_t arguments[] = {message(&catalog__item_counts__descriptor, COUNTS),
                                 query("q=户口&x audience=AUDIENCE_PERSON pageToken=40")};
    datum_t it = make("search_facets", arguments, 2);
    IS(it, "active", "1");
    IS(it, "active.0.label", "服务对象：自然人");
    IS(it, "active.0.href", "/search?q=%E6%88%B7%E5%8F%A3%26x");
    IS(it, "groups", "1");
    IS(it, "groups.0.title", "主题");
    IS(it, "groups.0.links.1.label", "证件办理");
    IS(it, "groups.0.links.1.href",
       "/search?q=%E6%88%B7%E5%8F%A3%26x&audience=AUDIENCE_PERSON&themeKind=THEME_KIND_PERSON"
       "&theme=%E8%AF%81%E4%BB%B6%E5%8A%9E%E7%90%86");
}

TEST(pages_of_a_search)
{
    begin();
    const datum_t arguments[] = {message(&catalog__search_items_response__descriptor,
                                         "{\"total\":55,\"nextPageToken\":\"40\"}"),
                                 query("q=a pageToken=20")};
    datum_t it = make("search_pages", arguments, 2);
    IS(it, "number", "2");
    IS(it, "total", "3");
    IS(it, "first", "21");
    IS(it, "previous", "/search?q=a");
    IS(it, "next", "/search?q=a&pageToken=40");
}

/* The first question that still tells items apart; an answer taken back takes later ones along. */
TEST(questions_narrow_down)
{
    begin();
    datum_t arguments[] = {message(&catalog__item_counts__descriptor, COUNTS), query("")};
    datum_t it = make("narrow", arguments, 2);
    IS(it, "question", "您为谁办事？");
    IS(it, "options.1.href", "/guide-me?audience=AUDIENCE_ENTERPRISE");
    IS(it, "number", "1");
    arguments[1] = query("audience=AUDIENCE_PERSON");
    it = make("narrow", arguments, 2);
    IS(it, "question", "要办的事与什么有关？");
    IS(it, "answers.0.href", "/guide-me");
    arguments[1] = query("audience=AUDIENCE_PERSON themeKind=THEME_KIND_PERSON theme=户籍办理");
    it = make("narrow", arguments, 2);
    IS(it, "question", ""); /* one aim, one department: nothing to ask */
    IS(it, "answers", "2");
    IS(it, "answers.1.href", "/guide-me?audience=AUDIENCE_PERSON");
    IS(it, "answers.0.href", "/guide-me");
    IS(it, "search",
       "/search?audience=AUDIENCE_PERSON&themeKind=THEME_KIND_PERSON&theme=%E6%88%B7%E7%B1%8D%E5%8A%9E%E7%90%86");
}

TEST(stations_of_a_case)
{
    begin();
    datum_t argument = message(
        &case__case_detail__descriptor,
        "{\"summary\":{\"state\":\"STATE_REVIEWING\",\"submittedAt\":\"2026-03-02T01:00:00Z\"},"
        "\"acceptedAt\":\"2026-03-03T01:00:00Z\"}");
    datum_t it = make("case_track", &argument, 1);
    IS(it, "1.state", "done");
    IS(it, "1.at", "2026-03-03T01:00:00.000Z");
    IS(it, "2.state", "current");
    IS(it, "4.state", "next");
    argument =
        message(&case__case_detail__descriptor, "{\"summary\":{\"state\":\"STATE_REFUSED\"}}");
    it = make("case_track", &argument, 1);
    IS(it, "1.state", "bad");
    IS(it, "1.title", "不予受理");
    argument =
        message(&case__case_detail__descriptor, "{\"summary\":{\"state\":\"STATE_CLOSED\"}}");
    it = make("case_track", &argument, 1);
    IS(it, "4.state", "done");
}

/* Of the last notice; a field named twice is asked once; what the guide no longer has still shows. */
TEST(gaps_of_a_notice)
{
    begin();
    const datum_t arguments[] = {
        message(
            &case__case_detail__descriptor,
            "{\"materials\":[{\"materialId\":\"plan\",\"paper\":true}],\"corrections\":[{\"number\":1},"
            "{\"number\":2,\"gaps\":[{\"materialId\":\"plan\",\"reason\":\"不清晰\",\"how\":\"重传\"},"
            "{\"field\":\"name\",\"reason\":\"错\",\"how\":\"改\"},{\"field\":\"name\",\"reason\":\"错\",\"how\":\"改\"},"
            "{\"materialId\":\"gone\",\"reason\":\"错\",\"how\":\"改\"}]}]}"),
        message(&catalog__item__descriptor, ITEM)};
    datum_t it = make("gaps", arguments, 2);
    IS(it, "notice.number", "2");
    IS(it, "list", "4");
    IS(it, "list.0.title", "图纸");
    IS(it, "list.0.given.paper", "true");
    IS(it, "list.1.title", "工程名称");
    IS(it, "list.3.title", "其他需要补正的内容");
    IS(it, "fields", "1");
    IS(it, "fields.0.label", "工程名称");
}

TEST(life_has_every_theme_of_the_list)
{
    begin();
    datum_t argument =
        message(&catalog__theme_list__descriptor,
                "{\"themes\":[{\"name\":\"生育收养\",\"kind\":\"THEME_KIND_PERSON\",\"items\":3},"
                "{\"name\":\"设立变更\",\"kind\":\"THEME_KIND_BODY\",\"items\":7}]}");
    datum_t it = make("life", &argument, 1);
    IS(it, "person.0.themes.0.name", "生育收养");
    IS(it, "person.0.items", "3");
    IS(it, "person.0.themes.0.href",
       "/search?themeKind=THEME_KIND_PERSON&theme=%E7%94%9F%E8%82%B2%E6%94%B6%E5%85%BB");
    IS(it, "body.0.items", "7");
    int persons = 0, bodies = 0;
    for (int i = 0; i < 5; i++)
        persons += atoi(at(it, arena_printf(arena, "person.%d.themes", i)));
    for (int i = 0; i < 6; i++)
        bodies += atoi(at(it, arena_printf(arena, "body.%d.themes", i)));
    EXPECT(persons == 31 && bodies == 34);
}

TEST(an_address_on_the_same_host)
{
    begin();
    datum_t arguments[] = {datum_text("https://example.cn:8443/apply/x/receipt?y=1"),
                           datum_text("/query?number="), datum_text("113401A")};
    datum_t it = make("address", arguments, 3);
    IS(it, "address", "https://example.cn:8443/query?number=113401A");
    arguments[0] = datum_text("no address");
    IS(make("address", arguments, 3), "address", "");
}
