/* deadline.h - counting days as the law does.  Pure: a calendar in, days out.
 *
 * The rules (Administrative Licensing Law 82, Civil Code 201-203; Asia/Shanghai):
 *
 *   1. The day on which a period starts is not counted; day 1 is the next one that counts.
 *   2. A working day is a made-up day (补班), or Monday to Friday and no official day off.
 *      Made-up days are only those in the official table, never inferred.
 *   3. A period ends at 24:00 of its last day.
 *   4. A period in calendar days whose last day is no working day ends on the next working day.
 *   5. What must be done at once (当场, 即办件) is due the same working day.
 *   6. A pause (law 45: hearing, inspection ...) takes out the days after the one it started on,
 *      up to and with the one it ended on; days in two pauses are taken out once.
 *   7. A year without an official table is counted by weekdays alone, and the
 *      result says that it is provisional.
 *
 * Days are days since 1970-01-01 in Shanghai (libcommon/base/clock.h). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t day;
    bool off; /* true: 休; false: a working day made up */
} holiday_t;

typedef struct {
    const holiday_t *days; /* ascending, no day twice */
    size_t count;
} calendar_t;

typedef struct {
    int64_t from; /* day it started on: still counts */
    int64_t to;   /* last day taken out */
} pause_t;

typedef struct {
    int64_t day; /* last day of the period */
    bool provisional;
} due_t;

#define DEADLINE_DAYS_MAX 9999 /* as catalog.Item: longer limits are a mistake */

bool calendar_is_working(const calendar_t *self, int64_t day);
/* True when an official table for the day's year is loaded: it has a day in January to
 * November (the last days of December come with the next year's notice). */
bool calendar_knows(const calendar_t *self, int64_t day);

/* The n-th working day after `start`; n = 0: `start` itself or the next working day. */
due_t deadline_working(const calendar_t *self, int64_t start, int n, const pause_t *pauses,
                       size_t pause_count);
/* The n-th calendar day after `start`, moved on to a working day. */
due_t deadline_calendar(const calendar_t *self, int64_t start, int n, const pause_t *pauses,
                        size_t pause_count);
/* A limit after now and not after this is near: its last day is today or one of the next two. */
int64_t deadline_soon_ms(int64_t now_ms);
/* The working day before `day`. */
int64_t deadline_before(const calendar_t *self, int64_t day);
/* The day on which something handed in at `ms` counts as received: the same day if it is a working
 * day and the office has not closed (`close_hour` in Shanghai), else the next working day. */
int64_t deadline_received(const calendar_t *self, int64_t ms, int close_hour);

/* Working days in (from, to] that no pause takes out: what has elapsed of a limit. */
int deadline_elapsed(const calendar_t *self, int64_t from, int64_t to, const pause_t *pauses,
                     size_t pause_count);

/* First millisecond after the day: 24:00. */
int64_t deadline_end_ms(int64_t day);
