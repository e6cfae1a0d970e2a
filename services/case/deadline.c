#include "deadline.h"

#include "check.h"
#include "clock.h"

#define HOUR_MS   3600000LL
#define SOON_DAYS 2 /* as the lights of the console (services/gateway, pipe "light") */
/* No row of days without a working day is longer; the loops below end even over a broken table. */
#define SEARCH_DAYS_MAX 400

static const holiday_t *find(const calendar_t *self, int64_t day)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->count && self->days[low].day == day ? &self->days[low] : NULL;
}

bool calendar_is_working(const calendar_t *self, int64_t day)
{
    const holiday_t *listed = find(self, day);
    return listed ? !listed->off : clock_weekday(day) <= 5;
}

bool calendar_knows(const calendar_t *self, int64_t day)
{
    int year, month, unused;
    clock_civil(day, &year, &month, &unused);
    int64_t first = clock_days(year, 1, 1), end = clock_days(year, 12, 1);
    for (size_t i = 0; i < self->count; i++)
        if (self->days[i].day >= first && self->days[i].day < end)
            return true;
    return false;
}

/* Whether every year touched by (start, end] has its table. */
static bool is_provisional(const calendar_t *self, int64_t start, int64_t end)
{
    int first, last, unused;
    clock_civil(start, &first, &unused, &unused);
    clock_civil(end, &last, &unused, &unused);
    for (int year = first; year <= last; year++)
        if (!calendar_knows(self, clock_days(year, 1, 1)))
            return true;
    return false;
}

static bool is_paused(int64_t day, const pause_t *pauses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (day > pauses[i].from && day <= pauses[i].to)
            return true;
    return false;
}

static int64_t working_from(const calendar_t *self, int64_t day)
{
    for (int i = 0; i < SEARCH_DAYS_MAX && !calendar_is_working(self, day); i++)
        day++;
    return day;
}

/* A long pause may take years out; a table of pauses cannot make this endless. */
static int64_t steps_max(int n, size_t pause_count)
{
    return (int64_t) n * 3 + SEARCH_DAYS_MAX + (int64_t) pause_count * DEADLINE_DAYS_MAX;
}

due_t deadline_working(const calendar_t *self, int64_t start, int n, const pause_t *pauses,
                       size_t pause_count)
{
    CHECK(n >= 0 && n <= DEADLINE_DAYS_MAX);
    int64_t day = start, limit = start + steps_max(n, pause_count);
    int counted = 0;
    while (counted < n && day < limit) {
        day++;
        if (calendar_is_working(self, day) && !is_paused(day, pauses, pause_count))
            counted++;
    }
    if (n == 0)
        day = working_from(self, start);
    return (due_t){day, is_provisional(self, start, day)};
}

due_t deadline_calendar(const calendar_t *self, int64_t start, int n, const pause_t *pauses,
                        size_t pause_count)
{
    CHECK(n >= 0 && n <= DEADLINE_DAYS_MAX);
    int64_t day = start, limit = start + steps_max(n, pause_count);
    int counted = 0;
    while (counted < n && day < limit) {
        day++;
        if (!is_paused(day, pauses, pause_count))
            counted++;
    }
    day = working_from(self, day);
    return (due_t){day, is_provisional(self, start, day)};
}

int64_t deadline_soon_ms(int64_t now_ms)
{
    return clock_day_start_ms(clock_day_of(now_ms) + SOON_DAYS + 1);
}

int64_t deadline_before(const calendar_t *self, int64_t day)
{
    day--;
    for (int i = 0; i < SEARCH_DAYS_MAX && !calendar_is_working(self, day); i++)
        day--;
    return day;
}

int64_t deadline_received(const calendar_t *self, int64_t ms, int close_hour)
{
    int64_t day = clock_day_of(ms);
    if (ms - clock_day_start_ms(day) >= close_hour * HOUR_MS)
        day++;
    return working_from(self, day);
}

int deadline_elapsed(const calendar_t *self, int64_t from, int64_t to, const pause_t *pauses,
                     size_t pause_count)
{
    int elapsed = 0;
    if (to > from + steps_max(DEADLINE_DAYS_MAX, 0))
        to = from + steps_max(DEADLINE_DAYS_MAX, 0);
    for (int64_t day = from + 1; day <= to; day++)
        if (calendar_is_working(self, day) && !is_paused(day, pauses, pause_count))
            elapsed++;
    return elapsed;
}

int64_t deadline_end_ms(int64_t day)
{
    return clock_day_start_ms(day + 1);
}
