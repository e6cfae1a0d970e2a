/* sweep.c - what is forgotten when its time has come.
 *
 * Each row of the table: what to delete, and how long it is kept.  To write seldom, rows are
 * only looked for once they are LAG_MS over their time; all that are over their time then go
 * together. */
#include "guard.h"
#include "identity.h"
#include "system.h"

#define MINUTE_MS (60 * 1000LL)
#define DAY_MS    (24 * 60 * MINUTE_MS)
#define LAG_MS    (30 * MINUTE_MS)

/* The limit is 1000 rows a time, so that a sweep after a long stop holds nobody up. */
static const struct {
    int64_t keep_ms;
    const char *due;
    const char *forget;
} SWEEPS[] = {
    /* The limits per day count them for a day. */
    {DAY_MS, "SELECT 1 FROM codes WHERE created_at < :before LIMIT 1",
     "DELETE FROM codes WHERE id IN (SELECT id FROM codes WHERE created_at < :before LIMIT 1000)"},
    /* A lock is never longer than the memory. */
    {2 * GUARD_MEMORY_MS, "SELECT 1 FROM guards WHERE failed_at < :before LIMIT 1",
     "DELETE FROM guards WHERE subject_key IN"
     " (SELECT subject_key FROM guards WHERE failed_at < :before LIMIT 1000)"},
    /* Who was signed in when is in the audit trail. */
    {30 * DAY_MS, "SELECT 1 FROM sessions WHERE expires_at < :before LIMIT 1",
     "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < :before LIMIT 1000)"},
    /* The last one stays, so that numbers go on growing.  No token lives longer than 15 minutes. */
    {60 * MINUTE_MS,
     "SELECT 1 FROM revocations WHERE at < :before"
     " AND seq < (SELECT max(seq) FROM revocations) LIMIT 1",
     "DELETE FROM revocations WHERE seq IN (SELECT seq FROM revocations WHERE at < :before"
     " AND seq < (SELECT max(seq) FROM revocations) LIMIT 1000)"},
    /* Codes are in no inbox; the state of inbox messages is shown as long as they are. */
    {7 * DAY_MS,
     "SELECT 1 FROM deliveries WHERE created_at < :before AND message_id IS NULL LIMIT 1",
     "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE created_at < :before"
     " AND message_id IS NULL LIMIT 1000)"},
};

#define COUNT (sizeof SWEEPS / sizeof *SWEEPS)

static status_t is_due(call_t *call, size_t at, bool *ret)
{
    query_t *row = query(call->store, SWEEPS[at].due);
    query_int(row, "before", call->now_ms - SWEEPS[at].keep_ms - LAG_MS);
    *ret = query_next(row);
    return query_done(row);
}

/* Nothing to do costs a few look-ups in indexes and no transaction. */
status_t identity_sweep_prepare(call_t *call, const Yw__Empty *in)
{
    (void) in;
    bool due = false;
    status_t status = system_sweep_due(call, &due);
    for (size_t i = 0; i < COUNT && status == STATUS_OK && !due; i++)
        status = is_due(call, i, &due);
    call->skip = status == STATUS_OK && !due;
    return status;
}

status_t identity_sweep(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in;
    (void) out;
    status_t status = system_sweep(call);
    for (size_t i = 0; i < COUNT && status == STATUS_OK; i++) {
        query_t *rows = query(call->store, SWEEPS[i].forget);
        query_int(rows, "before", call->now_ms - SWEEPS[i].keep_ms);
        status = query_done(rows);
    }
    return status;
}
