#include "terms.h"

#include "clock.h"

#define PAUSES_MAX 50 /* as Case__CaseDetail.specials */

void terms_submitted(call_t *call, step_t *step)
{
    Case__StoredCase *row = &step->row;
    row->received_day =
        deadline_received(&step->calendar, call->now_ms, settings_of(call)->close_hour);
    due_t due = deadline_working(&step->calendar, row->received_day, TERMS_ACCEPT_DAYS, NULL, 0);
    row->accept_due_ms = deadline_end_ms(due.day);
    row->correction_due_ms = 0;
    row->provisional = due.provisional;
}

void terms_correction(step_t *step, int days)
{
    Case__StoredCase *row = &step->row;
    row->correction_day = step->today;
    row->correction_days = days;
    due_t due = deadline_working(&step->calendar, step->today, days, NULL, 0);
    row->accept_due_ms = 0;
    row->correction_due_ms = deadline_end_ms(due.day);
    row->provisional = due.provisional;
}

static status_t load_pauses(call_t *call, const step_t *step, pause_t pauses[PAUSES_MAX],
                            size_t *ret)
{
    query_t *find =
        query(call->store,
              "SELECT started_ms, ended_ms, planned_days FROM specials"
              " WHERE case_id = :id AND kind <> 1 ORDER BY started_ms LIMIT 50"); /* 1: EXTENSION */
    query_text(find, "id", step->row.id);
    size_t count = 0;
    while (count < PAUSES_MAX && query_next(find)) {
        int64_t ended_ms = query_get_int(find, "ended_ms");
        pauses[count].from = clock_day_of(query_get_int(find, "started_ms"));
        /* Not ended: the clock stands as many working days as it was said to take, by the table of
         * today: planned_day is what was told when it began. */
        int planned_days = (int) query_get_int(find, "planned_days");
        pauses[count].to = ended_ms ? clock_day_of(ended_ms)
                                    : deadline_working(&step->calendar, pauses[count].from,
                                                       planned_days, NULL, 0)
                                          .day;
        count++;
    }
    *ret = count;
    return query_done(find);
}

typedef struct {
    int days;
    Catalog__DayUnit unit;
} limit_t;

static limit_t legal_limit(const Catalog__Item *item)
{
    if (item->legal_days == 0 && item->legal_unit != CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE)
        return (limit_t){item_is_joint(item) ? TERMS_LEGAL_DAYS_JOINT : TERMS_LEGAL_DAYS,
                         CATALOG__DAY_UNIT__DAY_UNIT_WORKING};
    return (limit_t){(int) item->legal_days, item->legal_unit};
}

static limit_t promised_limit(const Catalog__Item *item)
{
    if (item->promise_days)
        return (limit_t){(int) item->promise_days, item->promise_unit};
    if (item->promise_unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE || item_is_at_once(item))
        return (limit_t){0, CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE};
    return legal_limit(item); /* nothing promised: the law's */
}

static due_t due_of(const step_t *step, limit_t limit, const pause_t *pauses, size_t count)
{
    const Case__StoredCase *row = &step->row;
    int days = limit.unit == CATALOG__DAY_UNIT__DAY_UNIT_AT_ONCE ? 0 : limit.days;
    days += row->extension_days;
    if (days > DEADLINE_DAYS_MAX)
        days = DEADLINE_DAYS_MAX;
    if (limit.unit == CATALOG__DAY_UNIT__DAY_UNIT_CALENDAR)
        return deadline_calendar(&step->calendar, row->accepted_day, days, pauses, count);
    return deadline_working(&step->calendar, row->accepted_day, days, pauses, count);
}

status_t terms_again(call_t *call, step_t *step, const Catalog__Item *item)
{
    pause_t pauses[PAUSES_MAX];
    size_t count = 0;
    status_t status = load_pauses(call, step, pauses, &count);
    if (status != STATUS_OK)
        return status;
    due_t legal = due_of(step, legal_limit(item), pauses, count);
    due_t promised = due_of(step, promised_limit(item), pauses, count);
    if (promised.day > legal.day) /* a promise cannot lengthen what the law allows */
        promised = legal;
    step->row.legal_due_ms = deadline_end_ms(legal.day);
    step->row.promised_due_ms = deadline_end_ms(promised.day);
    step->row.provisional = legal.provisional || promised.provisional;
    return STATUS_OK;
}

status_t terms_accepted(call_t *call, step_t *step, const Catalog__Item *item, int64_t day)
{
    step->row.accept_due_ms = 0;
    step->row.accepted_day = day;
    return terms_again(call, step, item);
}

void terms_decided(step_t *step)
{
    Case__StoredCase *row = &step->row;
    due_t due = deadline_working(&step->calendar, clock_day_of(row->decided_ms),
                                 TERMS_DELIVERY_DAYS, NULL, 0);
    row->delivery_due_ms = deadline_end_ms(due.day);
    row->provisional = due.provisional;
}

int64_t terms_stage_ms(const step_t *step, int days)
{
    if (days <= 0)
        return step->row.promised_due_ms;
    if (days > DEADLINE_DAYS_MAX)
        days = DEADLINE_DAYS_MAX;
    int64_t due_ms =
        deadline_end_ms(deadline_working(&step->calendar, step->today, days, NULL, 0).day);
    return due_ms < step->row.promised_due_ms ? due_ms : step->row.promised_due_ms;
}
