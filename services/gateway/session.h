/* session.h - bearer tokens at the edge: who asks, and whether the session was ended.
 *
 * A token is verified by its signature alone (services do it again); that a session was
 * revoked is known from identity, which a lane asks each second and remembers for as long
 * as a token may live. */
#pragma once
#include "arena.h"
#include "pending.h"
#include "problem.h"
#include "span.h"
#include "yiwang/envelope.pb-c.h"

typedef struct sessions sessions_t;

/* `public_key` NULL: no token is ever good.  Borrows pending. */
sessions_t *sessions_new(const uint8_t *public_key, pending_t *pending);
void sessions_free(sessions_t **self);

/* The header "Bearer <base64url>"; *ret_signed are its bytes, both in the arena. */
problem_t sessions_check(sessions_t *self, span_t authorization, int64_t now_ms, arena_t *arena,
                         const Yw__Token **ret, ProtobufCBinaryData *ret_signed);

/* The same for the bytes of a token. */
problem_t sessions_verify(sessions_t *self, const void *signed_token, size_t size, int64_t now_ms,
                          arena_t *arena, const Yw__Token **ret);

/* Asks identity when it is time. */
void sessions_tick(sessions_t *self, int64_t mono_ms);
size_t sessions_revoked(const sessions_t *self);
