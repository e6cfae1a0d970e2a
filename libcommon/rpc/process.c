#include "process.h"

#include <string.h>

#include "buffer.h"
#include "call_internal.h"
#include "clock.h"
#include "metrics.h"
#include "process.svc.h"

#define METRICS_BYTES_MAX 1000000
#define ROWS_MAX          1000

/* Healthy means: a write was committed; a read alone would not notice a full disk.  It is
 * asked every few seconds for ever, so it leaves no audit row. */
status_t process_check_health(call_t *call, const Yw__Empty *in, Process__Health *out)
{
    (void) in;
    query_t *waiting =
        query(call->store, "SELECT count(*) AS outbox_waiting,"
                           " coalesce(sum(state = 2), 0) AS outbox_parked FROM delivery");
    query_row(waiting, &out->base, call->arena);
    status_t status = query_done(waiting);
    if (status != STATUS_OK)
        return status;
    query_t *probe = query(call->store, "INSERT INTO probe (id, at_ms) VALUES (1, :at_ms)"
                                        " ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms");
    query_int(probe, "at_ms", call->now_ms);
    status = query_done(probe);
    if (status != STATUS_OK)
        return status;
    internal_of(call)->quiet = true;

    process_facts_t facts = {0};
    if (call->server)
        server_facts(call->server, &facts);
    out->service = internal_of(call)->entry->name;
    out->ok = true;
    out->started_ms_ago = call->now_ms - facts.started_ms;
    out->reads_queued = facts.reads_queued;
    out->writes_queued = facts.writes_queued;
    return STATUS_OK;
}

status_t process_get_metrics(call_t *call, const Yw__Empty *in, Process__Metrics *out)
{
    (void) in;
    buffer_t text = buffer_new(METRICS_BYTES_MAX);
    metrics_print(&text);
    out->text = text.full || !text.data ? "" : arena_text(call->arena, text.data);
    buffer_free(&text);
    return out->text ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t process_find_trace(call_t *call, const Process__FindTraceRequest *in,
                            Process__TraceRows *out)
{
    Process__TraceRow **list = ARRAY(call->arena, Process__TraceRow *, ROWS_MAX);
    if (!list)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *rows =
        query(call->store,
              "SELECT at_ms AS at, method, caller, concerns, trace, outcome AS _outcome FROM audit"
              " WHERE trace = :id OR concerns = :id OR caller = :id ORDER BY seq DESC LIMIT 1000");
    query_message(rows, &in->base);
    while (out->n_rows < ROWS_MAX) {
        Process__TraceRow *row =
            (Process__TraceRow *) message_new(&process__trace_row__descriptor, call->arena);
        if (!row || !query_row(rows, &row->base, call->arena))
            break;
        row->outcome = status_name((status_t) query_get_int(rows, "_outcome"));
        list[out->n_rows++] = row;
    }
    out->rows = list;
    return query_done(rows);
}

status_t process_verify_audit(call_t *call, const Yw__Empty *in, Process__AuditReport *out)
{
    (void) in;
    return audit_verify(call->store, &out->rows, &out->bad_seq);
}

status_t process_hold_writes(call_t *call, const Process__HoldWritesRequest *in, Yw__Empty *out)
{
    (void) out;
    if (call->server && server_hold_writes(call->server, in->hold_ms))
        return STATUS_OK;
    return call_fail(call, STATUS_UNAVAILABLE, "writes_held", NULL, "写入正被另一次备份暂停，请稍后再试");
}

status_t process_release_writes(call_t *call, const Yw__Empty *in, Process__WritesReleased *out)
{
    (void) in;
    out->held = call->server && server_release_writes(call->server);
    return STATUS_OK;
}

status_t process_list_parked(call_t *call, const Yw__Empty *in, Process__ParkedList *out)
{
    (void) in;
    query_t *rows = query(
        call->store,
        "SELECT d.seq AS seq, d.subscriber AS subscriber, o.topic AS topic, d.key AS key,"
        " d.attempts AS attempts, d.error AS error FROM delivery d JOIN outbox o ON o.seq = d.seq"
        " WHERE d.state = 2 ORDER BY d.seq LIMIT 1000");
    out->parked = (Process__Parked **) query_rows(rows, &process__parked__descriptor, ROWS_MAX,
                                                  call->arena, &out->n_parked);
    return query_done(rows);
}

status_t process_retry_parked(call_t *call, const Process__RetryParkedRequest *in, Yw__Empty *out)
{
    (void) out;
    return outbox_unpark(call->store, in->seq, in->subscriber, call->now_ms);
}
