/* holiday.h - the official holiday table in the database, as a calendar for deadline.h. */
#pragma once
#include "deadline.h"
#include "service.h"

/* Rows a calendar holds at most: fifty years of notices. */
#define HOLIDAYS_MAX 2000

/* All listed days from January of `day`'s year on, in the call's arena. */
status_t holiday_calendar(call_t *call, int64_t day, calendar_t *ret);
