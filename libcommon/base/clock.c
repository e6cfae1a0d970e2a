#include "clock.h"
#include <string.h>
#include <time.h>
#include "check.h"

#define SHANGHAI_MS   (8 * 3600 * 1000LL)
#define YEAR_MIN_DAYS (-719162) /* 0001-01-01 */
#define YEAR_MAX_DAYS 2932896   /* 9999-12-31 */

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

/* Division that rounds down also for times before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years start
 * in March, so the leap day is the last of its year; 400 years are an era. */
int64_t clock_days(int year, int month, int day)
{
    int64_t y = (int64_t) year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void clock_civil(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int) (day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int) (shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int) (year_of_era + era * 400 + (*month <= 2));
}

static bool digits(const char *text, size_t count, int *ret)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret = value;
    return true;
}

/* "YYYY-MM-DD" in exactly ten bytes.  A day is real when it comes back in its month. */
static bool day_parse(const char *text, int64_t *ret_days)
{
    int year, month, day;
    if (!digits(text, 4, &year) || text[4] != '-' || !digits(text + 5, 2, &month) ||
        text[7] != '-' || !digits(text + 8, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int64_t days = clock_days(year, month, day);
    int same_year, same_month, same_day;
    clock_civil(days, &same_year, &same_month, &same_day);
    if (same_month != month) /* the 30th of February is in March */
        return false;
    *ret_days = days;
    return true;
}

bool clock_day_parse(const char *text, int64_t *ret_days)
{
    return text && strnlen(text, CLOCK_DAY_SIZE) == 10 && day_parse(text, ret_days);
}

/* snprintf() costs more than a whole message of JSON should. */
static char *put_digits(char *out, int value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        out[i] = (char) ('0' + value % 10);
    return out + count;
}

void clock_day_format(int64_t days, char out[CLOCK_DAY_SIZE])
{
    CHECK(days >= YEAR_MIN_DAYS && days <= YEAR_MAX_DAYS);
    int year, month, day;
    clock_civil(days, &year, &month, &day);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at = 0;
}

bool clock_format(int64_t ms, char out[CLOCK_RFC3339_SIZE])
{
    int64_t days = floor_div(ms, CLOCK_DAY_MS);
    if (days < YEAR_MIN_DAYS || days > YEAR_MAX_DAYS)
        return false;
    int rest = (int) (ms - days * CLOCK_DAY_MS);
    clock_day_format(days, out);
    char *at = out + 10;
    *at++ = 'T';
    at = put_digits(at, rest / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, rest / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, rest / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, rest % 1000, 3);
    *at++ = 'Z';
    *at = 0;
    return true;
}

bool clock_parse(const char *text, size_t size, int64_t *ret_ms)
{
    /* RFC 3339, section 5.6: full-date "T" partial-time time-offset. */
    int64_t days;
    int hour, minute, second;
    if (size < sizeof "2026-01-31T08:00:00Z" - 1 || !day_parse(text, &days) ||
        (text[10] != 'T' && text[10] != 't') || !digits(text + 11, 2, &hour) || text[13] != ':' ||
        !digits(text + 14, 2, &minute) || text[16] != ':' || !digits(text + 17, 2, &second))
        return false;
    /* A leap second counts as the first second of the next minute, as in POSIX. */
    if (hour > 23 || minute > 59 || second > 60)
        return false;

    const char *at = text + 19, *end = text + size;
    int ms = 0;
    if (*at == '.') {
        int scale = 100;
        for (at++; at < end && *at >= '0' && *at <= '9'; at++, scale /= 10)
            ms += (*at - '0') * scale;
        if (at[-1] == '.')
            return false;
    }

    int64_t offset_ms = 0;
    if (at < end && (*at == 'Z' || *at == 'z')) {
        at++;
    } else {
        int offset_hour, offset_minute;
        if (end - at < 6 || (*at != '+' && *at != '-') || !digits(at + 1, 2, &offset_hour) ||
            at[3] != ':' || !digits(at + 4, 2, &offset_minute) || offset_hour > 23 ||
            offset_minute > 59)
            return false;
        offset_ms = (offset_hour * 60 + offset_minute) * (*at == '-' ? -60000LL : 60000LL);
        at += 6;
    }
    if (at != end)
        return false;

    int64_t result = days * CLOCK_DAY_MS + hour * 3600000LL + minute * 60000LL + second * 1000LL +
                     ms - offset_ms;
    int64_t day = floor_div(result, CLOCK_DAY_MS);
    if (day < YEAR_MIN_DAYS || day > YEAR_MAX_DAYS)
        return false;
    *ret_ms = result;
    return true;
}

int64_t clock_day_of(int64_t ms)
{
    return floor_div(ms + SHANGHAI_MS, CLOCK_DAY_MS);
}

int64_t clock_day_start_ms(int64_t days)
{
    return days * CLOCK_DAY_MS - SHANGHAI_MS;
}

int clock_weekday(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    int64_t weekday = (days + 3) % 7;
    return (int) (weekday < 0 ? weekday + 7 : weekday) + 1;
}
