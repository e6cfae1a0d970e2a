#include "session.h"

#include <stdio.h>

#include "clock.h"
#include "crypto.h"
#include "link.h"
#include "test.h"
#include "text.h"
#include "token.h"

#define NOW INT64_C(1767225600000)

static uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];
static pending_t *pending;
static sessions_t *sessions;
static arena_t *arena;

static void open_all(void)
{
    char error[200];
    link_t *link = NULL;
    const char *nowhere[] = {"ipc:///nonexistent/broker", NULL};
    crypto_init();
    crypto_sign_keys(public_key, secret_key);
    EXPECT(link_open(&(link_options_t){.endpoints = nowhere}, clock_mono_ms(), &link, error,
                     sizeof error) == STATUS_OK);
    pending = pending_new(&link, 8);
    sessions = sessions_new(public_key, pending);
    arena = arena_new(1 << 20);
}

static void close_all(void)
{
    sessions_free(&sessions);
    pending_free(&pending);
    arena_free(&arena);
}

static Yw__Token person(void)
{
    Yw__Token token = YW__TOKEN__INIT;
    token.kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    token.subject = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    token.session = "s1";
    token.expires_ms = NOW + 1000;
    return token;
}

/* "Bearer …" of a token. */
static span_t header(const Yw__Token *token)
{
    ProtobufCBinaryData bytes = token_sign(token, secret_key, arena);
    char *text = arena_alloc(arena, 7 + CRYPTO_BASE64_SIZE(bytes.len));
    memcpy(text, "Bearer ", 7);
    crypto_base64url(bytes.data, bytes.len, text + 7);
    return span_text(text);
}

TEST(a_signed_token_says_who_asks)
{
    open_all();
    Yw__Token token = person();
    const Yw__Token *ret = NULL;
    ProtobufCBinaryData bytes;
    span_t good = header(&token);
    EXPECT(sessions_check(sessions, good, NOW, arena, &ret, &bytes) == PROBLEM_NONE);
    EXPECT(ret && text_equal(ret->subject, token.subject) && bytes.len);
    EXPECT(sessions_check(sessions, good, NOW + 1000, arena, &ret, &bytes) ==
           PROBLEM_TOKEN_EXPIRED);
    close_all();
}

TEST(anything_else_is_refused)
{
    open_all();
    Yw__Token token = person();
    const Yw__Token *ret;
    ProtobufCBinaryData bytes;
    span_t good = header(&token);
    const span_t bad[] = {SPAN("Bearer "),
                          SPAN("Bearer !!"),
                          SPAN("Basic abc"),
                          SPAN("Bearer AAAA"),
                          span(good.data, good.size - 4),
                          SPAN("Bearer"),
                          SPAN("x")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(sessions_check(sessions, bad[i], NOW, arena, &ret, &bytes) == PROBLEM_TOKEN_INVALID);

    char *copy = arena_copy(arena, good.data, good.size);
    for (size_t at = 10; at < good.size; at += 7) { /* one wrong character anywhere */
        char was = copy[at];
        copy[at] = was == 'A' ? 'B' : 'A';
        EXPECT(sessions_check(sessions, span(copy, good.size), NOW, arena, &ret, &bytes) ==
               PROBLEM_TOKEN_INVALID);
        copy[at] = was;
    }
    /* Systems and services are known by their connection, never by a token. */
    token.kind = YW__CALLER_KIND__CALLER_KIND_SYSTEM;
    EXPECT(sessions_check(sessions, header(&token), NOW, arena, &ret, &bytes) ==
           PROBLEM_TOKEN_INVALID);
    close_all();
}

TEST(without_a_key_nobody_is_anybody)
{
    open_all();
    sessions_free(&sessions);
    sessions = sessions_new(NULL, pending);
    Yw__Token token = person();
    const Yw__Token *ret;
    ProtobufCBinaryData bytes;
    EXPECT(sessions_check(sessions, header(&token), NOW, arena, &ret, &bytes) ==
           PROBLEM_TOKEN_INVALID);
    close_all();
}
