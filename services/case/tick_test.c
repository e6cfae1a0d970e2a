#include "stand_test.h"

static int64_t count(stand_t *stand, const char *sql)
{
    return bench_count(stand->bench, sql);
}

/* Law 32(4): not told within five working days means accepted from the day of receipt. */
TEST(nobody_answered_so_the_law_accepts)
{
    stand_t *stand = stand_new();
    stand_clock(stand, "2026-02-13T18:00:00+08:00"); /* Friday evening before Spring Festival */
    const Case__Receipt *receipt = stand_apply(stand);
    EXPECT(
        stand_due(receipt->accept_due_at, "2026-02-28")); /* received on Saturday 14th, made up */

    stand_clock(stand, "2026-02-27T08:59:59+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM timeline WHERE action = 21") == 0);
    stand_clock(stand, "2026-02-27T09:00:00+08:00"); /* a working day before the limit */
    stand_tick(stand);
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM timeline WHERE action = 21") == 1);
    EXPECT(count(stand, "SELECT version FROM cases") ==
           1); /* a reminder disturbs nobody's screen */

    stand_clock(stand, "2026-02-28T23:59:59+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT state FROM cases") == STATE(SUBMITTED));
    stand_clock(stand, "2026-03-01T00:00:00+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT state FROM cases") == STATE(ACCEPTED));
    const Case__CaseDetail *seen = stand_view(stand, receipt->case_id);
    EXPECT(seen->deemed_accepted);
    EXPECT(stand_due(seen->deadlines->promised_due_at,
                     "2026-02-28")); /* 5 days from the day of receipt */
    EXPECT(stand_due(seen->deadlines->legal_due_at, "2026-03-20"));
    EXPECT(seen->n_stages == 2 && text_equal(seen->summary->waits_for, "case.review"));
    EXPECT(count(stand, "SELECT count(*) FROM evidence WHERE action = 6"
                        " AND facts LIKE '%2026-02-14%第三十二条%'") == 1);
    EXPECT(count(stand, "SELECT count(*) FROM outbox WHERE topic = 'case.ApplicantNotified'") == 2);

    stand_tick(stand); /* once */
    EXPECT(count(stand, "SELECT count(*) FROM evidence") == 1);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE alarm_ms <> 0") == 0);
    stand_free(&stand);
}

/* One case that cannot be dealt with holds up its own deadline only. */
TEST(a_broken_case_stops_nobody_elses_clock)
{
    stand_t *stand = stand_new();
    stand_apply(stand);
    stand_apply(stand);
    bench_sql(stand->bench, "UPDATE cases SET item_version = 99"
                            " WHERE id = (SELECT min(id) FROM cases)");
    stand_clock(stand, "2026-06-01T00:00:00+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE deemed = 1") == 1);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE state = 2") == 1);
    EXPECT(count(stand, "SELECT alarm_ms FROM cases WHERE state = 2") > bench_now(stand->bench));
    EXPECT(count(stand, "SELECT count(*) FROM evidence") == 1); /* nothing half done */
    stand_free(&stand);
}

/* A tick that comes late (the process was down) does what the time between would have brought. */
TEST(a_late_tick_catches_up)
{
    stand_t *stand = stand_new();
    stand_apply(stand);
    stand_clock(stand, "2026-06-01T00:00:00+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT state FROM cases") == STATE(ACCEPTED));

    stand_clock(stand, "2026-03-02T09:00:00+08:00");
    stand_accept(stand, stand_apply(stand));
    stand_clock(stand,
                "2026-06-01T00:00:00+08:00"); /* past its limit: reminded late, never ended */
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE state = 4") == 2);
    stand_free(&stand);
}

static const Case__CaseStatus *correct(stand_t *stand)
{
    const Case__Receipt *receipt = stand_apply(stand);
    Case__SendCorrectionRequest in = CASE__SEND_CORRECTION_REQUEST__INIT;
    Case__Gap gap = CASE__GAP__INIT;
    Case__Gap *gaps[] = {&gap};
    gap.material_id = "plan";
    gap.reason = "模糊";
    gap.how = "重新提交";
    in.id = receipt->case_id;
    in.version = receipt->version;
    in.gaps = gaps;
    in.n_gaps = 1;
    in.days = 3;
    return stand_ask(stand, &stand->clerk, "case.SendCorrection", &in.base);
}

TEST(a_correction_not_supplied_ends_the_case)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = correct(stand);
    EXPECT(stand_due(at->deadlines->correction_due_at, "2026-03-05"));
    stand_clock(stand, "2026-03-04T09:00:00+08:00");
    stand_tick(stand); /* the applicant is reminded */
    EXPECT(count(stand, "SELECT count(*) FROM outbox WHERE topic = 'case.ApplicantNotified'") == 3);
    stand_clock(stand, "2026-03-06T00:00:00+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT state FROM cases") == STATE(TERMINATED));
    EXPECT(count(stand, "SELECT count(*) FROM evidence WHERE action = 15") == 1);

    Case__SupplementRequest late = CASE__SUPPLEMENT_REQUEST__INIT;
    late.id = at->id;
    late.version = at->version;
    EXPECT(stand_refused(stand, &stand->person, "case.Supplement", &late.base,
                         STATUS_FAILED_PRECONDITION, "case.state"));
    stand_free(&stand);
}

TEST(nothing_due_means_nothing_written)
{
    stand_t *stand = stand_new();
    stand_apply(stand);
    int64_t rows = count(stand, "SELECT count(*) FROM audit");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM audit") == rows);
    stand_free(&stand);
}

/* The table of a year comes out while cases run: provisional limits move, final ones stay. */
TEST(a_new_holiday_table_moves_provisional_limits)
{
    stand_t *stand = stand_new();
    stand_clock(stand, "2026-12-28T09:00:00+08:00");
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    EXPECT(at->deadlines->provisional);
    EXPECT(stand_due(at->deadlines->promised_due_at, "2027-01-04")); /* by weekdays alone */

    Case__ImportHolidaysRequest in = CASE__IMPORT_HOLIDAYS_REQUEST__INIT;
    Case__Holiday days[2] = {CASE__HOLIDAY__INIT, CASE__HOLIDAY__INIT};
    Case__Holiday *list[] = {&days[0], &days[1]};
    days[0].date = "2027-01-01";
    days[1].date = "2027-01-04";
    days[0].name = days[1].name = "元旦";
    days[0].is_off_day = days[1].is_off_day = true;
    in.holidays = list;
    in.n_holidays = 2;
    const Case__ImportHolidaysAnswer *answer =
        stand_ask(stand, &BENCH_SERVICE, "case.ImportHolidays", &in.base);
    EXPECT(answer->days == 2 && answer->cases == 1);
    stand_tick(stand);
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(stand_due(seen->deadlines->promised_due_at, "2027-01-06"));
    EXPECT(!seen->deadlines->provisional);
    EXPECT(count(stand, "SELECT count(*) FROM timeline WHERE action = 22") == 1);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE alarm_ms = 1") == 0);
    stand_free(&stand);
}

/* The reminder of one limit does not use up that of the next. */
TEST(a_new_holiday_table_moves_what_is_handled_before_the_tick)
{
    stand_t *stand = stand_new();
    stand_clock(stand, "2026-12-28T09:00:00+08:00");
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    Case__ImportHolidaysRequest in = CASE__IMPORT_HOLIDAYS_REQUEST__INIT;
    Case__Holiday day = CASE__HOLIDAY__INIT, *list[] = {&day};
    day.date = "2027-01-01";
    day.name = "元旦";
    day.is_off_day = true;
    in.holidays = list;
    in.n_holidays = 1;
    stand_ask(stand, &BENCH_SERVICE, "case.ImportHolidays", &in.base);
    Case__FinishStageRequest finish = CASE__FINISH_STAGE_REQUEST__INIT;
    finish.id = at->id;
    finish.version = at->version;
    finish.stage_id = "papers";
    finish.result = CASE__STAGE_RESULT__STAGE_RESULT_PASS;
    finish.opinion = "符合要求";
    stand_ask(stand, &stand->reviewer, "case.FinishStage", &finish.base);
    stand_tick(stand);
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(stand_due(seen->deadlines->promised_due_at, "2027-01-05"));
    EXPECT(!seen->deadlines->provisional);
    EXPECT(count(stand, "SELECT count(*) FROM cases WHERE alarm_ms = 1") == 0);
    stand_free(&stand);
}

TEST(a_new_holiday_table_moves_a_hearing_that_goes_on)
{
    stand_t *stand = stand_new();
    stand_clock(stand, "2026-12-28T09:00:00+08:00");
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    stand_clock(stand, "2026-12-30T09:00:00+08:00");
    Case__StartSpecialRequest start = CASE__START_SPECIAL_REQUEST__INIT;
    start.id = at->id;
    start.version = at->version;
    start.kind = CASE__SPECIAL_KIND__SPECIAL_KIND_HEARING;
    start.planned_days = 3; /* by weekdays alone until 4 January */
    start.reason = "听证";
    at = stand_ask(stand, &stand->reviewer, "case.StartSpecial", &start.base);
    EXPECT(stand_due(at->deadlines->promised_due_at, "2027-01-07"));

    Case__ImportHolidaysRequest in = CASE__IMPORT_HOLIDAYS_REQUEST__INIT;
    Case__Holiday days[2] = {CASE__HOLIDAY__INIT, CASE__HOLIDAY__INIT};
    Case__Holiday *list[] = {&days[0], &days[1]};
    days[0].date = "2027-01-01";
    days[1].date = "2027-01-04";
    days[0].name = days[1].name = "元旦";
    days[0].is_off_day = days[1].is_off_day = true;
    in.holidays = list;
    in.n_holidays = 2;
    stand_ask(stand, &BENCH_SERVICE, "case.ImportHolidays", &in.base);
    stand_tick(stand);
    /* 29 and 30 December, the hearing's three days until 6 January, then three more. */
    EXPECT(stand_due(stand_view(stand, at->id)->deadlines->promised_due_at, "2027-01-11"));
    stand_free(&stand);
}

TEST(each_limit_has_its_reminder)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    stand_clock(stand, "2026-03-06T09:00:00+08:00");
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM timeline WHERE action = 21") == 1);
    stand_accept(stand, receipt);
    stand_clock(stand, "2026-03-12T09:00:00+08:00"); /* promised for the 13th */
    stand_tick(stand);
    EXPECT(count(stand, "SELECT count(*) FROM timeline WHERE action = 21") == 2);

    Case__QueryCaseRequest in = CASE__QUERY_CASE_REQUEST__INIT;
    in.number = receipt->number;
    in.query_code = receipt->query_code;
    const Case__CaseProgress *seen = stand_ask(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base);
    EXPECT(seen->n_timeline == 2); /* submitted and accepted: reminders are the department's */
    stand_free(&stand);
}

/* --- what a department's system follows --------------------------------------------------- */

TEST(watch_gives_each_change_once_and_in_order)
{
    stand_t *stand = stand_new();
    Case__WatchRequest in = CASE__WATCH_REQUEST__INIT;
    const Case__WatchAnswer *answer = stand_ask(stand, &stand->system, "case.Watch", &in.base);
    EXPECT(answer->n_changes == 0 && answer->cursor == 0);

    const Case__Receipt *receipt = stand_apply(stand);
    Case__CreateDraftRequest draft = CASE__CREATE_DRAFT_REQUEST__INIT;
    draft.item_id = STAND_ITEM;
    stand_ask(stand, &stand->person, "case.CreateDraft",
              &draft.base); /* drafts are nobody's business */
    stand_accept(stand, receipt);
    in.limit = 1;
    answer = stand_ask(stand, &stand->system, "case.Watch", &in.base);
    EXPECT(answer->n_changes == 1 && answer->changes[0]->action == ACTION(SUBMIT));
    EXPECT(text_equal(answer->changes[0]->number, receipt->number));
    in.cursor = answer->cursor;
    in.limit = 0;
    answer = stand_ask(stand, &stand->system, "case.Watch", &in.base);
    EXPECT(answer->n_changes == 1 && answer->changes[0]->state == STATE(ACCEPTED));
    in.cursor = answer->cursor;
    EXPECT(((const Case__WatchAnswer *) stand_ask(stand, &stand->system, "case.Watch", &in.base))
               ->n_changes == 0);

    caller_t elsewhere = bench_system("transport-system", "transport");
    in.cursor = 0;
    EXPECT(((const Case__WatchAnswer *) stand_ask(stand, &elsewhere, "case.Watch", &in.base))
               ->n_changes == 0);
    stand_free(&stand);
}

/* --- the public query --------------------------------------------------------------------- */

static Case__QueryCaseRequest query_of(const char *number, const char *code)
{
    Case__QueryCaseRequest in = CASE__QUERY_CASE_REQUEST__INIT;
    in.number = number;
    in.query_code = code;
    return in;
}

TEST(number_and_code_show_progress_without_persons)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    stand_accept(stand, receipt);
    char typed[100]; /* as people type it: lower case, in groups */
    snprintf(typed, sizeof typed, "%.18s %.13s-%s", receipt->number, receipt->number + 18,
             receipt->number + 31);
    for (char *c = typed; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char) (*c - 'A' + 'a');
    Case__QueryCaseRequest in = query_of(typed, receipt->query_code);
    const Case__CaseProgress *seen = stand_ask(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base);
    EXPECT(seen->state == STATE(ACCEPTED) && seen->n_timeline == 2 && seen->n_stages == 2);
    ProtobufCBinaryData packed = message_pack(&seen->base, bench_arena(stand->bench));
    EXPECT(!memmem(packed.data, packed.len, STAND_NAME, strlen(STAND_NAME)));
    EXPECT(!memmem(packed.data, packed.len, "clerk", 5));
    stand_free(&stand);
}

TEST(guessing_is_counted_and_stopped)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__QueryCaseRequest in = query_of(receipt->number, "AAAAAAAA");
    EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base, STATUS_NOT_FOUND,
                         "case.query"));
    const char *wrong_code = bench_failure(stand->bench)->message;

    /* The number of the next case, which does not exist yet, sounds the same. */
    const Case__Receipt *next = stand_apply(stand);
    bench_sql(stand->bench,
              "DELETE FROM case_contents WHERE case_id = (SELECT max(id) FROM cases)");
    Case__QueryCaseRequest unknown = query_of(next->number, "AAAAAAAA");
    char sql[200];
    snprintf(sql, sizeof sql, "UPDATE cases SET number = '' WHERE number = '%s'", next->number);
    bench_sql(stand->bench, sql);
    EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &unknown.base, STATUS_NOT_FOUND,
                         "case.query"));
    EXPECT(text_equal(bench_failure(stand->bench)->message, wrong_code));

    for (int i = 0; i < 9; i++)
        EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base, STATUS_NOT_FOUND,
                             "case.query"));
    in.query_code = receipt->query_code; /* now even the right one waits */
    EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base,
                         STATUS_RESOURCE_EXHAUSTED, "case.too_many_guesses"));
    EXPECT(bench_failure(stand->bench)->retry_after_ms == 3600 * 1000);
    bench_set_now(stand->bench, bench_now(stand->bench) + 3600 * 1000);
    EXPECT(stand_call(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base, NULL) == STATUS_OK);
    stand_tick(stand); /* and the counters are forgotten */
    EXPECT(count(stand, "SELECT count(*) FROM query_guesses") == 0);

    in.number = "11440100007482575H3440118009000260302000001A";
    if (text_equal(in.number, receipt->number))
        in.number = "11440100007482575H3440118009000260302000001B";
    EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base,
                         STATUS_INVALID_ARGUMENT, "check_digit"));
    stand_free(&stand);
}

TEST(an_address_has_only_so_many_guesses)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipts[7];
    for (int i = 0; i < 7; i++)
        receipts[i] = stand_apply(stand);
    for (int i = 0; i < 60; i++) {
        Case__QueryCaseRequest in = query_of(receipts[i / 9 % 7]->number, "AAAAAAAA");
        EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base, STATUS_NOT_FOUND,
                             "case.query"));
    }
    Case__QueryCaseRequest in = query_of(receipts[6]->number, receipts[6]->query_code);
    EXPECT(stand_refused(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base,
                         STATUS_RESOURCE_EXHAUSTED, "case.too_many_guesses"));
    caller_t elsewhere = BENCH_ANONYMOUS;
    elsewhere.address = "192.0.2.77";
    EXPECT(stand_call(stand, &elsewhere, "case.QueryCase", &in.base, NULL) == STATUS_OK);
    stand_free(&stand);
}
