#include "fixture.h"
#include "token.h"

static const Identity__SessionTokens *refresh(fixture_t *f, const char *token)
{
    Identity__RefreshSessionRequest in = IDENTITY__REFRESH_SESSION_REQUEST__INIT;
    in.refresh_token = token;
    return ASK(f, &BENCH_ANONYMOUS, "identity.RefreshSession", &in, Identity__SessionTokens);
}

/* The token inside an access token; NULL: not signed by identity, or over. */
static const Yw__Token *open_token(fixture_t *f, const char *access_token)
{
    uint8_t bytes[4096];
    size_t size = 0;
    Yw__Token *token = NULL;
    if (!crypto_unbase64(access_token, strlen(access_token), bytes, sizeof bytes, &size))
        return NULL;
    token_cache_t *cache = token_cache_new(f->identity->secrets.token_public);
    token_state_t state =
        token_verify(cache, bytes, size, bench_now(f->bench), bench_arena(f->bench), &token);
    token_cache_free(&cache);
    return state == TOKEN_GOOD ? token : NULL;
}

static int64_t revoked(fixture_t *f)
{
    Identity__ListRevocationsRequest in = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    const Identity__RevocationList *list =
        ASK(f, &BENCH_SERVICE, "identity.ListRevocations", &in, Identity__RevocationList);
    return list ? (int64_t) list->n_revocations : -1;
}

/* REQ: U-08.  By ID number (small x, too) and by mobile; the token says who and for how long. */
TEST(login_by_number_and_mobile)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    EXPECT(fixture_login(&f, "11010519491231002x", PASSWORD));
    const Identity__SessionTokens *tokens = fixture_login(&f, ZHANG_MOBILE, PASSWORD);
    EXPECT(tokens && text_equal(tokens->account_id, id) && tokens->level == YW__LEVEL__LEVEL_BASIC);
    const Yw__Token *token = open_token(&f, tokens->access_token);
    EXPECT(token && token->kind == YW__CALLER_KIND__CALLER_KIND_PERSON &&
           text_equal(token->subject, id));
    EXPECT(token && token->level == YW__LEVEL__LEVEL_BASIC && token->n_permissions == 0);
    EXPECT(token && token->expires_ms == bench_now(f.bench) + 300 * 1000);
    EXPECT(token && text_equal(token->session, tokens->session_id));
    fixture_wait(&f, 300 * 1000);
    EXPECT(!open_token(&f, tokens->access_token));
    fixture_free(&f);
}

TEST(login_needs_exactly_one_secret)
{
    fixture_t f = fixture_new();
    Identity__LoginRequest in = IDENTITY__LOGIN_REQUEST__INIT;
    in.identifier = ZHANG_ID;
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.Login", &in, Identity__SessionTokens));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.credential", "password"));
    in.password = PASSWORD;
    in.code = "123456";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.Login", &in, Identity__SessionTokens));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.credential", "password"));
    in.code = "";
    in.identifier = "zhangsan";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.Login", &in, Identity__SessionTokens));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.identifier", "identifier"));
    fixture_free(&f);
}

/* Five wrong passwords lock for 15 minutes, five more for 30, whichever name was typed; the
 * failures stay although the calls failed.  Who has no account sees exactly the same. */
TEST(login_locks_and_grows)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const char *const names[] = {ZHANG_ID, LI_ID};
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < 5; i++) {
            EXPECT(!fixture_login(&f, n == 0 && i % 2 ? ZHANG_MOBILE : names[n], "wrong-horse-1"));
            EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.wrong", "password"));
            EXPECT(bench_failure(f.bench)->retry_after_ms == (i < 4 ? 0 : 15 * 60 * 1000));
        }
        EXPECT(!fixture_login(&f, names[n], PASSWORD));
        EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.locked", "password"));
        EXPECT(bench_failure(f.bench)->retry_after_ms == 15 * 60 * 1000);
    }
    fixture_wait(&f, 15 * 60 * 1000);
    for (int i = 0; i < 5; i++)
        EXPECT(!fixture_login(&f, ZHANG_ID, "wrong-horse-1"));
    EXPECT(!fixture_login(&f, ZHANG_ID, PASSWORD));
    EXPECT(bench_failure(f.bench)->retry_after_ms == 30 * 60 * 1000);
    fixture_wait(&f, 30 * 60 * 1000);
    EXPECT(fixture_login(&f, ZHANG_ID, PASSWORD));
    for (int i = 0; i < 4; i++) /* success starts anew */
        EXPECT(!fixture_login(&f, ZHANG_ID, "wrong-horse-1"));
    EXPECT(fixture_login(&f, ZHANG_ID, PASSWORD));
    fixture_free(&f);
}

/* Somebody who tries one password on many names is stopped by his address. */
TEST(login_locks_addresses)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    f.identity->settings.tries_per_address = 3;
    EXPECT(!fixture_login(&f, "13900000001", PASSWORD));
    EXPECT(!fixture_login(&f, "13900000002", PASSWORD));
    EXPECT(!fixture_login(&f, "13900000003", PASSWORD));
    EXPECT(!fixture_login(&f, ZHANG_ID, PASSWORD));
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.locked", NULL));
    fixture_free(&f);
}

/* A hall is one address: a slip now and then does not add up until nobody there can sign in. */
TEST(slips_of_many_are_forgiven_in_time)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    f.identity->settings.tries_per_address = 3;
    char mobile[12];
    for (int i = 0; i < 10; i++) {
        snprintf(mobile, sizeof mobile, "1390000000%d", i);
        EXPECT(!fixture_login(&f, mobile, PASSWORD));
        EXPECT(fixture_login(&f, ZHANG_ID, PASSWORD)); /* the address is not locked */
        fixture_wait(&f, 9 * 3600 * 1000);             /* a third of a day and more */
    }
    fixture_free(&f);
}

/* Each refresh gives new tokens; one that was used up ends the session for all who hold it. */
TEST(refresh_rotates_and_detects_theft)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const Identity__SessionTokens *first = fixture_login(&f, ZHANG_ID, PASSWORD);
    const Identity__SessionTokens *second = refresh(&f, first->refresh_token);
    EXPECT(second && !text_equal(first->refresh_token, second->refresh_token));
    EXPECT(second && text_equal(first->session_id, second->session_id));

    /* Two requests of one browser at once: the same next token again, for a moment. */
    const Identity__SessionTokens *twin = refresh(&f, first->refresh_token);
    EXPECT(twin && text_equal(twin->refresh_token, second->refresh_token));

    fixture_wait(&f, 10 * 1000);
    EXPECT(revoked(&f) == 0);
    EXPECT(!refresh(&f, first->refresh_token));
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.token_reused", "refreshToken"));
    EXPECT(!refresh(&f, second->refresh_token));
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.session_ended", "refreshToken"));
    EXPECT(revoked(&f) == 1);
    fixture_free(&f);
}

static const Identity__SessionTokens *go_on(fixture_t *f, const char *token)
{
    Identity__ContinueSessionRequest in = IDENTITY__CONTINUE_SESSION_REQUEST__INIT;
    in.refresh_token = token;
    return ASK(f, &BENCH_SERVICE, "identity.ContinueSession", &in, Identity__SessionTokens);
}

/* Tabs of a browser ask with the same secret; what goes on so cannot be refreshed, and the other way
 * round. */
TEST(session_is_of_pages_or_of_an_app)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const Identity__SessionTokens *pages = fixture_login(&f, ZHANG_ID, PASSWORD);
    for (int i = 0; i < 3; i++) {
        const Identity__SessionTokens *again = go_on(&f, pages->refresh_token);
        EXPECT(again && text_equal(again->refresh_token, pages->refresh_token));
        EXPECT(again && text_equal(again->session_id, pages->session_id));
        EXPECT(again && text_equal(again->name, ZHANG_NAME));
    }
    EXPECT(!refresh(&f, pages->refresh_token));
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.session_ended", "refreshToken"));
    EXPECT(go_on(&f, pages->refresh_token)); /* and is not ended by that */

    const Identity__SessionTokens *app = fixture_login(&f, ZHANG_ID, PASSWORD);
    const Identity__SessionTokens *next = refresh(&f, app->refresh_token);
    EXPECT(next && !go_on(&f, next->refresh_token));
    EXPECT(!go_on(&f, app->refresh_token));
    EXPECT(refresh(&f, next->refresh_token) != NULL);
    EXPECT(!go_on(&f, "not-a-token"));
    fixture_free(&f);
}

/* Tokens that we did not make, or of a session that is over. */
TEST(refresh_refuses_what_is_not_ours)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const Identity__SessionTokens *tokens = fixture_login(&f, ZHANG_ID, PASSWORD);
    char forged[128];
    static const char *const bad[] = {"x", "..", "a.b.c", "01ARZ3NDEKTSV4RRFFQ69G5FAV.1.AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(!refresh(&f, bad[i]));
        EXPECT(
            fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.session_ended", "refreshToken"));
    }
    snprintf(forged, sizeof forged, "%s", tokens->refresh_token);
    char *last = &forged[strlen(forged) - 2];
    *last = *last == 'A' ? 'B' : 'A';
    EXPECT(!refresh(&f, forged));
    snprintf(forged, sizeof forged, "%s.2%s", tokens->session_id,
             strrchr(tokens->refresh_token, '.'));
    EXPECT(!refresh(&f, forged)); /* the next generation cannot be guessed */
    EXPECT(revoked(&f) == 0);     /* and strangers cannot end a session */
    fixture_wait(&f, 30 * 86400 * 1000LL);
    EXPECT(!refresh(&f, tokens->refresh_token));
    fixture_free(&f);
}

TEST(logout_and_revoke)
{
    fixture_t f = fixture_new();
    caller_t zhang = bench_person(fixture_zhang(&f), YW__LEVEL__LEVEL_BASIC);
    const Identity__SessionTokens *phone = fixture_login(&f, ZHANG_ID, PASSWORD);
    const Identity__SessionTokens *desk = fixture_login(&f, ZHANG_ID, PASSWORD);
    zhang.session = desk->session_id;
    Yw__Empty empty = YW__EMPTY__INIT;
    const Identity__SessionList *list =
        ASK(&f, &zhang, "identity.ListSessions", &empty, Identity__SessionList);
    EXPECT(list && list->n_sessions == 2);
    EXPECT(list && list->sessions[0]->current != list->sessions[1]->current);

    Identity__RevokeSessionRequest in = IDENTITY__REVOKE_SESSION_REQUEST__INIT;
    in.id = phone->session_id;
    caller_t other = bench_person("01ARZ3NDEKTSV4RRFFQ69G5FAV", YW__LEVEL__LEVEL_BASIC);
    EXPECT(!ASK(&f, &other, "identity.RevokeSession", &in, Yw__Empty));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    EXPECT(ASK(&f, &zhang, "identity.RevokeSession", &in, Yw__Empty));
    EXPECT(!refresh(&f, phone->refresh_token));
    EXPECT(ASK(&f, &zhang, "identity.Logout", &empty, Yw__Empty));
    EXPECT(!refresh(&f, desk->refresh_token));

    Identity__ListRevocationsRequest after = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    after.after_seq = 1;
    const Identity__RevocationList *news =
        ASK(&f, &BENCH_SERVICE, "identity.ListRevocations", &after, Identity__RevocationList);
    EXPECT(news && news->n_revocations == 1 &&
           text_equal(news->revocations[0]->session_id, desk->session_id));
    EXPECT(news && news->last_seq == 2 && !news->more);
    fixture_wait(&f, 301 * 1000);
    EXPECT(revoked(&f) == 0); /* their tokens have ended by themselves */
    fixture_free(&f);
}

/* The twenty-first session ends the first. */
TEST(session_limit)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const Identity__SessionTokens *first = fixture_login(&f, ZHANG_ID, PASSWORD);
    for (int i = 0; i < 20; i++) {
        fixture_wait(&f, 1000);
        EXPECT(fixture_login(&f, ZHANG_ID, PASSWORD));
    }
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 20);
    EXPECT(!refresh(&f, first->refresh_token));
    fixture_free(&f);
}

/* Old rows go, in their time; nothing to do costs no transaction. */
TEST(sweep_forgets)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    fixture_login(&f, ZHANG_ID, "wrong-horse-1");
    const Identity__SessionTokens *tokens = fixture_login(&f, ZHANG_ID, PASSWORD);
    EXPECT(tokens);
    Yw__Empty empty = YW__EMPTY__INIT;
    int64_t rows = bench_count(f.bench, "SELECT count(*) FROM audit");
    EXPECT(ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM audit") == rows);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM codes") == 1);
    fixture_wait(&f, 61 * 86400 * 1000LL);
    EXPECT(ASK(&f, &BENCH_SERVICE, "identity.Sweep", &empty, Yw__Empty));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM codes") == 0);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM sessions") == 0);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM guards") == 0);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM deliveries") == 0);
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM accounts") == 1);
    fixture_free(&f);
}
