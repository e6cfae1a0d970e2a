/* broker_test.h - the broker on a thread of its own, real links and bare sockets around it.
 *
 * The broker's heartbeat is 100 ms here, so a silent peer is dead after 400 ms; links are ticked
 * with a clock that runs 10 times as fast. */
#pragma once
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
#define FAST    10

/* --- the broker -------------------------------------------------------------- */

static broker_options_t options;
static broker_t *broker;
static pthread_t thread;
static int stop_fd;
static char folder[32], path[64], endpoint[80];
static curve_t broker_keys;

static inline void *run(void *arg)
{
    (void) arg;
    broker_run(broker, stop_fd);
    return NULL;
}

static inline void broker_start(void)
{
    char error[200];
    stop_fd = eventfd(0, EFD_CLOEXEC);
    if (broker_open(&options, &broker, error, sizeof error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
}

static inline void broker_ask_to_stop(void)
{
    CHECK(eventfd_write(stop_fd, 1) == 0);
}

static inline void broker_wait(void)
{
    pthread_join(thread, NULL);
    broker_close(&broker);
    close(stop_fd);
}

static inline void broker_stop(void)
{
    broker_ask_to_stop();
    broker_wait();
}

static inline void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/broker_test_XXXXXX");
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/broker", folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    options = BROKER_DEFAULTS;
    options.local_endpoint = endpoint;
    options.heartbeat_ms = 100;
    options.start_ms = 0; /* most tests want to be told at once */
    options.absent_ms = 2000;
    options.stop_ms = 300;
}

static inline void end(void)
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

static inline post_t *post_of(const link_t *link)
{
    int i = 0;
    while (posts[i].link != link)
        CHECK(++i < 8);
    return &posts[i];
}

static inline link_t *open_link(const char *where, const char *service, uint16_t window,
                                const curve_t *keys)
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
    CHECK(link_open(&link_options, clock_mono_ms() * FAST, &post->link, error, sizeof error) ==
          STATUS_OK);
    return post->link;
}

static inline void close_link(link_t **link)
{
    post_t *post = post_of(*link);
    while (post->count > 0)
        link_message_free(&post->inbox[--post->count]);
    post->link = NULL;
    link_close(link);
}

/* Stops hearing and saying, as if stuck, without a BYE; and goes on. */
static inline void freeze_link(link_t *link, bool frozen)
{
    post_of(link)->frozen = frozen;
}

static inline void pump(post_t *post)
{
    if (!post->link || post->frozen)
        return;
    link_tick(post->link, clock_mono_ms() * FAST);
    while (post->count < 64 && link_receive(post->link, &post->inbox[post->count]))
        post->count++;
}

static inline void pass_time(int ms)
{
    for (int64_t end_ms = clock_mono_ms() + ms; clock_mono_ms() < end_ms;) {
        poll(NULL, 0, 1);
        for (int i = 0; i < 8; i++)
            pump(&posts[i]);
    }
}

static link_message_t got; /* the last message; its texts live until the next */

/* The next message of a link; its command, 0 when none comes. */
static inline int hear_for(link_t *link, int wait_ms)
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

static inline int hear(link_t *link)
{
    return hear_for(link, WAIT_MS);
}

static inline bool alive(link_t *link)
{
    for (int i = 0; i < WAIT_MS && !link_alive(link); i++)
        pass_time(1);
    return link_alive(link);
}

static inline link_t *open_worker(const char *service, uint16_t window)
{
    link_t *link = open_link(endpoint, service, window, NULL);
    EXPECT(alive(link));
    return link;
}

static inline link_t *open_asker(void)
{
    return open_worker(NULL, 0);
}

static inline status_t ask(link_t *link, uint64_t call, const char *name, uint32_t timeout_ms)
{
    return link_call(link, call, name, timeout_ms, "meta", 4, "question", 8, NULL);
}

static inline status_t answer(link_t *link, const char *body)
{
    return link_answer(link, got.broker, got.frame.call, STATUS_OK, body, strlen(body));
}

/* The last message is an answer to `call` with this status and code. */
static inline bool refused(uint64_t call, status_t status, const char *code)
{
    arena_t *arena = arena_new(1 << 16);
    const Yw__Status *body = (const Yw__Status *) message_unpack(&yw__status__descriptor, arena,
                                                                 got.body, got.body_size);
    bool ok = got.frame.command == COMMAND_ANSWER && got.frame.call == call &&
              got.frame.status == status && body && body->status == (int) status &&
              strcmp(body->code, code) == 0 && body->message[0];
    if (!ok)
        fprintf(stderr, "got command %d call %llu %s %s\n", got.frame.command,
                (unsigned long long) got.frame.call, status_name(got.frame.status),
                body ? body->code : "");
    arena_free(&arena);
    return ok;
}

static inline bool answered(uint64_t call, const char *body)
{
    return got.frame.command == COMMAND_ANSWER && got.frame.call == call &&
           got.frame.status == STATUS_OK && got.body_size == strlen(body) &&
           memcmp(got.body, body, got.body_size) == 0;
}

static void *bare_context, *bare;

static inline void bare_open(void)
{
    bare_context = zmq_ctx_new();
    bare = zmq_socket(bare_context, ZMQ_DEALER);
    zmq_setsockopt(bare, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(bare, ZMQ_RCVTIMEO, &(int){1000}, sizeof(int));
    CHECK(zmq_connect(bare, endpoint) == 0);
}

static inline void bare_close(void)
{
    zmq_close(bare);
    zmq_ctx_term(bare_context);
}

static inline void bare_say(const frame_t *frame, int parts)
{
    uint8_t header[FRAME_HEADER_MAX];
    zmq_send(bare, header, frame_write(frame, header), parts > 1 ? ZMQ_SNDMORE : 0);
    for (int i = 2; i <= parts; i++)
        zmq_send(bare, "x", 1, i < parts ? ZMQ_SNDMORE : 0);
}

/* The command of the next message, with its frame; 0: none. */
static inline int bare_hear(frame_t *ret)
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
