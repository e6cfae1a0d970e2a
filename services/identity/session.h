/* session.h - who is signed in, and the two tokens that say so.
 *
 * access token    base64url of a packed yiwang.SignedToken; short-lived; every service verifies
 *                 it itself
 * refresh token   "<session>.<generation>.<mac>": opaque to callers.  The MAC is keyed
 *                 (secrets.h) over the session's salt, id and generation, so nothing that is
 *                 stored would let a thief of the database in.  Each use makes the next
 *                 generation.  An older one coming back means that two parties hold the session:
 *                 it ends (RFC 9700, 4.14.2).  The one before is still taken for
 *                 SESSION_GRACE_MS, since two requests of one browser may refresh at once or an
 *                 answer may get lost; it gives the same next token again.
 *
 * An ended session leaves a row in `revocations`, which the gateway reads every second. */
#pragma once
#include "identity.h"

#define SESSION_GRACE_MS         10000
#define SESSIONS_PER_SUBJECT_MAX 20 /* one more ends the oldest */

/* A new session of an account or a staff member, and its tokens. */
status_t session_start(call_t *call, Yw__CallerKind kind, const char *subject,
                       Identity__SessionTokens *out);

/* Ends all living sessions of a subject but one ("": none is spared). */
status_t session_end_all(call_t *call, const char *subject, const char *spared, const char *reason);
