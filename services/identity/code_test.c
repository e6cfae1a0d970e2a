#include "fixture.h"

static status_t send_from(fixture_t *f, const char *mobile, const char *address)
{
    Identity__SendCodeRequest in = IDENTITY__SEND_CODE_REQUEST__INIT;
    in.mobile = mobile;
    in.purpose = IDENTITY__PURPOSE__PURPOSE_REGISTER;
    caller_t caller = BENCH_ANONYMOUS;
    caller.address = address;
    return bench_call(f->bench, &caller, "identity.SendCode", &in.base, NULL);
}

static bool code_login(fixture_t *f, const char *identifier, const char *code)
{
    Identity__LoginRequest in = IDENTITY__LOGIN_REQUEST__INIT;
    in.identifier = identifier;
    in.code = code;
    return ASK(f, &BENCH_ANONYMOUS, "identity.Login", &in, Identity__SessionTokens) != NULL;
}

/* One code a minute and ten a day to a mobile, whatever it is for. */
TEST(code_is_sent_so_often_and_no_more)
{
    fixture_t f = fixture_new();
    EXPECT(send_from(&f, ZHANG_MOBILE, "192.0.2.1") == STATUS_OK);
    fixture_wait(&f, 59000);
    EXPECT(send_from(&f, ZHANG_MOBILE, "192.0.2.2") == STATUS_RESOURCE_EXHAUSTED);
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.code_too_soon", "mobile"));
    EXPECT(bench_failure(f.bench)->retry_after_ms == 1000);
    for (int i = 1; i < 10; i++) {
        fixture_wait(&f, 61000);
        EXPECT(send_from(&f, ZHANG_MOBILE, "192.0.2.1") == STATUS_OK);
    }
    fixture_wait(&f, 61000);
    EXPECT(send_from(&f, ZHANG_MOBILE, "192.0.2.1") == STATUS_RESOURCE_EXHAUSTED);
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.code_limit", "mobile"));
    fixture_wait(&f, 24 * 3600 * 1000);
    EXPECT(send_from(&f, ZHANG_MOBILE, "192.0.2.1") == STATUS_OK);
    fixture_free(&f);
}

/* One address cannot make us text the whole town. */
TEST(code_limit_per_address)
{
    fixture_t f = fixture_new();
    f.identity->settings.codes_per_address = 3;
    char mobile[12];
    for (int i = 0; i < 4; i++) {
        snprintf(mobile, sizeof mobile, "1390000000%d", i);
        EXPECT(send_from(&f, mobile, "192.0.2.1") ==
               (i < 3 ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED));
    }
    EXPECT(send_from(&f, "13900000009", "192.0.2.2") == STATUS_OK);
    fixture_free(&f);
}

/* REQ: U-08.  A code signs in once, within five minutes. */
TEST(code_signs_in_once)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    fixture_wait(&f, 61000);
    const char *code = fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_LOGIN);
    EXPECT(code_login(&f, ZHANG_ID, code));
    EXPECT(!code_login(&f, ZHANG_MOBILE, code));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_expired", "code"));
    fixture_wait(&f, 61000);
    code = fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_LOGIN);
    fixture_wait(&f, 5 * 60 * 1000);
    EXPECT(!code_login(&f, ZHANG_MOBILE, code));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_expired", "code"));
    fixture_free(&f);
}

/* Five wrong tries use a code up, although each of these calls failed. */
TEST(code_counts_wrong_tries)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    fixture_wait(&f, 61000);
    const char *code = fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_LOGIN);
    const char *wrong = text_equal(code, "123456") ? "123457" : "123456";
    for (int i = 0; i < 5; i++) {
        EXPECT(!code_login(&f, ZHANG_MOBILE, wrong));
        EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_wrong", "code"));
    }
    EXPECT(!code_login(&f, ZHANG_MOBILE, code));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_used_up", "code"));
    fixture_free(&f);
}

/* A code for one purpose is none for another. */
TEST(code_is_for_its_purpose)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    fixture_wait(&f, 61000);
    const char *code =
        fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_RESET_PASSWORD);
    EXPECT(!code_login(&f, ZHANG_MOBILE, code));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_expired", "code"));
    fixture_free(&f);
}

/* A mobile without an account gets no text, but the same answer, rows and limits. */
TEST(code_tells_nobody_who_has_an_account)
{
    fixture_t f = fixture_new();
    Identity__SendCodeRequest in = IDENTITY__SEND_CODE_REQUEST__INIT;
    in.mobile = LI_MOBILE;
    in.purpose = IDENTITY__PURPOSE__PURPOSE_LOGIN;
    const Identity__SendCodeAnswer *answer =
        ASK(&f, &BENCH_ANONYMOUS, "identity.SendCode", &in, Identity__SendCodeAnswer);
    EXPECT(answer && answer->retry_after_seconds == 60 && answer->expires_at);
    fixture_deliver(&f);
    EXPECT(text_equal(fixture_sms(&f, LI_MOBILE), ""));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM codes") == 1);
    EXPECT(!code_login(&f, LI_MOBILE, "123456"));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_wrong", "code"));
    fixture_free(&f);
}

/* Who had a code sent to a mobile cannot find the ID number behind it by trying. */
TEST(code_does_not_tie_numbers_to_mobiles)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    fixture_wait(&f, 61000);
    const char *code = fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_LOGIN);
    const char *wrong = text_equal(code, "123456") ? "123457" : "123456";
    for (int i = 0; i < 7; i++) {
        EXPECT(!code_login(&f, LI_ID, wrong)); /* has no account */
        const char *message = arena_text(bench_arena(f.bench), bench_failure(f.bench)->message);
        const char *said = arena_text(bench_arena(f.bench), bench_failure(f.bench)->code);
        EXPECT(!code_login(&f, ZHANG_ID, wrong));
        EXPECT(text_equal(bench_failure(f.bench)->message, message));
        EXPECT(text_equal(bench_failure(f.bench)->code, said));
    }
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.locked", NULL));
    fixture_free(&f);
}
