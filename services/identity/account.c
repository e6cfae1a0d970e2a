#include "account.h"
#include "agreement.h"
#include "code.h"
#include "guard.h"
#include "message.h"
#include "notice.h"
#include "password.h"
#include "session.h"
#include "text.h"

/* --- finding -------------------------------------------------------------------- */

#define ACCOUNT_COLUMNS                                                                            \
    "SELECT id, name, id_number, mobile, level, password_hash,"                                    \
    " agreement_version, agreement_at, created_at FROM accounts"

static status_t account_read(call_t *call, query_t *row, account_t *ret)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    arena_t *arena = call->arena;
    bool found = query_next(row);
    bool whole = true;
    if (found) {
        const char *id = query_get_text(row, "id", arena);
        *ret = (account_t){
            .id = id,
            .name = secrets_column(secrets, row, "name", SEAL_ACCOUNT_NAME, id, arena),
            .id_number =
                secrets_column(secrets, row, "id_number", SEAL_ACCOUNT_ID_NUMBER, id, arena),
            .mobile = secrets_column(secrets, row, "mobile", SEAL_ACCOUNT_MOBILE, id, arena),
            .level = (Yw__Level) query_get_int(row, "level"),
            .password_hash = query_get_text(row, "password_hash", arena),
            .agreement_version = query_get_text(row, "agreement_version", arena),
            .agreement_at = query_get_int(row, "agreement_at"),
            .created_at = query_get_int(row, "created_at"),
        };
        whole = ret->name && ret->id_number && ret->mobile;
    }
    status_t status = query_done(row);
    if (status == STATUS_OK && !whole)
        return identity_data_loss(call);
    return status == STATUS_OK && !found ? STATUS_NOT_FOUND : status;
}

status_t account_by_id(call_t *call, const char *id, account_t *ret)
{
    query_t *row = query(call->store, ACCOUNT_COLUMNS " WHERE id = :id");
    query_text(row, "id", id);
    return account_read(call, row, ret);
}

status_t account_by_id_number(call_t *call, const char *id_number, account_t *ret)
{
    query_t *row = query(call->store, ACCOUNT_COLUMNS " WHERE id_number_key = :key");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "key", LOOKUP_ID_NUMBER,
                        id_number_normal(call->arena, id_number));
    return account_read(call, row, ret);
}

status_t account_by_mobile(call_t *call, const char *mobile, account_t *ret)
{
    query_t *row = query(call->store, ACCOUNT_COLUMNS " WHERE mobile_key = :key");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "key", LOOKUP_MOBILE, mobile);
    return account_read(call, row, ret);
}

const char *account_guard(call_t *call, const account_t *account, const char *identifier)
{
    const char *subject =
        account && account->id
            ? arena_printf(call->arena, "account:%s", account->id)
            : arena_printf(call->arena, "nobody:%s", id_number_normal(call->arena, identifier));
    return subject ? subject : "";
}

/* --- registration ------------------------------------------------------------------ */

/* What the slow half found out. */
typedef struct {
    bool code_right;
    population_answer_t person;
    const char *password_hash;
} registration_t;

/* Nothing slow is done for those without a right code: neither Argon2 nor the library. */
status_t identity_register_person_prepare(call_t *call, const Identity__RegisterRequest *in)
{
    password_judge(call, "password", in->password,
                   (const char *[]){in->id_number, in->mobile, NULL});
    status_t status = call_faulty(call);
    registration_t *plan = arena_alloc(call->arena, sizeof *plan);
    if (status == STATUS_OK && !plan)
        status = STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK)
        status = code_right(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_REGISTER, in->code,
                            &plan->code_right);
    if (status != STATUS_OK)
        return status;

    call->prepared = plan;
    if (!plan->code_right)
        return STATUS_OK; /* the write half counts it and says so */
    status = identity_of(call)->population->match(
        call, in->name, id_number_normal(call->arena, in->id_number), &plan->person);
    if (status != STATUS_OK)
        return status;
    plan->password_hash = password_hash(call, in->password);
    return plan->password_hash ? STATUS_OK : STATUS_UNAVAILABLE;
}

static status_t check_agreement(call_t *call, const char *agreed)
{
    const char *version = NULL;
    status_t status = agreement_version(call, &version);
    if (status == STATUS_OK && !text_equal(version, agreed))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.agreement_changed",
                         "agreementVersion", "注册协议已更新为 %s 版，请阅读并同意后再注册",
                         version);
    return status;
}

/* A right code of one's own mobile must not become a way to try names and numbers of others: each
 * mismatch is counted for the mobile and for the address. */
static status_t check_person(call_t *call, const Identity__RegisterRequest *in,
                             const registration_t *plan)
{
    const char *subject = arena_printf(call->arena, "register:%s", in->mobile);
    if (!subject)
        return STATUS_RESOURCE_EXHAUSTED;
    int64_t locked_ms = 0;
    status_t status = guard_locked(call, subject, &locked_ms);
    if (status == STATUS_OK && !locked_ms)
        status = guard_locked(call, guard_address(call), &locked_ms);
    if (status != STATUS_OK)
        return status;
    if (locked_ms)
        return guard_refuse(call, "idNumber", locked_ms);
    if (plan->person == POPULATION_MATCH)
        return STATUS_OK;
    return guard_refuse_wrong(call, subject, STATUS_FAILED_PRECONDITION, "identity.person_mismatch",
                              "idNumber",
                              "姓名与身份证号码不一致，请核对，如无误请到政务服务大厅办理");
}

static status_t check_free(call_t *call, const Identity__RegisterRequest *in)
{
    account_t other;
    status_t status = account_by_id_number(call, in->id_number, &other);
    if (status == STATUS_OK)
        return call_fail(call, STATUS_ALREADY_EXISTS, "identity.account_exists", "idNumber",
                         "该身份证号码已注册，请直接登录或找回密码");
    if (status != STATUS_NOT_FOUND)
        return status;
    status = account_by_mobile(call, in->mobile, &other);
    if (status == STATUS_OK)
        return call_fail(call, STATUS_ALREADY_EXISTS, "identity.mobile_taken", "mobile",
                         "该手机号码已绑定其他账号，请更换手机号码");
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static status_t account_insert(call_t *call, const Identity__RegisterRequest *in,
                               const registration_t *plan, account_t *ret)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    const char *id = call_id(call);
    const char *id_number = id_number_normal(call->arena, in->id_number);
    *ret = (account_t){
        .id = id,
        .name = in->name,
        .id_number = id_number,
        .mobile = in->mobile,
        .level = YW__LEVEL__LEVEL_BASIC,
        .password_hash = plan->password_hash,
        .agreement_version = in->agreement_version,
        .agreement_at = call->now_ms,
        .created_at = call->now_ms,
    };
    query_t *row =
        query(call->store,
              "INSERT INTO accounts (id, id_number_key, id_number, mobile_key, mobile, name, level,"
              " password_hash, agreement_version, agreement_at, created_at)"
              " VALUES (:id, :id_number_key, :id_number, :mobile_key, :mobile, :name, :level,"
              " :password_hash, :agreement_version, :now, :now)");
    query_text(row, "id", id);
    secrets_bind_lookup(secrets, row, "id_number_key", LOOKUP_ID_NUMBER, id_number);
    secrets_bind(secrets, row, "id_number", SEAL_ACCOUNT_ID_NUMBER, id, id_number, call->arena);
    secrets_bind_lookup(secrets, row, "mobile_key", LOOKUP_MOBILE, in->mobile);
    secrets_bind(secrets, row, "mobile", SEAL_ACCOUNT_MOBILE, id, in->mobile, call->arena);
    secrets_bind(secrets, row, "name", SEAL_ACCOUNT_NAME, id, in->name, call->arena);
    query_int(row, "level", YW__LEVEL__LEVEL_BASIC);
    query_text(row, "password_hash", plan->password_hash);
    query_text(row, "agreement_version", in->agreement_version);
    query_int(row, "now", call->now_ms);
    return query_done(row);
}

static void account_show(call_t *call, const account_t *account, Identity__Account *out)
{
    out->id = account->id;
    out->name = account->name;
    out->id_number_masked = mask_text(KIND_RESIDENT_ID, account->id_number, call->arena);
    out->mobile_masked = mask_text(KIND_MOBILE, account->mobile, call->arena);
    out->level = account->level;
    out->agreement_version = account->agreement_version;
    out->agreement_at = timestamp_make(call->arena, account->agreement_at);
    out->created_at = timestamp_make(call->arena, account->created_at);
}

status_t identity_register_person(call_t *call, const Identity__RegisterRequest *in,
                                  Identity__Account *out)
{
    const registration_t *plan = call->prepared;
    status_t status = code_check(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_REGISTER, in->code);
    if (status == STATUS_OK && !plan->code_right)
        status = call_fail(call, STATUS_ABORTED, "identity.again", NULL, "请重新提交");
    if (status == STATUS_OK)
        status = check_person(call, in, plan);
    if (status == STATUS_OK)
        status = check_agreement(call, in->agreement_version);
    if (status == STATUS_OK)
        status = check_free(call, in);
    account_t account;
    if (status == STATUS_OK)
        status = account_insert(call, in, plan, &account);
    if (status == STATUS_OK)
        status = code_spend(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_REGISTER);
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    account_show(call, &account, out);
    return STATUS_OK;
}

status_t identity_get_account(call_t *call, const Yw__Empty *in, Identity__Account *out)
{
    (void) in;
    account_t account;
    status_t status = account_by_id(call, call->caller.id, &account);
    if (status == STATUS_OK)
        account_show(call, &account, out);
    return status == STATUS_NOT_FOUND ? call_not_found(call, "账号") : status;
}

/* --- passwords ----------------------------------------------------------------------- */

typedef struct {
    bool right;
    const char *old_hash; /* the one that was checked */
    const char *new_hash;
} change_t;

status_t account_set_password(call_t *call, const char *id, const char *hash)
{
    query_t *row = query(call->store, "UPDATE accounts SET password_hash = :hash WHERE id = :id");
    query_text(row, "id", id);
    query_text(row, "hash", hash);
    return query_done(row);
}

status_t identity_change_password_prepare(call_t *call, const Identity__ChangePasswordRequest *in)
{
    account_t account;
    int64_t locked_ms = 0;
    change_t *plan = arena_alloc(call->arena, sizeof *plan);
    if (!plan)
        return STATUS_RESOURCE_EXHAUSTED;
    status_t status = account_by_id(call, call->caller.id, &account);
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "账号");
    if (status == STATUS_OK)
        status = guard_locked(call, account_guard(call, &account, ""), &locked_ms);
    if (status != STATUS_OK)
        return status;
    if (locked_ms)
        return guard_refuse(call, "oldPassword", locked_ms);

    password_judge(call, "newPassword", in->new_password,
                   (const char *[]){account.id_number, account.mobile, NULL});
    if (text_equal(in->old_password, in->new_password))
        call_fault(call, "newPassword", "password_same", "新密码不能与原密码相同");
    status = call_faulty(call);
    if (status != STATUS_OK)
        return status;
    plan->old_hash = account.password_hash;
    plan->right = password_right(call, account.password_hash, in->old_password);
    if (plan->right)
        plan->new_hash = password_hash(call, in->new_password);
    call->prepared = plan;
    return !plan->right || plan->new_hash ? STATUS_OK : STATUS_UNAVAILABLE;
}

status_t identity_change_password(call_t *call, const Identity__ChangePasswordRequest *in,
                                  Yw__Empty *out)
{
    (void) in;
    (void) out;
    const change_t *plan = call->prepared;
    account_t account;
    status_t status = account_by_id(call, call->caller.id, &account);
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    const char *subject = account_guard(call, &account, "");
    if (!plan->right)
        return guard_refuse_wrong(call, subject, STATUS_INVALID_ARGUMENT, "identity.wrong",
                                  "oldPassword", "原密码不正确");
    if (!text_equal(account.password_hash, plan->old_hash))
        return call_fail(call, STATUS_ABORTED, "identity.again", NULL,
                         "密码刚刚被修改，请重新提交");

    status = account_set_password(call, account.id, plan->new_hash);
    if (status == STATUS_OK)
        status = guard_clear(call, subject);
    if (status == STATUS_OK)
        status = session_end_all(call, account.id, call->caller.session, "password");
    if (status == STATUS_OK)
        status = notice_put(
            call,
            &(notice_t){
                account.id, "PASSWORD_CHANGED", "", "密码已修改",
                "您的登录密码已修改，其他设备上的登录已全部退出。如非本人操作，请立即找回密码。"});
    return status;
}

typedef struct {
    bool code_right;
    const char *new_hash;
} reset_t;

status_t identity_reset_password_prepare(call_t *call, const Identity__ResetPasswordRequest *in)
{
    password_judge(call, "password", in->password,
                   (const char *[]){in->id_number, in->mobile, NULL});
    status_t status = call_faulty(call);
    reset_t *plan = arena_alloc(call->arena, sizeof *plan);
    if (status == STATUS_OK && !plan)
        status = STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK)
        status = code_right(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_RESET_PASSWORD, in->code,
                            &plan->code_right);
    if (status != STATUS_OK)
        return status;
    call->prepared = plan;
    if (plan->code_right)
        plan->new_hash = password_hash(call, in->password);
    return !plan->code_right || plan->new_hash ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* The code proves the mobile, the ID number that the account is meant: a mobile that was given to
 * somebody else does not open its former owner's account. */
status_t identity_reset_password(call_t *call, const Identity__ResetPasswordRequest *in,
                                 Yw__Empty *out)
{
    (void) out;
    const reset_t *plan = call->prepared;
    account_t account;
    const char *id_number = id_number_normal(call->arena, in->id_number);
    const char *guard = arena_printf(call->arena, "reset:%s", in->mobile);
    int64_t locked_ms = 0;
    status_t status = guard ? guard_locked(call, guard, &locked_ms) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK)
        return status;
    if (locked_ms)
        return guard_refuse(call, "idNumber", locked_ms);
    status = code_check(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_RESET_PASSWORD, in->code);
    if (status == STATUS_OK && !plan->code_right)
        status = call_fail(call, STATUS_ABORTED, "identity.again", NULL, "请重新提交");
    if (status != STATUS_OK)
        return status;

    status = account_by_mobile(call, in->mobile, &account);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && !text_equal(account.id_number, id_number)))
        return guard_refuse_wrong(call, guard, STATUS_INVALID_ARGUMENT, "identity.wrong",
                                  "idNumber", "身份证号码与手机号码不匹配");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    status = account_set_password(call, account.id, plan->new_hash);
    if (status == STATUS_OK)
        status = code_spend(call, in->mobile, IDENTITY__PURPOSE__PURPOSE_RESET_PASSWORD);
    if (status == STATUS_OK)
        status = guard_clear(call, account_guard(call, &account, ""));
    if (status == STATUS_OK)
        status = session_end_all(call, account.id, "", "password");
    if (status == STATUS_OK)
        status = notice_put(
            call,
            &(notice_t){
                account.id, "PASSWORD_RESET", "", "密码已重置",
                "您的登录密码已通过短信验证码重置，所有设备上的登录已退出。如非本人操作，请立即联系政务服务大厅。"});
    return status;
}

/* --- levels and persons ---------------------------------------------------------------- */

static status_t level_set(call_t *call, const Identity__RaiseLevelRequest *in,
                          const account_t *account, Yw__Level level)
{
    query_t *raise = query(call->store, "UPDATE accounts SET level = :level WHERE id = :id");
    query_text(raise, "id", account->id);
    query_int(raise, "level", level);
    status_t status = query_done(raise);
    if (status != STATUS_OK)
        return status;

    query_t *row = query(
        call->store,
        "INSERT INTO level_changes (id, account_id, from_level, to_level, evidence, note, staff_id,"
        " department_id, at) VALUES (:id, :account_id, :from_level, :to_level, :evidence, :note,"
        " :staff_id, :department_id, :at)");
    query_text(row, "id", call_id(call));
    query_text(row, "account_id", account->id);
    query_int(row, "from_level", account->level);
    query_int(row, "to_level", level);
    query_text(row, "staff_id", call->caller.id);
    query_text(row, "department_id", call->caller.department);
    query_int(row, "at", call->now_ms);
    query_message(row, &in->base);
    return query_done(row);
}

/* Name and number must both be those of the account: the clerk typed them from the card. */
status_t identity_raise_level(call_t *call, const Identity__RaiseLevelRequest *in,
                              Identity__LevelRaised *out)
{
    const Yw__Level level = YW__LEVEL__LEVEL_MEDIUM;
    account_t account;
    status_t status = account_by_id_number(call, in->id_number, &account);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !text_equal(account.name, in->name)))
        return call_not_found(call, "姓名与身份证号码相符的账号");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    if (account.level >= level)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.level_reached", NULL,
                         "该账号的认证等级已是%s，无需提升",
                         label_of(&yw__level__descriptor, account.level));

    status = level_set(call, in, &account, level);
    if (status == STATUS_OK)
        status = notice_put(
            call, &(notice_t){
                      account.id, "LEVEL_RAISED", "", "认证等级已提升",
                      "您的实名认证等级已在政务服务大厅提升为中级，重新登录或稍候几分钟后生效。"});
    out->account_id = account.id;
    out->level = level;
    out->at = timestamp_make(call->arena, call->now_ms);
    return status;
}

status_t identity_get_person(call_t *call, const Identity__GetPersonRequest *in,
                             Identity__Person *out)
{
    account_t account;
    status_t status = account_by_id(call, in->account_id, &account);
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "账号");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    out->account_id = account.id;
    out->name = account.name;
    out->id_number = account.id_number;
    out->mobile = account.mobile;
    out->level = account.level;
    return STATUS_OK;
}
