/* own.c - what the broker does as a service and as an asker: its methods, the table of keys, metrics.
 *
 * To add a method: proto/yiwang/broker.proto, a row in METHODS, its function. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "broker_private.h"
#include "buffer.h"
#include "check.h"
#include "log.h"
#include "message.h"
#include "text.h"
#include "yiwang/broker.pb-c.h"
#include "yiwang/common.pb-c.h"
#include "yiwang/envelope.pb-c.h"

#define KEYS_TIMEOUT_MS    5000
#define ANSWER_ARENA_BYTES (4u << 20)
#define METRICS_BYTES_MAX  1000000
#define WORKERS_MAX        1000 /* listed; broker.proto */

/* --- metrics ---------------------------------------------------------------- */

void own_metrics(broker_t *self)
{
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "reason=\"%s\"", refusal_code(i));
        self->metrics.refused[i] =
            metric_counter("yiwang_bus_refused_total", labels, "Calls the broker answered itself.");
    }
    self->metrics.malformed =
        metric_counter("yiwang_bus_malformed_total", "", "Frames that were none.");
    self->metrics.unheard = metric_counter(
        "yiwang_bus_unheard_total", "", "Messages of connections without a place or a right name.");
    self->metrics.dropped =
        metric_counter("yiwang_bus_dropped_total", "", "Messages to peers that do not read.");
    self->metrics.late =
        metric_counter("yiwang_bus_late_answers_total", "", "Answers nobody waited for any more.");
    self->metrics.keys_failed = metric_counter("yiwang_bus_key_fetches_failed_total", "",
                                               "Times identity did not give its key table.");
    self->metrics.peers = metric_gauge("yiwang_bus_peers", "", "Connections.");
    self->metrics.open_calls =
        metric_gauge("yiwang_bus_open_calls", "", "Calls waiting or with a worker.");
    self->metrics.keys = metric_gauge("yiwang_bus_keys", "", "Keys of department systems.");
    self->metrics.zap_refused = metric_gauge("yiwang_bus_unknown_keys", "",
                                             "Connections refused for their key since the start.");
}

void own_lane_gauges(const lane_t *lane)
{
    if (!lane->calls)
        return;
    metric_set(lane->waiting_gauge, lane->waiting);
    metric_set(lane->bytes_gauge, (int64_t) lane->bytes);
    metric_set(lane->workers_gauge, (int64_t) lane->worker_count);
}

static void set_gauges(broker_t *self)
{
    size_t cursor = 0;
    for (lane_t *lane; (lane = lanes_each(self->lanes, &cursor));)
        own_lane_gauges(lane);
    metric_set(self->metrics.peers, (int64_t) peers_count(self->peers));
    metric_set(self->metrics.open_calls, (int64_t) calls_count(self->calls));
    metric_set(self->metrics.keys, self->grants ? (int64_t) grants_count(self->grants) : 0);
    metric_set(self->metrics.zap_refused, self->zap ? (int64_t) zap_refused(self->zap) : 0);
}

/* --- methods ---------------------------------------------------------------- */

static void answer(broker_t *self, peer_t *peer, uint64_t call, const ProtobufCMessage *out)
{
    zmq_msg_t body;
    CHECK(zmq_msg_init_size(&body, protobuf_c_message_get_packed_size(out)) == 0);
    protobuf_c_message_pack(out, zmq_msg_data(&body));
    peer_answer(self, peer, call, STATUS_OK, &body);
}

static void describe_worker(const broker_t *self, const peer_t *peer, Broker__Worker *out)
{
    broker__worker__init(out);
    out->service = peer->lane->name;
    out->instance = peer->instance;
    out->window = peer->window;
    out->credit = peer_credit(peer);
    out->draining = peer->draining;
    out->heard_ms_ago = self->now_us / 1000 - peer->heard_ms;
}

static void describe_queue(const lane_t *lane, Broker__ServiceQueue *out)
{
    broker__service_queue__init(out);
    out->service = lane->name;
    out->calls = lane->waiting;
    out->bytes = lane->bytes;
    out->workers = (uint32_t) lane->worker_count;
}

static void list_workers(broker_t *self, peer_t *asker, uint64_t call)
{
    arena_t *arena = arena_new(ANSWER_ARENA_BYTES);
    Broker__WorkerList out = BROKER__WORKER_LIST__INIT;
    out.workers = ARRAY(arena, Broker__Worker *, WORKERS_MAX);
    out.queues = ARRAY(arena, Broker__ServiceQueue *, LANES_MAX);
    for (size_t i = 0; i < peers_count(self->peers) && out.n_workers < WORKERS_MAX; i++) {
        const peer_t *peer = peers_at(self->peers, i);
        out.askers += peer->joined && !peer->lane && !peer->gone && peer->door == &self->local;
        if (!peer->lane || peer->gone)
            continue;
        Broker__Worker *worker = ARRAY(arena, Broker__Worker, 1);
        CHECK(worker);
        describe_worker(self, peer, worker);
        out.workers[out.n_workers++] = worker;
    }
    size_t cursor = 0;
    for (lane_t *lane; (lane = lanes_each(self->lanes, &cursor));) {
        Broker__ServiceQueue *queue = ARRAY(arena, Broker__ServiceQueue, 1);
        CHECK(queue);
        describe_queue(lane, queue);
        out.queues[out.n_queues++] = queue;
    }
    answer(self, asker, call, &out.base);
    arena_free(&arena);
}

static void get_metrics(broker_t *self, peer_t *asker, uint64_t call)
{
    set_gauges(self);
    buffer_t text = buffer_new(METRICS_BYTES_MAX);
    metrics_print(&text);
    Broker__Metrics out = BROKER__METRICS__INIT;
    if (text.size > 0 && !text.full)
        out.text = text.data;
    answer(self, asker, call, &out.base);
    buffer_free(&text);
}

/* The event says only that something changed; the table is fetched whole. */
static void on_system_keys_changed(broker_t *self, peer_t *asker, uint64_t call)
{
    own_fetch_keys(self);
    Yw__Empty out = YW__EMPTY__INIT;
    answer(self, asker, call, &out.base);
}

static const struct {
    const char *name;
    void (*run)(broker_t *self, peer_t *asker, uint64_t call);
} METHODS[] = {
    {"broker.ListWorkers", list_workers},
    {"broker.GetMetrics", get_metrics},
    {"broker.OnSystemKeysChanged", on_system_keys_changed},
};

bool own_call(broker_t *self, peer_t *peer, const frame_t *frame)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++)
        if (text_equal(METHODS[i].name, frame->name)) {
            METHODS[i].run(self, peer, frame->call);
            return true;
        }
    return false;
}

/* --- the table of keys ------------------------------------------------------- */

void own_fetch_keys(broker_t *self)
{
    if (!self->department.socket || self->stopping)
        return;
    if (self->fetching) {
        self->fetch_again = true; /* the open call may have been answered before the change */
        return;
    }
    uint8_t packed[64];
    Yw__Meta meta = YW__META__INIT;
    meta.service = "broker";
    CHECK(protobuf_c_message_get_packed_size(&meta.base) <= sizeof packed);
    size_t size = protobuf_c_message_pack(&meta.base, packed);

    zmq_msg_t meta_part, body_part;
    zmq_msg_init_size(&meta_part, size);
    memcpy(zmq_msg_data(&meta_part), packed, size);
    zmq_msg_init(&body_part); /* an Empty has no bytes */
    frame_t frame = {.command = COMMAND_CALL, .timeout_ms = KEYS_TIMEOUT_MS};
    text_copy(frame.name, sizeof frame.name, "identity.ListSystemKeys");
    refusal_t refusal;
    self->fetching = true; /* the answer may come within broker_ask() */
    if (broker_ask(self, NULL, "", &frame, &meta_part, &body_part, &refusal) != STATUS_OK) {
        self->fetching = false;
        metric_add(self->metrics.keys_failed, 1);
    }
    zmq_msg_close(&meta_part);
    zmq_msg_close(&body_part);
}

/* Connections whose key is no longer there leave with what they had open. */
static void send_away_revoked(broker_t *self)
{
    for (size_t i = 0; i < peers_count(self->peers); i++) {
        peer_t *peer = peers_at(self->peers, i);
        if (!peer->door->department || !peer->joined ||
            grants_find(self->grants, peer->key, self->wall_ms))
            continue;
        log_info("key %s is not valid any more", peer->key);
        peer_send_away(self, peer);
    }
}

void own_answered(broker_t *self, status_t status, const void *body, size_t size)
{
    self->fetching = false;
    if (self->fetch_again) {
        self->fetch_again = false;
        self->next_keys_ms = 0;
    }
    size_t left_out = 0;
    grants_t *grants = status == STATUS_OK ? grants_read(body, size, &left_out) : NULL;
    if (!grants) {
        metric_add(self->metrics.keys_failed, 1);
        log_warn("identity gives no key table: %s; the last one stays", status_name(status));
        return;
    }
    if (left_out > 0)
        log_warn("%zu keys have ids that fit into no sender", left_out);
    if (!self->grants)
        log_info("key table with %zu keys is there", grants_count(grants));
    grants_free(&self->grants);
    self->grants = grants;
    send_away_revoked(self);
}
