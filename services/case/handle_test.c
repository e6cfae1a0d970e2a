#include "handle.h"
#include "stand_test.h"

static const Case__CaseStatus *finish(stand_t *stand, const caller_t *caller,
                                      const Case__CaseStatus *at, const char *stage,
                                      Case__StageResult result)
{
    Case__FinishStageRequest in = CASE__FINISH_STAGE_REQUEST__INIT;
    in.id = at->id;
    in.version = at->version;
    in.stage_id = stage;
    in.result = result;
    in.opinion = "符合要求";
    return stand_ask(stand, caller, "case.FinishStage", &in.base);
}

static Case__DecideRequest decide_of(const Case__CaseStatus *at, Case__Outcome outcome)
{
    Case__DecideRequest in = CASE__DECIDE_REQUEST__INIT;
    in.id = at->id;
    in.version = at->version;
    in.outcome = outcome;
    in.document_number = "建许〔2026〕1号";
    return in;
}

static int64_t told(stand_t *stand)
{
    return bench_count(stand->bench,
                       "SELECT count(*) FROM outbox WHERE topic = 'case.ApplicantNotified'");
}

#define PASS  CASE__STAGE_RESULT__STAGE_RESULT_PASS
#define BACK  CASE__STAGE_RESULT__STAGE_RESULT_RETURN
#define GRANT CASE__OUTCOME__OUTCOME_GRANT
#define DENY  CASE__OUTCOME__OUTCOME_DENY

/* --- the straight path -------------------------------------------------------------------- */

TEST(from_submission_to_the_end)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    const Case__CaseStatus *at = stand_accept(stand, receipt);
    EXPECT(at->state == STATE(ACCEPTED) && at->version == 2);
    EXPECT(text_equal(at->stage_id, "papers"));
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-09"));
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-03-30"));
    EXPECT(!at->deadlines->provisional && !at->deadlines->overdue);

    at = finish(stand, &stand->reviewer, at, "papers", PASS);
    EXPECT(at->state == STATE(REVIEWING) && text_equal(at->stage_id, "site"));
    at = finish(stand, &stand->reviewer, at, "site", PASS);
    EXPECT(at->state == STATE(DECIDING) && text_equal(at->stage_id, ""));

    Case__DecideRequest decide = decide_of(at, GRANT);
    decide.result_name = "建筑工程施工许可证";
    at = stand_ask(stand, &stand->chief, "case.Decide", &decide.base);
    EXPECT(at->state == STATE(GRANTED));
    EXPECT(stand_due(at->deadlines->delivery_due_at, "2026-03-16")); /* law 44: 10 working days */

    Case__CloseCaseRequest close = CASE__CLOSE_CASE_REQUEST__INIT;
    close.id = at->id;
    close.version = at->version;
    close.delivery = CASE__DELIVERY__DELIVERY_PICKUP;
    close.receiver = "王小明";
    at = stand_ask(stand, &stand->clerk, "case.CloseCase", &close.base);
    EXPECT(at->state == STATE(CLOSED));
    EXPECT(told(stand) == 4); /* submitted, accepted, decided, closed */

    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(seen->n_stages == 2 && text_equal(seen->stages[0]->officer, "reviewer") &&
           text_equal(seen->stages[1]->opinion, "符合要求") && seen->stages[1]->ended_at);
    EXPECT(seen->decision && text_equal(seen->decision->result_name, "建筑工程施工许可证"));
    EXPECT(text_equal(seen->receiver, "王小明"));
    EXPECT(text_equal(seen->summary->waits_for, ""));

    Case__GetTimelineRequest line = CASE__GET_TIMELINE_REQUEST__INIT;
    line.id = at->id;
    const Case__Timeline *timeline =
        stand_ask(stand, &stand->person, "case.GetTimeline", &line.base);
    EXPECT(timeline->n_entries == 6);
    EXPECT(text_equal(timeline->entries[2]->stage, "书面审查"));
    EXPECT(text_equal(timeline->entries[1]->text, "承诺办结期限为2026年3月9日24时，"
                                                  "法定办结期限为2026年3月30日24时。"));
    stand_free(&stand);
}

/* The department's system does all of it over its own connection. */
TEST(a_department_system_handles_a_case)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__AcceptRequest accept = CASE__ACCEPT_REQUEST__INIT;
    accept.id = receipt->case_id;
    accept.version = receipt->version;
    caller_t elsewhere = bench_system("transport-system", "transport");
    EXPECT(stand_refused(stand, &elsewhere, "case.Accept", &accept.base, STATUS_NOT_FOUND,
                         "not_found"));
    const Case__CaseStatus *at = stand_ask(stand, &stand->system, "case.Accept", &accept.base);
    at = finish(stand, &stand->system, at, "papers", PASS);
    at = finish(stand, &stand->system, at, "site", PASS);
    Case__DecideRequest decide = decide_of(at, GRANT);
    decide.officer_name = "赵局长";
    at = stand_ask(stand, &stand->system, "case.Decide", &decide.base);
    EXPECT(text_equal(stand_view(stand, at->id)->decision->officer, "赵局长"));
    stand_free(&stand);
}

TEST(an_item_without_review_goes_straight_to_its_decision)
{
    stand_t *stand = stand_new();
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->n_stages = 1;
    item->case_kind = CATALOG__CASE_KIND__CASE_KIND_AT_ONCE;
    item->promise_days = 0;
    item->promise_unit = CATALOG__DAY_UNIT__DAY_UNIT_UNSPECIFIED;
    item->legal_days = 0;
    item->legal_unit = CATALOG__DAY_UNIT__DAY_UNIT_UNSPECIFIED;
    stand_publish(stand, item);
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    EXPECT(at->state == STATE(ACCEPTED));
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-02")); /* 即办件: the same day */
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-03-30"));    /* law 42: 20 */
    Case__DecideRequest decide = decide_of(at, GRANT);
    at = stand_ask(stand, &stand->chief, "case.Decide", &decide.base);
    EXPECT(at->state == STATE(GRANTED));
    stand_free(&stand);
}

/* An item that promises more days than the law gives has its promise cut. */
TEST(a_promise_does_not_lengthen_the_law)
{
    stand_t *stand = stand_new();
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    item->promise_days = 30;
    item->legal_days = 10;
    item->legal_unit = CATALOG__DAY_UNIT__DAY_UNIT_CALENDAR;
    stand_publish(stand, item);
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-03-12"));
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-12"));
    stand_free(&stand);
}

/* --- what is refused ---------------------------------------------------------------------- */

/* Two officials press "accept" on the same screen: one wins, the other is told. */
TEST(two_officials_cannot_overwrite_each_other)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    stand_accept(stand, receipt);
    Case__AcceptRequest in = CASE__ACCEPT_REQUEST__INIT;
    in.id = receipt->case_id;
    in.version = receipt->version;
    caller_t second = bench_staff(stand->bench, "clerk-2", "housing", "case.receive");
    EXPECT(stand_refused(stand, &second, "case.Accept", &in.base, STATUS_ABORTED,
                         "case.version_changed"));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM stages") == 2);
    EXPECT(told(stand) == 2); /* and nobody is told twice */
    in.version = 2;
    EXPECT(stand_refused(stand, &second, "case.Accept", &in.base, STATUS_FAILED_PRECONDITION,
                         "case.state"));
    stand_free(&stand);
}

TEST(only_what_the_flow_allows)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__CaseStatus submitted = CASE__CASE_STATUS__INIT;
    submitted.id = receipt->case_id;
    submitted.version = receipt->version;
    Case__DecideRequest decide = decide_of(&submitted, GRANT);
    EXPECT(stand_refused(stand, &stand->chief, "case.Decide", &decide.base,
                         STATUS_FAILED_PRECONDITION, "case.state"));
    EXPECT(stand_call(stand, &stand->clerk, "case.Decide", &decide.base, NULL) ==
           STATUS_PERMISSION_DENIED);

    const Case__CaseStatus *at = stand_accept(stand, receipt);
    decide = decide_of(at, GRANT);
    EXPECT(stand_refused(stand, &stand->chief, "case.Decide", &decide.base,
                         STATUS_FAILED_PRECONDITION, "case.stage"));
    Case__FinishStageRequest stage = CASE__FINISH_STAGE_REQUEST__INIT;
    stage.id = at->id;
    stage.version = at->version;
    stage.stage_id = "site";
    stage.result = PASS;
    stage.opinion = "好";
    EXPECT(stand_refused(stand, &stand->reviewer, "case.FinishStage", &stage.base,
                         STATUS_FAILED_PRECONDITION, "case.stage"));
    at = finish(stand, &stand->reviewer, at, "papers", PASS);
    at = finish(stand, &stand->reviewer, at, "site", PASS);
    decide = decide_of(at, DENY);
    EXPECT(stand_refused(stand, &stand->chief, "case.Decide", &decide.base, STATUS_INVALID_ARGUMENT,
                         "required"));
    decide.reason = "不符合法定条件";
    stand_ask(stand, &stand->chief, "case.Decide", &decide.base);
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(strstr(seen->decision->rights, "行政复议"));
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM timeline WHERE text ="
                                     " '决定文书号：建许〔2026〕1号。不符合法定条件。'") == 1);

    /* After the decision nothing is withdrawn. */
    Case__WithdrawRequest withdraw = CASE__WITHDRAW_REQUEST__INIT;
    withdraw.id = at->id;
    withdraw.version = seen->summary->version;
    EXPECT(stand_refused(stand, &stand->person, "case.Withdraw", &withdraw.base,
                         STATUS_FAILED_PRECONDITION, "case.state"));
    stand_free(&stand);
}

TEST(a_refusal_names_reason_rights_and_the_right_door)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__RefuseRequest in = CASE__REFUSE_REQUEST__INIT;
    in.id = receipt->case_id;
    in.version = receipt->version;
    in.reason = CASE__REFUSE_REASON__REFUSE_REASON_NOT_COMPETENT;
    in.text = "该工程由省级主管部门许可";
    EXPECT(stand_refused(stand, &stand->clerk, "case.Refuse", &in.base, STATUS_INVALID_ARGUMENT,
                         "required"));
    in.competent_body = "省住房和城乡建设厅";
    const Case__CaseStatus *at = stand_ask(stand, &stand->clerk, "case.Refuse", &in.base);
    EXPECT(at->state == STATE(REFUSED));
    const Case__CaseDetail *seen = stand_view(stand, receipt->case_id);
    EXPECT(seen->refusal && text_equal(seen->refusal->competent_body, "省住房和城乡建设厅"));
    EXPECT(strstr(seen->refusal->rights, "行政诉讼"));
    EXPECT(seen->closed_at && !seen->summary->due_at);
    stand_free(&stand);
}

TEST(an_applicant_withdraws)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    Case__WithdrawRequest in = CASE__WITHDRAW_REQUEST__INIT;
    in.id = at->id;
    in.version = at->version;
    in.reason = "不再需要";
    at = stand_ask(stand, &stand->person, "case.Withdraw", &in.base);
    EXPECT(at->state == STATE(WITHDRAWN));
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM cases WHERE alarm_ms <> 0 OR waits_for <> ''") == 0);
    stand_free(&stand);
}

/* --- correction --------------------------------------------------------------------------- */

static Case__SendCorrectionRequest correction_of(stand_t *stand, const char *id, int64_t version)
{
    static Case__Gap gaps[2];
    static Case__Gap *list[] = {&gaps[0], &gaps[1]};
    (void) stand;
    case__gap__init(&gaps[0]);
    case__gap__init(&gaps[1]);
    gaps[0].material_id = "contract";
    gaps[0].reason = "缺少签字页";
    gaps[0].how = "补交签字页";
    gaps[1].field = "project_name";
    gaps[1].reason = "与规划许可证不一致";
    gaps[1].how = "按规划许可证填写";
    Case__SendCorrectionRequest in = CASE__SEND_CORRECTION_REQUEST__INIT;
    in.id = id;
    in.version = version;
    in.gaps = list;
    in.n_gaps = 2;
    return in;
}

TEST(a_correction_lists_every_gap_and_starts_the_clock_anew)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipt = stand_apply(stand);
    Case__SendCorrectionRequest in = correction_of(stand, receipt->case_id, receipt->version);
    in.gaps[0]->material_id = "nothing";
    in.gaps[1]->material_id = "plan"; /* both a material and a field */
    EXPECT(stand_refused(stand, &stand->clerk, "case.SendCorrection", &in.base,
                         STATUS_INVALID_ARGUMENT, "invalid"));
    EXPECT(stand_names(stand, "gaps[0]", "unknown") && stand_names(stand, "gaps[1]", "required"));

    in = correction_of(stand, receipt->case_id, receipt->version);
    const Case__CaseStatus *at = stand_ask(stand, &stand->clerk, "case.SendCorrection", &in.base);
    EXPECT(at->state == STATE(CORRECTION));
    EXPECT(stand_due(at->deadlines->correction_due_at, "2026-03-23") &&
           !at->deadlines->accept_due_at);
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    EXPECT(seen->n_corrections == 1 && seen->corrections[0]->n_gaps == 2 &&
           text_equal(seen->corrections[0]->gaps[0]->reason, "缺少签字页"));

    stand_clock(stand, "2026-03-05T18:30:00+08:00"); /* after hours: received on the 6th */
    Case__SupplementRequest more = CASE__SUPPLEMENT_REQUEST__INIT;
    Case__FormValue *form[] = {stand_value(stand, "project_name", "滨江路改造工程")};
    more.id = at->id;
    more.version = at->version;
    more.form = form;
    more.n_form = 1;
    at = stand_ask(stand, &stand->person, "case.Supplement", &more.base);
    EXPECT(at->state == STATE(SUBMITTED));
    EXPECT(stand_due(at->deadlines->accept_due_at, "2026-03-13"));
    seen = stand_view(stand, at->id);
    EXPECT(seen->corrections[0]->supplied_at);
    EXPECT(text_equal(seen->form[seen->n_form - 1]->value, "滨江路改造工程"));

    /* Once means once: again only with a reason, and visibly. */
    in = correction_of(stand, at->id, at->version);
    EXPECT(stand_refused(stand, &stand->clerk, "case.SendCorrection", &in.base,
                         STATUS_FAILED_PRECONDITION, "case.correction_repeated"));
    in.repeat_reason = "补正材料为另一工程的合同";
    stand_ask(stand, &stand->clerk, "case.SendCorrection", &in.base);
    seen = stand_view(stand, at->id);
    EXPECT(seen->n_corrections == 2 && seen->corrections[1]->repeated_notice &&
           !seen->corrections[0]->repeated_notice);
    stand_free(&stand);
}

/* --- who has it --------------------------------------------------------------------------- */

static status_t claim(stand_t *stand, const caller_t *caller, const char *id, int64_t version)
{
    Case__ClaimCaseRequest in = CASE__CLAIM_CASE_REQUEST__INIT;
    in.id = id;
    in.version = version;
    return stand_call(stand, caller, "case.ClaimCase", &in.base, NULL);
}

static size_t inbox(stand_t *stand, const caller_t *caller, bool mine, bool unclaimed, bool overdue)
{
    Case__ListInboxRequest in = CASE__LIST_INBOX_REQUEST__INIT;
    in.mine = mine;
    in.unclaimed = unclaimed;
    in.overdue = overdue;
    return ((const Case__CaseList *) stand_ask(stand, caller, "case.ListInbox", &in.base))->n_cases;
}

TEST(the_inbox_shows_what_one_may_do)
{
    stand_t *stand = stand_new();
    const Case__Receipt *first = stand_apply(stand);
    stand_apply(stand);
    EXPECT(inbox(stand, &stand->clerk, false, false, false) == 2);
    EXPECT(inbox(stand, &stand->reviewer, false, false, false) == 0);
    EXPECT(inbox(stand, &stand->stranger, false, false, false) == 0);
    EXPECT(claim(stand, &stand->clerk, first->case_id, 1) == STATUS_OK);
    EXPECT(inbox(stand, &stand->clerk, true, false, false) == 1);
    EXPECT(inbox(stand, &stand->clerk, false, true, false) == 1);

    Case__AcceptRequest accept = CASE__ACCEPT_REQUEST__INIT;
    accept.id = first->case_id;
    accept.version = 2;
    stand_ask(stand, &stand->clerk, "case.Accept", &accept.base);
    EXPECT(inbox(stand, &stand->reviewer, false, true, false) == 1); /* back in the pool */
    stand_clock(stand, "2026-03-10T09:00:00+08:00");
    EXPECT(inbox(stand, &stand->reviewer, false, false, true) == 1); /* promised for the 9th */
    caller_t nobody = bench_staff(stand->bench, "editor", "housing", "item.edit");
    Case__ListInboxRequest in = CASE__LIST_INBOX_REQUEST__INIT;
    EXPECT(stand_refused(stand, &nobody, "case.ListInbox", &in.base, STATUS_PERMISSION_DENIED,
                         "permission"));
    stand_free(&stand);
}

TEST(the_inbox_goes_page_by_page)
{
    stand_t *stand = stand_new();
    for (int i = 0; i < 7; i++)
        stand_apply(stand);
    Case__ListInboxRequest in = CASE__LIST_INBOX_REQUEST__INIT;
    in.page_size = 3;
    size_t seen = 0;
    int pages = 0;
    do {
        const Case__CaseList *list = stand_ask(stand, &stand->clerk, "case.ListInbox", &in.base);
        seen += list->n_cases;
        in.page_token = list->next_page_token;
    } while (++pages < 10 && in.page_token[0]);
    EXPECT(seen == 7 && pages == 3);
    stand_free(&stand);
}

TEST(a_claimed_case_is_its_officers)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    caller_t second = bench_staff(stand->bench, "reviewer-2", "housing", "case.review");
    EXPECT(claim(stand, &stand->reviewer, at->id, 2) == STATUS_OK);
    EXPECT(claim(stand, &second, at->id, 3) == STATUS_FAILED_PRECONDITION);
    EXPECT(claim(stand, &stand->clerk, at->id, 3) == STATUS_PERMISSION_DENIED);

    Case__FinishStageRequest stage = CASE__FINISH_STAGE_REQUEST__INIT;
    stage.id = at->id;
    stage.version = 3;
    stage.stage_id = "papers";
    stage.result = PASS;
    stage.opinion = "好";
    EXPECT(stand_refused(stand, &second, "case.FinishStage", &stage.base,
                         STATUS_FAILED_PRECONDITION, "case.claimed"));

    Case__TransferCaseRequest transfer = CASE__TRANSFER_CASE_REQUEST__INIT;
    transfer.id = at->id;
    transfer.version = 3;
    transfer.officer_id = "reviewer-2";
    transfer.reason = "休假";
    EXPECT(stand_refused(stand, &second, "case.TransferCase", &transfer.base,
                         STATUS_FAILED_PRECONDITION, "case.claimed"));
    static const char *const nobody[] = {"gone", "stranger", "unknown"};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        transfer.officer_id = nobody[i];
        EXPECT(stand_refused(stand, &stand->reviewer, "case.TransferCase", &transfer.base,
                             STATUS_INVALID_ARGUMENT, "case.officer_unknown"));
    }
    transfer.officer_id = "reviewer-2";
    stand_ask(stand, &stand->reviewer, "case.TransferCase", &transfer.base);
    stage.version = 4;
    at = stand_ask(stand, &second, "case.FinishStage", &stage.base);
    EXPECT(text_equal(at->stage_id, "site"));

    /* Who decides in the department may take it back. */
    Case__ReturnCaseRequest back = CASE__RETURN_CASE_REQUEST__INIT;
    back.id = at->id;
    back.version = at->version;
    back.reason = "改派";
    stand_ask(stand, &stand->chief, "case.ReturnCase", &back.base);
    EXPECT(bench_count(stand->bench, "SELECT count(*) FROM cases WHERE officer_id <> ''") == 0);

    /* What officials do among themselves is not in the applicant's timeline. */
    Case__GetTimelineRequest line = CASE__GET_TIMELINE_REQUEST__INIT;
    line.id = at->id;
    const Case__Timeline *own = stand_ask(stand, &stand->person, "case.GetTimeline", &line.base);
    size_t seen = own->n_entries;
    const Case__Timeline *all = stand_ask(stand, &stand->reviewer, "case.GetTimeline", &line.base);
    EXPECT(seen == 3 && all->n_entries == 6);
    stand_free(&stand);
}

TEST(stages_go_back)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    Case__FinishStageRequest stage = CASE__FINISH_STAGE_REQUEST__INIT;
    stage.id = at->id;
    stage.version = at->version;
    stage.stage_id = "papers";
    stage.result = BACK;
    stage.opinion = "不清楚";
    EXPECT(stand_refused(stand, &stand->reviewer, "case.FinishStage", &stage.base,
                         STATUS_FAILED_PRECONDITION, "case.state")); /* there is none before */
    at = finish(stand, &stand->reviewer, at, "papers", PASS);
    at = finish(stand, &stand->reviewer, at, "site", BACK);
    EXPECT(text_equal(at->stage_id, "papers") && at->state == STATE(REVIEWING));
    at = finish(stand, &stand->reviewer, at, "papers", PASS);
    at = finish(stand, &stand->reviewer, at, "site", PASS);

    Case__ReturnCaseRequest back = CASE__RETURN_CASE_REQUEST__INIT;
    back.id = at->id;
    back.version = at->version;
    back.previous_stage = true;
    back.reason = "补充现场照片";
    at = stand_ask(stand, &stand->chief, "case.ReturnCase", &back.base);
    EXPECT(at->state == STATE(REVIEWING) && text_equal(at->stage_id, "site"));
    EXPECT(bench_count(stand->bench,
                       "SELECT count(*) FROM cases WHERE waits_for = 'case.review'") == 1);
    stand_free(&stand);
}

/* --- special procedures ------------------------------------------------------------------- */

static Case__StartSpecialRequest special_of(const Case__CaseStatus *at, Case__SpecialKind kind,
                                            int days)
{
    Case__StartSpecialRequest in = CASE__START_SPECIAL_REQUEST__INIT;
    in.id = at->id;
    in.version = at->version;
    in.kind = kind;
    in.planned_days = days;
    in.reason = "案情复杂";
    return in;
}

TEST(an_extension_adds_days_within_the_law)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    Case__StartSpecialRequest in = special_of(at, CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION, 6);
    EXPECT(stand_refused(stand, &stand->reviewer, "case.StartSpecial", &in.base,
                         STATUS_INVALID_ARGUMENT, "required"));
    in.approver = "李局长";
    at = stand_ask(stand, &stand->reviewer, "case.StartSpecial", &in.base);
    EXPECT(at->deadlines->extension_days == 6 && !at->deadlines->suspended);
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-17"));
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-04-08")); /* over Qingming */
    in = special_of(at, CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION, 5);
    in.approver = "李局长";
    EXPECT(stand_refused(stand, &stand->reviewer, "case.StartSpecial", &in.base,
                         STATUS_INVALID_ARGUMENT, "special.too_long"));
    in.planned_days = 4;
    at = stand_ask(stand, &stand->reviewer, "case.StartSpecial", &in.base);
    EXPECT(at->deadlines->extension_days == 10);

    /* The law's limit has passed: too late. */
    int64_t now_ms = bench_now(stand->bench);
    stand_clock(stand, "2026-06-01T09:00:00+08:00");
    bench_sql(stand->bench, "UPDATE cases SET extension_days = 0");
    in.version = at->version;
    EXPECT(stand_refused(stand, &stand->reviewer, "case.StartSpecial", &in.base,
                         STATUS_FAILED_PRECONDITION, "special.too_late"));
    bench_set_now(stand->bench, now_ms);

    /* Nothing of an extension goes on, so nothing of it is ended. */
    Case__EndSpecialRequest end = CASE__END_SPECIAL_REQUEST__INIT;
    end.id = at->id;
    end.version = at->version;
    end.special_id = at->special_id;
    end.result = "完";
    EXPECT(stand_refused(stand, &stand->reviewer, "case.EndSpecial", &end.base,
                         STATUS_FAILED_PRECONDITION, "case.special"));
    stand_free(&stand);
}

TEST(a_joint_item_may_be_extended_by_fifteen)
{
    stand_t *stand = stand_new();
    Catalog__Item *item = stand_item(bench_arena(stand->bench), 2);
    Catalog__CoDepartment other = CATALOG__CO_DEPARTMENT__INIT;
    Catalog__CoDepartment *others[] = {&other};
    other.name = "市消防救援支队";
    item->co_departments = others;
    item->n_co_departments = 1;
    item->legal_days = 0;
    item->legal_unit = CATALOG__DAY_UNIT__DAY_UNIT_UNSPECIFIED;
    item->promise_days = 0;
    item->promise_unit = CATALOG__DAY_UNIT__DAY_UNIT_UNSPECIFIED;
    stand_publish(stand, item);
    stand_clock(stand, "2026-04-30T09:00:00+08:00");
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-07-07")); /* law 42(2): 45 */
    EXPECT(
        stand_due(at->deadlines->promised_due_at, "2026-07-07")); /* nothing promised: the law's */
    Case__StartSpecialRequest in = special_of(at, CASE__SPECIAL_KIND__SPECIAL_KIND_EXTENSION, 15);
    in.approver = "市长";
    at = stand_ask(stand, &stand->reviewer, "case.StartSpecial", &in.base);
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-07-28"));
    stand_free(&stand);
}

/* An expert review planned for three days took five: those five do not count. */
TEST(an_expert_review_stops_the_clock)
{
    stand_t *stand = stand_new();
    const Case__CaseStatus *at = stand_accept(stand, stand_apply(stand));
    int64_t before = told(stand);
    Case__StartSpecialRequest in =
        special_of(at, CASE__SPECIAL_KIND__SPECIAL_KIND_EXPERT_REVIEW, 3);
    at = stand_ask(stand, &stand->reviewer, "case.StartSpecial", &in.base);
    EXPECT(at->deadlines->suspended);
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-12"));
    EXPECT(told(stand) == before + 1); /* law 45: the applicant is told how long */

    at = finish(stand, &stand->reviewer, at, "papers", PASS);
    at = finish(stand, &stand->reviewer, at, "site", PASS);
    Case__DecideRequest decide = decide_of(at, GRANT);
    EXPECT(stand_refused(stand, &stand->chief, "case.Decide", &decide.base,
                         STATUS_FAILED_PRECONDITION, "case.special"));

    stand_clock(stand, "2026-03-09T15:00:00+08:00");
    const Case__CaseDetail *seen = stand_view(stand, at->id);
    Case__EndSpecialRequest end = CASE__END_SPECIAL_REQUEST__INIT;
    end.id = at->id;
    end.version = at->version;
    end.special_id = seen->specials[0]->special_id;
    end.result = "通过";
    at = stand_ask(stand, &stand->reviewer, "case.EndSpecial", &end.base);
    EXPECT(!at->deadlines->suspended);
    EXPECT(stand_due(at->deadlines->promised_due_at, "2026-03-16"));
    EXPECT(stand_due(at->deadlines->legal_due_at, "2026-04-07"));
    decide = decide_of(at, GRANT);
    stand_ask(stand, &stand->chief, "case.Decide", &decide.base);
    stand_free(&stand);
}
