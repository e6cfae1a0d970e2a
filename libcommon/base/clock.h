/* clock.h - the only place that asks the time.
 *
 * Times are UTC milliseconds since 1970; days are "YYYY-MM-DD" in Asia/Shanghai
 * (UTC+8, no daylight saving since 1991), the day on which Chinese law counts. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_DAY_MS       86400000LL
#define CLOCK_DAY_SIZE     11 /* "2026-01-31" and 0 */
#define CLOCK_RFC3339_SIZE 25 /* "2026-01-31T08:00:00.000Z" and 0 */

int64_t clock_now_ms(void);  /* wall clock */
int64_t clock_mono_ms(void); /* never goes back: for timeouts */
int64_t clock_mono_us(void);

/* RFC 3339, always UTC with milliseconds; false if outside years 0001-9999. */
bool clock_format(int64_t ms, char out[CLOCK_RFC3339_SIZE]);
/* Any RFC 3339 time with offset; fraction beyond milliseconds is cut. */
bool clock_parse(const char *text, size_t size, int64_t *ret_ms);

/* Days since 1970-01-01 of the proleptic Gregorian calendar and back. */
int64_t clock_days(int year, int month, int day);
void clock_civil(int64_t days, int *year, int *month, int *day);

/* "YYYY-MM-DD", a real day between 0001 and 9999. */
bool clock_day_parse(const char *text, int64_t *ret_days);
void clock_day_format(int64_t days, char out[CLOCK_DAY_SIZE]);

/* The day in Shanghai at a time, and the first millisecond of a day there. */
int64_t clock_day_of(int64_t ms);
int64_t clock_day_start_ms(int64_t days);
/* 1 Monday ... 7 Sunday. */
int clock_weekday(int64_t days);
