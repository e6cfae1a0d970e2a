/* broker_test.c - the broker on a thread of its own, real links over ipc and tcp around it.
 *
 * The broker's heartbeat is 100 ms here, so a silent peer is dead after 400 ms; links are ticked
 * with a clock that runs 10 times as fast. */
#include "broker.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>
#include "arena.h"
#include "check.h"
#include "clock.h"
#include "link.h"
#include "message.h"
#include "test.h"
#include "yiwang/broker.pb-c.h"
#include "yiwang/identity.pb-c.h"
#include "yiwang/status.pb-c.h"

#define WAIT_MS 5000
#define FAST 10

/* --- the broker -------------------------------------------------------------- */

static broker_options_t options;
static broker_t *broker;
static pthread_t thread;
static int stop_fd;
static char folder[32], path[64], endpoint[80];
static curve_t broker_keys;

static void *run(void *arg)
{
    (void) arg;
    broker_run(broker, stop_fd);
    return NULL;
}

static void broker_start(void)
{
    char error[200];
    stop_fd = eventfd(0, EFD_CLOEXEC);
    if (broker_open(&options, &broker, error, sizeof error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
}

static void broker_ask_to_stop(void)
{
    CHECK(eventfd_write(stop_fd, 1) == 0);
}

static void broker_wait(void)
{
    pthread_join(thread, NULL);
    broker_close(&broker);
    close(stop_fd);
}

static void broker_stop(void)
{
    broker_ask_to_stop();
    broker_wait();
}

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/broker_test_XXXXXX");
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/broker", folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    options = BROKER_DEFAULTS;
    options.local_endpoint = endpoint;
    options.heartbeat_ms = 100;
    options.start_ms = 0;               /* most tests want to be told at once */
    options.absent_ms = 2000;
    options.stop_ms = 300;
}

static void end(void)
{
    broker_stop();
    unlink(path);
    CHECK(rmdir(folder) == 0);
}

/* --- links ------------------------------------------------------------------- */

/* Every open link is read and ticked while the test waits for any of them, as a process would. */
typedef struct {
    link_t *link;
    bool frozen;
    link_message_t inbox[64];
    int count;
} post_t;

static post_t posts[8];

static post_t *post_of(const link_t *link)
{
    int i = 0;
    while (posts[i].link != link)
        CHECK(++i < 8);
    return &posts[i];
}

static link_t *open_link(const char *where, const char *service, uint16_t window, const curve_t *keys)
{
    const char *endpoints[] = {where, NULL};
    link_options_t link_options = {.endpoints = endpoints, .service = service, .window = window};
    if (keys) {
        link_options.server_key = broker_keys.public_key;
        link_options.public_key = keys->public_key;
        link_options.secret_key = keys->secret_key;
    }
    post_t *post = post_of(NULL);
    memset(post, 0, sizeof *post);
    char error[200];
    CHECK(link_open(&link_options, clock_mono_ms() * FAST, &post->link, error, sizeof error) == STATUS_OK);
    return post->link;
}

static void close_link(link_t **link)
{
    post_t *post = post_of(*link);
    while (post->count > 0)
        link_message_free(&post->inbox[--post->count]);
    post->link = NULL;
    link_close(link);
}

/* Stops hearing and saying, as if stuck, without a BYE; and goes on. */
static void freeze_link(link_t *link, bool frozen)
{
    post_of(link)->frozen = frozen;
}

static void pump(post_t *post)
{
    if (!post->link || post->frozen)
        return;
    link_tick(post->link, clock_mono_ms() * FAST);
    while (post->count < 64 && link_receive(post->link, &post->inbox[post->count]))
        post->count++;
}

static void pass_time(int ms)
{
    for (int64_t end_ms = clock_mono_ms() + ms; clock_mono_ms() < end_ms;) {
        poll(NULL, 0, 1);
        for (int i = 0; i < 8; i++)
            pump(&posts[i]);
    }
}

static link_message_t got;              /* the last message; its texts live until the next */

/* The next message of a link; its command, 0 when none comes. */
static int hear_for(link_t *link, int wait_ms)
{
    post_t *post = post_of(link);
    link_message_free(&got);
    pump(post);
    for (int64_t end_ms = clock_mono_ms() + wait_ms; post->count == 0; pass_time(1))
        if (clock_mono_ms() >= end_ms)
            return 0;
    link_message_move(&got, &post->inbox[0]);
    post->count--;
    for (int i = 0; i < post->count; i++)
        link_message_move(&post->inbox[i], &post->inbox[i + 1]);
    return got.frame.command;
}

static int hear(link_t *link)
{
    return hear_for(link, WAIT_MS);
}

static bool alive(link_t *link)
{
    for (int i = 0; i < WAIT_MS && !link_alive(link); i++)
        pass_time(1);
    return link_alive(link);
}

static link_t *open_worker(const char *service, uint16_t window)
{
    link_t *link = open_link(endpoint, service, window, NULL);
    EXPECT(alive(link));
    return link;
}

static link_t *open_asker(void)
{
    return open_worker(NULL, 0);
}

static status_t ask(link_t *link, uint64_t call, const char *name, uint32_t timeout_ms)
{
    return link_call(link, call, name, timeout_ms, "meta", 4, "question", 8, NULL);
}

static status_t answer(link_t *link, const char *body)
{
    return link_answer(link, got.broker, got.frame.call, STATUS_OK, body, strlen(body));
}

/* The last message is an answer to `call` with this status and code. */
static bool refused(uint64_t call, status_t status, const char *code)
{
    arena_t *arena = arena_new(1 << 16);
    const Yw__Status *body = (const Yw__Status *) message_unpack(&yw__status__descriptor, arena, got.body,
                                                                 got.body_size);
    bool ok = got.frame.command == COMMAND_ANSWER && got.frame.call == call && got.frame.status == status &&
              body && body->status == (int) status && strcmp(body->code, code) == 0 && body->message[0];
    if (!ok)
        fprintf(stderr, "got command %d call %llu %s %s\n", got.frame.command,
                (unsigned long long) got.frame.call, status_name(got.frame.status), body ? body->code : "");
    arena_free(&arena);
    return ok;
}

static bool answered(uint64_t call, const char *body)
{
    return got.frame.command == COMMAND_ANSWER && got.frame.call == call && got.frame.status == STATUS_OK &&
           got.body_size == strlen(body) && memcmp(got.body, body, got.body_size) == 0;
}

/* --- calls and answers --------------------------------------------------------- */

TEST(broker_passes_a_call_and_its_answer)
{
    begin();
    broker_start();
    link_t *worker = open_worker("case", 4), *asker = open_asker();
    EXPECT(ask(asker, 42, "case.Get", 3000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(strcmp(got.frame.name, "case.Get") == 0);
    EXPECT(got.frame.sender[0] == 0);               /* a process of this host */
    EXPECT(got.frame.call != 42);                   /* the broker's own number */
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
    for (uint64_t call = 1; call <= 5; call++)          /* 1 with the worker, 3 wait */
        EXPECT(ask(asker, call, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear(asker) && refused(5, STATUS_UNAVAILABLE, "busy"));
    for (uint64_t call = 1; call <= 4; call++) {        /* and those that wait lose nothing */
        EXPECT(hear(worker) == COMMAND_CALL);
        EXPECT(answer(worker, "ok") == STATUS_OK);
        EXPECT(hear(asker) && answered(call, "ok"));    /* in order */
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
    EXPECT(ask(other, 1, "case.Get", 5000) == STATUS_OK);   /* numbers are each asker's own */
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
    EXPECT(hear_for(worker, 100) == 0);                 /* the second is never passed on */
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
    EXPECT(hear_for(asker, 100) == 0);                  /* it is not taken for the second's */
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
    link_cancel(asker, 0, 1);                           /* with the worker: it is told */
    link_cancel(asker, 0, 2);                           /* waits: gone */
    link_cancel(asker, 0, 3);                           /* never was */
    EXPECT(hear(worker) == COMMAND_CANCEL && got.frame.call == number);
    EXPECT(ask(asker, 4, "case.Get", 5000) == STATUS_OK);
    EXPECT(ask(asker, 5, "case.Get", 5000) == STATUS_OK);
    EXPECT(hear_for(worker, 100) == 0);                 /* it still owes an answer for its credit */
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
    close_link(&worker);                                /* BYE with a call in hand */
    EXPECT(hear_for(asker, 1000) && refused(1, STATUS_UNAVAILABLE, "worker_lost"));

    worker = open_worker("case", 1);                    /* what waited goes to the next */
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
    pass_time(800);                                     /* twice as long, but it beats: alive */
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
    EXPECT(hear_for(old, 100) == 0);                    /* no more for it */
    for (int i = 0; i < 3; i++) {
        EXPECT(link_answer(old, 0, held[i], STATUS_OK, "old", 3) == STATUS_OK);
        EXPECT(hear(asker) && answered((uint64_t) i + 1, "old"));
    }
    close_link(&old);
    EXPECT(hear_for(asker, 100) == 0);                  /* the fourth waits ... */
    link_t *new = open_worker("case", 10);
    EXPECT(hear(new) == COMMAND_CALL && answer(new, "new") == STATUS_OK);
    EXPECT(hear(asker) && answered(4, "new"));          /* ... and is done by the next */
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
    EXPECT(ask(asker, 1, "case.Get", 5000) == STATUS_OK);   /* and there is room again */
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
    broker_stop();                                      /* stop_ms is over before the answer */
    EXPECT(hear(asker) == COMMAND_BYE);                 /* may or may not have happened */
    EXPECT(hear(worker) == COMMAND_BYE);
    EXPECT(ask(asker, 2, "case.Get", 5000) == STATUS_UNAVAILABLE);

    broker_start();
    EXPECT(alive(asker));
    EXPECT(ask(asker, 3, "case.Get", 5000) == STATUS_OK);   /* perhaps before the worker is back */
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t new = got.frame.call;
    EXPECT(new != old);
    EXPECT(link_answer(worker, 0, old, STATUS_OK, "old", 3) == STATUS_OK);
    EXPECT(hear_for(asker, 100) == 0);                  /* belongs to nobody */
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
    EXPECT(ask(other, 3, "case.Get", 5000) == STATUS_OK);   /* it has not read the DRAIN yet */
    freeze_link(other, false);
    EXPECT(hear(other) && refused(3, STATUS_UNAVAILABLE, "stopping"));
    EXPECT(ask(other, 4, "case.Get", 5000) == STATUS_UNAVAILABLE);

    EXPECT(link_answer(worker, 0, first, STATUS_OK, "one", 3) == STATUS_OK);
    EXPECT(hear(asker) && answered(1, "one"));
    EXPECT(hear(worker) == COMMAND_CALL);               /* what waited is still done */
    EXPECT(answer(worker, "two") == STATUS_OK);
    EXPECT(hear(asker) && answered(2, "two"));
    EXPECT(hear(asker) == COMMAND_BYE);
    broker_wait();
    close_link(&other);
    close_link(&asker);
    close_link(&worker);
    broker_start();                                     /* end() stops one */
    end();
}

/* --- its own methods ------------------------------------------------------------------ */

static const ProtobufCMessage *own_answer(arena_t *arena, const ProtobufCMessageDescriptor *type)
{
    return got.frame.status == STATUS_OK ? message_unpack(type, arena, got.body, got.body_size) : NULL;
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
        EXPECT(list->workers[0]->window == 1 && list->workers[0]->credit == 0 && !list->workers[0]->draining);
        EXPECT(list->queues[0]->calls == 1 && list->queues[0]->bytes > 0 && list->queues[0]->workers == 1);
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
    const Broker__Metrics *metrics = (const Broker__Metrics *) own_answer(arena, &broker__metrics__descriptor);
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

static void *bare_context, *bare;

static void bare_open(void)
{
    bare_context = zmq_ctx_new();
    bare = zmq_socket(bare_context, ZMQ_DEALER);
    zmq_setsockopt(bare, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_RCVTIMEO, &(int){1000}, sizeof(int));
    CHECK(zmq_connect(bare, endpoint) == 0);
}

static void bare_close(void)
{
    zmq_close(bare);
    zmq_ctx_term(bare_context);
}

static void bare_say(const frame_t *frame, int parts)
{
    uint8_t header[FRAME_HEADER_MAX];
    zmq_send(bare, header, frame_write(frame, header), parts > 1 ? ZMQ_SNDMORE : 0);
    for (int i = 2; i <= parts; i++)
        zmq_send(bare, "x", 1, i < parts ? ZMQ_SNDMORE : 0);
}

/* The command of the next message, with its frame; 0: none. */
static int bare_hear(frame_t *ret)
{
    uint8_t header[FRAME_HEADER_MAX];
    int size = zmq_recv(bare, header, sizeof header, 0);
    if (size < 0 || !frame_read(header, (size_t) size, ret))
        return 0;
    int more;
    size_t more_size = sizeof more;
    while (zmq_getsockopt(bare, ZMQ_RCVMORE, &more, &more_size) == 0 && more)
        zmq_recv(bare, header, sizeof header, 0);
    return ret->command;
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
    bare_say(&(frame_t){.command = COMMAND_CALL, .call = 7, .timeout_ms = 1000, .name = "case.Get"}, 3);
    EXPECT(bare_hear(&heard) == COMMAND_ANSWER);
    EXPECT(heard.call == 7 && heard.status == STATUS_UNAVAILABLE);
    bare_say(&(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2);
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_HEARTBEAT);     /* and no second BYE before it */
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
    call.sender[0] = 's';                               /* says who it is itself */
    bare_say(&call, 3);
    bare_say(&(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2);     /* no worker */
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

/* --- departments ------------------------------------------------------------------------- */

static curve_t keys_a, keys_b, keys_unknown;

typedef struct {
    const curve_t *keys;
    const char *system, *department;
    const char *methods[2];
} row_t;

/* As identity: answers the broker's question with these keys. */
static void serve_keys(link_t *identity, const row_t *rows, size_t count)
{
    Identity__SystemKey keys[4], *pointers[4];
    Identity__SystemKeyList list = IDENTITY__SYSTEM_KEY_LIST__INIT;
    for (size_t i = 0; i < count; i++) {
        identity__system_key__init(&keys[i]);
        keys[i].public_key = rows[i].keys->public_key;
        keys[i].system_id = rows[i].system;
        keys[i].department_id = rows[i].department;
        keys[i].methods = (void *) rows[i].methods;
        keys[i].n_methods = rows[i].methods[1] ? 2 : rows[i].methods[0] ? 1 : 0;
        pointers[i] = &keys[i];
    }
    list.keys = pointers;
    list.n_keys = count;
    uint8_t body[2000];
    CHECK(protobuf_c_message_get_packed_size(&list.base) <= sizeof body);
    size_t size = protobuf_c_message_pack(&list.base, body);
    EXPECT(hear(identity) == COMMAND_CALL && strcmp(got.frame.name, "identity.ListSystemKeys") == 0);
    EXPECT(got.frame.sender[0] == 0);
    EXPECT(link_answer(identity, 0, got.frame.call, STATUS_OK, body, size) == STATUS_OK);
}

static void begin_departments(void)
{
    begin();
    curve_make(&broker_keys);
    curve_make(&keys_a);
    curve_make(&keys_b);
    curve_make(&keys_unknown);
    options.department_endpoint = "tcp://127.0.0.1:*";
    options.keys = &broker_keys;
    options.keys_ms = 100000;
    broker_start();
}

static link_t *open_department(const curve_t *keys)
{
    return open_link(broker_department_endpoint(broker), NULL, 0, keys);
}

static const row_t ROWS[] = {{&keys_a, "housing-1", "housing", {"case.Watch", "case.Accept"}},
                             {&keys_b, "tax-1", "tax", {"case.Watch"}}};

TEST(broker_department_reaches_what_it_was_granted)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 4);
    serve_keys(identity, ROWS, 2);
    link_t *a = open_department(&keys_a), *b = open_department(&keys_b);
    EXPECT(alive(a) && alive(b));

    EXPECT(ask(a, 1, "case.Accept", 5000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    EXPECT(strcmp(got.frame.sender, "system:housing-1:housing") == 0);
    EXPECT(answer(worker, "ok") == STATUS_OK);
    EXPECT(hear(a) && answered(1, "ok"));

    EXPECT(ask(b, 1, "case.Accept", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(1, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(ask(b, 2, "identity.ListSystemKeys", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(2, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(ask(b, 3, "broker.ListWorkers", 5000) == STATUS_OK);
    EXPECT(hear(b) && refused(3, STATUS_PERMISSION_DENIED, "not_granted"));
    EXPECT(hear_for(worker, 50) == 0 && hear_for(identity, 0) == 0);
    close_link(&a);
    close_link(&b);
    close_link(&worker);
    close_link(&identity);
    end();
}

TEST(broker_unknown_key_does_not_get_in)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4);
    link_t *early = open_department(&keys_a);           /* the table is not there yet */
    pass_time(200);
    EXPECT(!link_alive(early));
    serve_keys(identity, ROWS, 2);
    EXPECT(alive(early));                               /* it tried again by itself */

    link_t *unknown = open_department(&keys_unknown);
    curve_t wrong = broker_keys;                        /* right key, wrong server key */
    broker_keys = keys_b;
    link_t *fooled = open_department(&keys_a);
    broker_keys = wrong;
    pass_time(500);
    EXPECT(!link_alive(unknown) && !link_alive(fooled));

    link_t *plain = open_link(broker_department_endpoint(broker), NULL, 0, NULL);
    pass_time(300);
    EXPECT(!link_alive(plain));                         /* no CURVE at all */
    close_link(&plain);
    close_link(&fooled);
    close_link(&unknown);
    close_link(&early);
    close_link(&identity);
    end();
}

/* An event says that the table changed: a key leaves it, another comes. */
TEST(broker_revoked_key_is_refused_at_once)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 4), *asker = open_asker();
    serve_keys(identity, ROWS, 1);
    link_t *a = open_department(&keys_a), *b = open_department(&keys_b);
    EXPECT(alive(a));
    EXPECT(!link_alive(b));
    EXPECT(ask(a, 1, "case.Watch", 30000) == STATUS_OK);
    EXPECT(hear(worker) == COMMAND_CALL);
    uint64_t number = got.frame.call;

    EXPECT(ask(asker, 1, "broker.OnSystemKeysChanged", 5000) == STATUS_OK);
    EXPECT(hear(asker) == COMMAND_ANSWER && got.frame.status == STATUS_OK);
    serve_keys(identity, &ROWS[1], 1);
    EXPECT(hear(a) == COMMAND_BYE);
    EXPECT(hear(worker) == COMMAND_CANCEL && got.frame.call == number);
    EXPECT(link_answer(worker, 0, number, STATUS_OK, "secret", 6) == STATUS_OK);
    EXPECT(hear_for(a, 200) == 0);                      /* not even what it had asked before */
    EXPECT(alive(b));                                   /* granted while it tried */
    close_link(&a);
    close_link(&b);
    close_link(&asker);
    close_link(&worker);
    close_link(&identity);
    end();
}

/* As above, but the client ignores the BYE and goes on over the connection it has. */
TEST(broker_revoked_connection_is_told_why)
{
    begin_departments();
    link_t *identity = open_worker("identity", 4), *asker = open_asker();
    serve_keys(identity, ROWS, 1);
    bare_context = zmq_ctx_new();
    bare = zmq_socket(bare_context, ZMQ_DEALER);
    zmq_setsockopt(bare, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_RCVTIMEO, &(int){2000}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_CURVE_SERVERKEY, broker_keys.public_key, 40);
    zmq_setsockopt(bare, ZMQ_CURVE_PUBLICKEY, keys_a.public_key, 40);
    zmq_setsockopt(bare, ZMQ_CURVE_SECRETKEY, keys_a.secret_key, 40);
    CHECK(zmq_connect(bare, broker_department_endpoint(broker)) == 0);
    frame_t heard;
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_HEARTBEAT);

    bare_say(&(frame_t){.command = COMMAND_READY, .name = "case", .window = 1}, 1);
    EXPECT(bare_hear(&heard) == COMMAND_BYE || bare_hear(&heard) == COMMAND_BYE);  /* no worker from outside */

    EXPECT(ask(asker, 1, "broker.OnSystemKeysChanged", 5000) == STATUS_OK);
    serve_keys(identity, &ROWS[1], 1);
    EXPECT(hear(asker) == COMMAND_ANSWER);
    pass_time(50);
    bare_say(&(frame_t){.command = COMMAND_READY}, 1);
    bare_say(&(frame_t){.command = COMMAND_CALL, .call = 7, .timeout_ms = 1000, .name = "case.Watch"}, 3);
    int command;
    while ((command = bare_hear(&heard)) == COMMAND_HEARTBEAT || command == COMMAND_BYE)
        continue;
    EXPECT(command == COMMAND_ANSWER && heard.status == STATUS_PERMISSION_DENIED && heard.call == 7);
    bare_close();
    close_link(&asker);
    close_link(&identity);
    end();
}

TEST(broker_department_has_limits)
{
    begin_departments();
    broker_stop();
    options.department_calls_max = 2;
    broker_start();
    link_t *identity = open_worker("identity", 4), *worker = open_worker("case", 10);
    serve_keys(identity, ROWS, 1);
    link_t *a = open_department(&keys_a);
    EXPECT(alive(a));
    for (uint64_t call = 1; call <= 3; call++)
        EXPECT(ask(a, call, "case.Watch", 5000) == STATUS_OK);
    EXPECT(hear(a) && refused(3, STATUS_RESOURCE_EXHAUSTED, "too_many_calls"));
    close_link(&a);
    close_link(&worker);
    close_link(&identity);
    end();
}
