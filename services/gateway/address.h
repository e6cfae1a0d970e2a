/* address.h - paths that a redirect may go to, and who sent a form.
 *
 * Pure functions over strangers' texts: tests/fuzz/fuzz_http.c. */
#pragma once
#include <stdbool.h>
#include "arena.h"
#include "span.h"

#define ADDRESS_PATH_MAX 2000

/* A path of this host: "/my?x=1".  Not "//host", "/\host", a scheme, or anything with blanks or
 * control characters, which browsers cut out before they look. */
bool address_local(const char *path);

/* Percent-encoded but for RFC 3986's unreserved characters; NULL past the arena. */
const char *address_encode(const char *text, size_t size, arena_t *arena);

/* A path as a header can hold it: what is not visible ASCII is percent-encoded, what is encoded
 * already stays.  "/" past the arena. */
const char *address_header(const char *path, arena_t *arena);

/* Whether a form was sent by a page of ours: Sec-Fetch-Site says so, or without it Origin names the
 * host; without both (old browsers, programs) it is true, and the form's token decides. */
bool address_same_site(span_t fetch_site, span_t origin, span_t host);
