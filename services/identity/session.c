#include "session.h"
#include <inttypes.h>
#include <string.h>
#include "account.h"
#include "check.h"
#include "message.h"
#include "staff.h"
#include "text.h"
#include "token.h"

#define SALT_SIZE        16
#define REVOCATIONS_PAGE 1000

typedef struct {
    const char *id;
    Yw__CallerKind kind;
    const char *subject;
    ProtobufCBinaryData salt;
    int64_t generation;
    int64_t rotated_at;
    int64_t expires_at;
    bool pages; /* its secret is in a browser's cookie */
} session_t;

/* --- tokens ---------------------------------------------------------------------- */

static void refresh_mac(call_t *call, const session_t *session, int64_t generation,
                        uint8_t out[CRYPTO_LOOKUP_SIZE])
{
    char salt[CRYPTO_HEX_SIZE(SALT_SIZE)];
    CHECK(session->salt.len == SALT_SIZE);
    crypto_hex(session->salt.data, SALT_SIZE, salt);
    const char *text = arena_printf(call->arena, "%s\n%s\n%" PRId64, salt, session->id, generation);
    CHECK(text); /* a few hundred bytes of a call that has hardly begun */
    secrets_lookup(&identity_of(call)->secrets, LOOKUP_REFRESH, text, out);
}

static const char *refresh_token(call_t *call, const session_t *session)
{
    uint8_t mac[CRYPTO_LOOKUP_SIZE];
    char text[CRYPTO_BASE64_SIZE(CRYPTO_LOOKUP_SIZE)];
    refresh_mac(call, session, session->generation, mac);
    crypto_base64url(mac, sizeof mac, text);
    return arena_printf(call->arena, "%s.%" PRId64 ".%s", session->id, session->generation, text);
}

/* The parts of a refresh token; false: not of our making. */
static bool refresh_parse(call_t *call, const char *token, const char **ret_id,
                          int64_t *ret_generation, uint8_t mac[CRYPTO_LOOKUP_SIZE])
{
    char *id = arena_text(call->arena, token);
    char *generation = id ? strchr(id, '.') : NULL;
    char *text = generation ? strchr(generation + 1, '.') : NULL;
    if (!text)
        return false;
    *generation++ = 0;
    *text++ = 0;
    size_t size = 0;
    *ret_id = id;
    return ids_valid(id) && text_int(generation, 1, INT64_MAX, ret_generation) &&
           crypto_unbase64(text, strlen(text), mac, CRYPTO_LOOKUP_SIZE, &size) &&
           size == CRYPTO_LOOKUP_SIZE;
}

/* Fills kind, subject, level, department and permissions as they are now, and shows them.
 * NOT_FOUND: may not be signed in any more. */
static status_t token_rights(call_t *call, const session_t *session, Yw__Token *token,
                             Identity__SessionTokens *out)
{
    token->kind = session->kind;
    token->subject = session->subject;
    if (session->kind == YW__CALLER_KIND__CALLER_KIND_STAFF) {
        Identity__Staff *staff = NULL;
        status_t status = staff_by_id(call, session->subject, &staff);
        if (status != STATUS_OK)
            return status;
        if (staff->state != IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE)
            return STATUS_NOT_FOUND;
        token->level = YW__LEVEL__LEVEL_ANONYMOUS;
        token->department = staff->department_id;
        token->name = staff->name;
        if (!staff->must_change_password) { /* until then: "staff" and nothing else */
            token->permissions = staff->effective_permissions;
            token->n_permissions = staff->n_effective_permissions;
        }
        out->staff = staff;
        return STATUS_OK;
    }
    account_t account;
    status_t status = account_by_id(call, session->subject, &account);
    if (status != STATUS_OK)
        return status;
    token->level = account.level;
    out->level = account.level;
    out->name = session->pages ? account.name : "";
    return STATUS_OK;
}

static status_t session_tokens(call_t *call, const session_t *session, Identity__SessionTokens *out)
{
    const identity_t *identity = identity_of(call);
    int64_t expires_at = call->now_ms + identity->settings.token_ms;
    if (expires_at > session->expires_at)
        expires_at = session->expires_at;
    Yw__Token token = YW__TOKEN__INIT;
    token.session = session->id;
    token.expires_ms = expires_at;
    status_t status = token_rights(call, session, &token, out);
    if (status != STATUS_OK)
        return status;

    ProtobufCBinaryData packed = token_sign(&token, identity->secrets.token_secret, call->arena);
    char *access = packed.data ? arena_alloc(call->arena, CRYPTO_BASE64_SIZE(packed.len)) : NULL;
    if (!access)
        return STATUS_RESOURCE_EXHAUSTED;
    crypto_base64url(packed.data, packed.len, access);
    out->access_token = access;
    out->access_expires_at = timestamp_make(call->arena, expires_at);
    out->refresh_token = refresh_token(call, session);
    out->refresh_expires_at = timestamp_make(call->arena, session->expires_at);
    out->session_id = session->id;
    out->account_id = session->subject;
    return STATUS_OK;
}

/* --- ending ------------------------------------------------------------------------ */

/* The gateway must hear of it within a second. */
static status_t session_end(call_t *call, const char *id, const char *reason)
{
    query_t *end = query(call->store, "UPDATE sessions SET ended_at = :now, end_reason = :reason"
                                      " WHERE id = :id AND ended_at IS NULL");
    query_text(end, "id", id);
    query_text(end, "reason", reason);
    query_int(end, "now", call->now_ms);
    status_t status = query_done(end);
    if (status != STATUS_OK || store_changes(call->store) == 0)
        return status;
    query_t *tell = query(
        call->store, "INSERT INTO revocations (seq, session_id, at)"
                     " VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM revocations), :id, :now)");
    query_text(tell, "id", id);
    query_int(tell, "now", call->now_ms);
    return query_done(tell);
}

typedef struct {
    const char *ids[SESSIONS_PER_SUBJECT_MAX + 1];
    size_t count;
} living_t;

/* Newest first. */
static status_t session_living(call_t *call, const char *subject, living_t *ret)
{
    ret->count = 0;
    query_t *rows =
        query(call->store, "SELECT id FROM sessions WHERE subject = :subject AND ended_at IS NULL"
                           " ORDER BY created_at DESC, id DESC LIMIT 21");
    query_text(rows, "subject", subject);
    while (ret->count <= SESSIONS_PER_SUBJECT_MAX && query_next(rows))
        ret->ids[ret->count++] = query_get_text(rows, "id", call->arena);
    return query_done(rows);
}

status_t session_end_all(call_t *call, const char *subject, const char *spared, const char *reason)
{
    living_t living;
    status_t status = session_living(call, subject, &living);
    for (size_t i = 0; i < living.count && status == STATUS_OK; i++)
        if (!text_equal(living.ids[i], spared))
            status = session_end(call, living.ids[i], reason);
    return status;
}

/* --- starting ------------------------------------------------------------------------ */

static status_t end_oldest(call_t *call, const char *subject)
{
    living_t living;
    status_t status = session_living(call, subject, &living);
    for (size_t i = SESSIONS_PER_SUBJECT_MAX - 1; i < living.count && status == STATUS_OK; i++)
        status = session_end(call, living.ids[i], "too_many");
    return status;
}

status_t session_start(call_t *call, Yw__CallerKind kind, const char *subject,
                       Identity__SessionTokens *out)
{
    const settings_t *settings = &identity_of(call)->settings;
    bool staff = kind == YW__CALLER_KIND__CALLER_KIND_STAFF;
    uint8_t salt[SALT_SIZE];
    call_random(call, salt, sizeof salt);
    session_t session = {
        .id = call_id(call),
        .kind = kind,
        .subject = subject,
        .salt = {sizeof salt, salt},
        .generation = 1,
        .rotated_at = call->now_ms,
        .expires_at = call->now_ms + (staff ? settings->staff_session_ms : settings->refresh_ms),
    };
    status_t status = end_oldest(call, subject);
    if (status != STATUS_OK)
        return status;
    query_t *row = query(
        call->store,
        "INSERT INTO sessions (id, kind, subject, salt, generation, rotated_at, address, created_at,"
        " used_at, expires_at, end_reason) VALUES (:id, :kind, :subject, :salt, 1, :now, :address, :now,"
        " :now, :expires_at, '')");
    query_text(row, "id", session.id);
    query_int(row, "kind", kind);
    query_text(row, "subject", subject);
    query_blob(row, "salt", salt, sizeof salt);
    query_int(row, "now", call->now_ms);
    query_text(row, "address", call->caller.address);
    query_int(row, "expires_at", session.expires_at);
    status = query_done(row);
    call_concerns(call, subject);
    return status == STATUS_OK ? session_tokens(call, &session, out) : status;
}

/* --- going on -------------------------------------------------------------------------- */

static status_t refuse_refresh(call_t *call)
{
    return call_fail(call, STATUS_UNAUTHENTICATED, "identity.session_ended", "refreshToken",
                     "登录已失效，请重新登录");
}

/* Living sessions only. */
static status_t session_read(call_t *call, const char *id, session_t *ret, bool *ret_found)
{
    query_t *row = query(
        call->store, "SELECT kind, subject, salt, generation, rotated_at, expires_at, pages FROM sessions"
                     " WHERE id = :id AND ended_at IS NULL AND expires_at > :now");
    query_text(row, "id", id);
    query_int(row, "now", call->now_ms);
    *ret_found = query_next(row);
    if (*ret_found)
        *ret = (session_t){
            .id = id,
            .kind = (Yw__CallerKind) query_get_int(row, "kind"),
            .subject = query_get_text(row, "subject", call->arena),
            .salt = query_get_blob(row, "salt", call->arena),
            .generation = query_get_int(row, "generation"),
            .rotated_at = query_get_int(row, "rotated_at"),
            .expires_at = query_get_int(row, "expires_at"),
            .pages = query_get_int(row, "pages"),
        };
    return query_done(row);
}

static status_t session_rotate(call_t *call, session_t *session)
{
    session->generation++;
    query_t *row = query(call->store, "UPDATE sessions SET generation = :generation,"
                                      " rotated_at = :now, used_at = :now WHERE id = :id");
    query_text(row, "id", session->id);
    query_int(row, "generation", session->generation);
    query_int(row, "now", call->now_ms);
    return query_done(row);
}

/* Somebody holds a token that was used before: the session ends for both, and that is kept
 * although the call is refused. */
static status_t refuse_reuse(call_t *call, const session_t *session)
{
    status_t status = session_end(call, session->id, "token_reused");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, session->subject);
    return call_refuse(call, STATUS_UNAUTHENTICATED, "identity.token_reused", "refreshToken",
                       "登录凭据被重复使用，为保护您的账号已退出登录，请重新登录");
}

/* The living session that a token is of, with the token's generation.  NOT_FOUND: none. */
static status_t session_of_token(call_t *call, const char *token, session_t *ret,
                                 int64_t *ret_generation)
{
    const char *id = NULL;
    uint8_t given[CRYPTO_LOOKUP_SIZE], mac[CRYPTO_LOOKUP_SIZE];
    bool found = false;
    if (!refresh_parse(call, token, &id, ret_generation, given))
        return STATUS_NOT_FOUND;
    status_t status = session_read(call, id, ret, &found);
    if (status != STATUS_OK)
        return status;
    if (!found || *ret_generation > ret->generation)
        return STATUS_NOT_FOUND;
    refresh_mac(call, ret, *ret_generation, mac);
    return crypto_equal(given, mac, sizeof mac) ? STATUS_OK : STATUS_NOT_FOUND;
}

status_t identity_refresh_session(call_t *call, const Identity__RefreshSessionRequest *in,
                                  Identity__SessionTokens *out)
{
    int64_t generation = 0;
    session_t session;
    status_t status = session_of_token(call, in->refresh_token, &session, &generation);
    if (status == STATUS_NOT_FOUND)
        return refuse_refresh(call);
    if (status != STATUS_OK)
        return status;
    if (session.pages)
        return refuse_refresh(call);

    bool again = generation == session.generation - 1 &&
                 call->now_ms - session.rotated_at < SESSION_GRACE_MS;
    if (generation < session.generation && !again)
        return refuse_reuse(call, &session);
    if (!again)
        status = session_rotate(call, &session);
    call_concerns(call, session.subject);
    if (status == STATUS_OK)
        status = session_tokens(call, &session, out);
    return status == STATUS_NOT_FOUND ? refuse_refresh(call) : status;
}

/* A browser cannot rotate a secret: its tabs share one cookie and ask side by side, and the answer
 * that would carry a new one may be lost on the way.  So the secret stays, is read by the gateway
 * alone, and lives in a cookie that no script sees and no other host gets.  A session is either of
 * the pages or of an app, as its first use says: a stolen cookie is no good at the API, where it
 * could be turned into a session of its own. */
status_t identity_continue_session(call_t *call, const Identity__ContinueSessionRequest *in,
                                   Identity__SessionTokens *out)
{
    int64_t generation = 0;
    session_t session;
    status_t status = session_of_token(call, in->refresh_token, &session, &generation);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && session.generation != 1))
        return refuse_refresh(call);
    if (status != STATUS_OK)
        return status;
    session.pages = true;
    query_t *row =
        query(call->store, "UPDATE sessions SET pages = 1, used_at = :now WHERE id = :id");
    query_text(row, "id", session.id);
    query_int(row, "now", call->now_ms);
    status = query_done(row);
    call_concerns(call, session.subject);
    if (status == STATUS_OK)
        status = session_tokens(call, &session, out);
    return status == STATUS_NOT_FOUND ? refuse_refresh(call) : status;
}

/* --- one's own sessions ------------------------------------------------------------------- */

status_t identity_logout(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in;
    (void) out;
    return session_end(call, call->caller.session, "logout");
}

status_t identity_list_sessions(call_t *call, const Yw__Empty *in, Identity__SessionList *out)
{
    (void) in;
    query_t *rows = query(
        call->store,
        "SELECT id, created_at, used_at, expires_at, address, id = :current AS current FROM sessions"
        " WHERE subject = :subject AND ended_at IS NULL AND expires_at > :now"
        " ORDER BY created_at DESC, id DESC LIMIT 20");
    query_text(rows, "current", call->caller.session);
    query_text(rows, "subject", call->caller.id);
    query_int(rows, "now", call->now_ms);
    out->sessions =
        (Identity__Session **) query_rows(rows, &identity__session__descriptor,
                                          SESSIONS_PER_SUBJECT_MAX, call->arena, &out->n_sessions);
    return query_done(rows);
}

status_t identity_revoke_session(call_t *call, const Identity__RevokeSessionRequest *in,
                                 Yw__Empty *out)
{
    (void) out;
    query_t *row =
        query(call->store, "SELECT 1 FROM sessions WHERE id = :id AND subject = :subject");
    query_text(row, "id", in->id);
    query_text(row, "subject", call->caller.id);
    bool found = query_next(row);
    status_t status = query_done(row);
    if (status == STATUS_OK && !found)
        return call_not_found(call, "会话");
    return status == STATUS_OK ? session_end(call, in->id, "revoked") : status;
}

status_t identity_list_revocations(call_t *call, const Identity__ListRevocationsRequest *in,
                                   Identity__RevocationList *out)
{
    query_t *rows =
        query(call->store, "SELECT seq, session_id, at FROM revocations"
                           " WHERE seq > :after_seq AND at > :since ORDER BY seq LIMIT 1000");
    query_int(rows, "after_seq", in->after_seq);
    query_int(rows, "since", call->now_ms - identity_of(call)->settings.token_ms);
    out->revocations =
        (Identity__Revocation **) query_rows(rows, &identity__revocation__descriptor,
                                             REVOCATIONS_PAGE, call->arena, &out->n_revocations);
    out->more = out->n_revocations == REVOCATIONS_PAGE;
    status_t status = query_done(rows);
    if (status != STATUS_OK)
        return status;
    query_t *last = query(call->store, "SELECT max(seq) AS last_seq FROM revocations");
    if (query_next(last))
        out->last_seq = query_get_int(last, "last_seq");
    return query_done(last);
}
