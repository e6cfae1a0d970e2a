/* cost_case.c - what the most used methods of the case service cost. */
#include "cost.h"
#include "stand_test.h"

static void list_cases(stand_t *stand)
{
    Case__ListCasesRequest in = CASE__LIST_CASES_REQUEST__INIT;
    stand_ask(stand, &stand->person, "case.ListCases", &in.base);
}

static void list_inbox(stand_t *stand)
{
    Case__ListInboxRequest in = CASE__LIST_INBOX_REQUEST__INIT;
    stand_ask(stand, &stand->clerk, "case.ListInbox", &in.base);
}

static void query_case(stand_t *stand, const Case__Receipt *receipt)
{
    Case__QueryCaseRequest in = CASE__QUERY_CASE_REQUEST__INIT;
    in.number = receipt->number;
    in.query_code = receipt->query_code;
    stand_ask(stand, &BENCH_ANONYMOUS, "case.QueryCase", &in.base);
}

TEST(costs)
{
    stand_t *stand = stand_new();
    const Case__Receipt *receipts[COST_WARM + 30];
    size_t made = 0, accepted = 0;

    COST("case.Apply", 30, receipts[made++] = stand_apply(stand));
    COST("case.GetCase", 50, stand_view(stand, receipts[0]->case_id));
    COST("case.ListCases", 50, list_cases(stand));
    COST("case.ListInbox", 50, list_inbox(stand));
    COST("case.QueryCase", 50, query_case(stand, receipts[0]));
    COST("case.Accept", 30, stand_accept(stand, receipts[accepted++]));
    stand_free(&stand);
}
