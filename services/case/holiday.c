#include "holiday.h"

#include "case.svc.h"
#include "clock.h"

status_t holiday_calendar(call_t *call, int64_t day, calendar_t *ret)
{
    int year, unused;
    clock_civil(day, &year, &unused, &unused);

    query_t *listed = query(call->store, "SELECT day, off FROM holidays WHERE day >= :from"
                                         " ORDER BY day LIMIT 2000");
    query_int(listed, "from", clock_days(year, 1, 1));
    holiday_t *days = NULL;
    size_t count = 0, capacity = 0;
    while (query_next(listed)) {
        if (count == capacity) { /* doubled, so a usual table costs two blocks */
            capacity = capacity ? capacity * 2 : 128;
            holiday_t *more = ARRAY(call->arena, holiday_t, capacity);
            if (!more) {
                query_done(listed);
                return STATUS_RESOURCE_EXHAUSTED;
            }
            for (size_t i = 0; i < count; i++)
                more[i] = days[i];
            days = more;
        }
        days[count].day = query_get_int(listed, "day");
        days[count++].off = query_get_int(listed, "off");
    }
    status_t status = query_done(listed);
    if (status == STATUS_OK)
        *ret = (calendar_t){days, count};
    return status;
}

/* Adds or changes days; a day that the table no longer lists must be imported as what it is.
 *
 * Open cases whose deadlines were provisional are computed anew by the next ticks, so that
 * importing a year never takes long (tick.c). */
status_t case_import_holidays(call_t *call, const Case__ImportHolidaysRequest *in,
                              Case__ImportHolidaysAnswer *out)
{
    for (size_t i = 0; i < in->n_holidays; i++) {
        int64_t day;
        if (!clock_day_parse(in->holidays[i]->date, &day))
            return call_fail(call, STATUS_INVALID_ARGUMENT, "date",
                             arena_printf(call->arena, "holidays[%zu].date", i),
                             "日期应为 2026-01-31 的形式");
        query_t *put =
            query(call->store,
                  "INSERT INTO holidays (day, name, off) VALUES (:day, :name, :off)"
                  " ON CONFLICT (day) DO UPDATE SET name = excluded.name, off = excluded.off");
        query_int(put, "day", day);
        query_text(put, "name", in->holidays[i]->name);
        query_int(put, "off", in->holidays[i]->is_off_day);
        status_t status = query_done(put);
        if (status != STATUS_OK)
            return status;
    }
    query_t *again = query(call->store, "UPDATE cases SET alarm_ms = 1"
                                        " WHERE provisional <> 0 AND due_ms <> 0");
    status_t status = query_done(again);
    if (status != STATUS_OK)
        return status;
    out->days = (int32_t) in->n_holidays;
    out->cases = (int32_t) store_changes(call->store);
    return STATUS_OK;
}
