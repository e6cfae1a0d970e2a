/* link.c - see link.h; docs/bus.md has the states of a peer.
 *
 * One DEALER per broker, so that an ANSWER goes back where its CALL came from.  The sockets are
 * made with ZMQ_IMMEDIATE: there is a pipe only while there is a connection, and what was queued
 * for a lost one is lost with it instead of surprising a restarted broker.  As there is no high
 * water mark (we count open calls ourselves), "can send" means "is connected". */
#include "link.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>
#include "check.h"
#include "clock.h"

_Static_assert(sizeof(link_part_t) >= sizeof(zmq_msg_t), "a part holds a zmq_msg_t");

#define LINGER_MS         1000
#define RECONNECT_MS      50   /* a restarted broker is found so fast ... */
#define RECONNECT_MAX_MS  1000 /* ... and one that stays away is asked so often */
#define WATCH_MS          100  /* between two looks at a connection that works */
#define REJOIN_MS         1000 /* between two READYs to a broker that answers BYE */
#define MESSAGE_BYTES_MAX ((int64_t) FRAME_BODY_MAX + (64 << 10))
#define STREAK_MAX        64 /* messages taken from one broker before the next has a turn */
#define PARTS_MAX         3

typedef enum {
    STATE_AWAY,    /* not connected, or READY is not said yet */
    STATE_JOINING, /* READY said, not yet answered */
    STATE_ALIVE,
    STATE_LEAVING /* alive, but said DRAIN: no new calls */
} state_t;

typedef struct {
    char *endpoint;
    void *socket; /* DEALER */
    state_t state;
    int64_t opened_ms;  /* the socket was made */
    int64_t joined_ms;  /* the last READY */
    int64_t heard_ms;   /* the last frame of theirs */
    int64_t said_ms;    /* our last heartbeat */
    int64_t watched_ms; /* the last look at the connection */
    uint32_t open;      /* calls we asked and that are not answered */
    bool said_ready;    /* ever, on this socket */
    bool lost;          /* the user is to be told */
    bool drained;       /* no CALL will come */
    bool busy;          /* gave messages since it was last found empty */
} broker_t;

struct link {
    void *context;
    int epoll; /* watches the ZMQ_FD of every socket */
    broker_t brokers[LINK_BROKERS_MAX];
    int broker_count;
    int turn; /* broker that is read next */
    int streak;
    char *service;
    uint16_t window;
    char *server_key, *public_key, *secret_key;
    bool draining;
    int64_t now_ms; /* of the last tick, or of link_open() */
    uint64_t malformed;
};

/* --- sockets ---------------------------------------------------------------- */

static void set_int(void *socket, int option, int value)
{
    CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static bool set_key(void *socket, int option, const char *key)
{
    return zmq_setsockopt(socket, option, key, strlen(key)) == 0;
}

static char *copy_or_null(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* Makes the socket of a broker; false: libzmq does not take the endpoint or the keys. */
static bool socket_open(link_t *self, broker_t *broker)
{
    void *socket = zmq_socket(self->context, ZMQ_DEALER);
    CHECK(socket);
    set_int(socket, ZMQ_LINGER, 0);
    set_int(socket, ZMQ_IMMEDIATE, 1);
    set_int(socket, ZMQ_SNDHWM, 0);
    set_int(socket, ZMQ_RCVHWM, 0);
    set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
    int64_t max = MESSAGE_BYTES_MAX;
    CHECK(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max) == 0);

    bool ok = true;
    if (self->server_key)
        ok = set_key(socket, ZMQ_CURVE_SERVERKEY, self->server_key) &&
             set_key(socket, ZMQ_CURVE_PUBLICKEY, self->public_key) &&
             set_key(socket, ZMQ_CURVE_SECRETKEY, self->secret_key);
    if (!ok || zmq_connect(socket, broker->endpoint) != 0) {
        zmq_close(socket);
        return false;
    }

    int fd;
    size_t size = sizeof fd;
    CHECK(zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    broker->socket = socket;
    broker->opened_ms = self->now_ms;
    broker->said_ready = false;
    return true;
}

static void socket_close(link_t *self, broker_t *broker, int linger_ms)
{
    if (!broker->socket)
        return;
    int fd;
    size_t size = sizeof fd;
    CHECK(zmq_getsockopt(broker->socket, ZMQ_FD, &fd, &size) == 0);
    epoll_ctl(self->epoll, EPOLL_CTL_DEL, fd, NULL);
    set_int(broker->socket, ZMQ_LINGER, linger_ms);
    zmq_close(broker->socket);
    broker->socket = NULL;
}

/* A new socket for a broker that is silent or away: drops what was queued for it, and starts a
 * session anew that libzmq gave up after a refused key. */
static void socket_renew(link_t *self, broker_t *broker)
{
    socket_close(self, broker, 0);
    CHECK(socket_open(self, broker)); /* it took the same endpoint and keys before */
}

static int socket_events(broker_t *broker)
{
    int events = 0;
    size_t size = sizeof events;
    CHECK(zmq_getsockopt(broker->socket, ZMQ_EVENTS, &events, &size) == 0);
    return events;
}

/* --- saying ----------------------------------------------------------------- */

static bool say(broker_t *broker, const frame_t *frame, int more)
{
    uint8_t header[FRAME_HEADER_MAX];
    return zmq_send(broker->socket, header, frame_write(frame, header), ZMQ_DONTWAIT | more) >= 0;
}

/* Later parts follow their header without fail: libzmq decides about whole messages. */
static void say_part(broker_t *broker, const void *data, size_t size, int more)
{
    CHECK(zmq_send(broker->socket, data, size, ZMQ_DONTWAIT | more) >= 0);
}

static bool is_alive(const broker_t *broker)
{
    return broker->state == STATE_ALIVE || broker->state == STATE_LEAVING;
}

static void join(link_t *self, broker_t *broker)
{
    frame_t frame = {.command = COMMAND_READY};
    bool worker = self->service && !self->draining;
    if (worker) {
        CHECK(strlen(self->service) <= FRAME_NAME_MAX);
        memcpy(frame.name, self->service, strlen(self->service));
        frame.window = self->window;
    }
    if (!say(broker, &frame, 0))
        return;
    broker->state = STATE_JOINING;
    broker->said_ready = true;
    broker->drained = !worker;
    broker->joined_ms = broker->heard_ms = broker->said_ms = self->now_ms;
}

/* What was open there will not be answered. */
static void lose(broker_t *broker)
{
    if (is_alive(broker))
        broker->lost = true;
    broker->state = STATE_AWAY;
    broker->open = 0;
}

/* --- hearing ---------------------------------------------------------------- */

typedef enum { STEP_NOTHING, STEP_INSIDE, STEP_MESSAGE } step_t;

static void message_init(link_message_t *message, int broker)
{
    zmq_msg_init((zmq_msg_t *) &message->parts[0]);
    zmq_msg_init((zmq_msg_t *) &message->parts[1]);
    message->broker = broker;
    message->meta = message->body = NULL;
    message->meta_size = message->body_size = 0;
}

static void message_point(link_message_t *message)
{
    zmq_msg_t *meta = (zmq_msg_t *) &message->parts[0], *body = (zmq_msg_t *) &message->parts[1];
    message->meta = zmq_msg_data(meta);
    message->meta_size = zmq_msg_size(meta);
    message->body = zmq_msg_data(body);
    message->body_size = zmq_msg_size(body);
}

static void part_read(void *socket, zmq_msg_t *part)
{
    int rc;
    do
        rc = zmq_msg_recv(part, socket, 0); /* the rest of a message is there */
    while (rc < 0 && errno == EINTR);
    CHECK(rc >= 0);
}

/* Reads one message into *ret.  False: nothing waits; *ret_good: it was one of ours. */
static bool message_read(broker_t *broker, link_message_t *ret, bool *ret_good)
{
    zmq_msg_t header;
    zmq_msg_init(&header);
    if (zmq_msg_recv(&header, broker->socket, ZMQ_DONTWAIT) < 0)
        return false;
    bool more = zmq_msg_more(&header);
    bool good = frame_read(zmq_msg_data(&header), zmq_msg_size(&header), &ret->frame);
    zmq_msg_close(&header);

    command_t command = good ? ret->frame.command : COMMAND_BYE;
    int next = command == COMMAND_CALL ? 0 : command == COMMAND_ANSWER ? 1 : 2;
    while (more) {
        zmq_msg_t rest, *part = next < 2 ? (zmq_msg_t *) &ret->parts[next] : &rest;
        if (part == &rest) {
            zmq_msg_init(&rest);
            good = false; /* more parts than the command has */
        }
        part_read(broker->socket, part);
        more = zmq_msg_more(part);
        if (part == &rest)
            zmq_msg_close(&rest);
        next++;
    }
    if (next < 2)
        good = false; /* fewer */
    if (good)
        message_point(ret);
    *ret_good = good && ret->meta_size <= FRAME_META_MAX && ret->body_size <= FRAME_BODY_MAX;
    return true;
}

/* Decides what a good message means; true: it is for the user. */
static bool heard(link_t *self, broker_t *broker, const frame_t *frame)
{
    broker->heard_ms = self->now_ms;
    if (frame->command == COMMAND_BYE) {
        /* Restarted, stopping, or thinks we were dead: whatever was open there is lost. */
        lose(broker);
        if (self->now_ms - broker->joined_ms >= REJOIN_MS)
            join(self, broker);
        return false;
    }
    if (broker->state == STATE_JOINING && frame->command == COMMAND_HEARTBEAT)
        broker->state = STATE_ALIVE;
    if (!is_alive(broker))
        return false; /* of a life before */

    switch (frame->command) {
    case COMMAND_DRAIN:
        if (frame->name[0])
            broker->drained = true;
        else {
            /* We ask it nothing more, and say so: until it has heard that it reads on. */
            broker->state = STATE_LEAVING;
            if (!say(broker, &(frame_t){.command = COMMAND_DRAIN}, 0))
                lose(broker);
        }
        return false;
    case COMMAND_ANSWER:
        if (broker->open > 0)
            broker->open--;
        return true;
    case COMMAND_CALL:
    case COMMAND_CANCEL:
        return self->service != NULL;
    default:
        return false;
    }
}

/* Nothing waits: is there a connection, and does the broker know us?  True: read again, because
 * whoever asks libzmq (for its events, or to send) may take the wake-up of a message that came
 * just now, and ZMQ_FD tells of it only once. */
static bool watch_connection(link_t *self, broker_t *broker)
{
    broker->watched_ms = self->now_ms;
    int events = socket_events(broker);
    bool connected = events & ZMQ_POLLOUT, away = broker->state == STATE_AWAY;
    /* The last answers of a broker that has gone meanwhile are read before it is given up. */
    if (!connected && !away && events & ZMQ_POLLIN)
        return true;
    if (!connected && !away)
        lose(broker);
    else if (connected && away &&
             (!broker->said_ready || self->now_ms - broker->joined_ms >= REJOIN_MS))
        join(self, broker);
    return events & ZMQ_POLLIN || (away && broker->state == STATE_JOINING);
}

static step_t step(link_t *self, broker_t *broker, link_message_t *ret)
{
    message_init(ret, (int) (broker - self->brokers));
    if (broker->lost) {
        broker->lost = false;
        ret->frame = (frame_t){.command = COMMAND_BYE};
        return STEP_MESSAGE;
    }
    bool good;
    if (!message_read(broker, ret, &good)) {
        /* A wake-up without a message says that the connection came or went. */
        bool again =
            (!broker->busy || broker->state != STATE_ALIVE) && watch_connection(self, broker);
        broker->busy = false;
        return again || broker->lost ? STEP_INSIDE : STEP_NOTHING;
    }
    broker->busy = true;
    if (good && heard(self, broker, &ret->frame))
        return STEP_MESSAGE;
    if (!good)
        self->malformed++;
    link_message_free(ret);
    return STEP_INSIDE;
}

bool link_receive(link_t *self, link_message_t *ret)
{
    int empty = 0;
    while (empty < self->broker_count) {
        step_t did = step(self, &self->brokers[self->turn], ret);
        if (did == STEP_NOTHING || ++self->streak >= STREAK_MAX) {
            self->turn = (self->turn + 1) % self->broker_count;
            self->streak = 0;
        }
        if (did == STEP_MESSAGE)
            return true;
        empty = did == STEP_NOTHING ? empty + 1 : 0;
    }
    return false;
}

void link_message_free(link_message_t *message)
{
    zmq_msg_close((zmq_msg_t *) &message->parts[0]);
    zmq_msg_close((zmq_msg_t *) &message->parts[1]);
    message_init(message, message->broker);
}

void link_message_move(link_message_t *to, link_message_t *from)
{
    message_init(to, from->broker);
    to->frame = from->frame;
    for (int i = 0; i < 2; i++)
        zmq_msg_move((zmq_msg_t *) &to->parts[i], (zmq_msg_t *) &from->parts[i]);
    message_point(to);
    message_init(from, from->broker);
}

/* --- open, time, close ------------------------------------------------------ */

status_t link_open(const link_options_t *options, int64_t mono_ms, link_t **ret, char *error,
                   size_t error_size)
{
    CHECK(!options->service == !options->window);
    link_t *self = xalloc(sizeof *self);
    self->now_ms = mono_ms;
    self->context = zmq_ctx_new();
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(self->context && self->epoll >= 0);
    self->service = copy_or_null(options->service);
    self->window = options->window;
    self->server_key = copy_or_null(options->server_key);
    self->public_key = copy_or_null(options->public_key);
    self->secret_key = copy_or_null(options->secret_key);

    const char *wrong = NULL;
    if (!options->endpoints[0])
        wrong = "no broker";
    if (self->server_key && (!self->public_key || !self->secret_key))
        wrong = "a server key without our own keys";
    for (int i = 0; options->endpoints[i] && !wrong; i++) {
        if (i == LINK_BROKERS_MAX) {
            wrong = "too many brokers";
            break;
        }
        broker_t *broker = &self->brokers[self->broker_count++];
        broker->endpoint = xstrdup(options->endpoints[i]);
        if (!socket_open(self, broker))
            wrong = zmq_strerror(errno);
    }
    if (wrong) {
        snprintf(error, error_size, "bus '%s': %s",
                 options->endpoints[0] ? options->endpoints[0] : "", wrong);
        link_close(&self);
        return STATUS_INVALID_ARGUMENT;
    }
    *ret = self;
    return STATUS_OK;
}

void link_close(link_t **self_p)
{
    link_t *self = *self_p;
    if (!self)
        return;
    for (int i = 0; i < self->broker_count; i++) {
        broker_t *broker = &self->brokers[i];
        if (broker->socket && broker->state != STATE_AWAY)
            say(broker, &(frame_t){.command = COMMAND_BYE}, 0);
        socket_close(self, broker, LINGER_MS);
        free(broker->endpoint);
    }
    zmq_ctx_term(self->context);
    close(self->epoll);
    free(self->service);
    free(self->server_key);
    free(self->public_key);
    free(self->secret_key);
    free(self);
    *self_p = NULL;
}

int link_fd(const link_t *self)
{
    return self->epoll;
}

/* A tick that comes late says nothing about the others' silence: it was us who did not listen. */
static void forgive(link_t *self)
{
    for (int i = 0; i < self->broker_count; i++) {
        broker_t *broker = &self->brokers[i];
        broker->heard_ms = broker->said_ms = broker->joined_ms = broker->opened_ms = self->now_ms;
    }
}

static void tick(link_t *self, broker_t *broker)
{
    if (broker->state == STATE_AWAY) {
        watch_connection(self, broker);
        if (broker->state == STATE_AWAY && self->now_ms - broker->opened_ms >= LINK_SILENCE_MS)
            socket_renew(self, broker);
        return;
    }
    if (self->now_ms - broker->heard_ms >= LINK_SILENCE_MS) {
        lose(broker);
        socket_renew(self, broker);
        return;
    }
    /* It may have gone together with its last message, with one wake-up for both. */
    if (self->now_ms - broker->watched_ms >= WATCH_MS)
        watch_connection(self, broker);
    if (broker->state != STATE_AWAY && self->now_ms - broker->said_ms >= LINK_HEARTBEAT_MS) {
        broker->said_ms = self->now_ms;
        if (!say(broker, &(frame_t){.command = COMMAND_HEARTBEAT}, 0))
            lose(broker);
    }
}

void link_tick(link_t *self, int64_t mono_ms)
{
    bool late = mono_ms - self->now_ms > LINK_SILENCE_MS / 2;
    self->now_ms = mono_ms;
    if (late)
        forgive(self);
    for (int i = 0; i < self->broker_count; i++)
        tick(self, &self->brokers[i]);
}

bool link_alive(const link_t *self)
{
    for (int i = 0; i < self->broker_count; i++)
        if (is_alive(&self->brokers[i]))
            return true;
    return false;
}

bool link_wait(link_t *self, uint32_t timeout_ms)
{
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    for (;;) {
        /* Until a broker is alive it has nothing for the user but the news that it was lost, and
         * that is none to who waits here. */
        for (int i = 0; i < self->broker_count && !link_alive(self); i++) {
            link_message_t message;
            while (!link_alive(self) &&
                   step(self, &self->brokers[i], &message) != STEP_NOTHING)
                link_message_free(&message);
        }
        int64_t now_ms = clock_mono_ms();
        if (link_alive(self) || now_ms >= end_ms)
            return link_alive(self);
        int wait_ms = end_ms - now_ms < 100 ? (int) (end_ms - now_ms) : 100;
        poll(&(struct pollfd){.fd = self->epoll, .events = POLLIN}, 1, wait_ms);
        link_tick(self, clock_mono_ms());
    }
}

/* --- asking and answering --------------------------------------------------- */

/* The living broker with the fewest of our calls open. */
static broker_t *choose(link_t *self)
{
    broker_t *best = NULL;
    for (int i = 0; i < self->broker_count; i++) {
        broker_t *broker = &self->brokers[i];
        if (broker->state == STATE_ALIVE && broker->open < LINK_OPEN_MAX &&
            (!best || broker->open < best->open))
            best = broker;
    }
    return best;
}

status_t link_call(link_t *self, uint64_t call, const char *name, uint32_t timeout_ms,
                   const void *meta, size_t meta_size, const void *body, size_t body_size,
                   int *ret_broker)
{
    frame_t frame = {.command = COMMAND_CALL, .timeout_ms = timeout_ms, .call = call};
    size_t name_size = strlen(name);
    if (name_size == 0 || name_size > FRAME_NAME_MAX || meta_size > FRAME_META_MAX ||
        body_size > FRAME_BODY_MAX)
        return STATUS_INVALID_ARGUMENT;
    memcpy(frame.name, name, name_size);

    broker_t *broker;
    while ((broker = choose(self)) && !say(broker, &frame, ZMQ_SNDMORE))
        lose(broker); /* its connection is gone: try the next */
    if (!broker)
        return STATUS_UNAVAILABLE;
    say_part(broker, meta, meta_size, ZMQ_SNDMORE);
    say_part(broker, body, body_size, 0);
    broker->open++;
    if (ret_broker)
        *ret_broker = (int) (broker - self->brokers);
    return STATUS_OK;
}

static broker_t *living(link_t *self, int index)
{
    CHECK(index >= 0 && index < self->broker_count);
    return is_alive(&self->brokers[index]) ? &self->brokers[index] : NULL;
}

status_t link_answer(link_t *self, int index, uint64_t call, status_t status, const void *body,
                     size_t body_size)
{
    broker_t *broker = living(self, index);
    if (!broker)
        return STATUS_UNAVAILABLE;
    frame_t frame = {.command = COMMAND_ANSWER, .status = status, .call = call};
    if (body_size > FRAME_BODY_MAX) {
        frame.status = STATUS_INTERNAL;
        body_size = 0;
    }
    if (!say(broker, &frame, ZMQ_SNDMORE)) {
        lose(broker);
        return STATUS_UNAVAILABLE;
    }
    say_part(broker, body, body_size, 0);
    return STATUS_OK;
}

void link_cancel(link_t *self, int index, uint64_t call)
{
    broker_t *broker = living(self, index);
    if (!broker)
        return;
    if (!say(broker, &(frame_t){.command = COMMAND_CANCEL, .call = call}, 0))
        lose(broker);
    else if (broker->open > 0)
        broker->open--;
}

void link_drain(link_t *self)
{
    self->draining = true;
    for (int i = 0; i < self->broker_count; i++) {
        broker_t *broker = &self->brokers[i];
        if (broker->state == STATE_AWAY || broker->drained)
            continue;
        frame_t frame = {.command = COMMAND_DRAIN};
        memcpy(frame.name, self->service, strlen(self->service));
        if (!say(broker, &frame, 0))
            lose(broker);
    }
}

bool link_drained(const link_t *self)
{
    for (int i = 0; i < self->broker_count; i++)
        if (self->brokers[i].state != STATE_AWAY && !self->brokers[i].drained)
            return false;
    return self->draining;
}

uint64_t link_malformed(const link_t *self)
{
    return self->malformed;
}
