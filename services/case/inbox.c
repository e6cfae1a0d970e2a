/* inbox.c - what waits for an official, and who has it: ListInbox, claim, transfer, return. */
#include <stdio.h>

#include "access.h"
#include "case.calls.h"
#include "case.svc.h"
#include "flow.h"
#include "page.h"
#include "stage.h"
#include "text.h"

/* --- ListInbox ---------------------------------------------------------------------------- */

/* The limits that pass first come first; a page token is the last row's limit and id. */
status_t case_list_inbox(call_t *call, const Case__ListInboxRequest *in, Case__CaseList *out)
{
    page_t page;
    if (!access_handles(call))
        return call_fail(call, STATUS_PERMISSION_DENIED, "permission", NULL,
                         "您没有办理办件的权限");
    status_t status = page_open(call, in->page_size, in->page_token, &page);
    if (status != STATUS_OK)
        return status;

    query_t *find = query(
        call->store, "SELECT * FROM cases WHERE department_id = :department AND waits_for <> ''"
                     " AND waits_for IN (:receive, :review, :decide)"
                     " AND (due_ms, id) > (:after_ms, :after_id)"
                     " AND (:mine = 0 OR officer_id = :me)"
                     " AND (:unclaimed = 0 OR officer_id = '')"
                     " AND (:overdue = 0 OR due_ms <= :now)"
                     " AND (:state = 0 OR state = :state)"
                     " ORDER BY due_ms, id LIMIT :limit");
    query_text(find, "department", call->caller.department);
    query_text(find, "receive", call_permitted(call, "case.receive") ? "case.receive" : "-");
    query_text(find, "review", call_permitted(call, "case.review") ? "case.review" : "-");
    query_text(find, "decide", call_permitted(call, "case.decide") ? "case.decide" : "-");
    query_int(find, "after_ms", page.after_ms);
    query_text(find, "after_id", page.after_id);
    query_int(find, "mine", in->mine);
    query_text(find, "me", call->caller.id);
    query_int(find, "unclaimed", in->unclaimed);
    query_int(find, "overdue", in->overdue);
    query_int(find, "now", call->now_ms);
    query_int(find, "state", in->state);
    return page_cases(call, find, &page, true, out);
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
