#include "route.h"

#include "lane.h"
#include "test.h"
#include "text.h"

static void serve(struct exchange *exchange)
{
    (void) exchange;
}

static routes_t *sample(void)
{
    static const char *const patterns[] = {
        "/",
        "/items",
        "/items/hot",
        "/items/{id}",
        "/items/{id}:accept",
        "/items/{id}:refuse",
        "/items/{id}/guide",
        "/items/{id}/files/{name}",
        "/items:import",
    };
    routes_t *routes = routes_new();
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        routes_add(routes, VERB_GET, patterns[i], patterns[i], NULL, serve);
    routes_add(routes, VERB_POST, "/items", "post items", NULL, serve);
    routes_add(routes, VERB_DELETE, "/items/{id}", "delete item", NULL, serve);
    return routes;
}

static bool leads(const routes_t *routes, const char *path, const char *name)
{
    route_match_t match = routes_find(routes, VERB_GET, span_text(path));
    return text_equal(match.route ? match.route->name : NULL, name);
}

/* Every pattern is found by a path of its shape, and only by that. */
TEST(paths_lead_to_their_routes)
{
    routes_t *routes = sample();
    EXPECT(leads(routes, "/", "/"));
    EXPECT(leads(routes, "/items", "/items"));
    EXPECT(leads(routes, "/items/hot", "/items/hot"));
    EXPECT(leads(routes, "/items/17", "/items/{id}"));
    EXPECT(leads(routes, "/items/17/guide", "/items/{id}/guide"));
    EXPECT(leads(routes, "/items:import", "/items:import"));
    EXPECT(leads(routes, "/items/17/files/a.pdf", "/items/{id}/files/{name}"));
    EXPECT(leads(routes, "", NULL));
    EXPECT(leads(routes, "*", NULL));
    EXPECT(leads(routes, "items", NULL));
    EXPECT(leads(routes, "//items", NULL));
    EXPECT(leads(routes, "/items/", NULL));
    EXPECT(leads(routes, "/items//guide", NULL));
    EXPECT(leads(routes, "/items/17/guide/more", NULL));
    EXPECT(leads(routes, "/item", NULL));
    EXPECT(leads(routes, "/itemss", NULL));
    routes_free(&routes);
    EXPECT(!routes);
}

/* "/items/hot" is a literal, "/items/hot/guide" can only be the item called hot. */
TEST(a_literal_that_leads_nowhere_gives_way_to_the_variable)
{
    routes_t *routes = sample();
    EXPECT(leads(routes, "/items/hot/guide", "/items/{id}/guide"));
    route_match_t match = routes_find(routes, VERB_GET, SPAN("/items/hot/files/x"));
    EXPECT(match.route && span_is(match.values[0], "hot") && span_is(match.values[1], "x"));
    routes_free(&routes);
}

TEST(an_action_is_cut_off_the_value_and_only_a_known_one)
{
    routes_t *routes = sample();
    route_match_t match = routes_find(routes, VERB_GET, SPAN("/items/a:b:accept"));
    EXPECT(text_equal(match.route->name, "/items/{id}:accept"));
    EXPECT(span_is(match.values[0], "a:b"));
    match = routes_find(routes, VERB_GET, SPAN("/items/a:unknown"));
    EXPECT(text_equal(match.route->name, "/items/{id}") && span_is(match.values[0], "a:unknown"));
    match = routes_find(routes, VERB_GET, SPAN("/items/:accept"));
    EXPECT(text_equal(match.route->name, "/items/{id}")); /* nothing before it: a value */
    EXPECT(leads(routes, "/items/a:accept/guide", "/items/{id}/guide"));
    routes_free(&routes);
}

TEST(another_verb_is_told_which_there_are)
{
    char allow[64];
    routes_t *routes = sample();
    route_match_t match = routes_find(routes, VERB_PUT, SPAN("/items"));
    EXPECT(!match.route && match.verbs);
    route_allow(match.verbs, allow);
    EXPECT(text_equal(allow, "GET, HEAD, POST, OPTIONS"));
    match = routes_find(routes, VERB_PUT, SPAN("/nothing"));
    EXPECT(!match.route && !match.verbs);
    route_allow(~1u, allow);
    EXPECT(text_equal(allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    routes_free(&routes);
}

TEST(a_path_with_too_many_segments_is_none)
{
    char path[2 * (ROUTE_SEGMENTS_MAX + 2) + 1] = "";
    routes_t *routes = sample();
    for (size_t i = 0; i < ROUTE_SEGMENTS_MAX + 2; i++)
        memcpy(path + 2 * i, "/a", 3);
    EXPECT(!routes_find(routes, VERB_GET, span_text(path)).verbs);
    routes_free(&routes);
}

TEST(verbs)
{
    bool head;
    EXPECT(route_verb(SPAN("GET"), &head) == VERB_GET && !head);
    EXPECT(route_verb(SPAN("HEAD"), &head) == VERB_GET && head);
    EXPECT(route_verb(SPAN("PATCH"), &head) == VERB_PATCH);
    EXPECT(route_verb(SPAN("get"), &head) == VERB_NONE);
    EXPECT(route_verb(SPAN("OTHER"), &head) == VERB_NONE);
    EXPECT(route_verb(SPAN(""), &head) == VERB_NONE);
}

/* The whole contract stands in one table, and each method is found by a path of its own. */
TEST(every_method_of_the_contract_is_reached)
{
    routes_t *routes = lane_routes();
    size_t count = 0;
    for (size_t i = 0; i < contract_method_count; i++) {
        const method_t *method = contract_methods[i];
        if (method->verb == VERB_NONE || !(method->may & (MAY_PUBLIC | MAY_PERSON | MAY_STAFF)))
            continue;
        char path[256];
        size_t size = 0;
        for (const char *c = method->path; *c; c++) {
            if (*c == '{')
                c = strchr(c, '}');
            path[size++] = *c == '}' ? 'x' : *c;
        }
        route_match_t match = routes_find(routes, method->verb, span(path, size));
        EXPECT(match.route && match.route->method == method);
        count++;
    }
    EXPECT(count > 50);
    routes_free(&routes);
}
