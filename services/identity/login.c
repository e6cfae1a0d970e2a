/* login.c - from a name and a secret to a session: people and staff.
 *
 * The slow half finds the account and checks the password; the write half looks at the locks
 * again, since many guesses may have been in the slow half at once, counts, and starts the
 * session.  Nothing in the answer, its time or its locks tells whether an account exists. */
#include "account.h"
#include "clock.h"
#include "code.h"
#include "codes.h"
#include "guard.h"
#include "password.h"
#include "session.h"
#include "staff.h"
#include "text.h"

typedef struct {
    const char *subject; /* of guard.h */
    const char *id;      /* of the account or staff member; NULL: none */
    const char *mobile;  /* that a code was sent to */
    bool by_number;      /* an ID number was given */
    const char *hash;    /* the one that was checked */
    bool right;
} login_t;

static status_t refuse_locked(call_t *call, const char *subject)
{
    int64_t locked_ms = 0;
    status_t status = guard_locked(call, subject, &locked_ms);
    if (status == STATUS_OK && !locked_ms)
        status = guard_locked(call, guard_address(call), &locked_ms);
    return status == STATUS_OK && locked_ms ? guard_refuse(call, "password", locked_ms) : status;
}

static status_t refuse_wrong(call_t *call, const login_t *plan)
{
    if (plan->id)
        call_concerns(call, plan->id);
    return guard_refuse_wrong(call, plan->subject, STATUS_UNAUTHENTICATED, "identity.wrong",
                              "password", "账号或密码不正确");
}

/* --- people ---------------------------------------------------------------------------- */

/* An 18-character identifier is an ID number, one of 11 digits a mobile. */
static status_t find_account(call_t *call, const char *identifier, account_t *ret)
{
    bool mobile = !mobile_check(identifier);
    if (!mobile && resident_id_check(id_number_normal(call->arena, identifier),
                                     (long) clock_day_of(call->now_ms)))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.identifier", "identifier",
                         "请输入正确的身份证号码或手机号码");
    status_t status = mobile ? account_by_mobile(call, identifier, ret)
                             : account_by_id_number(call, identifier, ret);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

status_t identity_login_prepare(call_t *call, const Identity__LoginRequest *in)
{
    bool password = in->password[0];
    if (password == (in->code[0] != 0))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.credential", "password",
                         "请输入密码或短信验证码（二选一）");
    login_t *plan = arena_alloc(call->arena, sizeof *plan);
    account_t account = {0};
    status_t status =
        plan ? find_account(call, in->identifier, &account) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK)
        return status;
    plan->subject = account_guard(call, &account, in->identifier);
    plan->id = account.id;
    plan->by_number = mobile_check(in->identifier) != NULL;
    plan->mobile = account.id ? account.mobile : in->identifier;
    plan->hash = account.password_hash;
    call->prepared = plan;
    if (!password)
        return STATUS_OK;
    status = refuse_locked(call, plan->subject);
    if (status == STATUS_OK)
        plan->right = password_right(call, account.password_hash, in->password);
    return status;
}

/* The password may have been changed since it was checked. */
static status_t check_unchanged(call_t *call, const login_t *plan)
{
    account_t account;
    status_t status = account_by_id(call, plan->id, &account);
    if (status == STATUS_OK && !text_equal(account.password_hash, plan->hash))
        return call_fail(call, STATUS_ABORTED, "identity.again", NULL, "请重新提交");
    return status;
}

/* Whoever asked for a code to a mobile must not find out whose it is by trying ID numbers: with
 * or without an account, and whatever is wrong with the code, the answer is one, and counted. */
static status_t refuse_number(call_t *call, const login_t *plan, status_t status)
{
    if (status != STATUS_INVALID_ARGUMENT)
        return status;
    return guard_refuse_wrong(call, plan->subject, status, "identity.code_wrong", "code",
                              "验证码不正确或已过期");
}

static status_t login_by_code(call_t *call, const login_t *plan, const char *code)
{
    status_t status = plan->by_number ? refuse_locked(call, plan->subject) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    status = code_check(call, plan->mobile, IDENTITY__PURPOSE__PURPOSE_LOGIN, code);
    if (status != STATUS_OK)
        return plan->by_number ? refuse_number(call, plan, status) : status;
    if (!plan->id) /* one in a million guessed a code that was never sent */
        return guard_refuse_wrong(call, plan->subject, STATUS_INVALID_ARGUMENT,
                                  "identity.code_wrong", "code", "验证码不正确");
    return code_spend(call, plan->mobile, IDENTITY__PURPOSE__PURPOSE_LOGIN);
}

static status_t login_by_password(call_t *call, const login_t *plan)
{
    status_t status = refuse_locked(call, plan->subject);
    if (status != STATUS_OK)
        return status;
    if (!plan->right)
        return refuse_wrong(call, plan);
    status = check_unchanged(call, plan);
    return status == STATUS_OK ? guard_clear(call, plan->subject) : status;
}

status_t identity_login(call_t *call, const Identity__LoginRequest *in,
                        Identity__SessionTokens *out)
{
    const login_t *plan = call->prepared;
    status_t status =
        in->password[0] ? login_by_password(call, plan) : login_by_code(call, plan, in->code);
    if (status != STATUS_OK)
        return status;
    return session_start(call, YW__CALLER_KIND__CALLER_KIND_PERSON, plan->id, out);
}

/* --- staff -------------------------------------------------------------------------------- */

status_t identity_staff_login_prepare(call_t *call, const Identity__StaffLoginRequest *in)
{
    login_t *plan = arena_alloc(call->arena, sizeof *plan);
    staff_login_t staff = {0};
    status_t status =
        plan ? staff_login_find(call, in->login_name, &staff) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK)
        return status;
    plan->id = staff.id;
    plan->hash = staff.password_hash;
    /* Login names are known in the house and staff have no other way in, so a stranger elsewhere
     * must not be able to lock them out: the lock is on the name from this address. */
    plan->subject = arena_printf(call->arena, "staff:%s@%s", in->login_name, call->caller.address);
    if (!plan->subject)
        return STATUS_RESOURCE_EXHAUSTED;
    call->prepared = plan;
    status = refuse_locked(call, plan->subject);
    if (status == STATUS_OK)
        plan->right = password_right(call, staff.password_hash, in->password);
    return status;
}

status_t identity_staff_login(call_t *call, const Identity__StaffLoginRequest *in,
                              Identity__SessionTokens *out)
{
    const login_t *plan = call->prepared;
    staff_login_t staff = {0};
    status_t status = refuse_locked(call, plan->subject);
    if (status != STATUS_OK)
        return status;
    if (!plan->right)
        return refuse_wrong(call, plan);
    status = staff_login_find(call, in->login_name, &staff);
    if (status != STATUS_OK)
        return status;
    if (!text_equal(staff.password_hash, plan->hash))
        return call_fail(call, STATUS_ABORTED, "identity.again", NULL, "请重新提交");
    /* Told only to those who know the password. */
    if (staff.state != IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE)
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.disabled", NULL,
                         "账号已停用，请联系本部门的账号管理员");
    status = guard_clear(call, plan->subject);
    if (status != STATUS_OK)
        return status;
    return session_start(call, YW__CALLER_KIND__CALLER_KIND_STAFF, staff.id, out);
}
