/* route.h - from a verb and a path to who serves it: a trie over path segments.
 *
 * A pattern is "/api/v1/cases/{id}:accept": segments are literal or one variable
 * in braces; the last segment may carry a ":verb" (Google AIP-136).  A literal
 * wins over a variable; where a literal leads nowhere the variable is tried, so
 * "/items/hot" and "/items/{id}/guide" live together.  Patterns come from the
 * contract and from the gateway's own table (local.c); a page engine adds its
 * own by the same call.  Built at start, read-only afterwards, shared by threads. */
#pragma once
#include "method.h"
#include "metrics.h"
#include "span.h"

#define ROUTE_SEGMENTS_MAX  16 /* of a path; the longest of ours has 8 */
#define ROUTE_VARIABLES_MAX 8
#define ROUTE_VERBS         6 /* VERB_NONE ... VERB_DELETE */

struct exchange;

/* Serves a request: answers it now or later.  On the thread of the exchange. */
typedef void (*route_serve_t)(struct exchange *exchange);

typedef struct route {
    verb_t verb;
    const char *pattern;
    const char *name; /* for logs and metrics: "case.Accept", "/healthz" */
    route_serve_t serve;
    const method_t *method; /* of API routes, else NULL */
    const void *owner;      /* of whoever added it: a page */
    size_t variable_count;
    const ProtobufCFieldDescriptor *variables[ROUTE_VARIABLES_MAX]; /* fields of method->in */
    metric_t *seconds;                                              /* histogram */
    metric_t *classes[6]; /* counters of answers 2xx ... 5xx, by the first digit */
} route_t;

typedef struct routes routes_t;

routes_t *routes_new(void);
void routes_free(routes_t **self);

/* The pattern, name and method must outlive the table.  A pattern that is not one, is
 * there already or names no field of the method: a fault of ours, ends the process. */
route_t *routes_add(routes_t *self, verb_t verb, const char *pattern, const char *name,
                    const method_t *method, route_serve_t serve);

typedef struct {
    const route_t *route;               /* NULL: none for this verb */
    unsigned verbs;                     /* bits 1 << verb_t of what the path has; 0: no such path */
    span_t values[ROUTE_VARIABLES_MAX]; /* raw, still percent-encoded, never empty */
} route_match_t;

/* `path` without the query. */
route_match_t routes_find(const routes_t *self, verb_t verb, span_t path);

/* "GET", or VERB_NONE; *head is set for HEAD, which is served as GET. */
verb_t route_verb(span_t method, bool *head);

/* "GET" ...; "OTHER" for VERB_NONE. */
const char *route_verb_name(verb_t verb);

/* "GET, HEAD, POST, OPTIONS" of route_match_t.verbs. */
void route_allow(unsigned verbs, char out[64]);
