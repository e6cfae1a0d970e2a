/* pump.c - brings committed events to their subscribers until each has committed.
 *
 * The bus thread reads what is due (outbox_due gives the first open delivery of
 * each subscriber and key, so one key stays in order), sends each as an ordinary
 * call, and posts a job to the writer that ticks it off or notes the failure.  A
 * crash at any line repeats a delivery at worst; the subscriber's inbox makes the
 * repetition harmless. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "fault.h"
#include "server_internal.h"
#include "text.h"

#define PUMP_TIMEOUT_MS 10000
/* Between two looks when a delivery could not be noted (disk full): no hot loop. */
#define PUMP_PAUSE_MS 500

static flight_t *flight_free(server_t *self)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (self->flights[i].state == DELIVERY_FREE)
            return &self->flights[i];
    return NULL;
}

static bool is_flying(const server_t *self, const delivery_t *delivery)
{
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (self->flights[i].state != DELIVERY_FREE && self->flights[i].seq == delivery->seq &&
            text_equal(self->flights[i].subscriber, delivery->subscriber))
            return true;
    return false;
}

static status_t mark(job_t *job, store_t *store)
{
    flight_t *self = (flight_t *) job;
    if (self->status == STATUS_OK)
        return outbox_done(store, self->seq, self->subscriber);
    return outbox_failed(store, self->seq, self->subscriber, self->counts, self->error,
                         self->now_ms);
}

static void marked(job_t *job, status_t status)
{
    flight_t *self = (flight_t *) job;
    self->job.status = status;
    CHECK(queue_put(self->server->done, &job->node));
}

/* Bus thread: the mark is committed (or not: then the delivery is simply sent again). */
void pump_marked(server_t *self, job_t *job)
{
    flight_t *flight = (flight_t *) job;
    flight->state = DELIVERY_FREE;
    self->pump_due_ms = job->status == STATUS_OK ? 0 : clock_now_ms() + PUMP_PAUSE_MS;
}

bool pump_is_mine(const server_t *self, const job_t *job)
{
    const char *at = (const char *) job;
    return at >= (const char *) self->flights &&
           at < (const char *) (self->flights + DELIVERIES_MAX);
}

void pump_answered(flight_t *flight, status_t status, ProtobufCBinaryData body)
{
    CHECK(flight->state == DELIVERY_SENT);
    server_t *server = flight->server;

    FAULT_POINT("pump.before_mark");
    flight->state = DELIVERY_MARKING;
    flight->status = status;
    flight->now_ms = clock_now_ms();
    /* Away, overloaded or too slow is nobody's fault; anything else is a refusal. */
    flight->counts = status != STATUS_OK && status != STATUS_UNAVAILABLE &&
                     status != STATUS_DEADLINE_EXCEEDED && status != STATUS_CANCELLED;
    snprintf(flight->error, sizeof flight->error, "%s", status_name(status));
    if (flight->counts) {
        arena_t *arena = arena_new(64 << 10);
        Yw__Status *failure =
            (Yw__Status *) message_unpack(&yw__status__descriptor, arena, body.data, body.len);
        if (failure)
            snprintf(flight->error, sizeof flight->error, "%s %s: %s", status_name(status),
                     failure->code, failure->message);
        arena_free(&arena);
        log_warn("event %lld refused by %s: %s", (long long) flight->seq, flight->subscriber,
                 flight->error);
    }
    flight->job.run = mark;
    flight->job.done = marked;
    if (!writer_post(server->writer, &flight->job)) {
        flight->state = DELIVERY_FREE;
        server->pump_due_ms = clock_now_ms() + PUMP_PAUSE_MS;
    }
}

static bool fly(server_t *self, const delivery_t *delivery, arena_t *arena)
{
    flight_t *flight = flight_free(self);
    if (!flight)
        return false;

    Yw__Meta meta = YW__META__INIT;
    meta.service = self->service->name;
    meta.event_source = self->service->name;
    meta.event_seq = delivery->seq;
    ProtobufCBinaryData packed = message_pack(&meta.base, arena);
    if (!packed.data)
        return false;

    flight->server = self;
    flight->seq = delivery->seq;
    flight->state = DELIVERY_SENT;
    CHECK(text_copy(flight->subscriber, sizeof flight->subscriber, delivery->subscriber));
    FAULT_POINT("pump.before_send");
    if (!outgoing_send(self, NULL, flight, delivery->subscriber, PUMP_TIMEOUT_MS, packed,
                       delivery->body))
        pump_answered(flight, STATUS_UNAVAILABLE, (ProtobufCBinaryData){0, NULL});
    return true;
}

void pump_run(server_t *self)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms < self->pump_due_ms || self->stopping)
        return;

    arena_t *arena = arena_new(DELIVERIES_MAX * (size_t) FRAME_BODY_MAX);
    delivery_t *list = NULL;
    size_t count = 0;
    store_snapshot_begin(self->bus_store);
    /* Those on their way are still due in the table, hence twice as many. */
    status_t status = outbox_due(self->bus_store, now_ms, 2 * DELIVERIES_MAX, arena, &list, &count);
    int64_t next_ms = outbox_next_ms(self->bus_store);
    store_snapshot_end(self->bus_store);
    if (status != STATUS_OK) {
        self->pump_due_ms = now_ms + PUMP_PAUSE_MS;
        count = 0;
    } else {
        /* What is due now is being dealt with: each answer comes back here. */
        self->pump_due_ms = next_ms > now_ms ? next_ms : now_ms + PUMP_PAUSE_MS;
    }
    for (size_t i = 0; i < count; i++)
        if (!is_flying(self, &list[i]) && !fly(self, &list[i], arena))
            break;
    arena_free(&arena);
}
