/* example.c - a department's system in C: accepts a case, reports each stage, decides.
 *
 *   example ENDPOINT KEY_FILE BROKER_FILE      waits for one submitted case and handles it */
#include <stdio.h>
#include <stdlib.h>
#include "yiwang.h"
#include "yiwang/case.pb-c.h"

static yiwang_t *platform;
static Case__CaseDetail *it;
static Case__CaseStatus *now;

static void *ask(void *old, const char *name, const void *in, const ProtobufCMessageDescriptor *out)
{
    protobuf_c_message_free_unpacked(old, NULL); /* its place is taken by the new one */
    void *answer = yiwang_call(platform, name, in, out, NULL, 30000);
    if (!answer)
        exit(fprintf(stderr, "%s: %s\n", name, yiwang_error(platform)->message) > 0);
    return answer;
}

static void handle(const char *id)
{
    Case__GetCaseForSystemRequest get = CASE__GET_CASE_FOR_SYSTEM_REQUEST__INIT;
    get.id = id, it = ask(it, "case.GetCaseForSystem", &get, &case__case_detail__descriptor);
    if (it->summary->state != CASE__STATE__STATE_SUBMITTED)
        return;
    printf("%s %s: %zu form values\n", it->summary->number, it->summary->item_name, it->n_form);
    Case__AcceptRequest accept = CASE__ACCEPT_REQUEST__INIT;
    accept.id = id, accept.version = it->summary->version; /* every change names the one it saw */
    now = ask(now, "case.Accept", &accept, &case__case_status__descriptor);
    for (size_t i = 0; i < it->n_stages; i++) {
        Case__FinishStageRequest finish = CASE__FINISH_STAGE_REQUEST__INIT;
        finish.id = id, finish.version = now->version, finish.stage_id = it->stages[i]->stage_id;
        finish.result = CASE__STAGE_RESULT__STAGE_RESULT_PASS;
        finish.opinion = "审查通过。", finish.officer_name = "李审查";
        now = ask(now, "case.FinishStage", &finish, &case__case_status__descriptor);
    }
    Case__DecideRequest decide = CASE__DECIDE_REQUEST__INIT;
    decide.id = id, decide.version = now->version, decide.outcome = CASE__OUTCOME__OUTCOME_GRANT;
    decide.document_number = it->summary->number, decide.officer_name = "王批准";
    now = ask(now, "case.Decide", &decide, &case__case_status__descriptor);
    printf("%s granted\n", it->summary->number);
    yiwang_close(&platform);
    exit(0);
}

int main(int argc, char **argv)
{
    if (argc != 4 || !(platform = yiwang_open(argv[1], argv[2], argv[3])))
        return fprintf(stderr, "usage: example ENDPOINT KEY_FILE BROKER_FILE (both readable)\n"), 2;
    static Case__WatchAnswer *answer;
    for (Case__WatchRequest watch = CASE__WATCH_REQUEST__INIT;;) {
        watch.wait_ms = 25000;
        answer = ask(answer, "case.Watch", &watch, &case__watch_answer__descriptor);
        for (size_t i = 0; i < answer->n_changes; i++)
            handle(answer->changes[i]->case_id);
        watch.cursor = answer->cursor; /* a real system keeps it */
    }
}
