/* system.c - department systems: their CURVE keys and what each may call.
 *
 * The broker keeps a copy of ListSystemKeys and asks again at each SystemKeysChanged, so adding,
 * revoking and granting reach it as fast as an event.  A validity that begins or ends by itself
 * is told by the tick Sweep (system_sweep). */
#include "system.h"
#include "department.h"
#include "message.h"
#include "text.h"

#define PAGE_SIZE_DEFAULT   20
#define PAGE_SIZE_MAX       100
#define KEYS_PER_SYSTEM_MAX 100
#define METHODS_MAX         200
#define KEYS_MAX            10000

/* Rotation is a habit only if it has to happen (docs/security.md). */
#define VALIDITY_DEFAULT_MS (2 * 365 * 86400 * 1000LL)
#define VALIDITY_MAX_MS     (5 * 366 * 86400 * 1000LL)

/* --- reading ------------------------------------------------------------------------ */

static status_t read_keys(call_t *call, Identity__System *out)
{
    query_t *rows =
        query(call->store, "SELECT public_key, valid_from, valid_until, revoked_at FROM system_keys"
                           " WHERE system_id = :id ORDER BY valid_from, public_key LIMIT 100");
    query_text(rows, "id", out->id);
    out->keys =
        (Identity__SystemKeyInfo **) query_rows(rows, &identity__system_key_info__descriptor,
                                                KEYS_PER_SYSTEM_MAX, call->arena, &out->n_keys);
    return query_done(rows);
}

static status_t read_methods(call_t *call, const char *system_id, char ***ret, size_t *ret_count)
{
    char **list = ARRAY(call->arena, char *, METHODS_MAX);
    if (!list)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *rows = query(call->store, "SELECT method FROM system_grants WHERE system_id = :id"
                                       " ORDER BY method LIMIT 200");
    query_text(rows, "id", system_id);
    size_t count = 0;
    while (count < METHODS_MAX && query_next(rows))
        list[count++] = (char *) query_get_text(rows, "method", call->arena);
    *ret = list;
    *ret_count = count;
    return query_done(rows);
}

static status_t read_details(call_t *call, Identity__System *out)
{
    status_t status = read_keys(call, out);
    if (status == STATUS_OK)
        status = read_methods(call, out->id, (char ***) (void *) &out->methods, &out->n_methods);
    return status;
}

#define SYSTEM_COLUMNS                                                                             \
    "SELECT id, name, department_id, created_at,"                                                  \
    " (SELECT d.name FROM departments d WHERE d.id = systems.department_id) AS department_name"    \
    " FROM systems"

static status_t system_read(call_t *call, const char *id, Identity__System *out)
{
    query_t *row = query(call->store, SYSTEM_COLUMNS " WHERE id = :id");
    query_text(row, "id", id);
    bool found = query_row(row, &out->base, call->arena);
    status_t status = query_done(row);
    if (status == STATUS_OK && !found)
        return call_not_found(call, "部门系统");
    call_concerns(call, out->id);
    return status == STATUS_OK ? read_details(call, out) : status;
}

status_t identity_get_system(call_t *call, const Identity__GetSystemRequest *in,
                             Identity__System *out)
{
    return system_read(call, in->id, out);
}

status_t identity_list_systems(call_t *call, const Identity__ListSystemsRequest *in,
                               Identity__SystemList *out)
{
    size_t size = in->page_size ? in->page_size : PAGE_SIZE_DEFAULT;
    query_t *rows = query(call->store, SYSTEM_COLUMNS " WHERE id > :after ORDER BY id LIMIT :n");
    query_text(rows, "after", in->page_token);
    query_int(rows, "n", (int64_t) size + 1);
    size_t count = 0;
    out->systems = (Identity__System **) query_rows(rows, &identity__system__descriptor,
                                                    PAGE_SIZE_MAX + 1, call->arena, &count);
    status_t status = query_done(rows);
    out->n_systems = count < size ? count : size;
    for (size_t i = 0; i < out->n_systems && status == STATUS_OK; i++)
        status = read_details(call, out->systems[i]);
    if (count > size)
        out->next_page_token = out->systems[size - 1]->id;
    return status;
}

/* --- telling --------------------------------------------------------------------------- */

static status_t tell(call_t *call, const char *system_id)
{
    query_t *next =
        query(call->store, "UPDATE systems_version SET version = version + 1 WHERE id = 1"
                           " RETURNING version");
    int64_t version = query_next(next) ? query_get_int(next, "version") : 0;
    status_t status = query_done(next);
    if (status != STATUS_OK)
        return status;
    Identity__SystemKeysChanged event = IDENTITY__SYSTEM_KEYS_CHANGED__INIT;
    event.id = "systems";
    event.system_id = system_id;
    event.version = version;
    return call_event(call, &event.base);
}

static status_t tell_and_read(call_t *call, const char *system_id, Identity__System *out)
{
    status_t status = tell(call, system_id);
    return status == STATUS_OK ? system_read(call, system_id, out) : status;
}

/* --- changing ---------------------------------------------------------------------------- */

status_t identity_create_system(call_t *call, const Identity__CreateSystemRequest *in,
                                Identity__System *out)
{
    bool found = false;
    status_t status = department_exists(call, in->department_id, &found);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.department", "departmentId",
                         "没有这个部门，请核对部门标识");
    query_t *row = query(call->store, "INSERT INTO systems (id, name, department_id, created_at)"
                                      " VALUES (:id, :name, :department_id, :now)");
    query_message(row, &in->base);
    query_int(row, "now", call->now_ms);
    status = query_done(row);
    if (status == STATUS_ALREADY_EXISTS)
        return call_fail(call, status, "identity.system_exists", "id", "系统标识“%s”已被使用",
                         in->id);
    return status == STATUS_OK ? system_read(call, in->id, out) : status;
}

static status_t judge_validity(call_t *call, const Identity__AddSystemKeyRequest *in,
                               int64_t *ret_from, int64_t *ret_until)
{
    *ret_from = in->valid_from ? timestamp_ms(in->valid_from) : call->now_ms;
    *ret_until = in->valid_until ? timestamp_ms(in->valid_until) : *ret_from + VALIDITY_DEFAULT_MS;
    if (*ret_until <= *ret_from || *ret_until <= call->now_ms)
        call_fault(call, "validUntil", "range", "有效期止须晚于有效期起和当前时间");
    else if (*ret_until - *ret_from > VALIDITY_MAX_MS)
        call_fault(call, "validUntil", "range", "公钥有效期最长五年");
    return call_faulty(call);
}

static status_t count_keys(call_t *call, const char *system_id)
{
    query_t *row =
        query(call->store, "SELECT count(*) AS n FROM system_keys WHERE system_id = :id");
    query_text(row, "id", system_id);
    int64_t count = query_next(row) ? query_get_int(row, "n") : 0;
    status_t status = query_done(row);
    if (status == STATUS_OK && count >= KEYS_PER_SYSTEM_MAX)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.too_many_keys", "publicKey",
                         "一个系统最多登记 %d 把公钥", KEYS_PER_SYSTEM_MAX);
    return status;
}

status_t identity_add_system_key(call_t *call, const Identity__AddSystemKeyRequest *in,
                                 Identity__System *out)
{
    int64_t from = 0, until = 0;
    status_t status = system_read(call, in->system_id, out);
    if (status == STATUS_OK)
        status = judge_validity(call, in, &from, &until);
    if (status == STATUS_OK)
        status = count_keys(call, in->system_id);
    if (status != STATUS_OK)
        return status;
    query_t *row =
        query(call->store,
              "INSERT INTO system_keys (public_key, system_id, valid_from, valid_until, announced)"
              " VALUES (:public_key, :system_id, :from, :until, :announced)");
    query_text(row, "public_key", in->public_key);
    query_text(row, "system_id", in->system_id);
    query_int(row, "from", from);
    query_int(row, "until", until);
    query_int(row, "announced", from <= call->now_ms);
    status = query_done(row);
    if (status == STATUS_ALREADY_EXISTS)
        return call_fail(call, status, "identity.key_exists", "publicKey",
                         "该公钥已登记过，请生成新的密钥对");
    return status == STATUS_OK ? tell_and_read(call, in->system_id, out) : status;
}

status_t identity_revoke_system_key(call_t *call, const Identity__RevokeSystemKeyRequest *in,
                                    Identity__System *out)
{
    query_t *row = query(
        call->store, "UPDATE system_keys SET revoked_at = coalesce(revoked_at, :now), announced = 0"
                     " WHERE public_key = :public_key AND system_id = :system_id");
    query_message(row, &in->base);
    query_int(row, "now", call->now_ms);
    status_t status = query_done(row);
    if (status == STATUS_OK && store_changes(call->store) == 0)
        return call_not_found(call, "公钥");
    return status == STATUS_OK ? tell_and_read(call, in->system_id, out) : status;
}

static status_t check_method(call_t *call, const char *name)
{
    const method_t *method = contract_method(name);
    if (!method)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.method", "method",
                         "没有名为“%s”的接口", name);
    if (!(method->may & MAY_SYSTEM))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.method_not_for_systems", "method",
                         "接口“%s”不对部门系统开放", name);
    return STATUS_OK;
}

status_t identity_grant_method(call_t *call, const Identity__GrantMethodRequest *in,
                               Identity__System *out)
{
    status_t status = check_method(call, in->method);
    if (status == STATUS_OK)
        status = system_read(call, in->system_id, out);
    if (status != STATUS_OK)
        return status;
    if (out->n_methods >= METHODS_MAX)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.too_many_grants", "method",
                         "一个系统最多授权 %d 个接口", METHODS_MAX);
    query_t *row = query(call->store, "INSERT INTO system_grants (system_id, method, granted_at)"
                                      " VALUES (:system_id, :method, :now)"
                                      " ON CONFLICT (system_id, method) DO NOTHING");
    query_message(row, &in->base);
    query_int(row, "now", call->now_ms);
    status = query_done(row);
    return status == STATUS_OK ? tell_and_read(call, in->system_id, out) : status;
}

status_t identity_revoke_grant(call_t *call, const Identity__RevokeGrantRequest *in,
                               Identity__System *out)
{
    query_t *row = query(call->store, "DELETE FROM system_grants WHERE system_id = :system_id"
                                      " AND method = :method");
    query_message(row, &in->base);
    status_t status = query_done(row);
    if (status == STATUS_OK && store_changes(call->store) == 0)
        return call_not_found(call, "授权");
    return status == STATUS_OK ? tell_and_read(call, in->system_id, out) : status;
}

/* --- the broker's table --------------------------------------------------------------------- */

status_t identity_list_system_keys(call_t *call, const Yw__Empty *in, Identity__SystemKeyList *out)
{
    (void) in;
    query_t *version = query(call->store, "SELECT version FROM systems_version WHERE id = 1");
    query_row(version, &out->base, call->arena);
    status_t status = query_done(version);
    if (status != STATUS_OK)
        return status;
    query_t *rows = query(
        call->store,
        "SELECT k.public_key AS public_key, k.system_id AS system_id, s.department_id AS department_id,"
        " k.valid_until AS valid_until FROM system_keys k JOIN systems s ON s.id = k.system_id"
        " WHERE k.revoked_at IS NULL AND k.valid_from <= :now AND k.valid_until > :now"
        " ORDER BY k.public_key LIMIT 10000");
    query_int(rows, "now", call->now_ms);
    out->keys = (Identity__SystemKey **) query_rows(rows, &identity__system_key__descriptor,
                                                    KEYS_MAX, call->arena, &out->n_keys);
    status = query_done(rows);
    for (size_t i = 0; i < out->n_keys && status == STATUS_OK; i++)
        status = read_methods(call, out->keys[i]->system_id,
                              (char ***) (void *) &out->keys[i]->methods, &out->keys[i]->n_methods);
    return status;
}

/* --- what time brings ------------------------------------------------------------------------ */

status_t system_sweep_due(call_t *call, bool *ret)
{
    query_t *row = query(
        call->store,
        "SELECT 1 FROM system_keys WHERE (announced = 1 AND valid_until <= :now) OR (announced = 0"
        " AND revoked_at IS NULL AND valid_from <= :now AND valid_until > :now) LIMIT 1");
    query_int(row, "now", call->now_ms);
    *ret = query_next(row);
    return query_done(row);
}

status_t system_sweep(call_t *call)
{
    query_t *row = query(
        call->store,
        "UPDATE system_keys SET announced = 1 - announced WHERE (announced = 1 AND valid_until <= :now)"
        " OR (announced = 0 AND revoked_at IS NULL AND valid_from <= :now AND valid_until > :now)");
    query_int(row, "now", call->now_ms);
    status_t status = query_done(row);
    if (status != STATUS_OK || store_changes(call->store) == 0)
        return status;
    return tell(call, "");
}
