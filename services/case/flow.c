#include "flow.h"

#include "check.h"
#include "clock.h"
#include "holiday.h"
#include "rule.h"
#include "text.h"

#define HOUR_MS     3600000LL
#define REMIND_HOUR 9 /* of the working day before a limit's last day */

#define IN(name)     (1u << STATE(name))
#define NOTICE(name) CASE__NOTICE_KIND__NOTICE_KIND_##name
#define STAYS        CASE__STATE__STATE_UNSPECIFIED
#define UNDECIDED    (IN(ACCEPTED) | IN(REVIEWING) | IN(DECIDING))
#define WAITS        (IN(SUBMITTED) | UNDECIDED | IN(GRANTED) | IN(DENIED))

/* --- guards ------------------------------------------------------------------------------- */

static status_t stage_open(call_t *call, const Case__StoredCase *row)
{
    return row->stage_number ? STATUS_OK
                             : call_fail(call, STATUS_FAILED_PRECONDITION, "case.stage", "stageId",
                                         "该办件没有进行中的审查环节");
}

static status_t no_stage_open(call_t *call, const Case__StoredCase *row)
{
    if (row->stage_number)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.stage", NULL,
                         "审查环节“%s”尚未完成，不能作出决定", row->stage_name);
    if (row->specials_open)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.special", NULL,
                         "特别程序尚未结束，不能作出决定");
    return STATUS_OK;
}

static status_t not_first_stage(call_t *call, const Case__StoredCase *row)
{
    query_t *before = query(call->store, "SELECT 1 AS one FROM stages WHERE case_id = :id"
                                         " AND state = 3 LIMIT 1"); /* STAGE_STATE_DONE */
    query_text(before, "id", row->id);
    bool found = query_next(before);
    status_t status = query_done(before);
    if (status != STATUS_OK)
        return status;
    return found ? STATUS_OK
                 : call_fail(call, STATUS_FAILED_PRECONDITION, "case.stage", NULL,
                             "已是第一个环节，没有上一环节可退回");
}

static status_t unclaimed(call_t *call, const Case__StoredCase *row)
{
    return text_empty(row->officer_id) ? STATUS_OK
                                       : call_fail(call, STATUS_FAILED_PRECONDITION, "case.claimed",
                                                   NULL, "该办件已由%s认领", row->officer_name);
}

static status_t claimed(call_t *call, const Case__StoredCase *row)
{
    return !text_empty(row->officer_id) ? STATUS_OK
                                        : call_fail(call, STATUS_FAILED_PRECONDITION,
                                                    "case.unclaimed", NULL, "该办件尚未被认领");
}

/* --- the table ---------------------------------------------------------------------------- */

static const flow_t FLOW[] = {
    {ACTION(CREATE), 0, BY_APPLICANT, NULL, NULL, NULL, STATE(DRAFT), 0, true},
    {ACTION(SUBMIT), IN(DRAFT), BY_APPLICANT, NULL, NULL, "表单和材料齐全", STATE(SUBMITTED),
     NOTICE(SUBMITTED), false},
    {ACTION(CORRECT), IN(SUBMITTED), BY_OFFICIAL, "case.receive", NULL,
     "一次告知全部内容；再次告知须说明理由", STATE(CORRECTION), NOTICE(CORRECTION), false},
    {ACTION(SUPPLEMENT), IN(CORRECTION), BY_APPLICANT, NULL, NULL, "表单和材料齐全",
     STATE(SUBMITTED), 0, false},
    {ACTION(TERMINATE), IN(CORRECTION), BY_TIME, NULL, NULL, "补正期限届满", STATE(TERMINATED),
     NOTICE(TERMINATED), false},
    {ACTION(ACCEPT), IN(SUBMITTED), BY_OFFICIAL, "case.receive", NULL, NULL, STATE(ACCEPTED),
     NOTICE(ACCEPTED), false},
    {ACTION(DEEM_ACCEPTED), IN(SUBMITTED), BY_TIME, NULL, NULL, "收到后满 5 个工作日未告知",
     STATE(ACCEPTED), NOTICE(ACCEPTED), false},
    {ACTION(REFUSE), IN(SUBMITTED), BY_OFFICIAL, "case.receive", NULL, "说明理由和救济途径",
     STATE(REFUSED), NOTICE(REFUSED), false},
    {ACTION(FINISH_STAGE), IN(ACCEPTED) | IN(REVIEWING), BY_OFFICIAL, "case.review", stage_open,
     "环节进行中，其后还有环节", STATE(REVIEWING), 0, false},
    {ACTION(FINISH_LAST_STAGE), IN(ACCEPTED) | IN(REVIEWING), BY_OFFICIAL, "case.review",
     stage_open, "环节进行中，其后没有环节", STATE(DECIDING), 0, false},
    {ACTION(RETURN_STAGE), IN(REVIEWING) | IN(DECIDING), BY_OFFICIAL, NULL, not_first_stage,
     "有已完成的环节", STATE(REVIEWING), 0, false},
    {ACTION(DECIDE_GRANT), IN(ACCEPTED) | IN(DECIDING), BY_OFFICIAL, "case.decide", no_stage_open,
     "没有未完成的环节和特别程序", STATE(GRANTED), NOTICE(DECIDED), false},
    {ACTION(DECIDE_DENY), IN(ACCEPTED) | IN(DECIDING), BY_OFFICIAL, "case.decide", no_stage_open,
     "没有未完成的环节和特别程序；说明理由", STATE(DENIED), NOTICE(DECIDED), false},
    {ACTION(CLOSE), IN(GRANTED) | IN(DENIED), BY_OFFICIAL, "case.receive", NULL, NULL,
     STATE(CLOSED), NOTICE(CLOSED), false},
    {ACTION(WITHDRAW), IN(SUBMITTED) | IN(CORRECTION) | UNDECIDED, BY_APPLICANT, NULL, NULL, NULL,
     STATE(WITHDRAWN), 0, false},
    {ACTION(START_SPECIAL), UNDECIDED, BY_OFFICIAL, "case.review", NULL,
     "延长不超过 10（联合办理 15）个工作日并经批准", STAYS, NOTICE(SPECIAL), false},
    {ACTION(END_SPECIAL), UNDECIDED, BY_OFFICIAL, "case.review", NULL, "特别程序进行中", STAYS,
     NOTICE(SPECIAL), false},
    {ACTION(CLAIM), WAITS, BY_OFFICIAL, NULL, unclaimed, "未被认领", STAYS, 0, true},
    {ACTION(TRANSFER), WAITS, BY_OFFICIAL, NULL, claimed, "已认领；本人或有 case.decide 权限者",
     STAYS, 0, true},
    {ACTION(RELEASE), WAITS, BY_OFFICIAL, NULL, claimed, "已认领；本人或有 case.decide 权限者",
     STAYS, 0, true},
    {ACTION(REMIND), WAITS | IN(CORRECTION), BY_TIME, NULL, NULL, "期限届满前一个工作日", STAYS, 0,
     true},
    {ACTION(RECOMPUTE), WAITS | IN(CORRECTION), BY_TIME, NULL, NULL, "公布了新的节假日安排", STAYS,
     0, true},
};
#define FLOW_COUNT (sizeof FLOW / sizeof *FLOW)

const flow_t *flow_of(Case__Action action)
{
    for (size_t i = 0; i < FLOW_COUNT; i++)
        if (FLOW[i].action == action)
            return &FLOW[i];
    CHECK(!"every action has its row");
    return NULL;
}

const char *flow_waits_for(const Case__StoredCase *row)
{
    switch (row->state) {
    case STATE(SUBMITTED):
    case STATE(GRANTED):
    case STATE(DENIED):
        return "case.receive";
    case STATE(ACCEPTED):
        return row->stage_number ? "case.review" : "case.decide";
    case STATE(REVIEWING):
        return "case.review";
    case STATE(DECIDING):
        return "case.decide";
    default:
        return "";
    }
}

bool flow_is_over(Case__State state)
{
    return state == STATE(CLOSED) || state == STATE(REFUSED) || state == STATE(WITHDRAWN) ||
           state == STATE(TERMINATED);
}

/* --- entering ----------------------------------------------------------------------------- */

static status_t check_state(call_t *call, const flow_t *flow, const Case__StoredCase *row)
{
    if (flow->from & 1u << row->state)
        return STATUS_OK;
    return call_fail(call, STATUS_FAILED_PRECONDITION, "case.state", NULL,
                     "办件当前状态为“%s”，不能“%s”", label_of(&case__state__descriptor, row->state),
                     label_of(&case__action__descriptor, flow->action));
}

static status_t check_version(call_t *call, const Case__StoredCase *row, int64_t version)
{
    if (row->version == version)
        return STATUS_OK;
    return call_fail(call, STATUS_ABORTED, "case.version_changed", "version",
                     "办件刚刚有了变化（当前版本 %lld），请看过最新情况再办理",
                     (long long) row->version);
}

/* Whoever is not of the department does not learn that the case exists. */
static status_t check_department(call_t *call, const Case__StoredCase *row)
{
    if (row->state == STATE(DRAFT) || !text_equal(row->department_id, call->caller.department))
        return call_not_found(call, "这个办件");
    return STATUS_OK;
}

/* Who decides in the department also says who has which case. */
static bool may_assign(const call_t *call, const flow_t *flow)
{
    return (flow->action == ACTION(TRANSFER) || flow->action == ACTION(RELEASE)) &&
           call_permitted(call, "case.decide");
}

static status_t check_permission(call_t *call, const flow_t *flow, const Case__StoredCase *row)
{
    const char *permission = flow->permission ? flow->permission : row->waits_for;
    if (call->caller.kind == YW__CALLER_KIND__CALLER_KIND_SYSTEM ||
        call_permitted(call, permission) || may_assign(call, flow))
        return STATUS_OK;
    return call_fail(call, STATUS_PERMISSION_DENIED, "permission", NULL, "您没有办理此环节的权限");
}

/* A claimed case is its officer's.  The claim is on what the case waits for: other work (ending a
 * special procedure) goes beside it.  The department's own system is not bound by claims. */
static status_t check_claim(call_t *call, const flow_t *flow, const Case__StoredCase *row)
{
    if (call->caller.kind != YW__CALLER_KIND__CALLER_KIND_STAFF || text_empty(row->officer_id) ||
        text_equal(row->officer_id, call->caller.id) || flow->action == ACTION(CLAIM) ||
        (flow->permission && !text_equal(flow->permission, row->waits_for)) ||
        may_assign(call, flow))
        return STATUS_OK;
    return call_fail(call, STATUS_FAILED_PRECONDITION, "case.claimed", NULL,
                     "该办件已由%s认领，请与其联系", row->officer_name);
}

/* An official hears first that the case has changed, an applicant first that it is past this:
 * who submits twice need not know versions. */
static status_t check_official(call_t *call, const flow_t *flow, const Case__StoredCase *row,
                               int64_t version)
{
    status_t status = check_department(call, row);
    if (status == STATUS_OK)
        status = check_version(call, row, version);
    if (status == STATUS_OK)
        status = check_state(call, flow, row);
    if (status == STATUS_OK)
        status = check_permission(call, flow, row);
    if (status == STATUS_OK)
        status = check_claim(call, flow, row);
    return status;
}

static status_t check_applicant(call_t *call, const flow_t *flow, const Case__StoredCase *row,
                                int64_t version)
{
    if (!text_equal(row->account_id, call->caller.id))
        return call_not_found(call, "这个办件");
    status_t status = check_state(call, flow, row);
    return status == STATUS_OK ? check_version(call, row, version) : status;
}

status_t flow_begin(call_t *call, Case__Action action, const Case__StoredCase *row, step_t *ret)
{
    ret->flow = flow_of(action);
    if (row != &ret->row)
        ret->row = *row;
    ret->today = clock_day_of(call->now_ms);
    ret->stage = row->stage_name;
    int64_t from = row->created_ms ? clock_day_of(row->created_ms) : ret->today;
    call_concerns(call, row->id);
    return holiday_calendar(call, from, &ret->calendar);
}

status_t flow_enter(call_t *call, Case__Action action, const char *id, int64_t version, step_t *ret)
{
    const flow_t *flow = flow_of(action);
    call_concerns(call, id);
    status_t status = record_load(call, id, &ret->row);
    if (status != STATUS_OK)
        return status;
    status = flow->by == BY_APPLICANT ? check_applicant(call, flow, &ret->row, version)
                                      : check_official(call, flow, &ret->row, version);
    if (status == STATUS_OK && flow->guard)
        status = flow->guard(call, &ret->row);
    if (status != STATUS_OK)
        return status;
    return flow_begin(call, action, &ret->row, ret);
}

/* What would be refused is no failure of a call that only looks. */
static bool is_open_to(call_t *call, const flow_t *flow, const Case__StoredCase *row)
{
    Yw__Status *failure = call->failure;
    status_t status = STATUS_PERMISSION_DENIED;
    if (flow->by == BY_APPLICANT && flow->from)
        status = check_applicant(call, flow, row, row->version);
    else if (flow->by == BY_OFFICIAL && call->caller.kind != YW__CALLER_KIND__CALLER_KIND_PERSON)
        status = check_official(call, flow, row, row->version);
    if (status == STATUS_OK && flow->guard)
        status = flow->guard(call, row);
    call->failure = failure;
    return status == STATUS_OK;
}

bool flow_open_to(call_t *call, const Case__StoredCase *row, Case__Action **ret, size_t *ret_count)
{
    Case__Action *open = ARRAY(call->arena, Case__Action, FLOW_COUNT);
    size_t count = 0;
    for (size_t i = 0; open && i < FLOW_COUNT; i++)
        if (FLOW[i].from & 1u << row->state && is_open_to(call, &FLOW[i], row))
            open[count++] = FLOW[i].action;
    *ret = open;
    *ret_count = count;
    return open != NULL;
}

/* --- leaving ------------------------------------------------------------------------------ */

static int64_t limit_of(const Case__StoredCase *row)
{
    switch (row->state) {
    case STATE(SUBMITTED):
        return row->accept_due_ms;
    case STATE(CORRECTION):
        return row->correction_due_ms;
    case STATE(ACCEPTED):
    case STATE(REVIEWING):
    case STATE(DECIDING):
        return row->promised_due_ms;
    case STATE(GRANTED):
    case STATE(DENIED):
        return row->delivery_due_ms;
    default:
        return 0;
    }
}

/* One alarm at a time: the reminder on the working day before, then (where time
 * itself moves the case) the limit. */
void flow_set_alarm(step_t *step, int64_t now_ms)
{
    Case__StoredCase *row = &step->row;
    int64_t due_ms = limit_of(row);
    if (due_ms != row->due_ms)
        row->reminded = false;
    /* What is to be computed anew stays so whatever is done with the case before. */
    bool anew = row->alarm_ms == FLOW_ALARM_RECOMPUTE && step->flow->action != ACTION(RECOMPUTE);
    row->due_ms = due_ms;
    row->alarm_ms = anew && due_ms ? FLOW_ALARM_RECOMPUTE : 0;
    if (!due_ms || anew)
        return;

    int64_t before = deadline_before(&step->calendar, clock_day_of(due_ms - 1));
    int64_t remind_ms = clock_day_start_ms(before) + REMIND_HOUR * HOUR_MS;
    if (!row->reminded && remind_ms > now_ms)
        row->alarm_ms = remind_ms;
    else if (row->state == STATE(SUBMITTED) || row->state == STATE(CORRECTION))
        row->alarm_ms = due_ms;
}

static void advance(call_t *call, step_t *step)
{
    Case__StoredCase *row = &step->row;
    if (step->flow->next != STAYS)
        row->state = step->flow->next;
    const char *waits_for = flow_waits_for(row);
    if (!text_equal(waits_for, row->waits_for)) { /* another kind of work: back to the pool */
        row->waits_for = waits_for;
        row->officer_id = row->officer_name = "";
    } else if (step->flow->by == BY_OFFICIAL && !step->flow->internal &&
               text_empty(row->officer_id) && call_permitted(call, waits_for)) {
        row->officer_id = call->caller.id; /* who works on it has it */
        row->officer_name = call->caller.name;
    }
    flow_set_alarm(step, call->now_ms);
}

static status_t tell(call_t *call, step_t *step, const char *text, const char *message)
{
    const entry_t entry = {.action = step->flow->action,
                           .internal = step->flow->internal,
                           .text = text,
                           .stage = step->stage};
    int64_t seq = 0;
    status_t status = record_log(call, &step->row, &entry, &seq);
    if (status == STATUS_OK && step->flow->notice)
        status = record_notify(call, &step->row, step->flow->notice, message ? message : text, seq);
    if (status == STATUS_OK && step->flow->next != STAYS && step->flow->action != ACTION(SUBMIT))
        status = record_announce(call, &step->row); /* submit.c tells of a new case itself */
    return status;
}

status_t flow_leave(call_t *call, step_t *step, const char *text, const char *message)
{
    advance(call, step);
    status_t status = record_save(call, &step->row);
    return status == STATUS_OK ? tell(call, step, text, message) : status;
}

status_t flow_leave_new(call_t *call, step_t *step, const char *text, const char *message)
{
    step->row.version = 1;
    step->row.changed_ms = call->now_ms;
    advance(call, step);
    status_t status = record_insert(call, &step->row);
    return status == STATUS_OK ? tell(call, step, text, message) : status;
}

/* --- for people --------------------------------------------------------------------------- */

static void print_states(buffer_t *out, unsigned from)
{
    bool first = true;
    for (int state = 1; state < 32; state++) {
        if (!(from & 1u << state))
            continue;
        buffer_printf(out, "%s%s", first ? "" : "、", label_of(&case__state__descriptor, state));
        first = false;
    }
    if (first)
        buffer_text(out, "（无）");
}

static void print_who(buffer_t *out, const flow_t *flow)
{
    static const char *const names[] = {"申请人", "经办人或部门系统", "时间"};
    buffer_text(out, names[flow->by]);
    if (flow->by == BY_OFFICIAL)
        buffer_printf(out, "（`%s`）", flow->permission ? flow->permission : "办件所待权限");
}

static void draw_arrows(buffer_t *out, const flow_t *flow)
{
    const char *label = label_of(&case__action__descriptor, flow->action);
    if (!flow->from)
        buffer_printf(out, "    [*] --> s%d : %s\n", flow->next, label);
    for (int state = 1; state < 32; state++)
        if (flow->from & 1u << state)
            buffer_printf(out, "    s%d --> s%d : %s\n", state, flow->next, label);
}

static void draw(buffer_t *out)
{
    buffer_text(out, "```mermaid\nstateDiagram-v2\n");
    for (unsigned i = 0; i < case__state__descriptor.n_values; i++) {
        int state = case__state__descriptor.values[i].value;
        if (state)
            buffer_printf(out, "    state \"%s\" as s%d\n",
                          label_of(&case__state__descriptor, state), state);
        if (flow_is_over((Case__State) state))
            buffer_printf(out, "    s%d --> [*]\n", state);
    }
    for (size_t i = 0; i < FLOW_COUNT; i++)
        if (FLOW[i].next != STAYS)
            draw_arrows(out, &FLOW[i]);
    buffer_text(out, "```\n\n");
}

void flow_print(buffer_t *out)
{
    draw(out);
    buffer_text(out, "| 动作 | 原状态 | 由谁 | 条件 | 新状态 | 告知申请人 |\n"
                     "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < FLOW_COUNT; i++) {
        const flow_t *flow = &FLOW[i];
        buffer_printf(
            out, "| %s `%s` | ", label_of(&case__action__descriptor, flow->action),
            protobuf_c_enum_descriptor_get_value(&case__action__descriptor, flow->action)->name);
        print_states(out, flow->from);
        buffer_text(out, " | ");
        print_who(out, flow);
        buffer_printf(out, " | %s | %s | %s |\n", flow->guard_text ? flow->guard_text : "",
                      flow->next == STAYS ? "不变" : label_of(&case__state__descriptor, flow->next),
                      flow->notice ? label_of(&case__notice_kind__descriptor, flow->notice) : "");
    }
}
