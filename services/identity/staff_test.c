#include "fixture.h"
#include "permission.h"
#include "token.h"

static Identity__Post RECEIVE[] = {IDENTITY__POST__POST_RECEIVE, IDENTITY__POST__POST_DELIVER};

static Identity__CreateStaffRequest newcomer(const char *login_name, const char *department)
{
    Identity__CreateStaffRequest in = IDENTITY__CREATE_STAFF_REQUEST__INIT;
    in.login_name = login_name;
    in.name = "陈安";
    in.department_id = department;
    in.posts = RECEIVE;
    in.n_posts = 2;
    in.password = PASSWORD;
    return in;
}

static caller_t chief(fixture_t *f)
{
    return bench_staff(f->bench, "chief", "zjj", "account.manage");
}

static caller_t head(fixture_t *f)
{
    return bench_staff(f->bench, "head", "wjw", "account.manage account.all");
}

static const Identity__SessionTokens *login(fixture_t *f, const char *login_name,
                                            const char *password)
{
    Identity__StaffLoginRequest in = IDENTITY__STAFF_LOGIN_REQUEST__INIT;
    in.login_name = login_name;
    in.password = password;
    return ASK(f, &BENCH_ANONYMOUS, "identity.StaffLogin", &in, Identity__SessionTokens);
}

static bool has(char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(words[i], word))
            return true;
    return false;
}

/* A new member must change the password first: until then the token carries no permission. */
TEST(staff_first_login)
{
    fixture_t f = fixture_new();
    caller_t admin = chief(&f);
    Identity__CreateStaffRequest in = newcomer("chen.an", "zjj");
    const Identity__Staff *made = ASK(&f, &admin, "identity.CreateStaff", &in, Identity__Staff);
    EXPECT(made && made->must_change_password && made->n_posts == 2);
    EXPECT(made && has((char *const *) made->effective_permissions, made->n_effective_permissions,
                       "case.receive"));
    EXPECT(made && !has((char *const *) made->effective_permissions, made->n_effective_permissions,
                        "case.decide"));

    const Identity__SessionTokens *tokens = login(&f, "chen.an", PASSWORD);
    EXPECT(tokens && tokens->staff && tokens->staff->must_change_password);
    uint8_t bytes[4096];
    size_t size = 0;
    Yw__Token *token = NULL;
    token_cache_t *cache = token_cache_new(f.identity->secrets.token_public);
    EXPECT(crypto_unbase64(tokens->access_token, strlen(tokens->access_token), bytes, sizeof bytes,
                           &size));
    EXPECT(token_verify(cache, bytes, size, bench_now(f.bench), bench_arena(f.bench), &token) ==
           TOKEN_GOOD);
    EXPECT(token->kind == YW__CALLER_KIND__CALLER_KIND_STAFF && token->n_permissions == 0);

    caller_t self = bench_staff(f.bench, made->id, "zjj", "");
    self.session = tokens->session_id;
    Identity__ChangePasswordRequest change = IDENTITY__CHANGE_PASSWORD_REQUEST__INIT;
    change.old_password = PASSWORD;
    change.new_password = "battery-staple-7";
    EXPECT(ASK(&f, &self, "identity.ChangeStaffPassword", &change, Yw__Empty));

    Identity__RefreshSessionRequest refresh = IDENTITY__REFRESH_SESSION_REQUEST__INIT;
    refresh.refresh_token = tokens->refresh_token;
    tokens =
        ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens);
    EXPECT(tokens && crypto_unbase64(tokens->access_token, strlen(tokens->access_token), bytes,
                                     sizeof bytes, &size));
    EXPECT(token_verify(cache, bytes, size, bench_now(f.bench), bench_arena(f.bench), &token) ==
           TOKEN_GOOD);
    EXPECT(has((char *const *) token->permissions, token->n_permissions, "case.receive"));
    EXPECT(text_equal(token->department, "zjj") && text_equal(token->name, "陈安"));
    token_cache_free(&cache);
    fixture_free(&f);
}

/* A department's administrator reaches his own department and cannot make anyone mightier than
 * it. */
TEST(staff_management_stays_in_the_department)
{
    fixture_t f = fixture_new();
    caller_t admin = chief(&f), all = head(&f);
    Identity__CreateStaffRequest in = newcomer("wei.sheng", "wjw");
    EXPECT(!ASK(&f, &admin, "identity.CreateStaff", &in, Identity__Staff));
    EXPECT(
        fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.other_department", "departmentId"));
    const Identity__Staff *other = ASK(&f, &all, "identity.CreateStaff", &in, Identity__Staff);
    EXPECT(other);

    in = newcomer("zhu.jian", "zjj");
    in.permissions = (void *) (char *[]){"case.all"};
    in.n_permissions = 1;
    EXPECT(!ASK(&f, &admin, "identity.CreateStaff", &in, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.wide_permission", "permissions"));
    const Identity__Staff *mighty = ASK(&f, &all, "identity.CreateStaff", &in, Identity__Staff);
    EXPECT(mighty);
    in.permissions = (void *) (char *[]){"case.everything"};
    EXPECT(!ASK(&f, &all, "identity.CreateStaff", &in, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "invalid", "permissions[0]"));

    Identity__UpdateStaffRequest update = IDENTITY__UPDATE_STAFF_REQUEST__INIT;
    update.id = other->id;
    update.name = "卫生";
    EXPECT(!ASK(&f, &admin, "identity.UpdateStaff", &update, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_NOT_FOUND, "not_found", NULL));
    update.id = mighty->id; /* one's own department, but above one's head */
    update.password = "battery-staple-7";
    EXPECT(!ASK(&f, &admin, "identity.UpdateStaff", &update, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.wide_permission", "id"));

    Identity__ListStaffRequest list = IDENTITY__LIST_STAFF_REQUEST__INIT;
    const Identity__StaffList *seen =
        ASK(&f, &admin, "identity.ListStaff", &list, Identity__StaffList);
    EXPECT(seen && seen->n_staff == 1 && text_equal(seen->staff[0]->login_name, "zhu.jian"));
    list.page_size = 1;
    seen = ASK(&f, &all, "identity.ListStaff", &list, Identity__StaffList);
    EXPECT(seen && seen->n_staff == 1 && text_equal(seen->next_page_token, "wei.sheng"));
    list.page_token = seen->next_page_token;
    seen = ASK(&f, &all, "identity.ListStaff", &list, Identity__StaffList);
    EXPECT(seen && seen->n_staff == 1 && text_equal(seen->staff[0]->login_name, "zhu.jian"));
    EXPECT(seen && text_equal(seen->next_page_token, ""));
    list.department_id = "wjw";
    EXPECT(!ASK(&f, &admin, "identity.ListStaff", &list, Identity__StaffList));
    fixture_free(&f);
}

/* Nobody changes his own rights. */
TEST(staff_cannot_raise_themselves)
{
    fixture_t f = fixture_new();
    caller_t all = head(&f);
    Identity__CreateStaffRequest in = newcomer("zhu.jian", "zjj");
    const Identity__Staff *made = ASK(&f, &all, "identity.CreateStaff", &in, Identity__Staff);
    caller_t self = bench_staff(f.bench, made->id, "zjj", "account.manage account.all");
    Identity__UpdateStaffRequest update = IDENTITY__UPDATE_STAFF_REQUEST__INIT;
    update.id = made->id;
    update.name = "朱建";
    EXPECT(!ASK(&f, &self, "identity.UpdateStaff", &update, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.self", "id"));
    fixture_free(&f);
}

/* Disabling ends the sessions at once; enabling takes another person. */
TEST(staff_disable_and_enable)
{
    fixture_t f = fixture_new();
    caller_t all = head(&f), second = bench_staff(f.bench, "second", "wjw", "account.all");
    Identity__CreateStaffRequest in = newcomer("zhu.jian", "zjj");
    const Identity__Staff *made = ASK(&f, &all, "identity.CreateStaff", &in, Identity__Staff);
    const Identity__SessionTokens *tokens = login(&f, "zhu.jian", PASSWORD);

    Identity__DisableStaffRequest disable = IDENTITY__DISABLE_STAFF_REQUEST__INIT;
    disable.id = made->id;
    disable.reason = "调离岗位";
    EXPECT(ASK(&f, &all, "identity.DisableStaff", &disable, Identity__Staff));
    Identity__RefreshSessionRequest refresh = IDENTITY__REFRESH_SESSION_REQUEST__INIT;
    refresh.refresh_token = tokens->refresh_token;
    EXPECT(
        !ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens));
    Identity__ListRevocationsRequest after = IDENTITY__LIST_REVOCATIONS_REQUEST__INIT;
    const Identity__RevocationList *news =
        ASK(&f, &BENCH_SERVICE, "identity.ListRevocations", &after, Identity__RevocationList);
    EXPECT(news && news->n_revocations == 1);
    EXPECT(!login(&f, "zhu.jian", PASSWORD));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.disabled", NULL));
    EXPECT(!login(&f, "zhu.jian", "wrong-horse-1")); /* only who knows the password learns it */
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.wrong", "password"));

    Identity__EnableStaffRequest enable = IDENTITY__ENABLE_STAFF_REQUEST__INIT;
    enable.id = made->id;
    enable.reason = "复岗";
    EXPECT(!ASK(&f, &all, "identity.EnableStaff", &enable, Identity__Staff));
    EXPECT(fixture_failed(&f, STATUS_PERMISSION_DENIED, "identity.second_person", "id"));
    EXPECT(ASK(&f, &second, "identity.EnableStaff", &enable, Identity__Staff));
    tokens = login(&f, "zhu.jian", PASSWORD);
    EXPECT(tokens);
    bench_sql(f.bench, "UPDATE staff SET state = 2"); /* even if a session had been forgotten */
    refresh.refresh_token = tokens->refresh_token;
    EXPECT(
        !ASK(&f, &BENCH_ANONYMOUS, "identity.RefreshSession", &refresh, Identity__SessionTokens));
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.session_ended", "refreshToken"));
    fixture_free(&f);
}

/* Unknown names lock like known ones. */
TEST(staff_login_locks)
{
    fixture_t f = fixture_new();
    for (int i = 0; i < 5; i++) {
        EXPECT(!login(&f, "nobody", PASSWORD));
        EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.wrong", "password"));
    }
    EXPECT(!login(&f, "nobody", PASSWORD));
    EXPECT(fixture_failed(&f, STATUS_RESOURCE_EXHAUSTED, "identity.locked", "password"));

    /* Only from where the guesses came: nobody elsewhere can be locked out by a stranger. */
    caller_t elsewhere = BENCH_ANONYMOUS;
    elsewhere.address = "198.51.100.7";
    Identity__StaffLoginRequest in = IDENTITY__STAFF_LOGIN_REQUEST__INIT;
    in.login_name = "nobody";
    in.password = PASSWORD;
    EXPECT(!ASK(&f, &elsewhere, "identity.StaffLogin", &in, Identity__SessionTokens));
    EXPECT(fixture_failed(&f, STATUS_UNAUTHENTICATED, "identity.wrong", "password"));
    fixture_free(&f);
}

/* A second import changes nothing, least of all passwords. */
TEST(staff_import_again)
{
    fixture_t f = fixture_new();
    Identity__StaffRecord record = IDENTITY__STAFF_RECORD__INIT;
    record.login_name = "demo";
    record.name = "演示";
    record.department_id = "zjj";
    record.posts = RECEIVE;
    record.n_posts = 1;
    record.password = PASSWORD;
    Identity__ImportStaffRequest in = IDENTITY__IMPORT_STAFF_REQUEST__INIT;
    in.staff = (Identity__StaffRecord *[]){&record};
    in.n_staff = 1;
    const Identity__ImportResult *result =
        ASK(&f, &BENCH_SERVICE, "identity.ImportStaff", &in, Identity__ImportResult);
    EXPECT(result && result->created == 1);
    record.password = "battery-staple-7";
    result = ASK(&f, &BENCH_SERVICE, "identity.ImportStaff", &in, Identity__ImportResult);
    EXPECT(result && result->unchanged == 1 && result->created == 0);
    const Identity__SessionTokens *tokens = login(&f, "demo", PASSWORD);
    EXPECT(tokens && !tokens->staff->must_change_password);
    record.login_name = "demo2";
    record.department_id = "nowhere";
    EXPECT(!ASK(&f, &BENCH_SERVICE, "identity.ImportStaff", &in, Identity__ImportResult));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "invalid", "staff[0].departmentId"));
    fixture_free(&f);
}

TEST(departments_in_order_and_pages)
{
    fixture_t f = fixture_new();
    Identity__ListDepartmentsRequest in = IDENTITY__LIST_DEPARTMENTS_REQUEST__INIT;
    in.page_size = 1;
    const Identity__DepartmentList *list =
        ASK(&f, &BENCH_ANONYMOUS, "identity.ListDepartments", &in, Identity__DepartmentList);
    EXPECT(list && list->n_departments == 1 && text_equal(list->departments[0]->id, "zjj"));
    in.page_token = list->next_page_token;
    list = ASK(&f, &BENCH_ANONYMOUS, "identity.ListDepartments", &in, Identity__DepartmentList);
    EXPECT(list && list->n_departments == 1 && text_equal(list->departments[0]->id, "wjw"));
    EXPECT(list && text_equal(list->next_page_token, ""));
    in.page_token = "nonsense";
    EXPECT(!ASK(&f, &BENCH_ANONYMOUS, "identity.ListDepartments", &in, Identity__DepartmentList));
    EXPECT(fixture_failed(&f, STATUS_INVALID_ARGUMENT, "page_token", "pageToken"));
    fixture_free(&f);
}
