/* example.c - a department's system in C: accepts a case, reports each stage, decides.
 *
 *   example ENDPOINT KEY_FILE BROKER_FILE      waits for one submitted case and handles it */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "yiwang.h"
#include "yiwang/case.pb-c.h"

static yiwang_t *platform;

static void *ask(const char *method, const void *in, const ProtobufCMessageDescriptor *out)
{
    void *answer = yiwang_call(platform, method, in, out, NULL, 30000);
    if (!answer) {
        fprintf(stderr, "%s: %s\n", method, yiwang_error(platform)->message);
        exit(1);
    }
    return answer;
}

static void drop(void *answer)
{
    protobuf_c_message_free_unpacked(answer, NULL);
}

/* Changes a case; gives its new version, because every change names the one it saw. */
static int64_t change(const char *method, const void *in)
{
    Case__CaseStatus *now = ask(method, in, &case__case_status__descriptor);
    int64_t version = now->version;
    drop(now);
    return version;
}

static void handle(const char *id, const Case__CaseDetail *it)
{
    printf("%s %s: %zu form values\n", it->summary->number, it->summary->item_name, it->n_form);

    Case__AcceptRequest accept = CASE__ACCEPT_REQUEST__INIT;
    accept.id = id, accept.version = it->summary->version;
    int64_t version = change("case.Accept", &accept.base);
    for (size_t i = 0; i < it->n_stages; i++) {
        Case__FinishStageRequest finish = CASE__FINISH_STAGE_REQUEST__INIT;
        finish.id = id, finish.version = version, finish.stage_id = it->stages[i]->stage_id;
        finish.result = CASE__STAGE_RESULT__STAGE_RESULT_PASS;
        finish.opinion = "审查通过。", finish.officer_name = "李审查";
        version = change("case.FinishStage", &finish.base);
    }
    Case__DecideRequest decide = CASE__DECIDE_REQUEST__INIT;
    decide.id = id, decide.version = version, decide.outcome = CASE__OUTCOME__OUTCOME_GRANT;
    decide.document_number = it->summary->number, decide.officer_name = "王批准";
    change("case.Decide", &decide.base);
    printf("%s granted\n", it->summary->number);
}

/* False: somebody else has it, or it is past that. */
static bool look(const char *id)
{
    Case__GetCaseForSystemRequest get = CASE__GET_CASE_FOR_SYSTEM_REQUEST__INIT;
    get.id = id;
    Case__CaseDetail *it = ask("case.GetCaseForSystem", &get.base, &case__case_detail__descriptor);
    bool submitted = it->summary->state == CASE__STATE__STATE_SUBMITTED;
    if (submitted)
        handle(id, it);
    drop(it);
    return submitted;
}

int main(int argc, char **argv)
{
    if (argc != 4 || !(platform = yiwang_open(argv[1], argv[2], argv[3])))
        return fprintf(stderr, "usage: example ENDPOINT KEY_FILE BROKER_FILE (both readable)\n"), 2;
    bool done = false;
    for (Case__WatchRequest watch = CASE__WATCH_REQUEST__INIT; !done;) {
        watch.wait_ms = 25000;
        Case__WatchAnswer *answer = ask("case.Watch", &watch.base, &case__watch_answer__descriptor);
        for (size_t i = 0; i < answer->n_changes && !done; i++)
            done = look(answer->changes[i]->case_id);
        watch.cursor = answer->cursor; /* a real system keeps it */
        drop(answer);
    }
    yiwang_close(&platform);
    return 0;
}
