/* watch.c - what a department's system follows: each entry of the timelines of its cases, in order.
 *
 * Numbers grow in the order of commit (one writer), so a cursor never jumps over an entry. */
#include "case.svc.h"
#include "text.h"

#define CHANGES_DEFAULT 100
#define CHANGES_MAX     500

status_t case_watch(call_t *call, const Case__WatchRequest *in, Case__WatchAnswer *out)
{
    int limit = in->limit ? in->limit : CHANGES_DEFAULT;
    query_t *find = query(
        call->store,
        "SELECT t.seq AS seq, t.case_id AS case_id, c.number AS number, c.item_id AS item_id,"
        " t.action AS action, t.state AS state, t.at_ms AS at FROM timeline t"
        " JOIN cases c ON c.id = t.case_id"
        " WHERE t.department_id = :department AND t.seq > :cursor ORDER BY t.seq LIMIT :limit");
    query_text(find, "department", call->caller.department);
    query_int(find, "cursor", in->cursor);
    query_int(find, "limit", limit);
    out->changes = (Case__Change **) query_rows(find, &case__change__descriptor, CHANGES_MAX,
                                                call->arena, &out->n_changes);
    out->cursor = in->cursor;
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    if (out->n_changes)
        out->cursor = out->changes[out->n_changes - 1]->seq;
    else if (in->wait_ms)
        call_wait(call, (uint32_t) in->wait_ms); /* or the time is up: an empty answer */
    return STATUS_OK;
}
