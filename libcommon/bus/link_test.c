/* link_test.c - a link against a stand-in for the broker: a bare ROUTER in the same thread.
 *
 * Sockets are real (ipc in a temporary folder), the link's time is not: a tick moves it. */
#include "link.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
#include "check.h"
#include "test.h"

#define WAIT_MS 5000

typedef struct {
    void *context, *router;
    char endpoint[96];
    uint8_t peer[5]; /* who spoke last */
    frame_t frame;
    char body[64]; /* last part of what it said */
    int parts;
} stand_t;

static char folder[32];

static void stand_open(stand_t *self, const char *name)
{
    memset(self, 0, sizeof *self);
    self->context = zmq_ctx_new();
    self->router = zmq_socket(self->context, ZMQ_ROUTER);
    zmq_setsockopt(self->router, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(self->router, ZMQ_RCVTIMEO, &(int){WAIT_MS}, sizeof(int));
    snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/%s", folder, name);
    CHECK(zmq_bind(self->router, self->endpoint) == 0);
}

static void stand_close(stand_t *self)
{
    if (!self->router)
        return;
    zmq_close(self->router);
    zmq_ctx_term(self->context);
    unlink(self->endpoint + strlen("ipc://")); /* libzmq leaves it */
    self->router = NULL;
}

/* Waits for the next message; gives its command, 0 when none comes. */
static int stand_hear(stand_t *self)
{
    uint8_t header[FRAME_HEADER_MAX];
    if (zmq_recv(self->router, self->peer, 5, 0) != 5)
        return 0;
    int size = zmq_recv(self->router, header, sizeof header, 0);
    if (!frame_read(header, (size_t) size, &self->frame))
        return -1;
    int more = 0;
    size_t more_size = sizeof more;
    self->parts = 1;
    memset(self->body, 0, sizeof self->body);
    while (zmq_getsockopt(self->router, ZMQ_RCVMORE, &more, &more_size) == 0 && more) {
        memset(self->body, 0, sizeof self->body);
        zmq_recv(self->router, self->body, sizeof self->body - 1, 0);
        self->parts++;
    }
    return self->frame.command;
}

static void stand_say(stand_t *self, const frame_t *frame, int parts, const char *body)
{
    uint8_t header[FRAME_HEADER_MAX];
    zmq_send(self->router, self->peer, 5, ZMQ_SNDMORE);
    zmq_send(self->router, header, frame_write(frame, header), parts > 1 ? ZMQ_SNDMORE : 0);
    for (int i = 2; i <= parts; i++)
        zmq_send(self->router, body, strlen(body), i < parts ? ZMQ_SNDMORE : 0);
}

#define SAY(stand, ...) stand_say(stand, &(frame_t){__VA_ARGS__}, 1, NULL)

/* Waits for what the link gives; its command, 0 when nothing comes. */
static int link_hear(link_t *link, link_message_t *ret, int wait_ms)
{
    for (int waited = 0; !link_receive(link, ret); waited += 10) {
        if (waited >= wait_ms)
            return 0;
        poll(&(struct pollfd){.fd = link_fd(link), .events = POLLIN}, 1, 10);
    }
    return ret->frame.command;
}

/* Lets the link work when it is to give nothing. */
static bool link_quiet(link_t *link)
{
    link_message_t message;
    return link_hear(link, &message, 50) == 0;
}

static link_t *open_link(const char *const *endpoints, const char *service)
{
    link_t *link = NULL;
    char error[200] = "";
    link_options_t options = {
        .endpoints = endpoints, .service = service, .window = service ? 8 : 0};
    if (link_open(&options, 1000, &link, error, sizeof error) != STATUS_OK)
        fprintf(stderr, "%s\n", error);
    return link;
}

/* The stand-in hears READY and answers. */
static bool join(stand_t *stand, link_t *link)
{
    for (int i = 0; i < 100 && link_quiet(link); i++) {
        zmq_pollitem_t item = {.socket = stand->router, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 10) > 0)
            break;
    }
    if (stand_hear(stand) != COMMAND_READY)
        return false;
    SAY(stand, .command = COMMAND_HEARTBEAT);
    for (int i = 0; i == 0 || (i < 100 && !link_alive(link)); i++)
        EXPECT(link_quiet(link));
    return link_alive(link);
}

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/link_test_XXXXXX");
    CHECK(mkdtemp(folder));
}

static void end(void)
{
    CHECK(rmdir(folder) == 0);
}

static const char *const *list(const char *first, const char *second)
{
    static const char *endpoints[3];
    endpoints[0] = first;
    endpoints[1] = second;
    return endpoints;
}

TEST(link_joins_as_worker_and_answers)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), "case");
    EXPECT(!link_alive(link));
    EXPECT(join(&stand, link));
    EXPECT(strcmp(stand.frame.name, "case") == 0 && stand.frame.window == 8);

    frame_t call = {.command = COMMAND_CALL,
                    .call = 77,
                    .timeout_ms = 9,
                    .name = "case.Get",
                    .sender = "system:a:b"};
    stand_say(&stand, &call, 3, "question");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_CALL);
    EXPECT(message.frame.call == 77 && message.frame.timeout_ms == 9 && message.broker == 0);
    EXPECT(strcmp(message.frame.sender, "system:a:b") == 0);
    EXPECT(message.body_size == 8 && memcmp(message.body, "question", 8) == 0);
    EXPECT(message.meta_size == 8);

    link_message_t moved;
    link_message_move(&moved, &message);
    EXPECT(moved.body_size == 8 && memcmp(moved.body, "question", 8) == 0);
    EXPECT(message.body_size == 0);
    link_message_free(&moved);
    link_message_free(&message);

    EXPECT(link_answer(link, 0, 77, STATUS_NOT_FOUND, "answer", 6) == STATUS_OK);
    EXPECT(stand_hear(&stand) == COMMAND_ANSWER);
    EXPECT(stand.frame.call == 77 && stand.frame.status == STATUS_NOT_FOUND && stand.parts == 2);
    EXPECT(strcmp(stand.body, "answer") == 0);

    link_close(&link);
    EXPECT(stand_hear(&stand) == COMMAND_BYE);
    stand_close(&stand);
    end();
}

TEST(link_asks_when_it_is_alive_only)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(link_call(link, 1, "case.Get", 1000, "m", 1, "b", 1, NULL) == STATUS_UNAVAILABLE);
    EXPECT(join(&stand, link));
    EXPECT(stand.frame.name[0] == 0 && stand.frame.window == 0);

    int broker = -1;
    EXPECT(link_call(link, 5, "case.Get", 1000, "m", 1, "body", 4, &broker) == STATUS_OK);
    EXPECT(broker == 0);
    EXPECT(stand_hear(&stand) == COMMAND_CALL);
    EXPECT(stand.parts == 3 && stand.frame.call == 5 && strcmp(stand.body, "body") == 0);

    stand_say(&stand, &(frame_t){.command = COMMAND_ANSWER, .call = 5}, 2, "fine");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_ANSWER);
    EXPECT(message.frame.call == 5 && message.body_size == 4 && message.meta_size == 0);
    link_message_free(&message);

    link_cancel(link, broker, 6);
    EXPECT(stand_hear(&stand) == COMMAND_CANCEL && stand.frame.call == 6);
    link_close(&link);
    stand_close(&stand);
    end();
}

/* A broker that answers at once, from a thread of its own. */
static void *answer_all(void *arg)
{
    stand_t *stand = arg;
    while (stand_hear(stand) == COMMAND_CALL)
        stand_say(stand, &(frame_t){.command = COMMAND_ANSWER, .call = stand->frame.call}, 2,
                  "fine");
    return NULL;
}

/* Looks until nothing comes and once more, as a process does before it sleeps. */
static bool take_answer(link_t *link)
{
    link_message_t message;
    bool taken = false;
    for (int empty = 0; empty < 2 && !taken; empty++)
        if ((taken = link_receive(link, &message)))
            link_message_free(&message);
    return taken;
}

/* ZMQ_FD tells of a message once; a link that overlooks it sleeps although there is an answer. */
TEST(link_never_sleeps_over_a_message)
{
    enum { CALLS = 20000, ASLEEP_MS = 500 };
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(join(&stand, link));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, answer_all, &stand) == 0);

    int overslept = 0;
    struct pollfd fd = {.fd = link_fd(link), .events = POLLIN};
    for (int i = 1; i <= CALLS && overslept == 0; i++) {
        EXPECT(link_call(link, (uint64_t) i, "case.Get", 1000, "m", 1, "b", 1, NULL) == STATUS_OK);
        bool silent = false;
        while (!take_answer(link))
            silent = poll(&fd, 1, ASLEEP_MS) == 0 && poll(&fd, 1, 0) == 0;
        overslept += silent;
    }
    EXPECT(overslept == 0);
    link_close(&link); /* its BYE ends the thread */
    pthread_join(thread, NULL);
    stand_close(&stand);
    end();
}

TEST(link_refuses_what_is_too_large)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), "case");
    EXPECT(join(&stand, link));
    char *large = calloc(1, FRAME_BODY_MAX + 1);
    char name[FRAME_NAME_MAX + 2] = "";
    memset(name, 'n', FRAME_NAME_MAX + 1);
    EXPECT(link_call(link, 1, "a.B", 1, large, FRAME_META_MAX + 1, "", 0, NULL) ==
           STATUS_INVALID_ARGUMENT);
    EXPECT(link_call(link, 1, "a.B", 1, "", 0, large, FRAME_BODY_MAX + 1, NULL) ==
           STATUS_INVALID_ARGUMENT);
    EXPECT(link_call(link, 1, name, 1, "", 0, "", 0, NULL) == STATUS_INVALID_ARGUMENT);
    EXPECT(link_call(link, 1, "", 1, "", 0, "", 0, NULL) == STATUS_INVALID_ARGUMENT);
    EXPECT(link_answer(link, 0, 1, STATUS_OK, large, FRAME_BODY_MAX + 1) == STATUS_OK);
    EXPECT(stand_hear(&stand) == COMMAND_ANSWER && stand.frame.status == STATUS_INTERNAL);
    EXPECT(link_call(link, 1, "a.B", 1, "", 0, large, FRAME_BODY_MAX, NULL) == STATUS_OK);
    EXPECT(stand_hear(&stand) == COMMAND_CALL);
    free(large);
    link_close(&link);
    stand_close(&stand);
    end();
}

/* kill -9 of the broker, and a new one in its place. */
TEST(link_tells_of_a_lost_broker_and_joins_the_next)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), "case");
    EXPECT(join(&stand, link));
    EXPECT(link_call(link, 1, "a.B", 1000, "", 0, "", 0, NULL) == STATUS_OK);
    stand_close(&stand);

    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE);
    EXPECT(message.broker == 0);
    link_message_free(&message);
    EXPECT(!link_alive(link));
    EXPECT(link_call(link, 2, "a.B", 1000, "", 0, "", 0, NULL) == STATUS_UNAVAILABLE);
    EXPECT(link_answer(link, 0, 3, STATUS_OK, "", 0) == STATUS_UNAVAILABLE);

    stand_open(&stand, "a");
    link_tick(link, 2000);
    EXPECT(join(&stand, link));
    EXPECT(stand.frame.command == COMMAND_READY); /* and nothing of the old life before it */
    link_close(&link);
    stand_close(&stand);
    end();
}

/* The broker forgot us but the connection stands: it says BYE, we say READY again. */
TEST(link_joins_again_after_a_bye)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), "case");
    EXPECT(join(&stand, link));
    link_tick(link, 2100);
    EXPECT(stand_hear(&stand) == COMMAND_HEARTBEAT);
    SAY(&stand, .command = COMMAND_BYE);
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE);
    EXPECT(join(&stand, link));

    /* Refused again and again: one READY a second, no storm. */
    SAY(&stand, .command = COMMAND_BYE);
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE);
    EXPECT(link_quiet(link));
    zmq_setsockopt(stand.router, ZMQ_RCVTIMEO, &(int){100}, sizeof(int));
    EXPECT(stand_hear(&stand) == 0);
    link_tick(link, 3200);
    EXPECT(stand_hear(&stand) == COMMAND_READY);
    link_close(&link);
    stand_close(&stand);
    end();
}

TEST(link_a_silent_broker_is_dead_after_four_seconds)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(join(&stand, link));
    for (int64_t now_ms = 1500; now_ms < 5000; now_ms += 500)
        link_tick(link, now_ms);
    EXPECT(link_alive(link));
    EXPECT(stand_hear(&stand) == COMMAND_HEARTBEAT);
    link_tick(link, 5000);
    EXPECT(!link_alive(link));
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE);

    /* We ourselves slept: that says nothing about the broker. */
    zmq_setsockopt(stand.router, ZMQ_RCVTIMEO, &(int){50}, sizeof(int));
    while (stand_hear(&stand) != 0)
        continue; /* heartbeats of the old connection */
    link_tick(link, 6000);
    zmq_setsockopt(stand.router, ZMQ_RCVTIMEO, &(int){WAIT_MS}, sizeof(int));
    EXPECT(join(&stand, link));
    link_tick(link, 60000);
    EXPECT(link_alive(link));
    link_close(&link);
    stand_close(&stand);
    end();
}

TEST(link_uses_the_living_of_two_brokers)
{
    begin();
    stand_t a, b;
    stand_open(&a, "a");
    stand_open(&b, "b");
    link_t *link = open_link(list(a.endpoint, b.endpoint), NULL);
    EXPECT(join(&a, link));
    EXPECT(join(&b, link));
    int first, second, broker;
    EXPECT(link_call(link, 1, "a.B", 1000, "", 0, "", 0, &first) == STATUS_OK);
    EXPECT(link_call(link, 2, "a.B", 1000, "", 0, "", 0, &second) == STATUS_OK);
    EXPECT(first != second); /* the one with fewer open */

    SAY(&a, .command = COMMAND_DRAIN); /* it wants no more calls */
    EXPECT(link_quiet(link));
    for (uint64_t call = 3; call < 8; call++)
        EXPECT(link_call(link, call, "a.B", 1000, "", 0, "", 0, &broker) == STATUS_OK &&
               broker == 1);
    stand_say(&a, &(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2, "still");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_ANSWER && message.broker == 0);
    link_message_free(&message);

    stand_close(&a);
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE && message.broker == 0);
    EXPECT(link_alive(link));
    EXPECT(link_call(link, 9, "a.B", 1000, "", 0, "", 0, &broker) == STATUS_OK && broker == 1);
    link_close(&link);
    stand_close(&b);
    end();
}

TEST(link_is_drained_when_the_broker_says_so)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), "case");
    EXPECT(join(&stand, link));
    EXPECT(!link_drained(link));
    link_drain(link);
    EXPECT(stand_hear(&stand) == COMMAND_DRAIN && strcmp(stand.frame.name, "case") == 0);
    EXPECT(!link_drained(link));
    stand_say(&stand,
              &(frame_t){.command = COMMAND_CALL, .call = 4, .timeout_ms = 1, .name = "case.Get"},
              3, "");
    SAY(&stand, .command = COMMAND_DRAIN, .name = "case");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_CALL); /* sent before it knew */
    link_message_free(&message);
    EXPECT(link_quiet(link));
    EXPECT(link_drained(link));

    /* A broker that comes back meanwhile gets no worker. */
    SAY(&stand, .command = COMMAND_BYE);
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_BYE);
    link_tick(link, 2500);
    EXPECT(stand_hear(&stand) == COMMAND_READY && stand.frame.name[0] == 0);
    EXPECT(link_drained(link));
    link_close(&link);
    stand_close(&stand);
    end();
}

/* The 65 537th open call is refused and sends nothing; an answer makes room. */
TEST(link_limits_open_calls)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    zmq_setsockopt(stand.router, ZMQ_RCVHWM, &(int){0}, sizeof(int));
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(join(&stand, link));
    status_t status = STATUS_OK;
    uint64_t call = 0;
    while (status == STATUS_OK && call <= LINK_OPEN_MAX)
        status = link_call(link, ++call, "a.B", 1000, "m", 1, "b", 1, NULL);
    EXPECT(status == STATUS_UNAVAILABLE && call == LINK_OPEN_MAX + 1);
    EXPECT(stand_hear(&stand) == COMMAND_CALL && stand.frame.call == 1);
    stand_say(&stand, &(frame_t){.command = COMMAND_ANSWER, .call = 1}, 2, "x");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_ANSWER);
    link_message_free(&message);
    EXPECT(link_call(link, call, "a.B", 1000, "m", 1, "b", 1, NULL) == STATUS_OK);
    EXPECT(link_call(link, call + 1, "a.B", 1000, "m", 1, "b", 1, NULL) == STATUS_UNAVAILABLE);
    link_close(&link);
    stand_close(&stand);
    end();
}

TEST(link_takes_so_many_brokers)
{
    begin();
    const char *endpoints[LINK_BROKERS_MAX + 2];
    for (int i = 0; i <= LINK_BROKERS_MAX; i++)
        endpoints[i] = "ipc:///tmp/link_test_nobody";
    endpoints[LINK_BROKERS_MAX + 1] = NULL;
    link_t *link = NULL;
    char error[200];
    link_options_t options = {.endpoints = endpoints};
    EXPECT(link_open(&options, 0, &link, error, sizeof error) == STATUS_INVALID_ARGUMENT);
    endpoints[LINK_BROKERS_MAX] = NULL;
    EXPECT(link_open(&options, 0, &link, error, sizeof error) == STATUS_OK);
    link_close(&link);
    end();
}

TEST(link_drops_what_is_no_message)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(join(&stand, link));
    zmq_send(stand.router, stand.peer, 5, ZMQ_SNDMORE);
    zmq_send(stand.router, "rubbish", 7, 0);
    stand_say(&stand, &(frame_t){.command = COMMAND_ANSWER, .call = 1}, 1, NULL); /* no body */
    stand_say(&stand, &(frame_t){.command = COMMAND_ANSWER, .call = 1}, 5, "x");  /* too many */
    stand_say(&stand, &(frame_t){.command = COMMAND_HEARTBEAT}, 2, "x");
    stand_say(&stand, &(frame_t){.command = COMMAND_CALL, .call = 1, .name = "a.B"}, 3,
              "x"); /* no worker */
    EXPECT(link_quiet(link));
    EXPECT(link_malformed(link) == 4);
    stand_say(&stand, &(frame_t){.command = COMMAND_ANSWER, .call = 2}, 2, "good");
    link_message_t message;
    EXPECT(link_hear(link, &message, WAIT_MS) == COMMAND_ANSWER && message.frame.call == 2);
    link_message_free(&message);
    link_close(&link);
    stand_close(&stand);
    end();
}

TEST(link_wait_gives_up)
{
    begin();
    char endpoint[96];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/nobody", folder);
    link_t *link = open_link(list(endpoint, NULL), NULL);
    EXPECT(!link_wait(link, 150));
    link_close(&link);
    end();
}

TEST(link_wait_gets_over_a_broker_lost_before)
{
    begin();
    stand_t stand;
    stand_open(&stand, "a");
    link_t *link = open_link(list(stand.endpoint, NULL), NULL);
    EXPECT(join(&stand, link));
    for (int64_t ms = 1500; ms <= 1000 + LINK_SILENCE_MS; ms += 500)
        link_tick(link, ms);
    EXPECT(!link_alive(link)); /* and nobody has received the BYE */
    EXPECT(!link_wait(link, 300));
    int command;
    while ((command = stand_hear(&stand)) == COMMAND_HEARTBEAT)
        continue;
    EXPECT(command == COMMAND_READY);
    SAY(&stand, .command = COMMAND_HEARTBEAT);
    EXPECT(link_wait(link, WAIT_MS));
    link_close(&link);
    stand_close(&stand);
    end();
}

TEST(link_says_which_endpoint_is_wrong)
{
    link_t *link = NULL;
    char error[200] = "";
    link_options_t options = {.endpoints = list("nonsense", NULL)};
    EXPECT(link_open(&options, 0, &link, error, sizeof error) == STATUS_INVALID_ARGUMENT);
    EXPECT(!link && strstr(error, "nonsense"));
    options.endpoints = list("tcp://127.0.0.1:5571", NULL);
    options.server_key = "short";
    options.public_key = options.secret_key = "short";
    EXPECT(link_open(&options, 0, &link, error, sizeof error) == STATUS_INVALID_ARGUMENT);
    EXPECT(!link);
}
