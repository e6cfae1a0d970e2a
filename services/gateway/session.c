#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "log.h"
#include "message.h"
#include "table.h"
#include "token.h"
#include "yiwang/identity.pb-c.h"

#define POLL_MS         1000
#define POLL_TIMEOUT_MS 3000
/* identity lists what was revoked within one token lifetime (15 min); we keep it for longer than
 * any token lives and forget it then.  A quarter of a million is a whole city signing out. */
#define KEEP_MS     (60 * 60 * 1000)
#define REVOKED_MAX (1u << 18)

typedef struct revoked {
    struct revoked *next; /* in the order they came */
    int64_t until_ms;
    char session[];
} revoked_t;

struct sessions {
    token_cache_t *tokens; /* NULL: no key */
    pending_t *pending;
    ticket_t ticket; /* the open question, 0: none */
    int64_t asked_ms;
    int64_t after_seq;
    table_t *revoked; /* session id -> revoked_t */
    revoked_t *oldest, *newest;
    arena_t *arena; /* for one answer of identity */
    ProtobufCBinaryData meta;
    uint8_t meta_bytes[64];
};

sessions_t *sessions_new(const uint8_t *public_key, pending_t *pending)
{
    sessions_t *self = xalloc(sizeof *self);
    self->tokens = public_key ? token_cache_new(public_key) : NULL;
    self->pending = pending;
    self->revoked = table_new(REVOKED_MAX);
    self->arena = arena_new(4u << 20);

    Yw__Meta meta = YW__META__INIT;
    meta.service = "gateway";
    CHECK(protobuf_c_message_get_packed_size(&meta.base) <= sizeof self->meta_bytes);
    self->meta.len = protobuf_c_message_pack(&meta.base, self->meta_bytes);
    self->meta.data = self->meta_bytes;
    return self;
}

void sessions_free(sessions_t **self_p)
{
    sessions_t *self = *self_p;
    if (!self)
        return;
    pending_cancel(self->pending, self->ticket);
    for (revoked_t *one = self->oldest, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    table_free(&self->revoked);
    arena_free(&self->arena);
    if (self->tokens)
        token_cache_free(&self->tokens);
    free(self);
    *self_p = NULL;
}

problem_t sessions_check(sessions_t *self, span_t authorization, int64_t now_ms, arena_t *arena,
                         const Yw__Token **ret, ProtobufCBinaryData *ret_signed)
{
    if (!self->tokens || !span_starts_nocase(authorization, "bearer "))
        return PROBLEM_TOKEN_INVALID;
    span_t text = span_trim(span(authorization.data + 7, authorization.size - 7));
    if (text.size == 0 || text.size > CRYPTO_BASE64_SIZE(TOKEN_SIZE_MAX))
        return PROBLEM_TOKEN_INVALID;

    size_t size;
    uint8_t *bytes = (uint8_t *) arena_alloc(arena, text.size);
    if (!bytes || !crypto_unbase64(text.data, text.size, bytes, text.size, &size))
        return PROBLEM_TOKEN_INVALID;
    problem_t problem = sessions_verify(self, bytes, size, now_ms, arena, ret);
    if (problem == PROBLEM_NONE)
        *ret_signed = (ProtobufCBinaryData){size, bytes};
    return problem;
}

problem_t sessions_verify(sessions_t *self, const void *signed_token, size_t size, int64_t now_ms,
                          arena_t *arena, const Yw__Token **ret)
{
    Yw__Token *token;
    if (!self->tokens)
        return PROBLEM_TOKEN_INVALID;
    token_state_t state = token_verify(self->tokens, signed_token, size, now_ms, arena, &token);
    if (state != TOKEN_GOOD)
        return state == TOKEN_EXPIRED ? PROBLEM_TOKEN_EXPIRED : PROBLEM_TOKEN_INVALID;
    if (token->kind != YW__CALLER_KIND__CALLER_KIND_PERSON &&
        token->kind != YW__CALLER_KIND__CALLER_KIND_STAFF)
        return PROBLEM_TOKEN_INVALID;
    if (table_get(self->revoked, token->session, strlen(token->session)))
        return PROBLEM_TOKEN_EXPIRED;
    *ret = token;
    return PROBLEM_NONE;
}

/* --- what was revoked ---------------------------------------------------------------- */

static void forget(sessions_t *self, int64_t mono_ms)
{
    while (self->oldest && self->oldest->until_ms <= mono_ms) {
        revoked_t *one = self->oldest;
        self->oldest = one->next;
        if (!self->oldest)
            self->newest = NULL;
        table_remove(self->revoked, one->session, strlen(one->session));
        free(one);
    }
}

static void remember(sessions_t *self, const char *session, int64_t mono_ms)
{
    size_t size = strlen(session);
    if (size == 0 || table_get(self->revoked, session, size))
        return;
    revoked_t *one = xalloc(sizeof *one + size + 1);
    memcpy(one->session, session, size + 1);
    one->until_ms = mono_ms + KEEP_MS;
    if (!table_set(self->revoked, session, size, one)) {
        log_error("revocations: more than %u, session not remembered", REVOKED_MAX);
        free(one);
        return;
    }
    if (self->newest)
        self->newest->next = one;
    else
        self->oldest = one;
    self->newest = one;
}

static void ask(sessions_t *self, int64_t mono_ms);

static void answered(void *owner, const reply_t *reply)
{
    sessions_t *self = owner;
    int64_t mono_ms = clock_mono_ms();
    self->ticket = 0;
    if (reply->status != STATUS_OK)
        return; /* asked again when it is time */
    arena_reset(self->arena);
    Identity__RevocationList *list = (Identity__RevocationList *) message_unpack(
        &identity__revocation_list__descriptor, self->arena, reply->body, reply->size);
    if (!list)
        return;
    for (size_t i = 0; i < list->n_revocations; i++) {
        remember(self, list->revocations[i]->session_id, mono_ms);
        if (list->revocations[i]->seq > self->after_seq)
            self->after_seq = list->revocations[i]->seq;
    }
    bool restored = list->last_seq < self->after_seq;
    if (restored)
        self->after_seq = 0;
    if (restored || (list->more && list->n_revocations))
        ask(self, mono_ms);
}

static void ask(sessions_t *self, int64_t mono_ms)
{
    Identity__ListRevocationsRequest request = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    uint8_t bytes[16];
    request.after_seq = self->after_seq;
    CHECK(protobuf_c_message_get_packed_size(&request.base) <= sizeof bytes);
    size_t size = protobuf_c_message_pack(&request.base, bytes);
    self->asked_ms = mono_ms;
    /* Refused at once: asked again in a second. */
    (void) pending_ask(self->pending, "identity.ListRevocations", POLL_TIMEOUT_MS, self->meta.data,
                       self->meta.len, bytes, size, answered, self, &self->ticket);
}

void sessions_tick(sessions_t *self, int64_t mono_ms)
{
    forget(self, mono_ms);
    if (self->tokens && !self->ticket && mono_ms - self->asked_ms >= POLL_MS)
        ask(self, mono_ms);
}

size_t sessions_revoked(const sessions_t *self)
{
    return table_size(self->revoked);
}
