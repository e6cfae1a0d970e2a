/* tick.c - what time brings, once a second.
 *
 *   submitted for 5 working days     deemed accepted (law 32(4)), with evidence
 *   correction not supplied in time  deemed withdrawn
 *   a working day before a limit     a reminder
 *   a new holiday table              provisional limits computed anew
 *
 * A case names the next moment it must be looked at in alarm_ms; so a tick costs one look at an
 * index when nothing is due, and a crowd is worked off a few at a time. */
#include "case.svc.h"
#include "clock.h"
#include "file.h"
#include "handle.h"
#include "log.h"
#include "person.h"
#include "query.h"
#include "terms.h"

#define ALARMS_AT_ONCE 50
#define POSTPONED_MS   3600000

/* --- what may happen ---------------------------------------------------------------------- */

static const char *day_text(call_t *call, int64_t day)
{
    char text[CLOCK_DAY_SIZE];
    clock_day_format(day, text);
    const char *ret = arena_text(call->arena, text);
    return ret ? ret : "";
}

static status_t deem_accepted(call_t *call, const Case__StoredCase *row)
{
    step_t step;
    status_t status = flow_begin(call, ACTION(DEEM_ACCEPTED), row, &step);
    if (status != STATUS_OK)
        return status;
    const char *limit = record_limit_text(call, row->accept_due_ms);
    int64_t received_ms = clock_day_start_ms(row->received_day);
    step.row.deemed = true;
    step.row.accepted_ms = received_ms > row->submitted_ms ? received_ms : row->submitted_ms;
    status = handle_accepted(call, &step, row->received_day);
    if (status != STATUS_OK)
        return status;

    const char *facts = arena_printf(
        call->arena,
        "收到日 %s；告知期限 5 个工作日，至 %s；%s期间未作出受理、不予受理决定，也未告知补正；"
        "依据行政许可法第三十二条第一款第四项，自收到之日起即为受理。",
        day_text(call, row->received_day), limit,
        row->provisional ? "（按尚未公布节假日安排的年份推算）" : "");
    status = record_evidence(call, row, ACTION(DEEM_ACCEPTED), facts ? facts : "");
    if (status != STATUS_OK)
        return status;
    const char *message = arena_printf(
        call->arena,
        "您申请的“%s”（%s）在法定期限内未被告知补正，依法自收到之日（%s）起即为受理。%s",
        row->item_name, row->number, day_text(call, row->received_day),
        handle_limits_text(call, &step.row));
    return flow_leave(call, &step, facts, message);
}

static status_t terminate(call_t *call, const Case__StoredCase *row)
{
    step_t step;
    status_t status = flow_begin(call, ACTION(TERMINATE), row, &step);
    if (status != STATUS_OK)
        return status;
    step.row.closed_ms = call->now_ms;
    const char *text = arena_printf(call->arena, "补正期限至%s，期限内未补正，视为撤回申请。",
                                    record_limit_text(call, row->correction_due_ms));
    status = record_evidence(call, row, ACTION(TERMINATE), text ? text : "");
    if (status != STATUS_OK)
        return status;
    const char *message =
        arena_printf(call->arena, "您申请的“%s”：%s您可以重新申请。", row->item_name, text);
    return flow_leave(call, &step, text, message);
}

/* Not through flow_leave(): a reminder changes nothing that anyone saw, so the version stays. */
static status_t save_reminder(call_t *call, const Case__StoredCase *row)
{
    query_t *update = query(call->store, "UPDATE cases SET reminded = 1, alarm_ms = :alarm_ms"
                                         " WHERE id = :id");
    query_int(update, "alarm_ms", row->alarm_ms);
    query_text(update, "id", row->id);
    return query_done(update);
}

/* The applicant is reminded of what is theirs; the department sees the others in its inbox. */
static status_t remind(call_t *call, const Case__StoredCase *row)
{
    step_t step;
    status_t status = flow_begin(call, ACTION(REMIND), row, &step);
    if (status != STATUS_OK)
        return status;
    step.row.reminded = true;
    flow_set_alarm(&step, call->now_ms);
    const char *limit = record_limit_text(call, row->due_ms);
    const entry_t entry = {.action = ACTION(REMIND),
                           .internal = true,
                           .stage = row->stage_name,
                           .text = arena_printf(call->arena, "期限至%s", limit)};
    int64_t seq = 0;
    status = save_reminder(call, &step.row);
    if (status == STATUS_OK)
        status = record_log(call, row, &entry, &seq);
    if (status != STATUS_OK || row->state != STATE(CORRECTION))
        return status;
    const char *message = arena_printf(
        call->arena, "您申请的“%s”的补正期限将于%s届满，逾期未补正视为撤回申请，请及时补正。",
        row->item_name, limit);
    return record_notify(call, row, CASE__NOTICE_KIND__NOTICE_KIND_REMINDER, message, seq);
}

static status_t compute_anew(call_t *call, step_t *step)
{
    Case__StoredCase *row = &step->row;
    const Catalog__Item *item = NULL;
    due_t due;
    switch (row->state) {
    case STATE(SUBMITTED):
        row->received_day = deadline_working(&step->calendar, row->received_day, 0, NULL, 0).day;
        due = deadline_working(&step->calendar, row->received_day, TERMS_ACCEPT_DAYS, NULL, 0);
        row->accept_due_ms = deadline_end_ms(due.day);
        row->provisional = due.provisional;
        return STATUS_OK;
    case STATE(CORRECTION):
        due = deadline_working(&step->calendar, row->correction_day, row->correction_days, NULL, 0);
        row->correction_due_ms = deadline_end_ms(due.day);
        row->provisional = due.provisional;
        return STATUS_OK;
    case STATE(GRANTED):
    case STATE(DENIED):
        terms_decided(step);
        return STATUS_OK;
    default: {
        status_t status = item_of_case(call, row, &item);
        return status == STATUS_OK ? terms_again(call, step, item) : status;
    }
    }
}

static status_t recompute(call_t *call, const Case__StoredCase *row)
{
    step_t step;
    status_t status = flow_begin(call, ACTION(RECOMPUTE), row, &step);
    if (status == STATUS_OK)
        status = compute_anew(call, &step);
    if (status != STATUS_OK)
        return status;
    flow_set_alarm(&step, call->now_ms);
    const char *text =
        arena_printf(call->arena, "期限由%s调整为%s", record_limit_text(call, row->due_ms),
                     record_limit_text(call, step.row.due_ms));
    return flow_leave(call, &step, text, NULL);
}

/* --- the tick ----------------------------------------------------------------------------- */

static status_t ring(call_t *call, void *arg)
{
    Case__StoredCase row;
    status_t status = record_load(call, arg, &row);
    if (status != STATUS_OK)
        return status;
    if (row.alarm_ms == FLOW_ALARM_RECOMPUTE)
        return recompute(call, &row);
    bool over = call->now_ms >= row.due_ms;
    if (over && row.state == STATE(SUBMITTED))
        return deem_accepted(call, &row);
    if (over && row.state == STATE(CORRECTION))
        return terminate(call, &row);
    return remind(call, &row);
}

/* A case that cannot be dealt with must not stop the clocks of all others. */
static status_t postpone(call_t *call, const char *id, status_t why)
{
    log_error("case %s: its deadline could not be dealt with (%s), again in an hour", id,
              status_name(why));
    query_t *later = query(call->store, "UPDATE cases SET alarm_ms = :later WHERE id = :id");
    query_int(later, "later", call->now_ms + POSTPONED_MS);
    query_text(later, "id", id);
    return query_done(later);
}

static status_t ring_all(call_t *call)
{
    const char *ids[ALARMS_AT_ONCE];
    size_t count = 0;
    query_t *find = query(call->store, "SELECT id FROM cases WHERE alarm_ms <> 0"
                                       " AND alarm_ms <= :now ORDER BY alarm_ms LIMIT 50");
    query_int(find, "now", call->now_ms);
    while (count < ALARMS_AT_ONCE && query_next(find))
        ids[count++] = query_get_text(find, "id", call->arena);
    status_t status = query_done(find);
    /* Half of the call's memory is for the case at hand; the rest comes with the next tick. */
    for (size_t i = 0; i < count && status == STATUS_OK &&
                       (i == 0 || arena_used(call->arena) < CALL_ARENA_BYTES_MAX / 2);
         i++) {
        status_t rung = call_apart(call, ring, (void *) ids[i]);
        if (rung == STATUS_UNAVAILABLE)
            return rung; /* the disk, not the case */
        if (rung != STATUS_OK)
            status = postpone(call, ids[i], rung);
    }
    return status;
}

static bool exists(query_t *find, int64_t ms)
{
    query_int(find, "ms", ms);
    bool found = query_next(find);
    return query_done(find) == STATUS_OK && found;
}

/* A second without anything due costs looks at four indexes and no commit. */
status_t case_tick_prepare(call_t *call, const Yw__Empty *in)
{
    (void) in;
    const int64_t hour_ago = call->now_ms - 3600 * 1000LL;
    call->skip =
        !exists(query(call->store, "SELECT 1 AS one FROM cases WHERE alarm_ms <> 0"
                                   " AND alarm_ms <= :ms LIMIT 1"),
                call->now_ms) &&
        !exists(query(call->store, "SELECT 1 AS one FROM persons WHERE asked_ms <= :ms LIMIT 1"),
                hour_ago) &&
        !exists(
            query(call->store, "SELECT 1 AS one FROM query_guesses WHERE since_ms <= :ms LIMIT 1"),
            hour_ago) &&
        !file_sweep_due(call);
    return STATUS_OK;
}

status_t case_tick(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in, (void) out;
    status_t status = ring_all(call);
    if (status == STATUS_OK)
        status = person_sweep(call);
    if (status == STATUS_OK)
        status = query_sweep(call);
    if (status == STATUS_OK)
        status = file_sweep(call);
    return status;
}
