#include "guard.h"
#include "identity.h"

#define LOCK_DOUBLINGS_MAX 7 /* 15 min ... a day */

const char *guard_address(call_t *call)
{
    if (!call->caller.address || !call->caller.address[0])
        return "";
    const char *subject = arena_printf(call->arena, "address:%s", call->caller.address);
    return subject ? subject : "";
}

status_t guard_locked(call_t *call, const char *subject, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (!subject[0])
        return STATUS_OK;
    query_t *row = query(call->store, "SELECT locked_until FROM guards"
                                      " WHERE subject_key = :subject_key AND locked_until > :now");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "subject_key", LOOKUP_GUARD, subject);
    query_int(row, "now", call->now_ms);
    if (query_next(row))
        *ret_ms = query_get_int(row, "locked_until") - call->now_ms;
    return query_done(row);
}

status_t guard_refuse(call_t *call, const char *field, int64_t locked_ms)
{
    status_t status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "identity.locked", field,
                                "错误次数过多，已暂时锁定，请在 %lld 分钟后再试",
                                (long long) (locked_ms + 59999) / 60000);
    call_retry_after(call, (uint32_t) locked_ms);
    return status;
}

typedef struct {
    int64_t failures;
    int64_t locks;
    int64_t locked_until;
    int64_t failed_at;
} guard_t;

static status_t guard_read(call_t *call, const char *subject, guard_t *ret)
{
    *ret = (guard_t){0};
    query_t *row = query(
        call->store,
        "SELECT failures, locks, locked_until, failed_at FROM guards WHERE subject_key = :subject_key"
        " AND failed_at > :since");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "subject_key", LOOKUP_GUARD, subject);
    query_int(row, "since", call->now_ms - GUARD_MEMORY_MS);
    if (query_next(row)) {
        ret->failures = query_get_int(row, "failures");
        ret->locks = query_get_int(row, "locks");
        ret->locked_until = query_get_int(row, "locked_until");
        ret->failed_at = query_get_int(row, "failed_at");
    }
    return query_done(row);
}

static status_t guard_write(call_t *call, const char *subject, const guard_t *guard)
{
    query_t *row = query(
        call->store,
        "INSERT INTO guards (subject_key, failures, locks, locked_until, failed_at)"
        " VALUES (:subject_key, :failures, :locks, :locked_until, :now)"
        " ON CONFLICT (subject_key) DO UPDATE SET failures = excluded.failures,"
        " locks = excluded.locks, locked_until = excluded.locked_until, failed_at = excluded.failed_at");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "subject_key", LOOKUP_GUARD, subject);
    query_int(row, "failures", guard->failures);
    query_int(row, "locks", guard->locks);
    query_int(row, "locked_until", guard->locked_until);
    query_int(row, "now", call->now_ms);
    return query_done(row);
}

status_t guard_fail(call_t *call, const char *subject, int64_t tries, int64_t *ret_left)
{
    *ret_left = tries;
    if (!subject[0])
        return STATUS_OK;
    guard_t guard;
    status_t status = guard_read(call, subject, &guard);
    if (status != STATUS_OK)
        return status;

    /* One is forgiven each time that so many would need to fill a day: slips of a hundred people
     * behind one address do not add up over weeks. */
    int64_t forgiven = (call->now_ms - guard.failed_at) / (GUARD_MEMORY_MS / tries);
    guard.failures = guard.failures > forgiven ? guard.failures - forgiven : 0;
    guard.failures++;
    if (guard.failures >= tries) {
        int64_t doublings = guard.locks < LOCK_DOUBLINGS_MAX ? guard.locks : LOCK_DOUBLINGS_MAX;
        int64_t lock_ms = identity_of(call)->settings.lock_ms << doublings;
        if (lock_ms > GUARD_MEMORY_MS)
            lock_ms = GUARD_MEMORY_MS;
        guard.locked_until = call->now_ms + lock_ms;
        guard.locks++;
        guard.failures = 0;
        *ret_left = 0;
    } else {
        *ret_left = tries - guard.failures;
    }
    return guard_write(call, subject, &guard);
}

status_t guard_refuse_wrong(call_t *call, const char *subject, status_t status, const char *code,
                            const char *field, const char *what)
{
    const settings_t *settings = &identity_of(call)->settings;
    int64_t left = 0, address_left = 0;
    status_t counted = guard_fail(call, subject, settings->tries_per_account, &left);
    if (counted == STATUS_OK)
        counted = guard_fail(call, guard_address(call), settings->tries_per_address, &address_left);
    if (counted != STATUS_OK)
        return counted;
    if (left == 0) {
        int64_t locked_ms = 0;
        counted = guard_locked(call, subject, &locked_ms);
        if (counted != STATUS_OK)
            return counted;
        status = call_refuse(call, status, code, field, "%s；错误次数过多，已锁定 %lld 分钟", what,
                             (long long) (locked_ms + 59999) / 60000);
        call_retry_after(call, (uint32_t) locked_ms);
        return status;
    }
    return call_refuse(call, status, code, field, "%s，还可以再试 %lld 次", what, (long long) left);
}

status_t guard_clear(call_t *call, const char *subject)
{
    if (!subject[0])
        return STATUS_OK;
    query_t *row = query(call->store, "DELETE FROM guards WHERE subject_key = :subject_key");
    secrets_bind_lookup(&identity_of(call)->secrets, row, "subject_key", LOOKUP_GUARD, subject);
    return query_done(row);
}
