/* fuzz_http.c - what a stranger's request meets before any service: route, path, query, body,
 * rules, and the way to the bus and back.
 *
 * Input: "VERB path?query\n" content-type "\n" body.  A broken first line is a broken request. */
#include <stdlib.h>

#include "address.h"
#include "arena.h"
#include "buffer.h"
#include "check.h"
#include "cookie.h"
#include "json.h"
#include "message.h"
#include "method.h"
#include "multipart.h"
#include "problem.h"
#include "route.h"
#include "transcode.h"

static void serve(struct exchange *exchange)
{
    (void) exchange;
}

static const routes_t *routes_of_contract(void)
{
    static routes_t *routes;
    if (routes)
        return routes;
    routes = routes_new();
    for (size_t i = 0; i < contract_method_count; i++)
        if (contract_methods[i]->verb != VERB_NONE)
            routes_add(routes, contract_methods[i]->verb, contract_methods[i]->path,
                       contract_methods[i]->name, contract_methods[i], serve);
    return routes;
}

/* What was accepted must survive the bus and be printable. */
static void round_trip(const ProtobufCMessage *message, arena_t *arena)
{
    ProtobufCBinaryData packed = message_pack(message, arena);
    if (!packed.data)
        return;
    const ProtobufCMessage *again =
        message_unpack(message->descriptor, arena, packed.data, packed.len);
    if (!again)
        return; /* past the arena */
    buffer_t text = buffer_new(64u << 20);
    json_print(again, true, &text);
    CHECK(!text.full);
    buffer_free(&text);
}

/* The first line as a cookie header, and as a path that a redirect shall go to. */
static void browser(span_t line)
{
    arena_t *arena = arena_new(1u << 20);
    span_t value = cookie_get(line, COOKIE_VIEW);
    CHECK(value.size <= COOKIE_VALUE_MAX);
    const char *text = arena_copy(arena, value.data, value.size);
    const char *set = text ? cookie_set(arena, COOKIE_VIEW, text, 60) : NULL;
    CHECK(!set || !strpbrk(set, "\r\n"));
    const char *path = arena_copy(arena, line.data, line.size);
    if (path && address_local(path)) {
        const char *header = address_header(path, arena);
        CHECK(header[0] == '/' && header[1] != '/' && !strpbrk(header, " \r\n\t\\"));
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static faults_t faults;
    span_t rest = span((const char *) data, size), type, body, query, target;
    span_t first = span_cut(rest, '\n', &rest);
    type = span_cut(rest, '\n', &body);
    browser(first);
    span_t verb = span_cut(first, ' ', &target);
    span_t path = span_cut(target, '?', &query);

    bool head;
    route_match_t match = routes_find(routes_of_contract(), route_verb(verb, &head), path);
    multipart_t part;
    if (multipart_file(type, body, &part))
        CHECK(part.data.data >= body.data &&
              part.data.data + part.data.size <= body.data + body.size);
    if (!match.route)
        return 0;

    arena_t *arena = arena_new(16u << 20);
    ProtobufCMessage *message = NULL;
    faults.count = 0;
    transcode_t in = {&match, query, body, type};
    bool partial = match.route->method->flags & METHOD_UPLOAD;
    problem_t problem = transcode(&in, partial, arena, &faults, &message);
    CHECK((problem == PROBLEM_NONE) == (message != NULL));
    if (problem == PROBLEM_NONE) {
        round_trip(message, arena);
    } else {
        buffer_t text = buffer_new(1u << 20);
        problem_print(problem, &faults, "", &text);
        CHECK(!text.full);
        buffer_free(&text);
    }
    arena_free(&arena);
    return 0;
}
