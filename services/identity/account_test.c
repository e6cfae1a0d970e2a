#include "fixture.h"

/* REQ: U-02 U-03 U-09.  A person registers; the account is there, at 初级, with the agreement
 * concluded. */
TEST(register_makes_an_account)
{
    fixture_t f = fixture_new();
    Identity__RegisterRequest in = fixture_registration(&f, ZHANG_NAME, ZHANG_ID, ZHANG_MOBILE);
    const Identity__Account *made =
        ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account);
    EXPECT(made && made->level == YW__LEVEL__LEVEL_BASIC);
    EXPECT(made && text_equal(made->agreement_version, "2026-01"));
    EXPECT(made && timestamp_ms(made->agreement_at) == bench_now(f.bench));
    EXPECT(made && text_equal(made->id_number_masked, "110***********002X"));

    caller_t zhang = bench_person(made ? made->id : "", YW__LEVEL__LEVEL_BASIC);
    Yw__Empty empty = YW__EMPTY__INIT;
    const Identity__Account *own =
        ASK(&f, &zhang, "identity.GetAccount", &empty, Identity__Account);
    EXPECT(own && text_equal(own->name, ZHANG_NAME));
    EXPECT(own && text_equal(own->mobile_masked, "138****0001"));
    fixture_free(&f);
}

/* REQ: U-02.  Number, mobile, code and name are each refused by their own field. */
TEST(register_names_the_field_at_fault)
{
    fixture_t f = fixture_new();
    Identity__RegisterRequest good = fixture_registration(&f, ZHANG_NAME, ZHANG_ID, ZHANG_MOBILE);

    Identity__RegisterRequest in = good;
    in.id_number = "110105194912310020";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(text_equal(bench_failure(f.bench)->violations[0]->field, "idNumber"));
    EXPECT(text_equal(bench_failure(f.bench)->violations[0]->code, "check_digit"));
    in = good;
    in.mobile = "12345678901";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(text_equal(bench_failure(f.bench)->violations[0]->field, "mobile"));
    in = good;
    in.password = "19491231a";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "invalid", "password"));
    in = good;
    in.code = text_equal(good.code, "000000") ? "000001" : "000000";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_wrong", "code"));
    in = good;
    in.name = LI_NAME;
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_FAILED_PRECONDITION, "identity.person_mismatch", "idNumber"));
    in = good;
    in.agreement_version = "2025-01";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_FAILED_PRECONDITION, "identity.agreement_changed",
                          "agreementVersion"));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM accounts") == 0);
    EXPECT(ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &good, Identity__Account));
    fixture_free(&f);
}

/* One account per ID number, and the owner of a code learns so only for his own mobile. */
TEST(register_twice_is_refused)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    Identity__RegisterRequest in = fixture_registration(&f, ZHANG_NAME, ZHANG_ID, LI_MOBILE);
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_ALREADY_EXISTS, "identity.account_exists", "idNumber"));
    fixture_wait(&f, 61000);
    in = fixture_registration(&f, LI_NAME, LI_ID, ZHANG_MOBILE);
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_ALREADY_EXISTS, "identity.mobile_taken", "mobile"));
    fixture_free(&f);
}

/* A right code must not become a way to try names against numbers. */
TEST(register_stops_guessing_of_names)
{
    fixture_t f = fixture_new();
    Identity__RegisterRequest in = fixture_registration(&f, "王五", ZHANG_ID, ZHANG_MOBILE);
    for (int i = 0; i < 5; i++) {
        EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
        EXPECT(
            fixture_failed(&f, STATUS_FAILED_PRECONDITION, "identity.person_mismatch", "idNumber"));
    }
    in.name = ZHANG_NAME;
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.RegisterPerson", &in, Identity__Account));
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.locked", "idNumber"));
    EXPECT(bench_failure(f.bench)->retry_after_ms == 15 * 60 * 1000);
    fixture_free(&f);
}

/* A changed password opens, the old one does not; wrong old passwords are counted. */
TEST(change_password)
{
    fixture_t f = fixture_new();
    caller_t zhang = bench_person(fixture_zhang(&f), YW__LEVEL__LEVEL_BASIC);
    const Identity__SessionTokens *other = fixture_login(&f, ZHANG_MOBILE, PASSWORD);
    const Identity__SessionTokens *mine = fixture_login(&f, ZHANG_MOBILE, PASSWORD);
    EXPECT(other && mine);
    zhang.session = mine->session_id;

    Identity__ChangePasswordRequest in = IDENTITY__CHANGE_PASSWORD_REQUEST__INIT;
    in.old_password = "wrong-horse-9";
    in.new_password = "battery-staple-7";
    EXPECT(!ASK(&f, &zhang, "identity.ChangePassword", &in, Yw__Empty));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.wrong", "oldPassword"));
    EXPECT(bench_count(f.bench, "SELECT failures FROM guards WHERE failures = 1 LIMIT 1") == 1);
    in.old_password = PASSWORD;
    EXPECT(ASK(&f, &zhang, "identity.ChangePassword", &in, Yw__Empty));

    EXPECT(!fixture_login(&f, ZHANG_MOBILE, PASSWORD));
    EXPECT(fixture_login(&f, ZHANG_MOBILE, "battery-staple-7"));
    Identity__RefreshSessionRequest refresh = IDENTITY__REFRESH_SESSION_REQUEST__INIT;
    refresh.refresh_token = other->refresh_token;
    EXPECT(
        !ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens));
    refresh.refresh_token = mine->refresh_token;
    EXPECT(ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens));
    fixture_free(&f);
}

/* A forgotten password needs the code and the ID number; all sessions end. */
TEST(reset_password)
{
    fixture_t f = fixture_new();
    fixture_zhang(&f);
    const Identity__SessionTokens *old = fixture_login(&f, ZHANG_ID, PASSWORD);
    fixture_wait(&f, 61000);
    Identity__ResetPasswordRequest in = IDENTITY__RESET_PASSWORD_REQUEST__INIT;
    in.id_number = LI_ID;
    in.mobile = ZHANG_MOBILE;
    in.code = fixture_get_code(&f, ZHANG_MOBILE, IDENTITY__PURPOSE__PURPOSE_RESET_PASSWORD);
    in.password = "battery-staple-7";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.ResetPassword", &in, Yw__Empty));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.wrong", "idNumber"));
    in.id_number = ZHANG_ID;
    EXPECT(ASK(&f, &BENCH_ANONYMOUS, "identity.ResetPassword", &in, Yw__Empty));
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.ResetPassword", &in,
                Yw__Empty)); /* the code is spent */
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "identity.code_expired", "code"));
    EXPECT(fixture_login(&f, ZHANG_ID, "battery-staple-7"));
    Identity__RefreshSessionRequest refresh = IDENTITY__REFRESH_SESSION_REQUEST__INIT;
    refresh.refresh_token = old->refresh_token;
    EXPECT(
        !ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens));
    fixture_free(&f);
}

/* REQ: U-09.  A window clerk raises the level once, with evidence; the next token says so. */
TEST(raise_level)
{
    fixture_t f = fixture_new();
    const char *id = fixture_zhang(&f);
    caller_t clerk = bench_staff(f.bench, "clerk", "zjj", "account.verify");
    caller_t reviewer = bench_staff(f.bench, "reviewer", "zjj", "case.review");
    Identity__RaiseLevelRequest in = IDENTITY__RAISE_LEVEL_REQUEST__INIT;
    in.name = LI_NAME;
    in.id_number = ZHANG_ID;
    in.evidence = IDENTITY__EVIDENCE__EVIDENCE_CARD_AND_FACE;
    EXPECT(!ASK(&f, &reviewer, "identity.RaiseLevel", &in, Identity__LevelRaised));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "permission_denied", NULL));
    EXPECT(!ASK(&f, &clerk, "identity.RaiseLevel", &in, Identity__LevelRaised));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    in.name = ZHANG_NAME;
    EXPECT(ASK(&f, &clerk, "identity.RaiseLevel", &in, Identity__LevelRaised));
    EXPECT(bench_count(f.bench, "SELECT count(*) FROM level_changes WHERE staff_id = 'clerk'"
                                " AND from_level = 2 AND to_level = 3 AND evidence = 1") == 1);
    EXPECT(!ASK(&f, &clerk, "identity.RaiseLevel", &in, Identity__LevelRaised));
    EXPECT(fixture_failed(&f, STATUS_FAILED_PRECONDITION, "identity.level_reached", NULL));
    const Identity__SessionTokens *tokens = fixture_login(&f, ZHANG_ID, PASSWORD);
    EXPECT(tokens && tokens->level == YW__LEVEL__LEVEL_MEDIUM &&
           text_equal(tokens->account_id, id));
    fixture_free(&f);
}

/* Only our own services see a person in clear, and it leaves an audit row. */
TEST(get_person_is_internal)
{
    fixture_t f = fixture_new();
    Identity__GetPersonRequest in = IDENTITY__GET_PERSON_REQUEST__INIT;
    in.account_id = fixture_zhang(&f);
    const Identity__Person *person =
        ASK(&f, &BENCH_SERVICE, "identity.GetPerson", &in, Identity__Person);
    EXPECT(person && text_equal(person->id_number, ZHANG_ID) &&
           text_equal(person->mobile, ZHANG_MOBILE));
    caller_t admin = bench_staff(f.bench, "admin", "zjj", "account.all account.manage");
    EXPECT(!ASK(&f, &admin, "identity.GetPerson", &in, Identity__Person));
    in.account_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.GetPerson", &in, Identity__Person));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    fixture_free(&f);
}

/* A version's text never changes; importing the same again changes nothing. */
TEST(agreement_versions_are_fixed)
{
    fixture_t f = fixture_new();
    fixture_import(&f);
    Yw__Empty empty = YW__EMPTY__INIT;
    const Identity__Agreement *agreement =
        ASK(&f, &BENCH_ANONYMOUS, "identity.GetAgreement", &empty, Identity__Agreement);
    EXPECT(agreement && text_equal(agreement->version, "2026-01"));
    Identity__ImportAgreementRequest in = IDENTITY__IMPORT_AGREEMENT_REQUEST__INIT;
    in.version = "2026-01";
    in.title = "另一份";
    in.text = agreement->text;
    in.effective_at = agreement->effective_at;
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.ImportAgreement", &in, Identity__ImportResult));
    EXPECT(fixture_failed(&f, STATUS_FAILED_PRECONDITION, "identity.agreement_fixed", "version"));
    fixture_free(&f);
}
