#include "datum.h"

#include "message.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/identity.pb-c.h"

static arena_t *arena;

static void begin(void)
{
    arena_free(&arena);
    arena = arena_new(1 << 20);
}

static const datum_type_t detail_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);

static const datum_type_t *type_of(const ProtobufCMessageDescriptor *message, const char *name)
{
    return datum_type_field(message_field(message, name, strlen(name)), arena);
}

static bool is_named(const datum_type_t *type, const char *name)
{
    return type && text_equal(datum_type_name(type, arena), name);
}

TEST(datum_types_of_fields)
{
    begin();
    const ProtobufCMessageDescriptor *detail = &case__case_detail__descriptor;
    EXPECT(is_named(type_of(detail, "summary"), "case.CaseSummary"));
    EXPECT(is_named(type_of(detail, "itemCode"), "a text"));
    EXPECT(is_named(type_of(detail, "itemVersion"), "a number"));
    EXPECT(is_named(type_of(detail, "materials"), "a list of case.Material"));
    EXPECT(is_named(type_of(detail, "actions"), "a list of case.Action"));
    EXPECT(is_named(type_of(detail, "acceptedAt"), "a time"));
    EXPECT(is_named(type_of(detail, "deemedAccepted"), "a bool"));
    EXPECT(is_named(type_of(detail, "delivery"), "case.Delivery"));
    EXPECT(is_named(type_of(&case__file_part__descriptor, "data"), "a bool")); /* bytes: any? */
}

TEST(datum_types_compare)
{
    begin();
    const datum_type_t *a = type_of(&case__case_detail__descriptor, "materials");
    const datum_type_t *b = type_of(&case__case_detail__descriptor, "materials");
    EXPECT(a != b && datum_type_same(a, b));
    EXPECT(!datum_type_same(a, type_of(&case__case_detail__descriptor, "actions")));
    EXPECT(!datum_type_same(a, a->entry) && !datum_type_same(&datum_type_int, &datum_type_text));
    EXPECT(datum_type_knows(&detail_type, "itemCode", 8));
    EXPECT(!datum_type_knows(&detail_type, "item_code", 9) &&
           !datum_type_knows(&datum_type_int, "a", 1));
}

static bool refuses(const datum_type_t *from, const char *name, const char *why)
{
    datum_path_t path;
    return text_equal(datum_path(from, name, strlen(name), arena, &path), why);
}

TEST(datum_path_says_what_is_wrong)
{
    begin();
    EXPECT(refuses(&detail_type, "summary.sate", "case.CaseSummary has no field `sate`"));
    EXPECT(refuses(&detail_type, "", "case.CaseDetail has no field ``"));
    EXPECT(refuses(&detail_type, "summary.", "case.CaseSummary has no field ``"));
    EXPECT(refuses(&detail_type, "itemCode.x", "a text has no `x` in it"));
    EXPECT(refuses(&detail_type, "summary.state.a.b.c.d.e.f.g", "case.State has no `a` in it"));
    arena_t *small = arena_new(8);
    datum_path_t path;
    EXPECT(datum_path(&detail_type, "itemCode", 8, small, &path));
    arena_free(&small);
}

TEST(datum_path_has_few_dots)
{
    static datum_type_t self;
    static const datum_name_t names[] = {{"a", &self}, {NULL, NULL}};
    self = (datum_type_t) DATUM_TYPE_RECORD(names);
    datum_path_t path;
    begin();
    EXPECT(!datum_path(&self, "a.a.a.a.a.a.a.a", 15, arena, &path) && path.count == 8);
    EXPECT(text_equal(datum_path(&self, "a.a.a.a.a.a.a.a.a", 17, arena, &path),
                      "the name has too many dots"));
}

static datum_t follow(const datum_type_t *type, const char *name, datum_t from)
{
    datum_path_t path;
    EXPECT(!datum_path(type, name, strlen(name), arena, &path));
    return datum_follow(&path, from);
}

TEST(datum_path_reads_messages)
{
    begin();
    Case__CaseDetail detail = CASE__CASE_DETAIL__INIT;
    Case__CaseSummary summary = CASE__CASE_SUMMARY__INIT;
    detail.item_version = 7;
    datum_t from = datum_message(&detail.base);
    EXPECT(follow(&detail_type, "itemVersion", from).number == 7);
    EXPECT(follow(&detail_type, "summary.number", from).kind == DATUM_NONE);
    EXPECT(follow(&detail_type, "acceptedAt", from).kind == DATUM_NONE);
    detail.summary = &summary;
    summary.number = "YW-1";
    summary.state = CASE__STATE__STATE_CLOSED;
    EXPECT(text_equal(datum_plain(follow(&detail_type, "summary.number", from), arena), "YW-1"));
    EXPECT(follow(&detail_type, "summary.state", from).choice.value == CASE__STATE__STATE_CLOSED);
    EXPECT(follow(&detail_type, "summary", datum_message(&summary.base)).kind == DATUM_NONE);
    EXPECT(follow(&detail_type, "summary", datum_int(1)).kind == DATUM_NONE);
}

static datum_t echo(const datum_map_t *self, const char *name, size_t size)
{
    (void) self;
    return datum_bytes(name, size);
}

/* A map gets all that is left of the name, dots and all. */
TEST(datum_path_gives_maps_the_rest)
{
    static const datum_type_t map_type = DATUM_TYPE_MAP(datum_type_text);
    static const datum_name_t names[] = {{"typed", &map_type}, {NULL, NULL}};
    static const datum_type_t type = DATUM_TYPE_RECORD(names);
    datum_map_t map = {echo};
    datum_t slots[] = {datum_map(&map)};
    begin();
    datum_t got = follow(&type, "typed.applicant.mobile", datum_record(slots));
    EXPECT(got.kind == DATUM_TEXT && text_equal(datum_plain(got, arena), "applicant.mobile"));
}

static datum_t squares(const datum_made_t *self, size_t index)
{
    (void) self;
    return datum_int((int64_t) (index * index));
}

TEST(datum_lists_of_all_forms)
{
    begin();
    Case__CaseDetail detail = CASE__CASE_DETAIL__INIT;
    Case__Action actions[] = {CASE__ACTION__ACTION_ACCEPT, CASE__ACTION__ACTION_SUBMIT};
    detail.actions = actions;
    detail.n_actions = 2;
    datum_made_t made = {squares};
    datum_t array[] = {datum_int(0), datum_int(1), datum_int(4)};
    datum_t lists[] = {follow(&detail_type, "actions", datum_message(&detail.base)),
                       datum_made(&made, 3), datum_array(array, 3)};
    EXPECT(lists[0].count == 2 &&
           datum_at(lists[0], 1).choice.value == CASE__ACTION__ACTION_SUBMIT);
    EXPECT(datum_at(lists[1], 2).number == 4 && datum_at(lists[2], 2).number == 4);
    for (size_t i = 0; i < 3; i++) {
        datum_t rest;
        EXPECT(datum_at(lists[i], lists[i].count).kind == DATUM_NONE);
        EXPECT(datum_rest(lists[i], 1, arena, &rest) && rest.count == lists[i].count - 1);
        EXPECT(datum_at(rest, 0).number == datum_at(lists[i], 1).number);
        EXPECT(datum_rest(lists[i], 9, arena, &rest) && rest.count == 0);
    }
}

TEST(datum_is_set_when_it_says_something)
{
    begin();
    Case__CaseSummary summary = CASE__CASE_SUMMARY__INIT;
    const ProtobufCEnumDescriptor *state = &case__state__descriptor;
    datum_t one = datum_int(1);
    datum_t set[] = {datum_bool(true),     one,
                     datum_text("0"),      datum_enum(state, 1),
                     datum_time(1),        datum_message(&summary.base),
                     datum_array(&one, 1), datum_html("x", 1)};
    datum_t not_set[] = {datum_none(),     datum_bool(false),   datum_int(0),
                         datum_text(""),   datum_text(NULL),    datum_enum(state, 0),
                         datum_time(0),    datum_message(NULL), datum_array(NULL, 0),
                         datum_html("", 0)};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        EXPECT(datum_is_set(set[i]));
    for (size_t i = 0; i < sizeof not_set / sizeof *not_set; i++)
        EXPECT(!datum_is_set(not_set[i]));
}

/* What it gives, message_set_text() takes. */
TEST(datum_plain_is_for_machines)
{
    begin();
    EXPECT(text_equal(datum_plain(datum_bool(false), arena), "false"));
    EXPECT(text_equal(datum_plain(datum_int(INT64_MIN), arena), "-9223372036854775808"));
    EXPECT(text_equal(datum_plain(datum_bytes("abc", 2), arena), "ab"));
    EXPECT(text_equal(datum_plain(datum_enum(&case__state__descriptor, 1), arena), "STATE_DRAFT"));
    EXPECT(text_equal(datum_plain(datum_enum(&case__state__descriptor, 77), arena), "77"));
    EXPECT(text_equal(datum_plain(datum_time(1795503840000), arena), "2026-11-24T07:04:00.000Z"));
    EXPECT(text_equal(datum_plain(datum_none(), arena), ""));
    arena_t *small = arena_new(1);
    EXPECT(!datum_plain(datum_text("long"), small));
    arena_free(&small);
}
