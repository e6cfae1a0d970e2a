#include "serve_private.h"

#include "clock.h"
#include "crypto.h"
#include "log.h"
#include "page_session.h"
#include "yiwang/identity.pb-c.h"

#define ASK_MS       3000
#define TOKEN_SIZE   16 /* of a form: 128 bits, and as many of its mask */
#define VISITOR_SIZE 16
#define FLASH_MS     (10 * 60 * 1000)
#define FLASH_MAX    2400 /* packed; a cookie takes 4 kB */

void serve_set_cookie(exchange_t *exchange, const char *name, const char *value, long seconds)
{
    edge_header(exchange, "set-cookie", cookie_set(exchange->arena, name, value, seconds));
}

static const char *cookie_of(page_as_t as)
{
    return as == PAGE_AS_STAFF ? COOKIE_STAFF : COOKIE_PERSON;
}

/* --- who asks ------------------------------------------------------------------------------- */

static void over(serve_t *self)
{
    page_sessions_forget(self->exchange->lane->page_sessions, self->secret);
    serve_set_cookie(self->exchange, cookie_of(self->as), "", -1);
    self->secret = span("", 0);
    self->session_over = true;
}

/* False: not a token that this kind of page takes. */
static bool take(serve_t *self, const page_session_t *session)
{
    exchange_t *exchange = self->exchange;
    size_t size = session->size;
    char *copy = arena_copy(exchange->arena, session->token, size);
    const char *name = arena_text(exchange->arena, session->name);
    const Yw__Token *token = NULL;
    Yw__CallerKind kind = self->as == PAGE_AS_STAFF ? YW__CALLER_KIND__CALLER_KIND_STAFF
                                                    : YW__CALLER_KIND__CALLER_KIND_PERSON;
    if (!copy || !name ||
        sessions_verify(exchange->lane->sessions, copy, size, clock_now_ms(), exchange->arena,
                        &token) != PROBLEM_NONE)
        return false;
    if (token->kind != kind)
        return false;
    exchange->token = token;
    self->name = *token->name ? token->name : name;
    exchange->signed_token = (ProtobufCBinaryData){size, (uint8_t *) copy};
    return true;
}

/* The token of an answer of identity; remembered, and used now. */
static bool take_tokens(serve_t *self, const Identity__SessionTokens *tokens)
{
    exchange_t *exchange = self->exchange;
    size_t text_size = strlen(tokens->access_token), size;
    void *bytes = arena_alloc(exchange->arena, text_size + 1);
    if (!bytes || !crypto_unbase64(tokens->access_token, text_size, bytes, text_size, &size))
        return false;
    page_session_t session = {bytes, size, tokens->name};
    page_sessions_put(exchange->lane->page_sessions, self->secret, &session,
                      timestamp_ms(tokens->access_expires_at));
    return take(self, &session);
}

static void continued(ask_t *ask, const reply_t *reply)
{
    serve_t *self = ask->exchange->serve;
    exchange_t *exchange = self->exchange;
    const ProtobufCMessage *tokens = NULL;
    if (reply->status == STATUS_OK)
        tokens = message_unpack(&identity__session_tokens__descriptor, exchange->arena, reply->body,
                                reply->size);
    if (reply->status == STATUS_UNAUTHENTICATED || reply->status == STATUS_INVALID_ARGUMENT)
        over(self);
    else if (!tokens || !take_tokens(self, (const Identity__SessionTokens *) tokens))
        self->session_unknown = true;
    self->known(self);
}

/* The gateway asks for itself: nobody is signed in yet. */
static bool ask_identity(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    Yw__Meta meta = YW__META__INIT;
    Identity__ContinueSessionRequest request = IDENTITY__CONTINUE_SESSION_REQUEST__INIT;
    meta.service = "gateway";
    meta.traceparent = exchange->traceparent;
    meta.address = exchange->address;
    request.refresh_token = arena_copy(exchange->arena, self->secret.data, self->secret.size);
    if (!request.refresh_token)
        return false;
    self->session_ask = (ask_t){.exchange = exchange,
                                .method = "identity.ContinueSession",
                                .meta = message_pack(&meta.base, exchange->arena),
                                .request = message_pack(&request.base, exchange->arena),
                                .timeout_ms = ASK_MS,
                                .repeatable = true,
                                .done = continued};
    return self->session_ask.meta.data && self->session_ask.request.data;
}

void serve_session(serve_t *self, page_as_t as, void (*known)(serve_t *))
{
    exchange_t *exchange = self->exchange;
    page_session_t session;
    self->as = as;
    self->known = known;
    self->visitor = cookie_get(exchange->headers.cookie, COOKIE_VISITOR);
    self->secret =
        as == PAGE_AS_NONE ? span("", 0) : cookie_get(exchange->headers.cookie, cookie_of(as));
    exchange->token = NULL;
    exchange->signed_token = (ProtobufCBinaryData){0, NULL};
    if (!self->secret.size) {
        known(self);
        return;
    }
    if (page_sessions_find(exchange->lane->page_sessions, self->secret, clock_now_ms(), &session) &&
        take(self, &session)) {
        known(self);
        return;
    }
    /* Revoked, or we were given a new key meanwhile: identity knows. */
    page_sessions_forget(exchange->lane->page_sessions, self->secret);
    if (ask_identity(self)) {
        ask_start(&self->session_ask);
    } else {
        exchange_problem(exchange, PROBLEM_BUSY);
    }
}

void serve_sign_in(serve_t *self, page_as_t as, const ProtobufCMessage *tokens,
                   void (*known)(serve_t *))
{
    self->as = as;
    self->secret = span_text(((const Identity__SessionTokens *) tokens)->refresh_token);
    self->known = known;
    self->exchange->token = NULL;
    if (ask_identity(self))
        ask_start(&self->session_ask);
    else
        exchange_problem(self->exchange, PROBLEM_BUSY);
}

void serve_set_session(serve_t *self)
{
    const char *secret = arena_copy(self->exchange->arena, self->secret.data, self->secret.size);
    if (secret)
        serve_set_cookie(self->exchange, cookie_of(self->as), secret, 0);
    self->session_over = false;
}

void serve_sign_out(serve_t *self, page_as_t as)
{
    exchange_t *exchange = self->exchange;
    if (self->secret.size)
        page_sessions_forget(exchange->lane->page_sessions, self->secret);
    serve_set_cookie(exchange, cookie_of(as), "", -1);
    serve_set_cookie(exchange, COOKIE_FLASH, "", -1);
    /* "Back" on a computer of a service hall shows nobody what was on the screen. */
    edge_header(exchange, "clear-site-data", "\"cache\"");
    self->secret = span("", 0);
    exchange->token = NULL;
}

/* --- tokens of forms --------------------------------------------------------------------------- */

/* Made of what only this browser holds and a key that only we hold. */
static void token_of(const serve_t *self, const char *kind, span_t secret,
                     uint8_t out[CRYPTO_LOOKUP_SIZE])
{
    uint8_t key[CRYPTO_KEY_SIZE];
    crypto_derive(self->exchange->lane->settings->form_key, kind, key);
    crypto_lookup(key, secret.data, secret.size, out);
}

static bool token_is(const serve_t *self, const char *kind, span_t secret, const uint8_t *given)
{
    uint8_t wanted[CRYPTO_LOOKUP_SIZE];
    if (!secret.size)
        return false;
    token_of(self, kind, secret, wanted);
    return crypto_equal(wanted, given, TOKEN_SIZE);
}

bool serve_token_good(const serve_t *self, const char *token)
{
    uint8_t bytes[2 * TOKEN_SIZE];
    size_t size;
    span_t cookie = self->exchange->headers.cookie;
    if (!token || strlen(token) != SERVE_TOKEN_SIZE - 1 ||
        !crypto_unbase64(token, strlen(token), bytes, sizeof bytes, &size) || size != sizeof bytes)
        return false;
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        bytes[i + TOKEN_SIZE] ^= bytes[i];
    /* A form opened before signing in is good after it, too: the visitor's cookie is still there. */
    const uint8_t *given = bytes + TOKEN_SIZE;
    return token_is(self, "session", cookie_get(cookie, COOKIE_PERSON), given) ||
           token_is(self, "session", cookie_get(cookie, COOKIE_STAFF), given) ||
           token_is(self, "visitor", cookie_get(cookie, COOKIE_VISITOR), given);
}

static void visitor_make(serve_t *self)
{
    uint8_t random[VISITOR_SIZE];
    char *text = arena_alloc(self->exchange->arena, CRYPTO_BASE64_SIZE(VISITOR_SIZE));
    if (!text)
        return;
    crypto_random(random, sizeof random);
    crypto_base64url(random, sizeof random, text);
    self->visitor = span_text(text);
    serve_set_cookie(self->exchange, COOKIE_VISITOR, text, 0);
}

/* The mask is new each time: what is the same in two compressed answers could be guessed byte by
 * byte (BREACH). */
void serve_token_make(serve_t *self, char out[SERVE_TOKEN_SIZE])
{
    uint8_t bytes[2 * TOKEN_SIZE], token[CRYPTO_LOOKUP_SIZE];
    char text[CRYPTO_BASE64_SIZE(sizeof bytes)];
    if (!self->secret.size && !self->visitor.size)
        visitor_make(self);
    if (self->secret.size)
        token_of(self, "session", self->secret, token);
    else
        token_of(self, "visitor", self->visitor, token);
    crypto_random(bytes, TOKEN_SIZE);
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        bytes[i + TOKEN_SIZE] = token[i] ^ bytes[i];
    crypto_base64url(bytes, sizeof bytes, text);
    memcpy(out, text, SERVE_TOKEN_SIZE);
}

bool serve_origin_good(const exchange_t *exchange)
{
    return address_same_site(exchange->headers.fetch_site, exchange->headers.origin,
                             exchange->headers.host);
}

/* --- where to go ---------------------------------------------------------------------------------- */

void serve_redirect(exchange_t *exchange, const char *path)
{
    exchange->page = true;
    edge_header(exchange, "location",
                address_header(address_local(path) ? path : "/", exchange->arena));
    edge_header(exchange, "cache-control", "no-store");
    exchange_finish(exchange, 303, NULL, "", 0);
}

const char *serve_login_path(page_as_t as)
{
    return as == PAGE_AS_STAFF ? "/console/login" : "/login";
}

static const char *login_with_next(serve_t *self)
{
    arena_t *arena = self->exchange->arena;
    const char *next = address_encode(self->action, strlen(self->action), arena);
    const char *path = serve_login_path(self->page->as);
    const char *whole = next ? arena_printf(arena, "%s?next=%s", path, next) : NULL;
    return whole ? whole : path;
}

/* What was typed waits in the login page: it is sent with the login, and comes back after it. */
static void keep_form(serve_t *self)
{
    static const char kept[] = "登录已过期，刚才填写的内容还没有提交。请重新登录，登录后内容还在，"
                               "可以接着提交。";
    static const char lost[] = "登录已过期，刚才的操作没有完成。请重新登录后再办一次。";
    static const char large[] = "登录已过期，刚才填写的内容还没有提交，因为篇幅较大，无法替您保留。"
                                "请重新登录后再填写。";
    arena_t *arena = self->exchange->arena;
    const ProtobufCMessageDescriptor *type = self->standing ? self->standing->method->in
                                             : self->form   ? self->form->method->in
                                                            : NULL;
    const char *to = address_encode(self->action, strlen(self->action), arena);
    buffer_t text = buffer_new(SERVE_CARRY_MAX);
    if (to)
        buffer_printf(&text, "_to=%s&", to);
    form_print(self->pairs, type, &text);
    self->carry = text.full || !to ? NULL : arena_copy(arena, text.data, text.size);
    self->notice = self->carry ? kept : text.full ? large : lost;
    buffer_free(&text);
}

void serve_to_login(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const char *where = login_with_next(self);
    route_match_t match =
        page_find(self->set, VERB_GET, span_text(serve_login_path(self->page->as)));
    if (exchange->verb == VERB_GET || !match.route) {
        if (match.route)
            serve_redirect(exchange, where);
        else
            exchange_problem(exchange, PROBLEM_SIGN_IN);
        return;
    }
    if (self->pairs)
        keep_form(self);
    self->pairs = NULL;
    self->form = self->standing = NULL;
    exchange->faults.count = 0;
    exchange->token = NULL;
    self->status = 401;
    if (!serve_turn_to(self, match.route->owner, &match, where)) {
        exchange_problem(exchange, PROBLEM_BUSY);
        return;
    }
    serve_show(self);
}

/* --- what a form keeps for the next page -------------------------------------------------------------- */

/* Of this page and this session: nobody else's, nowhere else. */
static const char *flash_context(serve_t *self, const char *type, const char *path)
{
    uint8_t hash[CRYPTO_HASH_SIZE];
    char text[CRYPTO_HEX_SIZE(8)];
    crypto_hash(self->secret.data, self->secret.size, hash);
    crypto_hex(hash, 8, text);
    return arena_printf(self->exchange->arena, "%s\n%s\n%s", type, path, text);
}

void serve_flash_put(serve_t *self, const char *path, const ProtobufCMessage *message)
{
    exchange_t *exchange = self->exchange;
    arena_t *arena = exchange->arena;
    ProtobufCBinaryData packed = message_pack(message, arena);
    const char *context = flash_context(self, message->descriptor->name, path);
    int64_t until_ms = clock_now_ms() + FLASH_MS;
    if (!packed.data || !context || packed.len > FLASH_MAX) {
        log_warn("an answer of %zu bytes is too large to be kept for the next page", packed.len);
        return;
    }
    size_t size = sizeof until_ms + packed.len, sealed_size = size + CRYPTO_SEAL_OVERHEAD;
    uint8_t *plain = arena_alloc(arena, size), *sealed = arena_alloc(arena, sealed_size);
    char *text = arena_alloc(arena, CRYPTO_BASE64_SIZE(sealed_size));
    if (!plain || !sealed || !text)
        return;
    memcpy(plain, &until_ms, sizeof until_ms);
    memcpy(plain + sizeof until_ms, packed.data, packed.len);
    crypto_seal(exchange->lane->settings->flash_key, context, plain, size, sealed);
    crypto_base64url(sealed, sealed_size, text);
    serve_set_cookie(exchange, COOKIE_FLASH, text, FLASH_MS / 1000);
}

const ProtobufCMessage *serve_flash_get(serve_t *self, const ProtobufCMessageDescriptor *type)
{
    arena_t *arena = self->exchange->arena;
    span_t cookie = cookie_get(self->exchange->headers.cookie, COOKIE_FLASH);
    const char *context = flash_context(self, type->name, self->action);
    size_t size;
    int64_t until_ms;
    if (!cookie.size || !context)
        return NULL;
    uint8_t *sealed = arena_alloc(arena, cookie.size), *plain = arena_alloc(arena, cookie.size);
    if (!sealed || !plain ||
        !crypto_unbase64(cookie.data, cookie.size, sealed, cookie.size, &size) ||
        size < CRYPTO_SEAL_OVERHEAD + sizeof until_ms ||
        !crypto_open(self->exchange->lane->settings->flash_key, context, sealed, size, plain))
        return NULL;
    memcpy(&until_ms, plain, sizeof until_ms);
    if (until_ms < clock_now_ms())
        return NULL;
    return message_unpack(type, arena, plain + sizeof until_ms,
                          size - CRYPTO_SEAL_OVERHEAD - sizeof until_ms);
}
