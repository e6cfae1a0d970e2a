/* broker.c - see broker.h.  Top down: turn, messages, commands, calls, time, life.
 *
 * To add a command: a row in COMMANDS, its handler, docs/bus.md.
 * Messages are forwarded as the zmq_msg_t they came in: bodies are never copied. */
#include "broker_private.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"

const broker_options_t BROKER_DEFAULTS = {
    .calls_max = 65536,
    .peers_max = 4096,
    .department_calls_max = 100,
    .queue_calls = 4096,
    .queue_bytes = 64u << 20,
    .heartbeat_ms = 1000,
    .absent_ms = 30000,
    .start_ms = 5000,
    .stop_ms = 10000,
    .keys_ms = 5000,
};

#define LEAVE_MS       500     /* for departments to hear that we stop; not all of them say so */
#define LEAVE_LOCAL_MS 3000    /* our own processes do say so, but a busy machine may be slow */
#define BATCH_MAX      256     /* messages taken from one door before the other has a turn */
#define CLOCK_EVERY    32      /* messages between two looks at the clock */
#define SWEEP_MS       50      /* how late a deadline may be noticed */
#define GRACE_MS       500     /* after a deadline, for a worker's own answer to arrive */
#define TIMEOUT_MAX_MS 3600000 /* of a call: more is taken for this */
#define SILENT_BEATS   4
#define MALFORMED_MAX  10 /* frames of one department connection, then it is not heard */
#define LINGER_MS      1000
#define MESSAGE_BYTES_MAX                                                                          \
    ((int64_t) FRAME_BODY_MAX + (64 << 10)) /* more: libzmq closes the connection */
#define WAITING_OVERHEAD 256                /* bytes a waiting call costs beside meta and body */

/* Departments: an honest one has department_calls_max open, a low mark is half the high one. */
#define DEPARTMENT_HWM 256
#define LOCAL_HWM      200000 /* never reached by peers that count their open calls */

/* --- sending ---------------------------------------------------------------- */

/* The identity and the header; the rest of a message then cannot fail.  A peer whose connection is
 * gone is noted and forgotten at the end of the turn. */
static bool send_header(broker_t *self, peer_t *peer, const frame_t *frame, int more)
{
    if (peer->gone)
        return false;
    if (zmq_send(peer->door->socket, peer->identity, PEER_IDENTITY_SIZE,
                 ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
        if (errno == EHOSTUNREACH)
            peer_gone(self, peer);
        else
            metric_add(self->metrics.dropped, 1);
        return false;
    }
    uint8_t header[FRAME_HEADER_MAX];
    size_t size = frame_write(frame, header);
    CHECK(zmq_send(peer->door->socket, header, size, ZMQ_DONTWAIT | more) >= 0);
    return true;
}

/* Takes the part. */
static void send_part(peer_t *peer, zmq_msg_t *part, int more)
{
    CHECK(zmq_msg_send(part, peer->door->socket, ZMQ_DONTWAIT | more) >= 0);
}

void peer_say(broker_t *self, peer_t *peer, const frame_t *frame)
{
    send_header(self, peer, frame, 0);
}

void peer_answer(broker_t *self, peer_t *peer, uint64_t call, status_t status, zmq_msg_t *body)
{
    frame_t frame = {.command = COMMAND_ANSWER, .status = status, .call = call};
    if (send_header(self, peer, &frame, ZMQ_SNDMORE))
        send_part(peer, body, 0);
    else
        zmq_msg_close(body);
}

static void peer_refuse(broker_t *self, peer_t *peer, uint64_t call, refusal_t refusal,
                        const char *detail)
{
    zmq_msg_t body;
    refusal_write(refusal, detail, &body);
    metric_add(self->metrics.refused[refusal], 1);
    peer_answer(self, peer, call, refusal_status(refusal), &body);
}

static void say_bye(broker_t *self, peer_t *peer)
{
    peer_say(self, peer, &(frame_t){.command = COMMAND_BYE});
}

void peer_gone(broker_t *self, peer_t *peer)
{
    self->gone += !peer->gone;
    peer->gone = true;
}

/* libzmq cannot close one connection of a ROUTER, so a department that sends rubbish is told once
 * and then no longer heard. */
static void malformed(broker_t *self, peer_t *peer)
{
    peer->malformed++;
    metric_add(self->metrics.malformed, 1);
    if (peer->door->department && peer->malformed == MALFORMED_MAX) {
        log_warn("peer %llu with key %s sends malformed frames",
                 (unsigned long long) peer->instance, peer->key);
        say_bye(self, peer);
        peer->joined = false;
    }
}

/* --- calls ------------------------------------------------------------------ */

/* Answers an open call ourselves and closes it; it may still wait in its lane. */
static void refuse_call(broker_t *self, open_call_t *call, refusal_t refusal)
{
    if (call->waiting)
        lane_take(call->lane, call);
    if (call->asker)
        peer_refuse(self, call->asker, call->asked_as, refusal, NULL);
    else
        own_answered(self, refusal_status(refusal), NULL, 0);
    calls_close(self->calls, call);
}

/* Sends a call to a worker; takes meta and body.  False: the worker is gone and nothing was taken. */
static bool pass_on(broker_t *self, open_call_t *call, peer_t *worker, const char *name,
                    const char *sender, zmq_msg_t *meta, zmq_msg_t *body)
{
    frame_t frame = {.command = COMMAND_CALL, .call = call->number};
    frame.timeout_ms = (uint32_t) (call->deadline_ms - self->now_us / 1000);
    text_copy(frame.name, sizeof frame.name, name);
    text_copy(frame.sender, sizeof frame.sender, sender);
    if (!send_header(self, worker, &frame, ZMQ_SNDMORE))
        return false;
    send_part(worker, meta, ZMQ_SNDMORE);
    send_part(worker, body, 0);
    call->worker = worker;
    worker->held++;
    worker->serving++;
    metric_add(call->lane->calls, 1);
    return true;
}

/* Gives waiting calls to workers as long as there is credit. */
static void dispatch(broker_t *self, lane_t *lane)
{
    peer_t *worker;
    while (lane->first && (worker = lane_choose(lane))) {
        open_call_t *call = lane->first;
        if (call->deadline_ms <= self->now_us / 1000) {
            refuse_call(self, call, REFUSAL_DEADLINE);
            continue;
        }
        waiting_t *waiting = call->waiting;
        if (!pass_on(self, call, worker, waiting->name, waiting->sender, &waiting->meta,
                     &waiting->body))
            continue; /* that worker is gone: the next */
        lane_take(lane, call);
        free(waiting); /* its parts are sent */
        call->waiting = NULL;
    }
}

/* Takes meta and body. */
static void wait_in_lane(open_call_t *call, const frame_t *frame, const char *sender,
                         zmq_msg_t *meta, zmq_msg_t *body)
{
    waiting_t *waiting = xalloc(sizeof *waiting);
    text_copy(waiting->name, sizeof waiting->name, frame->name);
    text_copy(waiting->sender, sizeof waiting->sender, sender);
    waiting->bytes = zmq_msg_size(meta) + zmq_msg_size(body) + WAITING_OVERHEAD;
    zmq_msg_init(&waiting->meta);
    zmq_msg_init(&waiting->body);
    zmq_msg_move(&waiting->meta, meta);
    zmq_msg_move(&waiting->body, body);
    call->waiting = waiting;
    lane_put(call->lane, call);
}

static bool lane_is_full(const broker_t *self, const lane_t *lane, size_t bytes)
{
    return lane->waiting >= self->options->queue_calls ||
           lane->bytes + bytes + WAITING_OVERHEAD > self->options->queue_bytes;
}

/* The lane of "case.Accept", or NULL.  Just after our start nobody may have said READY yet: then
 * names we do not know are given a lane that closes soon. */
static lane_t *lane_of(broker_t *self, const char *name)
{
    size_t size = strcspn(name, ".");
    lane_t *lane = lanes_find(self->lanes, name, size);
    if (!lane && self->now_us / 1000 < self->started_ms + self->options->start_ms) {
        lane = lanes_add(self->lanes, name, size);
        if (lane)
            lane->hopeless_ms = self->started_ms + self->options->start_ms;
    }
    return lane;
}

status_t broker_ask(broker_t *self, peer_t *asker, const char *sender, const frame_t *frame,
                    zmq_msg_t *meta, zmq_msg_t *body, refusal_t *ret_refusal)
{
    lane_t *lane = lane_of(self, frame->name);
    if (!lane) {
        *ret_refusal = REFUSAL_NO_SERVICE;
        return STATUS_UNAVAILABLE;
    }
    peer_t *worker = lane->first ? NULL : lane_choose(lane);
    if (!worker && lane_is_full(self, lane, zmq_msg_size(meta) + zmq_msg_size(body))) {
        *ret_refusal = REFUSAL_BUSY;
        return STATUS_UNAVAILABLE;
    }
    open_call_t *call = calls_open(self->calls, asker, frame->call);
    if (!call) {
        *ret_refusal = REFUSAL_FULL;
        return STATUS_UNAVAILABLE;
    }
    uint32_t timeout_ms = frame->timeout_ms < TIMEOUT_MAX_MS ? frame->timeout_ms : TIMEOUT_MAX_MS;
    call->lane = lane;
    call->taken_us = self->now_us;
    call->deadline_ms = self->now_us / 1000 + timeout_ms;
    if (!worker || !pass_on(self, call, worker, frame->name, sender, meta, body)) {
        wait_in_lane(call, frame, sender, meta, body);
        dispatch(self, lane);
    }
    return STATUS_OK;
}

/* --- commands --------------------------------------------------------------- */

/* What a message brought; the handler takes the parts it wants, the rest is freed after it. */
typedef struct {
    frame_t frame;
    zmq_msg_t meta, body;
} incoming_t;

static void on_ready(broker_t *self, peer_t *peer, incoming_t *in)
{
    const char *name = in->frame.name;
    bool worker = name[0] != 0;
    if (worker && (peer->door->department || strcmp(name, "broker") == 0 || strchr(name, '.'))) {
        malformed(self, peer);
        say_bye(self, peer);
        return;
    }
    if (peer->lane && (!worker || strcmp(peer->lane->name, name) != 0)) {
        malformed(self, peer); /* a connection keeps its service */
        say_bye(self, peer);
        peer_gone(self, peer);
        return;
    }
    if (self->stopping || (worker && !peer->lane && !lane_add_worker(self, name, peer))) {
        say_bye(self, peer);
        return;
    }
    peer->joined = true;
    peer->told = false;
    peer->window = in->frame.window;
    peer->draining = false;
    peer_say(self, peer, &(frame_t){.command = COMMAND_HEARTBEAT});
    if (worker) {
        dispatch(self, peer->lane);
        if (strcmp(name, "identity") == 0)
            own_fetch_keys(self);
    }
}

/* Whether a department's connection may make this call. */
static bool admit_department(broker_t *self, peer_t *peer, const grant_t *grant,
                             const frame_t *frame)
{
    if (!grant_allows(grant, frame->name) || text_starts(frame->name, "broker."))
        peer_refuse(self, peer, frame->call, REFUSAL_NOT_GRANTED, frame->name);
    else if (peer->asked >= self->options->department_calls_max)
        peer_refuse(self, peer, frame->call, REFUSAL_TOO_MANY, NULL);
    else
        return true;
    return false;
}

static void on_call(broker_t *self, peer_t *peer, incoming_t *in)
{
    const frame_t *frame = &in->frame;
    const char *sender = "";
    if (peer->door->department) {
        const grant_t *grant = grants_find(self->grants, peer->key, self->wall_ms);
        CHECK(grant); /* on_message() looked */
        if (!admit_department(self, peer, grant, frame))
            return;
        sender = grant->sender;
    }
    const char *dot = strchr(frame->name, '.');
    refusal_t refusal = REFUSAL_COUNT;
    if (zmq_msg_size(&in->meta) > FRAME_META_MAX || zmq_msg_size(&in->body) > FRAME_BODY_MAX)
        refusal = REFUSAL_TOO_LARGE;
    else if (!dot || dot == frame->name || !dot[1])
        refusal = REFUSAL_NO_METHOD;
    else if (text_starts(frame->name, "broker.")) {
        if (!own_call(self, peer, frame))
            refusal = REFUSAL_NO_METHOD;
    } else if (self->stopping)
        refusal = REFUSAL_STOPPING;
    else if (frame->timeout_ms == 0)
        refusal = REFUSAL_DEADLINE;
    else if (calls_find_asked(self->calls, peer, frame->call))
        refusal = REFUSAL_DUPLICATE;
    else
        broker_ask(self, peer, sender, frame, &in->meta, &in->body, &refusal);
    if (refusal != REFUSAL_COUNT)
        peer_refuse(self, peer, frame->call, refusal, frame->name);
}

/* Every ANSWER of a worker gives one credit back, also one that nobody waits for any more. */
static void on_answer(broker_t *self, peer_t *peer, incoming_t *in)
{
    if (!peer->lane) {
        malformed(self, peer);
        return;
    }
    if (peer->held > 0)
        peer->held--;
    open_call_t *call = calls_find(self->calls, in->frame.call);
    if (call && call->worker == peer) {
        metric_observe_us(call->lane->seconds, self->now_us - call->taken_us);
        if (!call->asker) {
            own_answered(self, in->frame.status, zmq_msg_data(&in->body), zmq_msg_size(&in->body));
            calls_close(self->calls, call);
        } else if (zmq_msg_size(&in->body) > FRAME_BODY_MAX) {
            refuse_call(self, call, REFUSAL_INTERNAL);
        } else {
            peer_answer(self, call->asker, call->asked_as, in->frame.status, &in->body);
            calls_close(self->calls, call);
        }
    } else {
        metric_add(self->metrics.late, 1);
    }
    dispatch(self, peer->lane);
}

static void cancel(broker_t *self, open_call_t *call)
{
    if (call->waiting)
        lane_take(call->lane, call);
    else
        peer_say(self, call->worker, &(frame_t){.command = COMMAND_CANCEL, .call = call->number});
    calls_close(self->calls, call);
}

static void on_cancel(broker_t *self, peer_t *peer, incoming_t *in)
{
    open_call_t *call = calls_find_asked(self->calls, peer, in->frame.call);
    if (call)
        cancel(self, call); /* else its answer was faster */
}

static void on_drain(broker_t *self, peer_t *peer, incoming_t *in)
{
    if (!in->frame.name[0] && self->stopping) {
        peer->left = true;
        return;
    }
    if (!peer->lane || strcmp(in->frame.name, peer->lane->name) != 0) {
        malformed(self, peer);
        return;
    }
    peer->draining = true;
    peer_say(self, peer, &in->frame); /* the last CALL went out before this */
}

static void on_bye(broker_t *self, peer_t *peer, incoming_t *in)
{
    (void) in;
    peer_gone(self, peer);
}

static void on_heartbeat(broker_t *self, peer_t *peer, incoming_t *in)
{
    (void) self;
    (void) peer; /* being heard is all */
    (void) in;
}

static const struct {
    void (*run)(broker_t *self, peer_t *peer, incoming_t *in);
    int parts; /* header, meta, body */
    int first; /* where the part behind the header goes: 0 meta, 1 body */
} COMMANDS[] = {
    [COMMAND_READY] = {on_ready, 1, 0},   [COMMAND_CALL] = {on_call, 3, 0},
    [COMMAND_ANSWER] = {on_answer, 2, 1}, [COMMAND_DRAIN] = {on_drain, 1, 0},
    [COMMAND_BYE] = {on_bye, 1, 0},       [COMMAND_HEARTBEAT] = {on_heartbeat, 1, 0},
    [COMMAND_CANCEL] = {on_cancel, 1, 0},
};

/* --- messages --------------------------------------------------------------- */

/* A frame from a connection that has not said READY, or not in this life of ours.  One BYE, however
 * many frames were on their way: a second could cross the READY that answers the first. */
static void on_stranger(broker_t *self, peer_t *peer, const frame_t *frame)
{
    if (frame->command == COMMAND_CALL)
        peer_refuse(self, peer, frame->call, REFUSAL_JOIN_FIRST, NULL);
    if (frame->command == COMMAND_BYE)
        peer_gone(self, peer);
    else if (!peer->told)
        say_bye(self, peer);
    peer->told = true;
}

/* The key of a department's connection was revoked after it came in. */
static void on_revoked(broker_t *self, peer_t *peer, const frame_t *frame)
{
    if (frame->command == COMMAND_CALL)
        peer_refuse(self, peer, frame->call, REFUSAL_KEY_REVOKED, NULL);
    else if (frame->command == COMMAND_READY)
        say_bye(self, peer);
}

static void on_message(broker_t *self, peer_t *peer, incoming_t *in)
{
    if (peer->door->department && !grants_find(self->grants, peer->key, self->wall_ms))
        on_revoked(self, peer, &in->frame);
    else if (!peer->joined && in->frame.command != COMMAND_READY)
        on_stranger(self, peer, &in->frame);
    else
        COMMANDS[in->frame.command].run(self, peer, in);
}

/* The peer a message is from, a new one when it is the first; NULL: not to be heard. */
static peer_t *peer_of(broker_t *self, door_t *door, zmq_msg_t *identity, zmq_msg_t *header)
{
    const uint8_t *bytes = zmq_msg_data(identity);
    if (zmq_msg_size(identity) != PEER_IDENTITY_SIZE || bytes[0] != 0)
        return NULL; /* a name it chose itself */
    peer_t *peer = peers_find(self->peers, door, bytes);
    if (peer)
        return peer->gone ? NULL : peer;

    const char *key = door->department ? zmq_msg_gets(header, "User-Id") : "";
    if (!key || strlen(key) >= CURVE_KEY_SIZE)
        return NULL;
    peer = peers_add(self->peers, door, bytes);
    if (peer)
        text_copy(peer->key, sizeof peer->key, key);
    return peer;
}

static void part_read(void *socket, zmq_msg_t *part)
{
    int rc;
    do
        rc = zmq_msg_recv(part, socket, 0); /* the rest of a message is there */
    while (rc < 0 && errno == EINTR);
    CHECK(rc >= 0);
}

/* Reads what follows the header into meta and body as the command has them; true: as it should be. */
static bool read_parts(void *socket, bool more, const frame_t *frame, incoming_t *in)
{
    zmq_msg_t *places[2] = {&in->meta, &in->body};
    int count = 1;
    int at = COMMANDS[frame->command].first;
    for (; more; at++, count++) {
        zmq_msg_t rest, *part = at < 2 ? places[at] : &rest;
        if (part == &rest)
            zmq_msg_init(&rest);
        part_read(socket, part);
        more = zmq_msg_more(part);
        if (part == &rest)
            zmq_msg_close(&rest);
    }
    return count == COMMANDS[frame->command].parts;
}

/* Takes one message from a door; false: nothing waits. */
static bool take_message(broker_t *self, door_t *door)
{
    zmq_msg_t identity, header;
    zmq_msg_init(&identity);
    if (zmq_msg_recv(&identity, door->socket, ZMQ_DONTWAIT) < 0)
        return false;
    zmq_msg_init(&header);
    if (zmq_msg_more(&identity))
        part_read(door->socket, &header);

    incoming_t in = {.frame.command = COMMAND_BYE};
    zmq_msg_init(&in.meta);
    zmq_msg_init(&in.body);
    bool good =
        frame_read(zmq_msg_data(&header), zmq_msg_size(&header), &in.frame) && !in.frame.sender[0];
    good = read_parts(door->socket, zmq_msg_more(&header), &in.frame, &in) && good;

    peer_t *peer = peer_of(self, door, &identity, &header);
    if (!peer) {
        metric_add(self->metrics.unheard, 1);
    } else {
        peer->heard_ms = self->now_us / 1000;
        bool ignored = door->department && peer->malformed >= MALFORMED_MAX;
        if (!good)
            malformed(self, peer);
        else if (!ignored)
            on_message(self, peer, &in);
    }
    zmq_msg_close(&identity);
    zmq_msg_close(&header);
    zmq_msg_close(&in.meta);
    zmq_msg_close(&in.body);
    return true;
}

/* --- lanes and peers that come and go ---------------------------------------- */

bool lane_add_worker(broker_t *self, const char *name, peer_t *peer)
{
    lane_t *lane = lanes_find(self->lanes, name, strlen(name));
    if (!lane)
        lane = lanes_add(self->lanes, name, strlen(name));
    if (!lane || !lane_join(lane, peer)) {
        log_warn("no room for a worker of %s", name);
        return false;
    }
    log_info("worker %llu joins %s", (unsigned long long) peer->instance, name);
    return true;
}

static void remove_worker(broker_t *self, peer_t *peer)
{
    lane_t *lane = peer->lane;
    if (!lane)
        return;
    uint32_t lost = peer->serving;
    lane_leave(lane, peer);
    if (lane->worker_count == 0)
        lane->hopeless_ms = self->now_us / 1000 + self->options->absent_ms;
    log_write(lost ? LOG_WARN : LOG_INFO, "worker %llu of %s is gone with %u open calls",
              (unsigned long long) peer->instance, lane->name, lost);
}

/* Ends what a peer has to do with: what it served is answered, what it asked is cancelled. */
static void drop_calls(broker_t *self, peer_t *peer)
{
    size_t cursor = 0;
    open_call_t *call;
    while ((peer->serving || peer->asked) && (call = calls_each(self->calls, &cursor))) {
        if (call->asker == peer)
            cancel(self, call);
        else if (call->worker == peer)
            refuse_call(self, call, REFUSAL_WORKER_LOST);
    }
    CHECK(peer->serving == 0 && peer->asked == 0);
}

static void forget(broker_t *self, peer_t *peer)
{
    remove_worker(self, peer);
    drop_calls(self, peer);
    peers_remove(self->peers, &peer);
}

void peer_send_away(broker_t *self, peer_t *peer)
{
    drop_calls(self, peer);
    say_bye(self, peer);
    peer->joined = false;
    peer->told = true;
}

/* Forgetting one may find others gone. */
static void forget_gone(broker_t *self)
{
    while (self->gone > 0)
        for (size_t i = peers_count(self->peers); i-- > 0;)
            if (peers_at(self->peers, i)->gone) {
                forget(self, peers_at(self->peers, i));
                self->gone--;
            }
}

/* --- time ------------------------------------------------------------------- */

static void look_at_clock(broker_t *self)
{
    self->now_us = clock_mono_us();
    self->wall_ms = clock_now_ms();
}

/* Calls whose time is up. */
static void sweep_calls(broker_t *self)
{
    int64_t now_ms = self->now_us / 1000;
    size_t cursor = 0;
    open_call_t *call;
    while (calls_count(self->calls) > 0 && (call = calls_each(self->calls, &cursor)))
        if (call->deadline_ms + (call->waiting ? 0 : GRACE_MS) <= now_ms)
            refuse_call(self, call, REFUSAL_DEADLINE);
}

/* Lanes that nobody serves any more. */
static void sweep_lanes(broker_t *self)
{
    size_t cursor = 0;
    lane_t *lane;
    while ((lane = lanes_each(self->lanes, &cursor))) {
        if (lane->worker_count > 0 || self->now_us / 1000 < lane->hopeless_ms)
            continue;
        while (lane->first)
            refuse_call(self, lane->first, REFUSAL_NO_SERVICE);
        own_lane_gauges(lane);
        lanes_remove(self->lanes, &lane);
    }
}

static void beat(broker_t *self)
{
    int64_t silent_ms = (int64_t) self->options->heartbeat_ms * SILENT_BEATS;
    for (size_t i = 0; i < peers_count(self->peers); i++) {
        peer_t *peer = peers_at(self->peers, i);
        if (self->now_us / 1000 - peer->heard_ms >= silent_ms)
            peer_gone(self, peer);
        else if (peer->joined)
            peer_say(self, peer, &(frame_t){.command = COMMAND_HEARTBEAT});
    }
}

static void tick(broker_t *self)
{
    int64_t now_ms = self->now_us / 1000;
    if (now_ms >= self->next_sweep_ms) {
        self->next_sweep_ms = now_ms + SWEEP_MS;
        sweep_calls(self);
        sweep_lanes(self);
    }
    if (now_ms >= self->next_beat_ms) {
        self->next_beat_ms = now_ms + self->options->heartbeat_ms;
        beat(self);
    }
    if (now_ms >= self->next_keys_ms) {
        self->next_keys_ms = now_ms + self->options->keys_ms;
        own_fetch_keys(self);
    }
}

static int next_tick_ms(const broker_t *self)
{
    int64_t next_ms = calls_count(self->calls) > 0 ? self->next_sweep_ms : self->next_beat_ms;
    int64_t wait_ms = next_ms - self->now_us / 1000;
    return wait_ms < 0 ? 0 : (int) wait_ms;
}

/* --- life ------------------------------------------------------------------- */

/* Takes what waits at both doors; gives whether there was anything. */
static bool drain_doors(broker_t *self)
{
    door_t *doors[2] = {&self->local, &self->department};
    bool any = false;
    for (int i = 0; i < 2; i++) {
        if (!doors[i]->socket)
            continue;
        int n = 0;
        while (n < BATCH_MAX && take_message(self, doors[i]))
            if (++n % CLOCK_EVERY == 0)
                look_at_clock(self);
        any = any || n > 0;
    }
    return any;
}

/* A turn of the loop; true: `stop_fd` is readable.
 *
 * We poll libzmq's descriptors ourselves, because zmq_poll() makes several system calls where one will
 * do.  They tell of edges, and sending swallows edges: so we sleep only after a turn in which the last
 * thing done with each socket was to find it empty. */
static bool turn(broker_t *self, int stop_fd)
{
    /* Without a table of keys nobody can be let in or refused: handshakes wait. */
    bool ask_zap = self->zap && self->grants;
    struct pollfd fds[4] = {
        {.fd = stop_fd, .events = POLLIN},
        {.fd = self->local.fd, .events = POLLIN},
        {.fd = self->department.fd, .events = POLLIN},
        {.fd = ask_zap ? self->zap_fd : -1, .events = POLLIN},
    };
    poll(fds, 4, self->awake ? 0 : next_tick_ms(self)); /* EINTR: an empty turn */
    look_at_clock(self);
    bool more = ask_zap && zap_handle(self->zap);
    tick(self);
    self->awake = drain_doors(self) || more;
    if (self->gone > 0) {
        forget_gone(self);
        self->awake = true;
    }
    return fds[0].revents != 0;
}

/* What we ask ourselves keeps nobody waiting. */
static void drop_own_calls(broker_t *self)
{
    size_t cursor = 0;
    for (open_call_t *call; (call = calls_each(self->calls, &cursor));)
        if (!call->asker)
            cancel(self, call);
}

static void say_to_all(broker_t *self, const frame_t *frame)
{
    for (size_t i = 0; i < peers_count(self->peers); i++)
        peer_say(self, peers_at(self->peers, i), frame);
}

/* Nobody sends calls that we would no longer read: all have said so, or had their time. */
static bool all_left(broker_t *self, int64_t since_ms)
{
    int64_t waited_ms = self->now_us / 1000 - since_ms;
    for (size_t i = 0; i < peers_count(self->peers); i++) {
        const peer_t *peer = peers_at(self->peers, i);
        if (!peer->left && waited_ms < (peer->door == &self->local ? LEAVE_LOCAL_MS : LEAVE_MS))
            return false;
    }
    return true;
}

void broker_run(broker_t *self, int stop_fd)
{
    while (!turn(self, stop_fd))
        continue;

    self->stopping = self->awake = true;
    drop_own_calls(self);
    log_info("stopping with %zu open calls", calls_count(self->calls));
    say_to_all(self, &(frame_t){.command = COMMAND_DRAIN});
    int64_t begin_ms = self->now_us / 1000, end_ms = begin_ms + self->options->stop_ms;
    self->next_sweep_ms = 0;
    while ((calls_count(self->calls) > 0 || !all_left(self, begin_ms)) &&
           self->now_us / 1000 < end_ms)
        turn(self, -1);
    say_to_all(self, &(frame_t){.command = COMMAND_BYE});
}

static bool decide(void *arg, const char public_key[ZAP_KEY_SIZE])
{
    const broker_t *self = arg;
    return grants_find(self->grants, public_key, self->wall_ms) != NULL;
}

static void set_int(void *socket, int option, int value)
{
    CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static int socket_fd(void *socket)
{
    int fd;
    size_t size = sizeof fd;
    CHECK(zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0);
    return fd;
}

static void door_open(broker_t *self, door_t *door, int hwm)
{
    void *socket = zmq_socket(self->context, ZMQ_ROUTER);
    CHECK(socket);
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    set_int(socket, ZMQ_SNDHWM, hwm);
    set_int(socket, ZMQ_RCVHWM, hwm);
    int64_t max = MESSAGE_BYTES_MAX;
    CHECK(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max) == 0);
    door->socket = socket;
    door->fd = socket_fd(socket);
}

/* The handler first: without one libzmq lets any key in. */
static bool open_department_door(broker_t *self)
{
    const broker_options_t *options = self->options;
    if (zap_open(self->context, decide, self, &self->zap) != STATUS_OK)
        return false;
    self->zap_fd = socket_fd(zap_socket(self->zap));
    door_open(self, &self->department, DEPARTMENT_HWM);
    void *socket = self->department.socket;
    set_int(socket, ZMQ_CURVE_SERVER, 1);
    set_int(socket, ZMQ_HANDSHAKE_IVL, 3000);
    set_int(socket, ZMQ_HEARTBEAT_IVL, 5000);
    set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 15000);
    set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
    set_int(socket, ZMQ_IPV6, 1);
    if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "departments", 11) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->keys->secret_key,
                       CURVE_KEY_SIZE - 1) != 0 ||
        zmq_bind(socket, options->department_endpoint) != 0)
        return false;
    size_t size = sizeof self->department_endpoint;
    return zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, self->department_endpoint, &size) == 0;
}

status_t broker_open(const broker_options_t *options, broker_t **ret, char *error,
                     size_t error_size)
{
    broker_t *self = xalloc(sizeof *self);
    self->options = options;
    self->department.department = true;
    self->department.fd = self->zap_fd = -1;
    self->awake = true; /* edges before the first turn */
    look_at_clock(self);
    self->started_ms = self->now_us / 1000;
    self->peers = peers_new(options->peers_max);
    self->calls = calls_new(options->calls_max);
    self->lanes = lanes_new();
    own_metrics(self);

    const char *endpoint = options->local_endpoint;
    self->context = zmq_ctx_new();
    CHECK(self->context);
    CHECK(zmq_ctx_set(self->context, ZMQ_MAX_SOCKETS, 64) == 0);
    door_open(self, &self->local, LOCAL_HWM);
    if (zmq_bind(self->local.socket, endpoint) != 0)
        goto fail;

    endpoint = options->department_endpoint;
    if (!text_empty(endpoint)) {
        CHECK(options->keys);
        if (!open_department_door(self))
            goto fail;
    }
    *ret = self;
    return STATUS_OK;

fail:
    snprintf(error, error_size, "cannot bind '%s': %s", endpoint, zmq_strerror(errno));
    broker_close(&self);
    return STATUS_UNAVAILABLE;
}

void broker_close(broker_t **self_p)
{
    broker_t *self = *self_p;
    if (!self)
        return;
    calls_free(&self->calls);
    lanes_free(&self->lanes);
    peers_free(&self->peers);
    grants_free(&self->grants);
    if (self->local.socket)
        zmq_close(self->local.socket);
    if (self->department.socket)
        zmq_close(self->department.socket);
    zap_close(&self->zap);
    zmq_ctx_term(self->context);
    free(self);
    *self_p = NULL;
}

const char *broker_department_endpoint(const broker_t *self)
{
    return self->department_endpoint;
}
