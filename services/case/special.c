/* special.c - 特别程序.  Kind A (延长审批, law 42) adds days; kind B (听证 … 专家评审, law 45) stops the
 * clock.  Both are told to the applicant with their reason and time. */
#include "case.svc.h"
#include "clock.h"
#include "rule.h"
#include "terms.h"
#include "text.h"

#define SPECIALS_MAX 50 /* a case may have; as Case__CaseDetail.specials */

static bool extends(Case__SpecialKind kind)
{
    return kind == CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION;
}

static status_t check_extension(call_t *call, const step_t *step, const Catalog__Item *item,
                                const Case__StartSpecialRequest *in)
{
    int most = item_is_joint(item) ? TERMS_EXTENSION_MAX_JOINT : TERMS_EXTENSION_MAX;
    if (text_empty(in->approver))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "approver",
                         "延长期限须经%s批准，请填写批准人",
                         item_is_joint(item) ? "本级人民政府负责人" : "本行政机关负责人");
    if (step->row.extension_days + in->planned_days > most)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "special.too_long", "plannedDays",
                         "延长期限累计不得超过 %d 个工作日（已延长 %d 个）", most,
                         step->row.extension_days);
    if (call->now_ms >= step->row.legal_due_ms)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "special.too_late", NULL,
                         "法定期限已届满，不能再延长");
    return STATUS_OK;
}

static status_t check_room(call_t *call, const char *case_id)
{
    query_t *count = query(call->store, "SELECT count(*) AS specials FROM specials"
                                        " WHERE case_id = :id");
    query_text(count, "id", case_id);
    int64_t specials = query_next(count) ? query_get_int(count, "specials") : 0;
    status_t status = query_done(count);
    if (status == STATUS_OK && specials >= SPECIALS_MAX)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "special.too_many", NULL,
                         "一个办件最多启动 %d 次特别程序", SPECIALS_MAX);
    return status;
}

static status_t insert_special(call_t *call, const step_t *step, const char *special_id,
                               const Case__StartSpecialRequest *in)
{
    due_t planned = deadline_working(&step->calendar, step->today, in->planned_days, NULL, 0);
    query_t *insert = query(
        call->store,
        "INSERT INTO specials (id, case_id, kind, reason, approver, planned_days, planned_day,"
        " started_ms, ended_ms, result) VALUES (:special_id, :id, :kind, :reason, :approver,"
        " :planned_days, :planned_day, :now, :ended, '')");
    query_text(insert, "special_id", special_id);
    query_int(insert, "planned_day", planned.day);
    query_int(insert, "now", call->now_ms);
    query_int(insert, "ended", extends(in->kind) ? call->now_ms : 0); /* nothing goes on */
    query_message(insert, &in->base);
    return query_done(insert);
}

static const char *limits_text(call_t *call, const Case__StoredCase *row)
{
    const char *text = arena_printf(call->arena, "承诺办结期限调整为%s，法定办结期限调整为%s。",
                                    record_limit_text(call, row->promised_due_ms),
                                    record_limit_text(call, row->legal_due_ms));
    return text ? text : "";
}

status_t case_start_special(call_t *call, const Case__StartSpecialRequest *in,
                            Case__CaseStatus *out)
{
    step_t step;
    const Catalog__Item *item = NULL;
    const char *special_id = call_id(call);
    status_t status = flow_enter(call, ACTION(START_SPECIAL), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = item_of_case(call, &step.row, &item);
    if (status == STATUS_OK && extends(in->kind))
        status = check_extension(call, &step, item, in);
    if (status == STATUS_OK)
        status = check_room(call, step.row.id);
    if (status == STATUS_OK)
        status = insert_special(call, &step, special_id, in);
    if (status != STATUS_OK)
        return status;

    if (extends(in->kind))
        step.row.extension_days += in->planned_days;
    else
        step.row.specials_open++;
    status = terms_again(call, &step, item);
    if (status != STATUS_OK)
        return status;
    const char *kind = label_of(&case__special_kind__descriptor, in->kind);
    const char *text =
        arena_printf(call->arena, "%s，%d 个工作日。理由：%s%s", kind, in->planned_days,
                     record_sentence(call, in->reason), limits_text(call, &step.row));
    const char *message =
        arena_printf(call->arena, "您申请的“%s”启动特别程序：%s", step.row.item_name, text);
    status = flow_leave(call, &step, text, message);
    if (status == STATUS_OK)
        status = record_status(call, &step.row, out);
    out->special_id = special_id;
    return status;
}

status_t case_end_special(call_t *call, const Case__EndSpecialRequest *in, Case__CaseStatus *out)
{
    step_t step;
    const Catalog__Item *item = NULL;
    status_t status = flow_enter(call, ACTION(END_SPECIAL), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = item_of_case(call, &step.row, &item);
    if (status != STATUS_OK)
        return status;
    query_t *end = query(
        call->store, "UPDATE specials SET ended_ms = :now, result = :result WHERE id = :special_id"
                     " AND case_id = :id AND ended_ms = 0 RETURNING kind");
    query_int(end, "now", call->now_ms);
    query_message(end, &in->base);
    bool found = query_next(end);
    Case__SpecialKind kind = found ? (Case__SpecialKind) query_get_int(end, "kind") : 0;
    status = query_done(end);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.special", "specialId",
                         "没有这项进行中的特别程序");

    step.row.specials_open--;
    status = terms_again(call, &step, item);
    if (status != STATUS_OK)
        return status;
    const char *name = label_of(&case__special_kind__descriptor, kind);
    const char *text =
        arena_printf(call->arena, "%s结束。结果：%s%s", name, record_sentence(call, in->result),
                     limits_text(call, &step.row));
    const char *message = arena_printf(call->arena, "您申请的“%s”：%s", step.row.item_name, text);
    status = flow_leave(call, &step, text, message);
    if (status == STATUS_OK)
        status = record_status(call, &step.row, out);
    out->special_id = in->special_id;
    return status;
}
