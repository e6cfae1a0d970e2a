/* broker_test.c - calls, time, and peers that come and go. */
#include "broker_test.h"

/* --- calls and answers --------------------------------------------------------- */

TEST(broker_passes_a_call_and_its_answer)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    EXPECT(ask(asker, 42, "case.Get", 3000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(strcmp(got.frame.name, "case.Get") == 0);
    EXPECT(got.frame.sender[0] == 0); /* a process of this host */
    EXPECT(got.frame.call != 42);     /* the broker's own number */
    EXPECT(got.frame.timeout_ms <= 3000 && got.frame.timeout_ms > 2000);
    EXPECT(got.meta_size == 4 && memcmp(got.meta, "meta", 4) == 0);
    EXPECT(got.body_size == 8 && memcmp(got.body, "question", 8) == 0);
    EXPECT(answer(worker, "fine") == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER);
    EXPECT(answered(42, "fine"));
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_passes_bodies_up_to_the_limit)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    char *body = malloc(FRAME_BODY_MAX);
    memset(body, 'b', FRAME_BODY_MAX);
    EXPECT(link_call(asker, 1, "case.Put", 3000, "", 0, body, FRAME_BODY_MAX, NULL) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(got.body_size == FRAME_BODY_MAX && memcmp(got.body, body, FRAME_BODY_MAX) == 0);
    EXPECT(link_answer(worker, 0, got.frame.call, STATUS_OK, body, FRAME_BODY_MAX) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER && got.body_size == FRAME_BODY_MAX);
    free(body);
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_says_at_once_that_nobody_does_it)
{
    begin();
    broker_start();
    link_t *asker = open_asker();
    EXPECT(ask(asker, 1, "nobody.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(asker, 1000) && refused(1, STATUS_UNAVAILABLE, "no_service"));
    EXPECT(ask(asker, 2, "nodot", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(2, STATUS_UNIMPLEMENTED, "unknown_method"));
    EXPECT(ask(asker, 3, "broker.Nothing", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(3, STATUS_UNIMPLEMENTED, "unknown_method"));
    EXPECT(ask(asker, 4, "case.Get", 0) == STATUS_OK);
    EXPECT(hear(asker) && refused(4, STATUS_DEADLINE_EXCEEDED, "deadline"));
    close_link(&asker);
    end();
}

/* Credit: a worker gets no more than its window; each answer gives one back. */
TEST(broker_keeps_to_the_window)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 2), *asker = open_asker();
    for (uint64_t call = 1; call <= 5; call++)
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t first = got.frame.call;
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(hear_for(worker, 100) == 0);
    EXPECT(link_answer(worker, 0, first, STATUS_OK, "", 0) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(hear_for(worker, 100) == 0);
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_spreads_calls_over_workers)
{
    begin();
    broker_start();
    link_t *a = open_worker("case", 10), *b = open_worker("case", 10), *asker = open_asker();
    for (uint64_t call = 1; call <= 10; call++)
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    int of_a = 0, of_b = 0;
    while (hear_for(a, 100) == COMMAND_CALL)
        of_a++;
    while (hear_for(b, 100) == COMMAND_CALL)
        of_b++;
    EXPECT(of_a == 5 && of_b == 5);
    close_link(&asker);
    close_link(&a);
    close_link(&b);
    end();
}

TEST(broker_full_queue_refuses_at_once)
{
    begin();
    options.queue_calls = 3;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    for (uint64_t call = 1; call <= 5; call++) /* 1 with the worker, 3 wait */
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(5, STATUS_UNAVAILABLE, "busy"));
    for (uint64_t call = 1; call <= 4; call++) { /* and those that wait lose nothing */
        EXPECT(hear(worker) == COMMAND_CALL);
        EXPECT(answer(worker, "ok") == STATUS_OK);
        EXPECT(hear(asker) && answered(call, "ok")); /* in order */
    }
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_queue_is_limited_in_bytes)
{
    begin();
    options.queue_bytes = 1 << 20;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    char *body = calloc(1, 600 << 10);
    for (uint64_t call = 1; call <= 3; call++)
        EXPECT(link_call(asker, call, "case.Put", 5000, "", 0, body, 600 << 10, NULL) == STATUS_OK);
    EXPECT(hear(asker) && refused(3, STATUS_UNAVAILABLE, "busy"));
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK);
    free(body);
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_full_table_refuses_at_once)
{
    begin();
    options.calls_max = 2;
    broker_start();
    link_t *worker = open_worker("case", 10), *asker = open_asker();
    for (uint64_t call = 1; call <= 3; call++)
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(3, STATUS_UNAVAILABLE, "busy"));
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_refuses_a_number_that_is_open)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 10), *asker = open_asker(), *other = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(1, STATUS_INVALID_ARGUMENT, "duplicate_call"));
    EXPECT(ask(other, 1, "case.Get", 5000) == STATUS_OK); /* numbers are each asker's own */
    EXPECT(hear_for(other, 100) == 0);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "one") == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "two") == STATUS_OK);
    EXPECT(hear(asker) && answered(1, "one"));
    EXPECT(hear(other) && answered(1, "two"));
    close_link(&asker);
    close_link(&other);
    close_link(&worker);
    end();
}

/* --- time ------------------------------------------------------------------- */

TEST(broker_waiting_call_ends_at_its_deadline)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 200) == STATUS_OK);
    EXPECT(hear_for(asker, 1000) && refused(2, STATUS_DEADLINE_EXCEEDED, "deadline"));
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(answer(worker, "ok") == STATUS_OK);
    EXPECT(hear_for(worker, 100) == 0); /* the second is never passed on */
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_shrinks_the_time_left_by_the_wait)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    pass_time(300);
    EXPECT(answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(got.frame.timeout_ms <= 4750 && got.frame.timeout_ms > 3000);
    close_link(&asker);
    close_link(&worker);
    end();
}

/* A worker that never answers holds a place no longer than the deadline and a grace. */
TEST(broker_answers_for_a_worker_that_does_not)
{
    begin();
    options.calls_max = 1;
    broker_start();
    link_t *worker = open_worker("case", 2), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 100) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t late = got.frame.call;
    EXPECT(hear(asker) && refused(1, STATUS_DEADLINE_EXCEEDED, "deadline"));
    EXPECT(ask(asker, 2, "case.Get", 2000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(link_answer(worker, 0, late, STATUS_OK, "late", 4) == STATUS_OK);
    EXPECT(hear_for(asker, 100) == 0); /* it is not taken for the second's */
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_cancel_frees_the_place)
{
    begin();
    options.calls_max = 2;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t number = got.frame.call;
    link_cancel(asker, 0, 1); /* with the worker: it is told */
    link_cancel(asker, 0, 2); /* waits: gone */
    link_cancel(asker, 0, 3); /* never was */
    EXPECT(hear(worker) == COMMAND_CANCEL && got.frame.call == number);
    EXPECT(ask(asker, 4, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 5, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(worker, 100) == 0); /* it still owes an answer for its credit */
    EXPECT(link_answer(worker, 0, number, STATUS_CANCELLED, "", 0) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "4") == STATUS_OK);
    EXPECT(hear(asker) && answered(4, "4"));
    close_link(&asker);
    close_link(&worker);
    end();
}

/* --- workers that go -------------------------------------------------------------- */

TEST(broker_answers_for_a_worker_that_leaves)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    close_link(&worker); /* BYE with a call in hand */
    EXPECT(hear_for(asker, 1000) && refused(1, STATUS_UNAVAILABLE, "worker_lost"));

    worker = open_worker("case", 1); /* what waited goes to the next */
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(asker) && answered(2, "ok"));
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_a_silent_worker_is_dead_after_four_beats)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 60000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    pass_time(800); /* twice as long, but it beats: alive */
    EXPECT(hear_for(asker, 0) == 0);
    freeze_link(worker, true);
    int64_t start_ms = clock_mono_ms();
    EXPECT(hear(asker) && refused(1, STATUS_UNAVAILABLE, "worker_lost"));
    int64_t took_ms = clock_mono_ms() - start_ms;
    EXPECT(took_ms >= 200 && took_ms < 2000);

    /* It thaws: its heartbeat is answered BYE, so it joins again. */
    EXPECT(ask(asker, 2, "case.Get", 60000) == STATUS_OK);
    freeze_link(worker, false);
    EXPECT(hear(worker) == COMMAND_BYE);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "again") == STATUS_OK);
    EXPECT(hear(asker) && answered(2, "again"));
    close_link(&asker);
    close_link(&worker);
    end();
}

/* Stop and start of a service under load: nothing is lost. */
TEST(broker_drain_loses_nothing)
{
    begin();
    broker_start();
    link_t *old = open_worker("case", 10), *asker = open_asker();
    for (uint64_t call = 1; call <= 3; call++)
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    uint64_t held[3];
    for (int i = 0; i < 3; i++) {
        EXPECT(hear(old) == COMMAND_CALL);
        held[i] = got.frame.call;
    }
    link_drain(old);
    EXPECT(hear_for(old, 50) == 0);
    EXPECT(link_drained(old));
    EXPECT(ask(asker, 4, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(old, 100) == 0); /* no more for it */
    for (int i = 0; i < 3; i++) {
        EXPECT(link_answer(old, 0, held[i], STATUS_OK, "old", 3) == STATUS_OK);
        EXPECT(hear(asker) && answered((uint64_t) i + 1, "old"));
    }
    close_link(&old);
    EXPECT(hear_for(asker, 100) == 0); /* the fourth waits ... */
    link_t *new = open_worker("case", 10);
    EXPECT(hear(new) == COMMAND_CALL && answer(new, "new") == STATUS_OK);
    EXPECT(hear(asker) && answered(4, "new")); /* ... and is done by the next */
    close_link(&asker);
    close_link(&new);
    end();
}

TEST(broker_waits_so_long_for_an_absent_service)
{
    begin();
    options.absent_ms = 200;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    close_link(&worker);
    pass_time(50);
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(asker, 50) == 0);
    EXPECT(hear_for(asker, 1000) && refused(1, STATUS_UNAVAILABLE, "no_service"));
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(asker, 100) && refused(2, STATUS_UNAVAILABLE, "no_service"));
    close_link(&asker);
    end();
}

/* --- askers that go ----------------------------------------------------------------- */

TEST(broker_forgets_the_calls_of_an_asker_that_leaves)
{
    begin();
    options.calls_max = 2;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 60000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 60000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t number = got.frame.call;
    close_link(&asker);
    EXPECT(hear(worker) == COMMAND_CANCEL && got.frame.call == number);
    EXPECT(link_answer(worker, 0, number, STATUS_OK, "", 0) == STATUS_OK);
    asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK); /* and there is room again */
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(asker) && answered(1, "ok"));
    close_link(&asker);
    close_link(&worker);
    end();
}

/* --- the broker goes ---------------------------------------------------------------- */

TEST(broker_restarted_is_joined_again)
{
    begin();
    options.start_ms = 3000;
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t old = got.frame.call;
    broker_stop();                      /* stop_ms is over before the answer */
    EXPECT(hear(asker) == COMMAND_BYE); /* may or may not have happened */
    EXPECT(hear(worker) == COMMAND_BYE);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_UNAVAILABLE);

    broker_start();
    EXPECT(alive(asker));
    EXPECT(ask(asker, 3, "case.Get", 5000) == STATUS_OK); /* perhaps before the worker is back */
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t new = got.frame.call;
    EXPECT(new != old);
    EXPECT(link_answer(worker, 0, old, STATUS_OK, "old", 3) == STATUS_OK);
    EXPECT(hear_for(asker, 100) == 0); /* belongs to nobody */
    EXPECT(link_answer(worker, 0, new, STATUS_OK, "new", 3) == STATUS_OK);
    EXPECT(hear(asker) && answered(3, "new"));
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_stopping_answers_what_is_open)
{
    begin();
    options.stop_ms = 5000;
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker(), *other = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t first = got.frame.call;
    freeze_link(other, true);
    broker_ask_to_stop();
    pass_time(100);
    EXPECT(ask(other, 3, "case.Get", 5000) == STATUS_OK); /* it has not read the DRAIN yet */
    freeze_link(other, false);
    EXPECT(hear(other) && refused(3, STATUS_UNAVAILABLE, "stopping"));
    EXPECT(ask(other, 4, "case.Get", 5000) == STATUS_UNAVAILABLE);

    EXPECT(link_answer(worker, 0, first, STATUS_OK, "one", 3) == STATUS_OK);
    EXPECT(hear(asker) && answered(1, "one"));
    EXPECT(hear(worker) == COMMAND_CALL); /* what waited is still done */
    EXPECT(answer(worker, "two") == STATUS_OK);
    EXPECT(hear(asker) && answered(2, "two"));
    EXPECT(hear(asker) == COMMAND_BYE);
    broker_wait();
    close_link(&other);
    close_link(&asker);
    close_link(&worker);
    broker_start(); /* end() stops one */
    end();
}

/* --- its own methods ------------------------------------------------------------------ */

static const ProtobufCMessage *own_answer(arena_t *arena, const ProtobufCMessageDescriptor *type)
{
    return got.frame.status == STATUS_OK ? message_unpack(type, arena, got.body, got.body_size)
                                         : NULL;
}

TEST(broker_lists_workers_and_queues)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(ask(asker, 3, "broker.ListWorkers", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER && got.frame.call == 3);
    arena_t *arena = arena_new(1 << 16);
    const Broker__WorkerList *list =
        (const Broker__WorkerList *) own_answer(arena, &broker__worker_list__descriptor);
    EXPECT(list && list->n_workers == 1 && list->n_queues == 1);
    if (list && list->n_workers == 1 && list->n_queues == 1) {
        EXPECT(strcmp(list->workers[0]->service, "case") == 0);
        EXPECT(list->workers[0]->window == 1 && list->workers[0]->credit == 0 &&
               !list->workers[0]->draining);
        EXPECT(list->queues[0]->calls == 1 && list->queues[0]->bytes > 0 &&
               list->queues[0]->workers == 1);
    }
    arena_free(&arena);
    close_link(&asker);
    close_link(&worker);
    end();
}

TEST(broker_gives_metrics)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1), *asker = open_asker();
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK && hear(asker));
    EXPECT(ask(asker, 2, "broker.GetMetrics", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER);
    arena_t *arena = arena_new(1 << 20);
    const Broker__Metrics *metrics =
        (const Broker__Metrics *) own_answer(arena, &broker__metrics__descriptor);
    EXPECT(metrics && strstr(metrics->text, "yiwang_bus_calls_total{service=\"case\"}"));
    EXPECT(metrics && strstr(metrics->text, "yiwang_bus_workers{service=\"case\"} 1"));
    EXPECT(metrics && strstr(metrics->text, "yiwang_bus_refused_total{reason=\"busy\"}"));
    EXPECT(metrics && strstr(metrics->text, "yiwang_bus_call_seconds_count{service=\"case\"}"));
    arena_free(&arena);
    close_link(&asker);
    close_link(&worker);
    end();
}

/* --- peers that err --------------------------------------------------------------------- */

TEST(broker_full_of_peers_takes_the_next_when_one_leaves)
{
    begin();
    options.peers_max = 2;
    broker_start();
    link_t *first = open_asker(), *second = open_asker();
    link_t *third = open_link(endpoint, NULL, 0, NULL);
    pass_time(300);
    EXPECT(!link_alive(third) && link_alive(first) && link_alive(second));
    close_link(&first);
    EXPECT(alive(third));
    close_link(&second);
    close_link(&third);
    end();
}

TEST(broker_answers_a_stranger_bye_once)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 1);
    bare_open();
    frame_t heard;
    bare_say(&(frame_t){.command = COMMAND_HEARTBEAT}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_BYE);
    bare_say(&(frame_t){.command = COMMAND_CALL, .call = 7, .timeout_ms = 1000, .name = "case.Get"},
             3);
    EXPECT(bare_hear(&heard) == COMMAND_ANSWER);
    EXPECT(heard.call == 7 && heard.status == STATUS_UNAVAILABLE);
    bare_say(&(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2);
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_HEARTBEAT); /* and no second BYE before it */
    EXPECT(hear_for(worker, 50) == 0);
    bare_close();
    close_link(&worker);
    end();
}

TEST(broker_survives_what_is_no_message)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    bare_open();
    frame_t heard;
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_HEARTBEAT);
    zmq_send(bare, "", 0, 0);
    zmq_send(bare, "rubbish", 7, 0);
    frame_t call = {.command = COMMAND_CALL, .call = 1, .timeout_ms = 1000, .name = "case.Get"};
    bare_say(&call, 1);
    bare_say(&call, 2);
    bare_say(&call, 9);
    call.sender[0] = 's'; /* says who it is itself */
    bare_say(&call, 3);
    bare_say(&(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2); /* no worker */
    bare_say(&(frame_t){.command = COMMAND_DRAIN, .name = "case"}, 1);
    bare_say(&(frame_t){.command = COMMAND_READY, .name = "broker", .window = 1}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_BYE || bare_hear(&heard) == COMMAND_BYE);
    EXPECT(hear_for(worker, 100) == 0);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL && answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(asker) && answered(2, "ok"));
    bare_close();
    close_link(&asker);
    close_link(&worker);
    end();
}
