#include "code.h"
#include <inttypes.h>
#include <stdio.h>
#include "account.h"
#include "delivery.h"
#include "guard.h"
#include "message.h"

#define DAY_MS    (24 * 3600 * 1000LL)
#define CODE_SIZE 7

/* --- sending ------------------------------------------------------------------- */

typedef struct {
    int64_t count;  /* codes sent in the last 24 hours */
    int64_t oldest; /* when the first of them was */
    int64_t newest;
} sent_t;

static status_t sent_read(query_t *rows, sent_t *ret)
{
    if (query_next(rows)) {
        ret->count = query_get_int(rows, "n");
        ret->oldest = query_get_int(rows, "oldest");
        ret->newest = query_get_int(rows, "newest");
    }
    return query_done(rows);
}

static status_t sent_to_mobile(call_t *call, const char *mobile, sent_t *ret)
{
    query_t *rows =
        query(call->store, "SELECT count(*) AS n, coalesce(min(created_at), 0) AS oldest,"
                           " coalesce(max(created_at), 0) AS newest FROM codes"
                           " WHERE mobile_key = :mobile_key AND created_at > :since");
    secrets_bind_lookup(&identity_of(call)->secrets, rows, "mobile_key", LOOKUP_MOBILE, mobile);
    query_int(rows, "since", call->now_ms - DAY_MS);
    return sent_read(rows, ret);
}

static status_t sent_from_address(call_t *call, sent_t *ret)
{
    query_t *rows =
        query(call->store, "SELECT count(*) AS n, coalesce(min(created_at), 0) AS oldest,"
                           " coalesce(max(created_at), 0) AS newest FROM codes"
                           " WHERE address_key = :address_key AND created_at > :since");
    secrets_bind_lookup(&identity_of(call)->secrets, rows, "address_key", LOOKUP_ADDRESS,
                        call->caller.address);
    query_int(rows, "since", call->now_ms - DAY_MS);
    return sent_read(rows, ret);
}

static status_t refuse_day(call_t *call, const sent_t *sent, const char *field)
{
    status_t status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "identity.code_limit", field,
                                "24 小时内获取验证码的次数已达上限，请稍后再试");
    call_retry_after(call, (uint32_t) (sent->oldest + DAY_MS - call->now_ms));
    return status;
}

/* One a minute and so many a day to a mobile, so many a day from an address: SMS cost money and
 * strangers' patience. */
static status_t check_rate(call_t *call, const char *mobile)
{
    const settings_t *settings = &identity_of(call)->settings;
    sent_t to = {0}, from = {0};
    status_t status = sent_to_mobile(call, mobile, &to);
    if (status == STATUS_OK && call->caller.address[0])
        status = sent_from_address(call, &from);
    if (status != STATUS_OK)
        return status;

    int64_t pause_ms = to.newest + settings->code_pause_ms - call->now_ms;
    if (to.count && pause_ms > 0) {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "identity.code_too_soon", "mobile",
                           "验证码已发送，请在 %" PRId64 " 秒后重新获取", (pause_ms + 999) / 1000);
        call_retry_after(call, (uint32_t) pause_ms);
        return status;
    }
    if (to.count >= settings->codes_per_mobile)
        return refuse_day(call, &to, "mobile");
    if (from.count >= settings->codes_per_address)
        return refuse_day(call, &from, NULL);
    return STATUS_OK;
}

static void bind_code(call_t *call, query_t *row, const char *id, const char *code)
{
    const char *text = arena_printf(call->arena, "%s\n%s", id, code);
    secrets_bind_lookup(&identity_of(call)->secrets, row, "code_key", LOOKUP_CODE,
                        text ? text : "");
}

static status_t code_put(call_t *call, const Identity__SendCodeRequest *in, const char *code,
                         int64_t expires_at)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    const char *id = call_id(call);
    query_t *row = query(
        call->store,
        "INSERT INTO codes (id, mobile_key, purpose, code_key, address_key, tries, created_at, expires_at)"
        " VALUES (:id, :mobile_key, :purpose, :code_key, :address_key, 0, :now, :expires_at)");
    query_text(row, "id", id);
    secrets_bind_lookup(secrets, row, "mobile_key", LOOKUP_MOBILE, in->mobile);
    query_int(row, "purpose", in->purpose);
    bind_code(call, row, id, code);
    secrets_bind_lookup(secrets, row, "address_key", LOOKUP_ADDRESS, call->caller.address);
    query_int(row, "now", call->now_ms);
    query_int(row, "expires_at", expires_at);
    return query_done(row);
}

/* Codes for what only an account can do go to mobiles of accounts only; the answer and the rows are
 * the same either way, so that nobody learns which mobiles have one. */
static status_t worth_sending(call_t *call, const Identity__SendCodeRequest *in, bool *ret)
{
    account_t account;
    *ret = true;
    if (in->purpose == IDENTITY__PURPOSE__PURPOSE_REGISTER ||
        in->purpose == IDENTITY__PURPOSE__PURPOSE_CHANGE_MOBILE) /* a mobile that has none yet */
        return STATUS_OK;
    status_t status = account_by_mobile(call, in->mobile, &account);
    *ret = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

status_t identity_send_code(call_t *call, const Identity__SendCodeRequest *in,
                            Identity__SendCodeAnswer *out)
{
    const settings_t *settings = &identity_of(call)->settings;
    status_t status = check_rate(call, in->mobile);
    bool worth = false;
    if (status == STATUS_OK)
        status = worth_sending(call, in, &worth);
    if (status != STATUS_OK)
        return status;

    uint64_t random;
    char code[CODE_SIZE];
    call_random(call, &random, sizeof random); /* 64 bits: the remainder's bias is 2^-44 */
    snprintf(code, sizeof code, "%06u", (unsigned) (random % 1000000));

    int64_t expires_at = call->now_ms + settings->code_ms;
    status = code_put(call, in, code, expires_at);
    if (status != STATUS_OK)
        return status;
    const char *text = arena_printf(call->arena,
                                    "【一网】验证码 %s，用于%s，%" PRId64
                                    " 分钟内有效。请勿告诉任何人，工作人员不会向您索要。",
                                    code, label_of(&identity__purpose__descriptor, in->purpose),
                                    (settings->code_ms + 59999) / 60000);
    if (!text)
        return STATUS_RESOURCE_EXHAUSTED;
    outgoing_t sms = {NULL, in->mobile, text, expires_at, !worth};
    status = delivery_queue(call, &sms);
    out->expires_at = timestamp_make(call->arena, expires_at);
    out->retry_after_seconds = (uint32_t) (settings->code_pause_ms / 1000);
    return status;
}

/* Who is signed in need not tell a number that his pages do not show. */
status_t identity_send_own_code(call_t *call, const Identity__SendOwnCodeRequest *in,
                                Identity__SendCodeAnswer *out)
{
    account_t account;
    status_t status = account_by_id(call, call->caller.id, &account);
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "账号");
    if (status != STATUS_OK)
        return status;
    Identity__SendCodeRequest send = IDENTITY__SEND_CODE_REQUEST__INIT;
    send.mobile = account.mobile;
    send.purpose = in->purpose;
    return identity_send_code(call, &send, out);
}

/* --- checking ------------------------------------------------------------------- */

typedef struct {
    const char *id; /* NULL: there is none */
    int64_t tries;
    bool right;
} found_t;

static status_t code_find(call_t *call, const char *mobile, Identity__Purpose purpose,
                          const char *code, found_t *ret)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    *ret = (found_t){NULL, 0, false};
    query_t *row = query(
        call->store,
        "SELECT id, code_key, tries, used_at, expires_at FROM codes WHERE mobile_key = :mobile_key"
        " AND purpose = :purpose ORDER BY created_at DESC, id DESC LIMIT 1");
    secrets_bind_lookup(secrets, row, "mobile_key", LOOKUP_MOBILE, mobile);
    query_int(row, "purpose", purpose);
    if (query_next(row) && query_is_null(row, "used_at") &&
        query_get_int(row, "expires_at") > call->now_ms) {
        uint8_t key[CRYPTO_LOOKUP_SIZE];
        ret->id = query_get_text(row, "id", call->arena);
        ret->tries = query_get_int(row, "tries");
        ProtobufCBinaryData stored = query_get_blob(row, "code_key", call->arena);
        const char *text = arena_printf(call->arena, "%s\n%s", ret->id, code);
        secrets_lookup(secrets, LOOKUP_CODE, text ? text : "", key);
        ret->right = stored.len == sizeof key && crypto_equal(stored.data, key, sizeof key);
    }
    return query_done(row);
}

status_t code_right(call_t *call, const char *mobile, Identity__Purpose purpose, const char *code,
                    bool *ret)
{
    found_t found;
    status_t status = code_find(call, mobile, purpose, code, &found);
    *ret = status == STATUS_OK && found.id && found.tries < CODE_TRIES_MAX && found.right;
    return status;
}

static status_t refuse_wrong(call_t *call, const found_t *found, const char *field)
{
    query_t *count = query(call->store, "UPDATE codes SET tries = tries + 1 WHERE id = :id");
    query_text(count, "id", found->id);
    status_t status = query_done(count);
    if (status != STATUS_OK)
        return status;
    int64_t left = CODE_TRIES_MAX - found->tries - 1;
    if (left == 0)
        return call_refuse(call, STATUS_INVALID_ARGUMENT, "identity.code_wrong", field,
                           "验证码不正确，且错误次数已用完，请重新获取");
    return call_refuse(call, STATUS_INVALID_ARGUMENT, "identity.code_wrong", field,
                       "验证码不正确，还可以再试 %" PRId64 " 次", left);
}

status_t code_check_field(call_t *call, const char *mobile, Identity__Purpose purpose,
                          const char *code, const char *field)
{
    found_t found;
    status_t status = code_find(call, mobile, purpose, code, &found);
    if (status != STATUS_OK)
        return status;
    if (!found.id)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.code_expired", field,
                         "验证码不存在或已过期，请重新获取");
    if (found.tries >= CODE_TRIES_MAX)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.code_used_up", field,
                         "验证码错误次数已用完，请重新获取");
    return found.right ? STATUS_OK : refuse_wrong(call, &found, field);
}

status_t code_check(call_t *call, const char *mobile, Identity__Purpose purpose, const char *code)
{
    return code_check_field(call, mobile, purpose, code, "code");
}

status_t code_spend(call_t *call, const char *mobile, Identity__Purpose purpose)
{
    query_t *row = query(
        call->store,
        "UPDATE codes SET used_at = :now WHERE mobile_key = :mobile_key AND purpose = :purpose"
        " AND used_at IS NULL");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "mobile_key", LOOKUP_MOBILE, mobile);
    query_int(row, "purpose", purpose);
    query_int(row, "now", call->now_ms);
    return query_done(row);
}
