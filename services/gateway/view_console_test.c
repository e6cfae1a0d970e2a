/* view_console_test.c - materials, gaps, sections, faults, form rows, permissions, methods: each
 * looked at through the names that pages use. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "method.h"
#include "test.h"
#include "text.h"
#include "view.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

static arena_t *arena;
static const view_t *view;

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

static datum_t make(const char *name, datum_t first, datum_t second)
{
    datum_t arguments[] = {first, second};
    view_call_t call = {arguments, second.kind == DATUM_NONE ? 1 : 2, arena, 1772413200000};
    view = view_find(name);
    return view ? view->make(&call) : datum_none();
}

/* "name" of entry `at`, as a page would show it. */
static const char *shown(datum_t list, size_t at, const char *name)
{
    datum_path_t path;
    const char *fault = datum_path(view->gives->entry, name, strlen(name), arena, &path);
    if (fault)
        return fault;
    return datum_plain(datum_follow(&path, datum_at(list, at)), arena);
}

static const char *const CASE =
    "{\"materials\":[{\"materialId\":\"plan\",\"name\":\"图纸\",\"required\":true},"
    "{\"materialId\":\"id\",\"name\":\"身份证\",\"required\":true,\"paper\":true},"
    "{\"materialId\":\"old\",\"name\":\"旧证\",\"files\":[{\"fileName\":\"a.pdf\",\"complete\":true}]}],"
    "\"corrections\":[{\"number\":1,\"gaps\":[{\"materialId\":\"plan\",\"reason\":\"缺页\",\"how\":\"补\"}]},"
    "{\"number\":2,\"gaps\":[{\"field\":\"area\",\"reason\":\"不符\",\"how\":\"改\"},"
    "{\"field\":\"gone\",\"reason\":\"x\",\"how\":\"y\"}]}]}";
static const char *const ITEM =
    "{\"materials\":[{\"id\":\"plan\",\"acceptanceStandard\":\"加盖公章\",\"condition\":\"新建时\"}],"
    "\"formFields\":[{\"id\":\"area\",\"label\":\"面积\"},{\"id\":\"kind\",\"label\":\"类别\",\"choices\":["
    "{\"value\":\"a\",\"label\":\"甲\"}]}]}";

/* What was handed in stands beside what the guide asks; what must be there and is not, is marked. */
TEST(materials)
{
    begin();
    datum_t detail = message(&case__case_detail__descriptor, CASE);
    datum_t list = make("console_materials", detail, message(&catalog__item__descriptor, ITEM));
    EXPECT(list.count == 3);
    EXPECT(text_equal(shown(list, 0, "standard"), "加盖公章"));
    EXPECT(text_equal(shown(list, 0, "missing"), "true"));
    EXPECT(text_equal(shown(list, 1, "missing"), "false")); /* on paper */
    EXPECT(text_equal(shown(list, 1, "standard"), ""));
    EXPECT(text_equal(shown(list, 2, "index"), "2"));
    datum_t without = make("console_materials", detail, datum_none());
    EXPECT(without.count == 3 && text_equal(shown(without, 0, "standard"), ""));
}

/* Gaps have the names of things, of the notice they belong to; one without a name keeps its id. */
TEST(gaps)
{
    begin();
    datum_t list = make("console_gaps", message(&case__case_detail__descriptor, CASE),
                        message(&catalog__item__descriptor, ITEM));
    EXPECT(list.count == 3);
    EXPECT(text_equal(shown(list, 0, "name"), "图纸") && text_equal(shown(list, 0, "notice"), "1"));
    EXPECT(text_equal(shown(list, 1, "name"), "面积") && text_equal(shown(list, 1, "notice"), "2"));
    EXPECT(text_equal(shown(list, 2, "name"), "gone"));
}

static datum_t report(void)
{
    return message(&catalog__check_report__descriptor,
                   "{\"score\":60,\"faults\":["
                   "{\"field\":\"materials[2].name\",\"message\":\"重复\"},"
                   "{\"field\":\"materials\",\"message\":\"缺少\",\"blocking\":true},"
                   "{\"field\":\"promiseDays\",\"message\":\"过长\",\"blocking\":true},"
                   "{\"field\":\"legalBases\",\"message\":\"无条款\"}]}");
}

static size_t section_at(datum_t list, const char *name)
{
    size_t at = 0;
    while (at < list.count && !text_equal(shown(list, at, "name"), name))
        at++;
    return at;
}

/* Each fault is counted where it can be mended; the present section is marked. */
TEST(sections)
{
    begin();
    datum_t list = make("console_sections", report(), datum_text("materials"));
    size_t materials = section_at(list, "materials"), handling = section_at(list, "handling");
    EXPECT(materials < list.count && handling < list.count);
    EXPECT(text_equal(shown(list, materials, "faults"), "2"));
    EXPECT(text_equal(shown(list, materials, "blocking"), "true"));
    EXPECT(text_equal(shown(list, materials, "current"), "true"));
    EXPECT(text_equal(shown(list, handling, "faults"), "1"));
    EXPECT(text_equal(shown(list, handling, "current"), "false"));
    EXPECT(text_equal(shown(list, section_at(list, "fees"), "faults"), "0"));
}

/* Of one section or of all; what keeps a draft back comes first. */
TEST(faults)
{
    begin();
    datum_t list = make("console_faults", report(), datum_text("materials"));
    EXPECT(list.count == 2);
    EXPECT(text_equal(shown(list, 0, "message"), "缺少"));
    EXPECT(text_equal(shown(list, 1, "message"), "重复"));
    list = make("console_faults", report(), datum_none());
    EXPECT(list.count == 4 && text_equal(shown(list, 0, "blocking"), "true"));
    EXPECT(text_equal(shown(list, 1, "section"), "handling"));
    EXPECT(text_equal(shown(list, 2, "blocking"), "false"));
}

/* Every field of a guide that an editor writes is in exactly one section: one that is in none could
 * be mended nowhere. */
TEST(every_field_has_its_section)
{
    static const char *const ours[] = {"id",         "version",    "revision", "state",
                                       "parent_id",  "popularity", "flags",    "published_at",
                                       "updated_at", "source_name"};
    for (unsigned i = 0; i < catalog__item__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &catalog__item__descriptor.fields[i];
        bool kept = false;
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            kept = kept || text_equal(field->name, ours[k]);
        begin();
        char name[64], json[200];
        message_camel(field->name, name);
        snprintf(json, sizeof json, "{\"faults\":[{\"field\":\"%s\",\"message\":\"x\"}]}", name);
        datum_t list = make("console_sections", message(&catalog__check_report__descriptor, json),
                            datum_none());
        unsigned sections = 0;
        for (size_t at = 0; at < list.count; at++)
            sections += text_equal(shown(list, at, "faults"), "1");
        if (sections != (kept ? 0 : 1))
            fprintf(stderr, "    %s is in %u sections\n", name, sections);
        EXPECT(sections == (kept ? 0 : 1));
    }
}

/* Rows for the fields of a form and an empty one; choices count for themselves. */
TEST(form_rows)
{
    begin();
    datum_t list =
        make("console_form_rows", message(&catalog__item__descriptor, ITEM), datum_none());
    EXPECT(list.count == 3);
    EXPECT(text_equal(shown(list, 1, "at"), "1"));
    EXPECT(text_equal(shown(list, 1, "field.label"), "类别"));
    EXPECT(text_equal(shown(list, 1, "fresh"), "false") &&
           text_equal(shown(list, 2, "fresh"), "true"));
    datum_path_t path;
    EXPECT(!datum_path(view->gives->entry, "choiceRows", strlen("choiceRows"), arena, &path));
    datum_t choices = datum_follow(&path, datum_at(list, 1));
    EXPECT(choices.count == 4); /* the one there is, and three empty ones */
    EXPECT(datum_follow(&path, datum_at(list, 2)).count == 3);
}

/* Only what the caller may grant, or the member holds already; what posts bring is said. */
TEST(permissions)
{
    begin();
    datum_t catalogue = message(
        &identity__permission_list__descriptor,
        "{\"permissions\":[{\"name\":\"case.review\",\"label\":\"审查办件\",\"grantable\":true,"
        "\"posts\":[\"POST_REVIEW\"]},{\"name\":\"case.all\",\"label\":\"查看\",\"wide\":true},"
        "{\"name\":\"item.all\",\"label\":\"管理\",\"wide\":true}]}");
    datum_t list = make("console_permissions", catalogue, datum_none());
    EXPECT(list.count == 1);
    EXPECT(text_equal(shown(list, 0, "label"), "审查办件（审查岗自带，不用再勾选）"));
    list = make("console_permissions", catalogue,
                message(&identity__staff__descriptor, "{\"permissions\":[\"item.all\"]}"));
    EXPECT(list.count == 2 && text_equal(shown(list, 1, "name"), "item.all"));
    EXPECT(text_equal(shown(list, 1, "label"), "管理（跨部门或管理类）"));
}

/* All methods that the contract opens to systems, each in words. */
TEST(methods)
{
    begin();
    datum_t list = make("console_methods",
                        message(&identity__system__descriptor, "{\"methods\":[\"case.Accept\"]}"),
                        datum_none());
    size_t open = 0;
    for (size_t i = 0; i < contract_method_count; i++)
        open += (contract_methods[i]->may & MAY_SYSTEM) != 0;
    EXPECT(list.count == open && open > 5);
    for (size_t i = 0; i < list.count; i++) {
        bool accept = text_equal(shown(list, i, "name"), "case.Accept");
        EXPECT(text_equal(shown(list, i, "granted"), accept ? "true" : "false"));
        EXPECT(!text_equal(shown(list, i, "label"), shown(list, i, "name")));
    }
}

/* Nothing comes of nothing: a call that failed leaves its argument out. */
TEST(nothing_comes_of_nothing)
{
    begin();
    for (const view_t *row = view_console; row->name; row++) {
        datum_t none[] = {datum_none(), datum_none()};
        view_call_t call = {none, 2, arena, 1772413200000};
        datum_t made = row->make(&call);
        EXPECT(made.kind == DATUM_NONE || made.kind == DATUM_LIST);
    }
}
