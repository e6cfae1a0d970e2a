#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "deadline.h"
#include "test.h"
#include "text.h"

static holiday_t table[2000];
static calendar_t calendar;

/* The starter data is what a fresh platform counts with, so the tests count with it, too. */
static const calendar_t *load(void)
{
    if (calendar.count)
        return &calendar;
    FILE *file = fopen("deploy/starter/holidays.csv", "r");
    EXPECT(file);
    char line[200];
    size_t count = 0;
    while (file && fgets(line, sizeof line, file) && count < 2000) {
        const char *last = strrchr(line, ',');
        line[10] = 0;
        if (last && clock_day_parse(line, &table[count].day))
            table[count++].off = last[1] == '1';
    }
    if (file)
        fclose(file);
    calendar = (calendar_t){table, count};
    return &calendar;
}

static int64_t day(const char *text)
{
    int64_t ret = 0;
    EXPECT(clock_day_parse(text, &ret));
    return ret;
}

static bool is_due(due_t due, const char *expected)
{
    char text[CLOCK_DAY_SIZE];
    clock_day_format(due.day, text);
    if (strcmp(text, expected) == 0)
        return true;
    fprintf(stderr, "due %s, expected %s\n", text, expected);
    return false;
}

/* Facts counted by hand over the State Council's notices. */
static const struct {
    const char *start;
    int days;
    const char *due;
} VECTORS[] = {
    {"2025-01-20", 5, "2025-01-26"}, /* a Sunday made up before Spring Festival */
    {"2025-01-20", 20, "2025-02-21"}, {"2025-01-26", 1, "2025-01-27"},
    {"2025-04-25", 5, "2025-05-06"},  {"2025-09-26", 5, "2025-10-10"},
    {"2025-09-29", 10, "2025-10-20"}, {"2025-09-29", 20, "2025-11-03"},
    {"2025-10-01", 5, "2025-10-14"}, /* starts on a holiday */
    {"2026-02-13", 5, "2026-02-27"},  {"2026-02-13", 20, "2026-03-19"},
    {"2026-02-27", 1, "2026-02-28"},  /* a Saturday made up after Spring Festival */
    {"2024-12-31", 20, "2025-02-05"}, /* over the end of the year */
    {"2026-04-30", 45, "2026-07-07"},
};

TEST(working_days_by_the_official_table)
{
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        due_t due = deadline_working(load(), day(VECTORS[i].start), VECTORS[i].days, NULL, 0);
        EXPECT(is_due(due, VECTORS[i].due));
        EXPECT(!due.provisional);
    }
}

/* More cases, when the reference data stands beside the tree. */
TEST(working_days_by_the_reference_vectors)
{
    FILE *file = fopen("../shared/reference/data/testvectors/working-days.csv", "r");
    if (!file)
        return;
    char line[100], start[11], due[11];
    int days, rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%10[0-9-],%d,%10[0-9-]", start, &days, due) != 3)
            continue;
        EXPECT(is_due(deadline_working(load(), day(start), days, NULL, 0), due));
        rows++;
    }
    fclose(file);
    EXPECT(rows >= 13);
}

TEST(two_hundred_and_forty_eight_working_days_a_year)
{
    EXPECT(deadline_elapsed(load(), day("2024-12-31"), day("2025-12-31"), NULL, 0) == 248);
    EXPECT(deadline_elapsed(load(), day("2025-12-31"), day("2026-12-31"), NULL, 0) == 248);
}

/* A hearing from Tuesday to Thursday: Wednesday and Thursday do not count. */
TEST(pauses_stop_the_clock)
{
    pause_t hearing = {day("2026-03-03"), day("2026-03-05")};
    EXPECT(is_due(deadline_working(load(), day("2026-03-02"), 5, NULL, 0), "2026-03-09"));
    EXPECT(is_due(deadline_working(load(), day("2026-03-02"), 5, &hearing, 1), "2026-03-11"));
    EXPECT(deadline_elapsed(load(), day("2026-03-02"), day("2026-03-11"), &hearing, 1) == 5);

    /* Begun and ended on one day it takes nothing out. */
    pause_t moment = {day("2026-03-03"), day("2026-03-03")};
    EXPECT(is_due(deadline_working(load(), day("2026-03-02"), 5, &moment, 1), "2026-03-09"));
}

TEST(pauses_that_overlap_count_once)
{
    pause_t both[] = {{day("2026-03-03"), day("2026-03-05")},
                      {day("2026-03-04"), day("2026-03-06")}};
    EXPECT(is_due(deadline_working(load(), day("2026-03-02"), 5, both, 2), "2026-03-12"));
}

/* Ten calendar days after 24 September end in the National Day holidays: on to the 8th. */
TEST(calendar_days_end_on_a_working_day)
{
    EXPECT(is_due(deadline_calendar(load(), day("2026-09-24"), 10, NULL, 0), "2026-10-08"));
    EXPECT(is_due(deadline_calendar(load(), day("2026-03-02"), 10, NULL, 0), "2026-03-12"));
    pause_t pause = {day("2026-03-03"), day("2026-03-05")};
    EXPECT(is_due(deadline_calendar(load(), day("2026-03-02"), 10, &pause, 1), "2026-03-16"));
}

/* 当场: the same working day; accepted on a Saturday: on Monday. */
TEST(at_once_is_the_same_working_day)
{
    EXPECT(is_due(deadline_working(load(), day("2026-03-02"), 0, NULL, 0), "2026-03-02"));
    EXPECT(is_due(deadline_working(load(), day("2026-03-07"), 0, NULL, 0), "2026-03-09"));
}

TEST(a_year_without_table_is_provisional)
{
    EXPECT(!deadline_working(load(), day("2026-12-01"), 20, NULL, 0).provisional);
    due_t due = deadline_working(load(), day("2026-12-21"), 20, NULL, 0);
    EXPECT(due.provisional);
    EXPECT(is_due(due, "2027-01-18")); /* by weekdays alone */

    /* The days of December that come with the next year's notice do not make the year known. */
    holiday_t tail = {day("2030-12-31"), true};
    calendar_t only = {&tail, 1};
    EXPECT(!calendar_knows(&only, day("2030-06-01")));
}

TEST(handed_in_after_hours_is_received_the_next_working_day)
{
    const struct {
        const char *at, *received;
    } vectors[] = {
        {"2026-03-02T16:59:59+08:00", "2026-03-02"}, {"2026-03-02T17:00:00+08:00", "2026-03-03"},
        {"2026-03-02T06:00:00+08:00", "2026-03-02"}, /* before it opens: that day */
        {"2026-03-06T20:00:00+08:00", "2026-03-09"}, /* Friday evening */
        {"2026-02-13T18:00:00+08:00", "2026-02-14"}, /* Saturday made up */
        {"2026-02-14T17:30:00+08:00", "2026-02-24"}, /* Spring Festival */
        {"2026-03-02T23:30:00Z", "2026-03-03"},      /* 07:30 of the 3rd in Shanghai */
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        int64_t ms = 0;
        EXPECT(clock_parse(vectors[i].at, strlen(vectors[i].at), &ms));
        due_t got = {deadline_received(load(), ms, 17), false};
        EXPECT(is_due(got, vectors[i].received));
    }
}

TEST(a_period_ends_at_midnight_in_shanghai)
{
    int64_t ms = 0;
    const char *midnight = "2026-03-10T00:00:00+08:00";
    EXPECT(clock_parse(midnight, strlen(midnight), &ms));
    EXPECT(deadline_end_ms(day("2026-03-09")) == ms);
    EXPECT(deadline_before(load(), day("2026-02-24")) == day("2026-02-14"));
}

/* A table that calls everything a holiday, and the longest limit there is: still an answer. */
TEST(counting_always_ends)
{
    static holiday_t off[1000];
    for (int i = 0; i < 1000; i++)
        off[i] = (holiday_t){day("2026-01-01") + i, true};
    calendar_t closed = {off, 1000};
    EXPECT(deadline_working(&closed, day("2026-01-02"), 1, NULL, 0).day > day("2026-01-02"));
    EXPECT(deadline_working(load(), day("2026-01-02"), DEADLINE_DAYS_MAX, NULL, 0).provisional);
    EXPECT(deadline_before(&closed, day("2028-01-01")) < day("2028-01-01"));
}
