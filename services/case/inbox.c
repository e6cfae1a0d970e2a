/* inbox.c - what waits for an official, and who has it: ListInbox, CountInbox, claim, transfer, return. */
#include <stdio.h>

#include "access.h"
#include "case.calls.h"
#include "case.svc.h"
#include "flow.h"
#include "page.h"
#include "stage.h"
#include "text.h"

/* --- ListInbox ---------------------------------------------------------------------------- */

/* What waits in the caller's department for something that the caller may do. */
#define INBOX                                                                                      \
    " WHERE department_id = :department AND waits_for <> ''"                                       \
    " AND waits_for IN (:receive, :review, :decide)"
#define FILTERS                                                                                    \
    " AND (:mine = 0 OR officer_id = :me) AND (:unclaimed = 0 OR officer_id = '')"                 \
    " AND (:overdue = 0 OR (due_ms > 0 AND due_ms <= :now))"                                       \
    " AND (:due_soon = 0 OR (due_ms > :now AND due_ms <= :soon))"                                  \
    " AND (:state = 0 OR state = :state)"                                                          \
    " AND (:q = '' OR instr(number, :q) > 0 OR instr(item_name, :q) > 0)"

static void bind_rights(call_t *call, query_t *find)
{
    query_text(find, "department", call->caller.department);
    query_text(find, "receive", call_permitted(call, "case.receive") ? "case.receive" : "-");
    query_text(find, "review", call_permitted(call, "case.review") ? "case.review" : "-");
    query_text(find, "decide", call_permitted(call, "case.decide") ? "case.decide" : "-");
}

static void bind_inbox(call_t *call, query_t *find)
{
    bind_rights(call, find);
    query_text(find, "me", call->caller.id);
    query_int(find, "now", call->now_ms);
    query_int(find, "soon", deadline_soon_ms(call->now_ms));
}

static status_t refuse_handling(call_t *call)
{
    return call_fail(call, STATUS_PERMISSION_DENIED, "permission", NULL, "您没有办理办件的权限");
}

/* The limits that pass first come first; a page token is the last row's limit (or submission)
 * and id. */
status_t case_list_inbox(call_t *call, const Case__ListInboxRequest *in, Case__CaseList *out)
{
    page_t page;
    if (!access_handles(call))
        return refuse_handling(call);
    status_t status = page_open(call, in->page_size, in->page_token, &page);
    if (status != STATUS_OK)
        return status;

    bool newest = in->order == CASE__CASE_ORDER__CASE_ORDER_NEWEST;
    query_t *find = newest ? query(call->store, "SELECT * FROM cases" INBOX FILTERS
                                                " AND (submitted_ms, id) < (:before_ms, :before_id)"
                                                " ORDER BY submitted_ms DESC, id DESC LIMIT :limit")
                           : query(call->store, "SELECT * FROM cases" INBOX FILTERS
                                                " AND (due_ms, id) > (:after_ms, :after_id)"
                                                " ORDER BY due_ms, id LIMIT :limit");
    bind_inbox(call, find);
    if (newest) {
        page_bind_before(&page, find);
    } else {
        query_int(find, "after_ms", page.after_ms);
        query_text(find, "after_id", page.after_id);
    }
    query_int(find, "mine", in->mine);
    query_int(find, "unclaimed", in->unclaimed);
    query_int(find, "overdue", in->overdue);
    query_int(find, "due_soon", in->due_soon);
    query_int(find, "state", in->state);
    query_text(find, "q", in->q);
    return page_cases(call, find, &page, newest ? PAGE_BY_SUBMISSION : PAGE_BY_LIMIT, out);
}

/* --- CountInbox --------------------------------------------------------------------------- */

static status_t count_states(call_t *call, Case__InboxCounts *out)
{
    enum { STATES_MAX = 20 };
    query_t *count = query(call->store, "SELECT state, count(*) AS count FROM cases" INBOX
                                        " GROUP BY state ORDER BY state LIMIT 20");
    bind_rights(call, count);
    out->by_state = (Case__StateCount **) query_rows(count, &case__state_count__descriptor,
                                                     STATES_MAX, call->arena, &out->n_by_state);
    return query_done(count);
}

status_t case_count_inbox(call_t *call, const Yw__Empty *in, Case__InboxCounts *out)
{
    (void) in;
    if (!access_handles(call))
        return refuse_handling(call);
    query_t *count =
        query(call->store,
              "SELECT count(*) AS total, count(*) FILTER (WHERE officer_id = :me) AS mine,"
              " count(*) FILTER (WHERE officer_id = '') AS unclaimed,"
              " count(*) FILTER (WHERE due_ms > :now AND due_ms <= :soon) AS due_soon,"
              " count(*) FILTER (WHERE due_ms > 0 AND due_ms <= :now) AS overdue FROM cases" INBOX);
    bind_inbox(call, count);
    query_row(count, &out->base, call->arena);
    status_t status = query_done(count);
    return status == STATUS_OK ? count_states(call, out) : status;
}

/* --- who has it --------------------------------------------------------------------------- */

status_t case_claim_case(call_t *call, const Case__ClaimCaseRequest *in, Case__CaseStatus *out)
{
    step_t step;
    status_t status = flow_enter(call, ACTION(CLAIM), in->id, in->version, &step);
    if (status != STATUS_OK)
        return status;
    step.row.officer_id = call->caller.id;
    step.row.officer_name = call->caller.name;
    status = flow_leave(call, &step, "", NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* Staff live in identity; a colleague who is none of this department, or lacks the permission,
 * cannot act on the case anyway, and who decides in the department takes it back. */
static status_t refuse_officer(call_t *call)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "case.officer_unknown", "officerId",
                     "本部门没有这位在岗工作人员，请重新选择接办人");
}

/* Whether the colleague exists is identity's to say. */
status_t case_transfer_case_prepare(call_t *call, const Case__TransferCaseRequest *in)
{
    Identity__GetStaffRequest ask = IDENTITY__GET_STAFF_REQUEST__INIT;
    const Identity__Staff *staff = NULL;

    ask.id = in->officer_id;
    status_t status = identity_get_staff_ask(call, &ask, &staff);
    if (status == STATUS_NOT_FOUND)
        return refuse_officer(call);
    call->prepared = (void *) staff;
    return status;
}

status_t case_transfer_case(call_t *call, const Case__TransferCaseRequest *in,
                            Case__CaseStatus *out)
{
    const Identity__Staff *staff = call->prepared;
    step_t step;
    status_t status = flow_enter(call, ACTION(TRANSFER), in->id, in->version, &step);
    if (status != STATUS_OK)
        return status;
    if (staff->state != IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE ||
        !text_equal(staff->department_id, step.row.department_id))
        return refuse_officer(call);
    if (text_equal(in->officer_id, step.row.officer_id))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "case.same_officer", "officerId",
                         "该办件已在此人名下");
    const char *text =
        arena_printf(call->arena, "由%s转给%s：%s", step.row.officer_name, staff->name, in->reason);
    step.row.officer_id = in->officer_id;
    step.row.officer_name = staff->name;
    status = flow_leave(call, &step, text, NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

status_t case_return_case(call_t *call, const Case__ReturnCaseRequest *in, Case__CaseStatus *out)
{
    step_t step;
    status_t status = flow_enter(call, in->previous_stage ? ACTION(RETURN_STAGE) : ACTION(RELEASE),
                                 in->id, in->version, &step);
    if (status == STATUS_OK && in->previous_stage)
        status = stage_back(call, &step);
    if (status != STATUS_OK)
        return status;
    step.row.officer_id = step.row.officer_name = "";
    status = flow_leave(call, &step, in->reason, NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}
