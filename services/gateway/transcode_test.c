#include "transcode.h"

#include "json.h"
#include "lane.h"
#include "test.h"
#include "text.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"
#include "yiwang/identity.pb-c.h"

#define CASE_ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static faults_t faults;
static arena_t *arena;
static ProtobufCMessage *message;

/* One request; the message and the faults stay for the test to look at. */
static problem_t take(verb_t verb, const char *path, const char *query, const char *type,
                      const char *body)
{
    static routes_t *routes;
    if (!routes)
        routes = lane_routes();
    arena_free(&arena);
    arena = arena_new(4 << 20);
    faults.count = 0;
    message = NULL;
    route_match_t match = routes_find(routes, verb, span_text(path));
    EXPECT(match.route && match.route->method);
    transcode_t in = {&match, span_text(query), span_text(body), span_text(type)};
    bool partial = match.route->method->flags & METHOD_UPLOAD;
    return transcode(&in, partial, arena, &faults, &message);
}

static bool fault(const char *field, const char *code)
{
    for (size_t i = 0; i < faults.count; i++)
        if (text_equal(faults.faults[i].field, field) && text_equal(faults.faults[i].code, code))
            return true;
    return false;
}

TEST(a_path_and_a_body_become_a_message)
{
    EXPECT(take(VERB_POST, "/api/v1/cases/" CASE_ID ":submit", "",
                "application/json; charset=utf-8", "{\"version\":\"7\"}") == PROBLEM_NONE);
    const Case__SubmitRequest *in = (const Case__SubmitRequest *) message;
    EXPECT(in && text_equal(in->id, CASE_ID) && in->version == 7);
}

/* The path says which case; a body that says another is refused. */
TEST(a_body_may_not_contradict_the_path)
{
    EXPECT(take(VERB_POST, "/api/v1/cases/" CASE_ID ":submit", "", "application/json",
                "{\"version\":\"7\",\"id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAX\"}") == PROBLEM_INVALID);
    EXPECT(faults.count == 1 && text_equal(faults.faults[0].field, "id"));
}

TEST(query_parameters_by_both_names_and_decoded)
{
    EXPECT(take(VERB_GET, "/api/v1/items", "pageSize=5&page_token=a%20b+c", "", "") ==
           PROBLEM_NONE);
    const Catalog__SearchItemsRequest *in = (const Catalog__SearchItemsRequest *) message;
    EXPECT(in && in->page_size == 5 && text_equal(in->page_token, "a b c"));
}

TEST(all_wrong_parameters_are_named)
{
    EXPECT(take(VERB_GET, "/api/v1/items", "pageSize=x&bogus=1&pageToken=a&pageToken=b", "", "") ==
           PROBLEM_INVALID);
    EXPECT(fault("pageSize", "type"));
    EXPECT(fault("bogus", "unknown"));
    EXPECT(fault("pageToken", "duplicate"));
}

TEST(rules_hold_at_the_edge)
{
    EXPECT(take(VERB_POST, "/api/v1/codes", "", "application/json", "{\"mobile\":\"1\"}") ==
           PROBLEM_INVALID);
    EXPECT(fault("mobile", "length") && fault("purpose", "required"));
}

TEST(bad_encodings)
{
    EXPECT(take(VERB_GET, "/api/v1/items/%zz", "", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items/%f", "", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items/%", "", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items/%ff", "", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items/%00", "", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items", "pageToken=%ed%a0%80", "", "") == PROBLEM_PATH);
    EXPECT(take(VERB_GET, "/api/v1/items", "%ff=1", "", "") == PROBLEM_PATH);
}

TEST(bodies_only_where_they_belong)
{
    EXPECT(take(VERB_GET, "/api/v1/items", "", "application/json", "{}") ==
           PROBLEM_BODY_UNEXPECTED);
    EXPECT(take(VERB_POST, "/api/v1/codes", "", "text/plain", "{}") == PROBLEM_MEDIA_TYPE);
    EXPECT(take(VERB_POST, "/api/v1/codes", "", "", "{}") == PROBLEM_MEDIA_TYPE);
    EXPECT(take(VERB_POST, "/api/v1/codes", "mobile=1", "application/json", "{}") ==
           PROBLEM_QUERY_UNEXPECTED);
    EXPECT(take(VERB_POST, "/api/v1/codes", "", "application/json", "") == PROBLEM_INVALID);
}

/* offset, size, data and last are the gateway's, not the client's. */
TEST(parts_of_files_are_not_for_clients)
{
    const char *path = "/api/v1/cases/" CASE_ID "/materials/m1/files/a.pdf";
    EXPECT(take(VERB_PUT, path, "", "application/pdf", "%PDF") == PROBLEM_NONE);
    EXPECT(take(VERB_PUT, path, "offset=1&size=2&last=true&data=AA", "application/pdf", "x") ==
           PROBLEM_INVALID);
    EXPECT(fault("offset", "unknown") && fault("size", "unknown") && fault("last", "unknown") &&
           fault("data", "unknown"));
    EXPECT(take(VERB_GET, "/api/v1/cases/" CASE_ID "/files/" CASE_ID, "offset=5", "", "") ==
           PROBLEM_INVALID);
}

TEST(too_many_parameters)
{
    char query[4 * (TRANSCODE_PARAMETERS_MAX + 1) + 1];
    for (size_t i = 0; i <= TRANSCODE_PARAMETERS_MAX; i++)
        memcpy(query + 4 * i, "a=b&", 5);
    EXPECT(take(VERB_GET, "/api/v1/items", query, "", "") == PROBLEM_PATH);
}

TEST(media_types)
{
    EXPECT(transcode_media_is(SPAN("application/json"), "application/json"));
    EXPECT(transcode_media_is(SPAN(" Application/JSON ; charset=utf-8"), "application/json"));
    EXPECT(!transcode_media_is(SPAN("application/jsonp"), "application/json"));
    EXPECT(!transcode_media_is(SPAN(""), "application/json"));
}
