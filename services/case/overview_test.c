/* overview_test.c - what is near, over, late and how long it took; who may ask about whom. */
#include "deadline.h"
#include "stand_test.h"

/* A row with nothing but what is counted.  Times in days from now; 0: none. */
static void put(stand_t *stand, const char *id, const char *department, int state,
                const char *waits_for, double submitted, double due, double accepted,
                double promised, double decided)
{
    double now = (double) bench_now(stand->bench);
    const double days[] = {submitted, due, accepted, promised, decided};
    char ms[5][32], sql[2000];
    for (size_t i = 0; i < 5; i++)
        snprintf(ms[i], sizeof ms[i], "%.0f", days[i] == 0 ? 0 : now + days[i] * CLOCK_DAY_MS);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO cases (id, number, query_hash, state, version, waits_for, officer_id,"
        " officer_name, item_id, item_version, item_name, item_code, department_id,"
        " department_name, account_id, created_ms, changed_ms, submitted_ms, received_day,"
        " accepted_ms, accepted_day, deemed, decided_ms, closed_ms, accept_due_ms,"
        " correction_due_ms, correction_days, correction_day, promised_due_ms, legal_due_ms,"
        " delivery_due_ms, provisional, extension_days, specials_open, stage_number, stage_id,"
        " stage_name, due_ms, alarm_ms, reminded, delivery) VALUES ('01JCASE00000000000000000%s',"
        " 'N%s', x'00', %d, 1, '%s', '', '', 'i', 1, '事项', '', '%s', '%s局', 'a', 1, 1, %s, 0,"
        " %s, 0, 0, %s, 0, 0, 0, 0, 0, %s, 0, 0, 0, 0, 0, 0, '', '', %s, 0, 0, 0)",
        id, id, state, waits_for, department, department, ms[0], ms[2], ms[4], ms[3], ms[1]);
    bench_sql(stand->bench, sql);
}

static const Case__Overview *overview(stand_t *stand, const caller_t *caller,
                                      const char *department, uint32_t days)
{
    Case__GetOverviewRequest in = CASE__GET_OVERVIEW_REQUEST__INIT;
    in.department_id = department;
    in.days = days;
    return stand_ask(stand, caller, "case.GetOverview", &in.base);
}

static uint32_t in_state(const Case__Overview *of, Case__State state)
{
    for (size_t i = 0; i < of->n_by_state; i++)
        if (of->by_state[i]->state == state)
            return of->by_state[i]->count;
    return 0;
}

/* Two departments with a case of each kind. */
static stand_t *fill(void)
{
    stand_t *stand = stand_new();
    put(stand, "01", "zjj", STATE(SUBMITTED), "case.receive", -1, 5, 0, 0, 0);
    put(stand, "02", "zjj", STATE(SUBMITTED), "case.receive", -2, 1, 0, 0, 0);       /* near */
    put(stand, "03", "zjj", STATE(REVIEWING), "case.review", -60, -0.5, -55, -1, 0); /* over, old */
    put(stand, "04", "zjj", STATE(CORRECTION), "", -3, 10, 0, 0, 0);
    put(stand, "05", "zjj", STATE(CLOSED), "", -20, 0, -10, -3, -4); /* 6 days, in time */
    put(stand, "06", "zjj", STATE(GRANTED), "case.receive", -20, 4, -10, -6, -2); /* 8 days, late */
    put(stand, "07", "zjj", STATE(CLOSED), "", -90, 0, -80, -75, -76);            /* long ago */
    put(stand, "08", "zjj", STATE(DRAFT), "", 0, 0, 0, 0, 0);
    put(stand, "09", "wjw", STATE(WITHDRAWN), "", -5, 0, 0, 0, 0);
    return stand;
}

TEST(what_is_open_near_over_and_late)
{
    stand_t *stand = fill();
    caller_t chief = bench_staff(stand->bench, "chief", "zjj", "case.view");
    const Case__Overview *of = overview(stand, &chief, "", 0);
    const Case__DepartmentCount *all = of->total;
    EXPECT(all->open == 5 && all->due_soon == 1 && all->overdue == 1);
    EXPECT(all->submitted == 5 && all->decided == 2 && all->on_time == 1 && all->late == 1);
    EXPECT(text_equal(all->on_time_rate, "50%") && text_equal(all->mean_days, "7.0"));
    EXPECT(of->n_by_department == 1 && text_equal(of->by_department[0]->department_name, "zjj局"));
    EXPECT(in_state(of, STATE(SUBMITTED)) == 2 && in_state(of, STATE(CORRECTION)) == 1);
    EXPECT(in_state(of, STATE(REVIEWING)) == 1); /* handed in long ago, still open */
    EXPECT(in_state(of, STATE(CLOSED)) == 1);    /* the one of long ago is not told */
    EXPECT(of->n_by_day == 30 && of->days == 30);
    uint32_t submitted = 0, decided = 0;
    for (size_t i = 0; i < of->n_by_day; i++) {
        submitted += of->by_day[i]->submitted;
        decided += of->by_day[i]->decided;
    }
    EXPECT(submitted == 5 && decided == 2);
    EXPECT(text_equal(of->by_day[29]->day, "03-02") && text_equal(of->from, "2026-02-01"));
    of = overview(stand, &chief, "", 3);
    EXPECT(of->total->submitted == 2 && of->total->decided == 1 && of->total->on_time == 0);
    stand_free(&stand);
}

/* All departments that have anything to tell, for whoever answers for all; no other for anybody else. */
TEST(departments)
{
    stand_t *stand = fill();
    caller_t chief = bench_staff(stand->bench, "chief", "zjj", "case.view");
    caller_t office = bench_staff(stand->bench, "office", "dsjj", "case.view case.all");
    caller_t none = bench_staff(stand->bench, "none", "zjj", "item.edit");
    EXPECT(overview(stand, &office, "", 0)->n_by_department == 2);
    EXPECT(overview(stand, &office, "", 0)->total->submitted == 6);
    EXPECT(overview(stand, &office, "wjw", 0)->total->submitted == 1);
    EXPECT(overview(stand, &office, "", 4)->n_by_department == 1); /* nothing of wjw in four days */
    Case__GetOverviewRequest in = CASE__GET_OVERVIEW_REQUEST__INIT;
    in.department_id = "wjw";
    EXPECT(stand_refused(stand, &chief, "case.GetOverview", &in.base, STATUS_PERMISSION_DENIED,
                         "case.other_department"));
    EXPECT(stand_refused(stand, &none, "case.GetOverview", &in.base, STATUS_PERMISSION_DENIED,
                         "permission_denied"));
    stand_free(&stand);
}

static size_t listed(stand_t *stand, const caller_t *caller, const char *from, const char *until,
                     bool open, bool overdue)
{
    Case__ListDepartmentCasesRequest in = CASE__LIST_DEPARTMENT_CASES_REQUEST__INIT;
    in.from = from;
    in.until = until;
    in.open = open;
    in.overdue = overdue;
    const Case__CaseList *out = stand_ask(stand, caller, "case.ListDepartmentCases", &in.base);
    return out->n_cases;
}

/* Drafts are nobody's business; days count in Shanghai, the last one included. */
TEST(all_cases)
{
    stand_t *stand = fill();
    caller_t chief = bench_staff(stand->bench, "chief", "zjj", "case.view");
    caller_t office = bench_staff(stand->bench, "office", "dsjj", "case.view case.all");
    EXPECT(listed(stand, &chief, "", "", false, false) == 7);
    EXPECT(listed(stand, &office, "", "", false, false) == 8);
    EXPECT(listed(stand, &chief, "", "", true, false) == 5);
    EXPECT(listed(stand, &chief, "", "", false, true) == 1);
    EXPECT(listed(stand, &chief, "2026-03-01", "2026-03-01", false, false) == 1);
    EXPECT(listed(stand, &chief, "2026-02-27", "2026-03-01", false, false) == 3);
    EXPECT(listed(stand, &chief, "", "2025-12-31", false, false) == 1);
    stand_free(&stand);
}

/* The inbox's "near" is the amber of its lights: today and the next two days. */
TEST(near)
{
    stand_t *stand = stand_new();
    int64_t today = clock_day_of(bench_now(stand->bench));
    EXPECT(deadline_soon_ms(bench_now(stand->bench)) == deadline_end_ms(today + 2));
    stand_free(&stand);
}
