/* page_session.h - sessions of browsers: from the secret in a cookie to a token for services.
 *
 * The cookie holds identity's refresh token, and nothing reads it but identity.ContinueSession,
 * which gives an access token for it and does not change it: a browser may ask from several
 * tabs and through several lanes at once, and whoever changed the secret would end the session
 * of the others.  A lane remembers the tokens it got by the hash of the secret until shortly before
 * they expire.  That the session was ended is known as for bearer tokens (session.h). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "span.h"

#define PAGE_SESSIONS_MAX     16384 /* the one not used for longest makes room */
#define PAGE_SESSION_EARLY_MS 15000 /* a token must live so long: the calls of a page need it */

typedef struct page_sessions page_sessions_t;

page_sessions_t *page_sessions_new(void);
void page_sessions_free(page_sessions_t **self);

typedef struct {
    const void *token;
    size_t size;
    const char *name; /* of the person: tokens of persons have none; "" */
} page_session_t;

/* False: ask identity.  *ret is valid until the next call. */
bool page_sessions_find(page_sessions_t *self, span_t secret, int64_t now_ms, page_session_t *ret);
void page_sessions_put(page_sessions_t *self, span_t secret, const page_session_t *session,
                       int64_t expires_ms);
void page_sessions_forget(page_sessions_t *self, span_t secret);
