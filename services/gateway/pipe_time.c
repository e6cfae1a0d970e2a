/* pipe_time.c - date, day, time, iso, clock, limit, left, light: all in Asia/Shanghai. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "clock.h"
#include "pipe_private.h"

#define MINUTE_MS    60000
#define HOUR_MS      3600000
#define AMBER_DAYS   2 /* a deadline this near is amber */
#define SENTENCE_MAX 64

/* A moment there; a text "YYYY-MM-DD" has no clock. */
typedef struct {
    int64_t days; /* since 1970 */
    int year, month, day, hour, minute, second;
    bool has_clock;
} moment_t;

static void set_day(moment_t *self, int64_t days)
{
    self->days = days;
    clock_civil(days, &self->year, &self->month, &self->day);
}

static moment_t moment_of(int64_t ms)
{
    moment_t self = {.has_clock = true};
    set_day(&self, clock_day_of(ms));
    int64_t of_day = ms - clock_day_start_ms(self.days);
    self.hour = (int) (of_day / HOUR_MS);
    self.minute = (int) (of_day % HOUR_MS / MINUTE_MS);
    self.second = (int) (of_day % MINUTE_MS / 1000);
    return self;
}

/* False: a text that is no day; it is shown as it is. */
static bool read_moment(datum_t in, moment_t *ret)
{
    if (in.kind == DATUM_TIME) {
        *ret = moment_of(in.time_ms);
        return true;
    }
    char text[CLOCK_DAY_SIZE];
    int64_t days;
    if (in.text.size != sizeof text - 1)
        return false;
    memcpy(text, in.text.data, in.text.size);
    text[in.text.size] = 0;
    if (!clock_day_parse(text, &days))
        return false;
    *ret = (moment_t){.has_clock = false};
    set_day(ret, days);
    return true;
}

void pipe_put_time(buffer_t *out, int64_t ms)
{
    moment_t at = moment_of(ms);
    buffer_printf(out, "%d年%d月%d日 %02d:%02d", at.year, at.month, at.day, at.hour, at.minute);
}

static datum_t sentence(const pipe_call_t *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static datum_t sentence(const pipe_call_t *call, const char *format, ...)
{
    char text[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pipe_text(call, text, (size_t) size < sizeof text ? (size_t) size : sizeof text - 1);
}

datum_t apply_date(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_moment(in, &at))
        return in;
    return sentence(call, "%d年%d月%d日", at.year, at.month, at.day);
}

datum_t apply_day(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_moment(in, &at))
        return in;
    return sentence(call, "%04d-%02d-%02d", at.year, at.month, at.day);
}

datum_t apply_time(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_moment(in, &at))
        return in;
    if (!at.has_clock)
        return sentence(call, "%d月%d日", at.month, at.day);
    return sentence(call, "%d月%d日 %02d:%02d", at.month, at.day, at.hour, at.minute);
}

datum_t apply_iso(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_moment(in, &at))
        return in;
    if (!at.has_clock)
        return sentence(call, "%04d-%02d-%02d", at.year, at.month, at.day);
    return sentence(call, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", at.year, at.month, at.day, at.hour,
                    at.minute, at.second);
}

datum_t apply_clock(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_moment(in, &at) || !at.has_clock)
        return datum_none();
    return sentence(call, "%02d:%02d", at.hour, at.minute);
}

/* --- limits ---------------------------------------------------------------------- */

/* The last day of a limit.  Limits end at 24:00 of it (case.Deadlines), which is 0:00 of the next:
 * the millisecond before is still within. */
static bool read_last_day(datum_t in, moment_t *ret)
{
    if (in.kind == DATUM_TIME)
        in.time_ms--;
    return read_moment(in, ret);
}

datum_t apply_limit(const pipe_call_t *call, datum_t in)
{
    moment_t at;
    if (!read_last_day(in, &at))
        return in;
    return sentence(call, "%d年%d月%d日", at.year, at.month, at.day);
}

/* Calendar days from today: what ends today is not over until midnight. */
static bool days_left(const pipe_call_t *call, datum_t in, int64_t *ret)
{
    moment_t at;
    if (!read_last_day(in, &at))
        return false;
    *ret = at.days - clock_day_of(call->now_ms);
    return true;
}

datum_t apply_left(const pipe_call_t *call, datum_t in)
{
    int64_t days;
    if (!days_left(call, in, &days))
        return datum_none();
    if (days == 0)
        return datum_text("今天截止");
    return days > 0 ? sentence(call, "还剩%" PRId64 "天", days)
                    : sentence(call, "已超期%" PRId64 "天", -days);
}

datum_t apply_light(const pipe_call_t *call, datum_t in)
{
    int64_t days;
    if (!days_left(call, in, &days))
        return datum_none();
    return datum_text(days < 0 ? "red" : days <= AMBER_DAYS ? "amber" : "green");
}
