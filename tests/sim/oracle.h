/* oracle.h - deadlines counted a second time, from the text of the law and from nothing of
 * services/case/deadline.c: one day after the other, by the simulator's own calendar. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t from, to; /* days after `from`, up to and with `to`, are not counted */
} oracle_pause_t;

/* Years after it have no official table yet. */
void oracle_known_until(int year);
bool oracle_is_working(int64_t day);
/* The day on which something that came at this time counts as received. */
int64_t oracle_received(int64_t ms);
/* End (24:00 in Shanghai, UTC milliseconds) of a period of `n` working or calendar days that
 * begins after `day`. */
int64_t oracle_working_ms(int64_t day, int n, const oracle_pause_t *pauses, int pause_count);
int64_t oracle_calendar_ms(int64_t day, int n, const oracle_pause_t *pauses, int pause_count);
/* Nine o'clock on the working day before the last day of a period that ends then. */
int64_t oracle_reminder_ms(int64_t due_ms);
int64_t oracle_day(int64_t ms);
