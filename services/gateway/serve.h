/* serve.h - a page for a request, and a form taken.
 *
 *   GET   who asks (cookie) -> may he -> data, in waves of calls side by side -> views -> render
 *   POST  the same, then: token, origin -> form to message -> rules -> call -> 303, or the page again
 *
 * Sources: README.md tells what holds, docs/http.md what clients see. */
#pragma once
#include "exchange.h"
#include "page.h"

#define SERVE_TOKEN_SIZE 44 /* text of a form's token, with its end */

/* Serves what no other route has: a page, a file of static/, or the page that says there is
 * nothing.  False: not for us (an API path, or no pages at all). */
bool serve_page(exchange_t *self);

/* Verbs of the page at the exchange's path, as route_match_t.verbs; 0: no page there. */
unsigned serve_verbs(const exchange_t *exchange);

/* An error as a page: for requests of people (not /api, and HTML is wanted).  False: not this one,
 * answer with JSON. */
bool serve_problem(exchange_t *self, int http, const char *code, const char *detail,
                   uint32_t retry_s);

/* Whether an error shall be a page: no path of the API, and HTML is what is wanted. */
bool serve_wants_html(span_t path, span_t accept);
/* The page for when there is no page: a few lines without style. */
void serve_print_bare(int http, const char *detail, const char *trace, buffer_t *out);

/* Nobody waits for the page's calls any more. */
void serve_cancel(exchange_t *self);
/* The exchange ends: lets go of the set of pages. */
void serve_end(exchange_t *self);
