/* oracle.c - see oracle.h.
 *
 * 行政许可法 82: limits of ten days and the like count working days, holidays excluded.
 * 民法典 201: the day on which it begins is not counted; 203: a last day that is a statutory day off
 * gives way to the day after it; the last day ends at 24:00. */
#include "oracle.h"
#include "people.h"

static const int64_t DAY = 24LL * 60 * 60 * 1000, EIGHT_HOURS = 8LL * 60 * 60 * 1000;
static int known_until = 9999;

void oracle_known_until(int year)
{
    known_until = year;
}

int64_t oracle_day(int64_t ms)
{
    return (ms + EIGHT_HOURS) / DAY;
}

/* 24:00 of a day in Shanghai is its next midnight. */
static int64_t midnight_after(int64_t day)
{
    return (day + 1) * DAY - EIGHT_HOURS;
}

static int year_of(int64_t day)
{
    int year = 1970;
    for (;; year++) {
        int length = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
        if (day < length)
            return year;
        day -= length;
    }
}

bool oracle_is_working(int64_t day)
{
    if (year_of(day) <= known_until)
        for (size_t i = 0; i < people_holiday_count; i++)
            if (people_holidays[i].day == day)
                return !people_holidays[i].off;
    int weekday = (int) ((day + 4) % 7); /* the first day of 1970 was a Thursday; 0: Sunday */
    return weekday != 0 && weekday != 6;
}

static int64_t next_working(int64_t day)
{
    while (!oracle_is_working(day))
        day = day + 1;
    return day;
}

int64_t oracle_received(int64_t ms)
{
    int64_t day = oracle_day(ms);
    int64_t in_day = ms + EIGHT_HOURS - day * DAY;
    if (in_day >= 17LL * 60 * 60 * 1000)
        day = day + 1;
    return next_working(day);
}

static bool paused(int64_t day, const oracle_pause_t *pauses, int count)
{
    for (int i = 0; i < count; i++)
        if (pauses[i].from < day && day <= pauses[i].to)
            return true;
    return false;
}

int64_t oracle_working_ms(int64_t day, int n, const oracle_pause_t *pauses, int pause_count)
{
    if (n == 0)
        return midnight_after(next_working(day));
    while (n > 0) {
        day = day + 1;
        if (oracle_is_working(day) && !paused(day, pauses, pause_count))
            n = n - 1;
    }
    return midnight_after(day);
}

int64_t oracle_calendar_ms(int64_t day, int n, const oracle_pause_t *pauses, int pause_count)
{
    while (n > 0) {
        day = day + 1;
        if (!paused(day, pauses, pause_count))
            n = n - 1;
    }
    return midnight_after(next_working(day));
}

int64_t oracle_reminder_ms(int64_t due_ms)
{
    int64_t last = oracle_day(due_ms - 1), day = last - 1;
    while (!oracle_is_working(day))
        day = day - 1;
    return day * DAY - EIGHT_HOURS + 9LL * 60 * 60 * 1000;
}
