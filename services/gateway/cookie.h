/* cookie.h - the header Cookie (RFC 6265bis), read and answered.
 *
 * Ours have the prefix __Host-: a browser takes them only from this very host, over TLS, for all
 * paths, so no sister domain can put one in our place.  Strangers' bytes: tests/fuzz/fuzz_http.c. */
#pragma once
#include "arena.h"
#include "span.h"

#define COOKIE_PAIRS_MAX 64 /* looked at; what stands behind is not */
#define COOKIE_VALUE_MAX 3800

#define COOKIE_PERSON  "__Host-yw-person"  /* session of a person */
#define COOKIE_STAFF   "__Host-yw-staff"   /* session of an official */
#define COOKIE_VISITOR "__Host-yw-visitor" /* nobody yet: what tokens of forms are made of */
#define COOKIE_FLASH   "__Host-yw-flash"   /* what the form before kept, sealed */
#define COOKIE_VIEW    "yw-view"           /* "elder": 长辈模式 */

/* The value of a cookie, without quotes; size 0: absent, twice there with different values, or not
 * made of what a cookie may hold.  The first wins where it is there several times with one value. */
span_t cookie_get(span_t header, const char *name);

/* "NAME=VALUE; Path=/; Secure; HttpOnly; SameSite=Lax" for Set-Cookie, in the arena; NULL past its
 * limit.  `seconds` 0: until the browser is closed; negative: gone.  VALUE must be of what a cookie
 * may hold (CHECK). */
const char *cookie_set(arena_t *arena, const char *name, const char *value, long seconds);
