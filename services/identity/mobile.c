/* mobile.c - another mobile for an account.
 *
 * The mobile is a login name and the way back to a forgotten password, so a session alone is not
 * enough to change it: the password is asked for, and codes prove that both mobiles are the
 * person's own (national plan: a code from the old and from the new number).  The old mobile hears
 * of it by SMS, so that a thief cannot do it in silence. */
#include "account.h"
#include "code.h"
#include "delivery.h"
#include "guard.h"
#include "notice.h"
#include "password.h"
#include "rule.h"
#include "text.h"

#define SMS_LIFE_MS (24 * 3600 * 1000LL)
#define PURPOSE     IDENTITY__PURPOSE__PURPOSE_CHANGE_MOBILE

typedef struct {
    bool right;           /* the password */
    const char *old_hash; /* the one that was checked */
} plan_t;

/* Argon2 only for who is not locked out. */
status_t identity_change_mobile_prepare(call_t *call, const Identity__ChangeMobileRequest *in)
{
    account_t account;
    int64_t locked_ms = 0;
    plan_t *plan = arena_alloc(call->arena, sizeof *plan);
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
        return guard_refuse(call, "password", locked_ms);
    plan->old_hash = account.password_hash;
    plan->right = password_right(call, account.password_hash, in->password);
    call->prepared = plan;
    return STATUS_OK;
}

static status_t check_free(call_t *call, const char *mobile)
{
    account_t other;
    status_t status = account_by_mobile(call, mobile, &other);
    if (status == STATUS_OK)
        return call_fail(call, STATUS_ALREADY_EXISTS, "identity.mobile_taken", "mobile",
                         "该手机号码已绑定其他账号，请更换手机号码");
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static status_t set_mobile(call_t *call, const char *id, const char *mobile)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    query_t *row = query(call->store, "UPDATE accounts SET mobile_key = :mobile_key,"
                                      " mobile = :mobile WHERE id = :id");
    query_text(row, "id", id);
    secrets_bind_lookup(secrets, row, "mobile_key", LOOKUP_MOBILE, mobile);
    secrets_bind(secrets, row, "mobile", SEAL_ACCOUNT_MOBILE, id, mobile, call->arena);
    return query_done(row);
}

/* The inbox and the new mobile, and the old mobile by SMS. */
static status_t tell(call_t *call, const account_t *old, const char *mobile)
{
    const char *masked = mask_text(KIND_MOBILE, mobile, call->arena);
    const char *text = arena_printf(
        call->arena, "您的账号绑定的手机号码已更换为 %s。如非本人操作，请立即联系政务服务大厅。",
        masked ? masked : "");
    const char *sms = text ? arena_printf(call->arena, "【一网】手机号码已更换：%s", text) : NULL;
    if (!sms)
        return STATUS_RESOURCE_EXHAUSTED;
    status_t status =
        notice_put(call, &(notice_t){old->id, "MOBILE_CHANGED", "", "手机号码已更换", text});
    if (status != STATUS_OK)
        return status;
    return delivery_queue(call,
                          &(outgoing_t){NULL, old->mobile, sms, call->now_ms + SMS_LIFE_MS, false});
}

status_t identity_change_mobile(call_t *call, const Identity__ChangeMobileRequest *in,
                                Yw__Empty *out)
{
    (void) out;
    const plan_t *plan = call->prepared;
    account_t account;
    status_t status = account_by_id(call, call->caller.id, &account);
    if (status != STATUS_OK)
        return status;
    call_concerns(call, account.id);
    if (text_equal(in->mobile, account.mobile))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.mobile_same", "mobile",
                         "新手机号码与现在绑定的号码相同");
    const char *subject = account_guard(call, &account, "");
    if (!plan->right)
        return guard_refuse_wrong(call, subject, STATUS_INVALID_ARGUMENT, "identity.wrong",
                                  "password", "登录密码不正确");
    if (!text_equal(account.password_hash, plan->old_hash))
        return call_fail(call, STATUS_ABORTED, "identity.again", NULL,
                         "密码刚刚被修改，请重新提交");
    status = code_check_field(call, account.mobile, PURPOSE, in->old_code, "oldCode");
    if (status == STATUS_OK)
        status = code_check(call, in->mobile, PURPOSE, in->code);
    if (status == STATUS_OK)
        status = check_free(call, in->mobile);
    if (status == STATUS_OK)
        status = set_mobile(call, account.id, in->mobile);
    if (status == STATUS_OK)
        status = code_spend(call, in->mobile, PURPOSE);
    if (status == STATUS_OK)
        status = code_spend(call, account.mobile, PURPOSE);
    if (status == STATUS_OK)
        status = guard_clear(call, subject);
    return status == STATUS_OK ? tell(call, &account, in->mobile) : status;
}
