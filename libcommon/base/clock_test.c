#include "clock.h"
#include <string.h>
#include "test.h"

static int64_t ms_of(const char *text)
{
    int64_t ms = -1;
    return clock_parse(text, strlen(text), &ms) ? ms : -12345;
}

TEST(days_go_there_and_back)
{
    bool all = true;
    int weekday = clock_weekday(clock_days(1, 1, 1));
    for (int64_t days = clock_days(1, 1, 1); days <= clock_days(9999, 12, 31); days++) {
        int year, month, day;
        clock_civil(days, &year, &month, &day);
        all = all && clock_days(year, month, day) == days && clock_weekday(days) == weekday;
        weekday = weekday % 7 + 1;
    }
    EXPECT(all);
    EXPECT(clock_days(1970, 1, 1) == 0);
    EXPECT(clock_days(2000, 3, 1) == 11017);
    EXPECT(clock_weekday(clock_days(2025, 1, 26)) == 7); /* a Sunday, a working day */
    EXPECT(clock_weekday(0) == 4);
}

TEST(parses_days)
{
    int64_t days = 5;
    char out[CLOCK_DAY_SIZE];
    EXPECT(clock_day_parse("2024-02-29", &days));
    clock_day_format(days, out);
    EXPECT(strcmp(out, "2024-02-29") == 0);
    static const char *const bad[] = {"2023-02-29",  "1900-02-29", "2023-13-01", "2023-00-01",
                                      "2023-01-00",  "2023-04-31", "0000-01-01", "2023-1-01",
                                      "2023-01-011", "2023/01/01", "",           "20230101",
                                      " 2023-01-01"};
    days = 5;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(!clock_day_parse(bad[i], &days));
    EXPECT(!clock_day_parse(NULL, &days) && days == 5);
}

TEST(formats_and_parses_times)
{
    char out[CLOCK_RFC3339_SIZE];
    EXPECT(clock_format(0, out) && strcmp(out, "1970-01-01T00:00:00.000Z") == 0);
    EXPECT(clock_format(-1, out) && strcmp(out, "1969-12-31T23:59:59.999Z") == 0);
    EXPECT(clock_format(1769817600000, out) && strcmp(out, "2026-01-31T00:00:00.000Z") == 0);
    EXPECT(!clock_format(INT64_MAX, out) && !clock_format(INT64_MIN, out));
    EXPECT(clock_format(253402300799999, out) && strcmp(out, "9999-12-31T23:59:59.999Z") == 0);
    EXPECT(!clock_format(253402300800000, out));

    EXPECT(ms_of("2026-01-31T08:00:00+08:00") == 1769817600000);
    EXPECT(ms_of("2026-01-31t00:00:00z") == 1769817600000);
    EXPECT(ms_of("2026-01-31T00:00:00.1Z") == 1769817600100);
    EXPECT(ms_of("2026-01-31T00:00:00.123999999Z") == 1769817600123);
    EXPECT(ms_of("2026-01-30T18:30:00-05:30") == 1769817600000);
    EXPECT(ms_of("2016-12-31T23:59:60Z") == ms_of("2017-01-01T00:00:00Z"));
    EXPECT(ms_of("1985-04-12T23:20:50.52Z") == 482196050520); /* RFC 3339, 5.8 */
    EXPECT(ms_of("1996-12-19T16:39:57-08:00") == ms_of("1996-12-20T00:39:57Z"));
    /* clang-format off: a list */
    static const char *const bad[] = {"2026-01-31",
                                      "2026-01-31T08:00:00",
                                      "2026-01-31 08:00:00Z",
                                      "2026-01-31T08:00:00.Z",
                                      "2026-01-31T24:00:00Z",
                                      "2026-01-31T08:60:00Z",
                                      "2026-01-31T08:00:61Z",
                                      "2026-01-31T08:00:00Zx",
                                      "2026-01-31T08:00:00+8:00",
                                      "2026-01-31T08:00:00+0800",
                                      "2026-01-31T08:00:00+24:00",
                                      "2026-02-30T08:00:00Z",
                                      "0001-01-01T00:00:00+01:00",
                                      "9999-12-31T23:59:59-01:00",
                                      "2026-01-31T08:00:00.",
                                      "2026-01-31T08:00:00.5",
                                      ""};
    /* clang-format on */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(ms_of(bad[i]) == -12345);
}

TEST(counts_days_in_shanghai)
{
    int64_t day = clock_days(2026, 2, 1);
    EXPECT(clock_day_of(ms_of("2026-01-31T16:00:00Z")) == day);
    EXPECT(clock_day_of(ms_of("2026-01-31T15:59:59.999Z")) == day - 1);
    EXPECT(clock_day_start_ms(day) == ms_of("2026-02-01T00:00:00+08:00"));
    EXPECT(clock_day_of(-CLOCK_DAY_MS) == -1);
}

TEST(time_passes)
{
    int64_t before = clock_mono_us();
    EXPECT(clock_mono_us() >= before && clock_mono_ms() >= before / 1000);
    EXPECT(clock_now_ms() > clock_days(2024, 1, 1) * CLOCK_DAY_MS);
}
