#include "handle.h"

#include "case.svc.h"
#include "contents.h"
#include "rule.h"
#include "stage.h"
#include "terms.h"
#include "text.h"

#define NOTICE_BYTES_MAX (256 << 10) /* a hundred gaps of a thousand characters */

static const char *officer_of(call_t *call, const step_t *step, const char *named)
{
    bool system = call->caller.kind == YW__CALLER_KIND__CALLER_KIND_SYSTEM;
    return system && !text_empty(named) ? named : record_actor(call, &step->row);
}

/* --- the one-time notice ------------------------------------------------------------------ */

static void check_gaps(call_t *call, const Catalog__Item *item,
                       const Case__SendCorrectionRequest *in)
{
    for (size_t i = 0; i < in->n_gaps; i++) {
        const Case__Gap *gap = in->gaps[i];
        bool material = !text_empty(gap->material_id), field = !text_empty(gap->field);
        const char *path = arena_printf(call->arena, "gaps[%zu]", i);
        if (material == field)
            call_fault(call, path, "required", "每项补正内容应指明一份材料或者一个表单项");
        else if (material && !item_material(item, gap->material_id))
            call_fault(call, path, "unknown", "该事项没有标识为“%s”的材料", gap->material_id);
        else if (field && !item_field(item, gap->field))
            call_fault(call, path, "unknown", "该事项的表单没有“%s”这一项", gap->field);
    }
}

static const char *gap_name(const Catalog__Item *item, const Case__Gap *gap)
{
    const Catalog__Material *material = item_material(item, gap->material_id);
    const Catalog__FormField *field = item_field(item, gap->field);
    return material ? material->name : field ? field->label : "";
}

static const char *gaps_text(call_t *call, const Catalog__Item *item,
                             const Case__SendCorrectionRequest *in)
{
    buffer_t text = buffer_new(NOTICE_BYTES_MAX);
    for (size_t i = 0; i < in->n_gaps; i++)
        buffer_printf(&text, "%s%zu. %s：%s；%s", i ? "\n" : "", i + 1, gap_name(item, in->gaps[i]),
                      in->gaps[i]->reason, in->gaps[i]->how);
    const char *ret = text.full ? "" : arena_copy(call->arena, text.data, text.size);
    buffer_free(&text);
    return ret ? ret : "";
}

static status_t count_notices(call_t *call, const char *case_id, int *ret)
{
    query_t *count = query(call->store, "SELECT count(*) AS sent FROM corrections"
                                        " WHERE case_id = :id");
    query_text(count, "id", case_id);
    *ret = query_next(count) ? (int) query_get_int(count, "sent") : 0;
    return query_done(count);
}

static status_t insert_notice(call_t *call, const step_t *step, int number,
                              const Case__SendCorrectionRequest *in)
{
    Case__Correction gaps = CASE__CORRECTION__INIT;
    gaps.gaps = in->gaps;
    gaps.n_gaps = in->n_gaps;
    ProtobufCBinaryData packed = message_pack(&gaps.base, call->arena);
    if (!packed.data)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *insert =
        query(call->store,
              "INSERT INTO corrections (case_id, number, sent_ms, due_ms, supplied_ms, sender,"
              " repeat_reason, gaps) VALUES (:id, :number, :now, :due, 0, :sender, :repeat_reason, "
              ":gaps)");
    query_text(insert, "id", step->row.id);
    query_int(insert, "number", number);
    query_int(insert, "now", call->now_ms);
    query_int(insert, "due", step->row.correction_due_ms);
    query_text(insert, "sender", record_actor(call, &step->row));
    query_text(insert, "repeat_reason", in->repeat_reason);
    query_blob(insert, "gaps", packed.data, packed.len);
    return query_done(insert);
}

/* The law lets the authority ask once (32(4)); asking again needs a reason and stays visible to
 * supervision. */
status_t case_send_correction(call_t *call, const Case__SendCorrectionRequest *in,
                              Case__CaseStatus *out)
{
    step_t step;
    const Catalog__Item *item = NULL;
    int sent = 0;
    status_t status = flow_enter(call, ACTION(CORRECT), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = item_of_case(call, &step.row, &item);
    if (status == STATUS_OK)
        status = count_notices(call, step.row.id, &sent);
    if (status != STATUS_OK)
        return status;
    if (sent && text_empty(in->repeat_reason))
        return call_fail(
            call, STATUS_FAILED_PRECONDITION, "case.correction_repeated", "repeatReason",
            "补正应当一次性告知，该办件已告知过 %d 次；确需再次告知的，请说明理由", sent);
    check_gaps(call, item, in);
    status = call_faulty(call);
    if (status != STATUS_OK)
        return status;

    terms_correction(&step, in->days ? in->days : settings_of(call)->correction_days);
    status = insert_notice(call, &step, sent + 1, in);
    if (status != STATUS_OK)
        return status;
    const char *text = gaps_text(call, item, in);
    const char *message = arena_printf(
        call->arena, "您申请的“%s”需要补正，请在%s前补齐以下内容，逾期未补正视为撤回申请：\n%s",
        step.row.item_name, record_limit_text(call, step.row.correction_due_ms), text);
    status = flow_leave(call, &step, text, message);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- acceptance --------------------------------------------------------------------------- */

status_t handle_accepted(call_t *call, step_t *step, int64_t day)
{
    const Catalog__Item *item = NULL;
    status_t status = item_of_case(call, &step->row, &item);
    if (status == STATUS_OK)
        status = terms_accepted(call, step, item, day);
    return status == STATUS_OK ? stage_start(call, step, item) : status;
}

const char *handle_limits_text(call_t *call, const Case__StoredCase *row)
{
    const char *text = arena_printf(call->arena, "承诺办结期限为%s，法定办结期限为%s%s。",
                                    record_limit_text(call, row->promised_due_ms),
                                    record_limit_text(call, row->legal_due_ms),
                                    row->provisional ? "（节假日安排公布后可能调整）" : "");
    return text ? text : "";
}

status_t case_accept(call_t *call, const Case__AcceptRequest *in, Case__CaseStatus *out)
{
    step_t step;
    status_t status = flow_enter(call, ACTION(ACCEPT), in->id, in->version, &step);
    if (status != STATUS_OK)
        return status;
    step.row.accepted_ms = call->now_ms;
    status = handle_accepted(call, &step, step.today);
    if (status != STATUS_OK)
        return status;
    const char *number = text_empty(in->document_number)
                             ? ""
                             : arena_printf(call->arena, "受理文书编号：%s。", in->document_number);
    const char *limits = handle_limits_text(call, &step.row);
    const char *text =
        arena_printf(call->arena, "%s%s%s", record_sentence(call, in->opinion), number, limits);
    const char *message = arena_printf(call->arena, "您申请的“%s”（%s）已受理。%s%s",
                                       step.row.item_name, step.row.number, number, limits);
    status = flow_leave(call, &step, text, message);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- refusal ------------------------------------------------------------------------------ */

static status_t insert_refusal(call_t *call, const step_t *step, const Case__RefuseRequest *in)
{
    query_t *insert = query(
        call->store,
        "INSERT INTO refusals (case_id, reason, text, competent_body, rights, officer, refused_ms)"
        " VALUES (:id, :reason, :text, :competent_body, :rights, :officer, :now)");
    query_text(insert, "rights", HANDLE_RIGHTS);
    query_text(insert, "officer", record_actor(call, &step->row));
    query_int(insert, "now", call->now_ms);
    query_message(insert, &in->base);
    return query_done(insert);
}

status_t case_refuse(call_t *call, const Case__RefuseRequest *in, Case__CaseStatus *out)
{
    step_t step;
    bool elsewhere = in->reason == CASE__REFUSE_REASON__REFUSE_REASON_NOT_COMPETENT;
    if (elsewhere && text_empty(in->competent_body))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "competentBody",
                         "不属于本机关职权范围的，应当告知申请人向哪个行政机关申请");
    status_t status = flow_enter(call, ACTION(REFUSE), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = insert_refusal(call, &step, in);
    if (status != STATUS_OK)
        return status;
    step.row.closed_ms = call->now_ms;
    step.row.accept_due_ms = 0;
    const char *where =
        elsewhere ? arena_printf(call->arena, "请向%s申请。", in->competent_body) : "";
    const char *text = arena_printf(call->arena, "%s。%s%s",
                                    label_of(&case__refuse_reason__descriptor, in->reason),
                                    record_sentence(call, in->text), where);
    const char *message = arena_printf(call->arena, "您申请的“%s”不予受理。%s%s",
                                       step.row.item_name, text, HANDLE_RIGHTS);
    status = flow_leave(call, &step, text, message);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- review ------------------------------------------------------------------------------- */

status_t case_finish_stage(call_t *call, const Case__FinishStageRequest *in, Case__CaseStatus *out)
{
    step_t step;
    bool back = in->result == CASE__STAGE_RESULT__STAGE_RESULT_RETURN, last = false;
    status_t status = flow_enter(call, back ? ACTION(RETURN_STAGE) : ACTION(FINISH_STAGE), in->id,
                                 in->version, &step);
    if (status != STATUS_OK)
        return status;
    if (!text_equal(in->stage_id, step.row.stage_id))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.stage", "stageId",
                         "进行中的环节是“%s”（%s）", step.row.stage_name, step.row.stage_id);
    const char *officer = officer_of(call, &step, in->officer_name);
    status =
        back ? stage_back(call, &step) : stage_finish(call, &step, officer, in->opinion, &last);
    if (status != STATUS_OK)
        return status;
    if (last)
        step.flow = flow_of(ACTION(FINISH_LAST_STAGE));
    status = flow_leave(call, &step, in->opinion, NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- decision ----------------------------------------------------------------------------- */

static status_t insert_decision(call_t *call, const step_t *step, const Case__DecideRequest *in,
                                bool grant)
{
    query_t *insert = query(
        call->store,
        "INSERT INTO decisions (case_id, outcome, document_number, reason, result_name,"
        " result_number, valid_until, issuer, officer, rights) VALUES (:id, :outcome,"
        " :document_number, :reason, :result_name, :result_number, :valid_until, :issuer, :officer,"
        " :rights)");
    query_text(insert, "issuer", step->row.department_name);
    query_text(insert, "officer", officer_of(call, step, in->officer_name));
    query_text(insert, "rights", grant ? "" : HANDLE_RIGHTS);
    query_message(insert, &in->base);
    return query_done(insert);
}

static const char *decision_message(call_t *call, const step_t *step, const Case__DecideRequest *in,
                                    bool grant)
{
    const char *name = step->row.item_name, *number = in->document_number;
    if (grant)
        return arena_printf(call->arena,
                            "您申请的“%s”已作出准予许可的决定（%s），将在%s前向您送达。", name,
                            number, record_limit_text(call, step->row.delivery_due_ms));
    return arena_printf(call->arena, "您申请的“%s”已作出不予许可的决定（%s）。理由：%s%s", name,
                        number, record_sentence(call, in->reason), HANDLE_RIGHTS);
}

status_t case_decide(call_t *call, const Case__DecideRequest *in, Case__CaseStatus *out)
{
    step_t step;
    bool grant = in->outcome == CASE__OUTCOME__OUTCOME_GRANT;
    if (!grant && text_empty(in->reason)) /* law 38(2) */
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "reason",
                         "不予许可的，应当说明理由");
    status_t status = flow_enter(call, grant ? ACTION(DECIDE_GRANT) : ACTION(DECIDE_DENY), in->id,
                                 in->version, &step);
    if (status != STATUS_OK)
        return status;
    step.row.decided_ms = call->now_ms;
    terms_decided(&step);
    status = insert_decision(call, &step, in, grant);
    if (status != STATUS_OK)
        return status;
    const char *text = arena_printf(call->arena, "决定文书号：%s。%s", in->document_number,
                                    record_sentence(call, in->reason));
    status = flow_leave(call, &step, text, decision_message(call, &step, in, grant));
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- the end ------------------------------------------------------------------------------ */

status_t case_close_case(call_t *call, const Case__CloseCaseRequest *in, Case__CaseStatus *out)
{
    step_t step;
    status_t status = flow_enter(call, ACTION(CLOSE), in->id, in->version, &step);
    if (status == STATUS_OK && !text_empty(in->receiver))
        status = contents_save_receiver(call, step.row.id, in->receiver);
    if (status != STATUS_OK)
        return status;
    step.row.closed_ms = call->now_ms;
    step.row.delivery = in->delivery;
    const char *how = label_of(&case__delivery__descriptor, in->delivery);
    const char *message = arena_printf(call->arena, "您申请的“%s”（%s）已办结，送达方式：%s。",
                                       step.row.item_name, step.row.number, how);
    status = flow_leave(call, &step, how, message);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}
