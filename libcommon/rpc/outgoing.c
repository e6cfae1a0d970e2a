/* outgoing.c - calls that this process makes: questions of its handlers, deliveries of events.
 *
 * The bus thread alone sends; a reader that asks puts the question into a queue
 * and sleeps until the bus thread completes it. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "server_internal.h"

/* How long a question may take when the asking call has all its time left. */
#define ASK_TIMEOUT_MS 3000

static slot_t *slot_take(server_t *self)
{
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        slot_t *slot = &self->slots[self->slot_next];
        self->slot_next = (self->slot_next + 1) % SLOTS_MAX;
        if (!slot->used) {
            slot->used = true;
            self->slots_used++;
            slot->generation++;
            slot->ask = NULL;
            slot->flight = NULL;
            return slot;
        }
    }
    return NULL;
}

static uint64_t slot_call(const server_t *self, const slot_t *slot)
{
    return (uint64_t) slot->generation << 32 | (uint64_t) (slot - self->slots);
}

static void ask_complete(ask_t *ask, status_t status, ProtobufCBinaryData body)
{
    pthread_mutex_lock(&ask->lock);
    ask->status = status;
    ask->answer.len = body.len;
    ask->answer.data = (uint8_t *) arena_copy(ask->arena, body.data, body.len);
    if (!ask->answer.data)
        ask->status = STATUS_RESOURCE_EXHAUSTED;
    ask->done = true;
    pthread_cond_signal(&ask->ready);
    pthread_mutex_unlock(&ask->lock);
}

static void slot_give(server_t *self, slot_t *slot)
{
    slot->used = false;
    slot->ask = NULL;
    slot->flight = NULL;
    self->slots_used--;
}

static void complete(server_t *self, slot_t *slot, status_t status, ProtobufCBinaryData body)
{
    ask_t *ask = slot->ask;
    flight_t *flight = slot->flight;
    slot_give(self, slot);
    if (ask)
        ask_complete(ask, status, body);
    else
        pump_answered(flight, status, body);
}

bool outgoing_send(server_t *self, ask_t *ask, flight_t *flight, const char *method,
                   uint32_t timeout_ms, ProtobufCBinaryData meta, ProtobufCBinaryData body)
{
    slot_t *slot = slot_take(self);
    if (!slot)
        return false;
    slot->ask = ask;
    slot->flight = flight;
    slot->deadline_ms = clock_mono_ms() + timeout_ms;
    if (link_call(self->link, slot_call(self, slot), method, timeout_ms, meta.data, meta.len,
                  body.data, body.len, &slot->broker) == STATUS_OK)
        return true;
    slot_give(self, slot);
    return false;
}

void outgoing_answer(server_t *self, const link_message_t *message)
{
    uint32_t index = (uint32_t) message->frame.call;
    if (index >= SLOTS_MAX || !self->slots[index].used ||
        slot_call(self, &self->slots[index]) != message->frame.call)
        return; /* its time was up */
    ProtobufCBinaryData body = {message->body_size, (uint8_t *) message->body};
    complete(self, &self->slots[index], message->frame.status, body);
}

void outgoing_expire(server_t *self, int64_t mono_ms)
{
    for (size_t i = 0; i < SLOTS_MAX && self->slots_used; i++)
        if (self->slots[i].used && mono_ms >= self->slots[i].deadline_ms) {
            link_cancel(self->link, self->slots[i].broker, slot_call(self, &self->slots[i]));
            complete(self, &self->slots[i], STATUS_DEADLINE_EXCEEDED,
                     (ProtobufCBinaryData){0, NULL});
        }
}

void outgoing_lost(server_t *self, int broker)
{
    for (size_t i = 0; i < SLOTS_MAX && self->slots_used; i++)
        if (self->slots[i].used && self->slots[i].broker == broker)
            complete(self, &self->slots[i], STATUS_UNAVAILABLE, (ProtobufCBinaryData){0, NULL});
}

void outgoing_take_asks(server_t *self)
{
    for (queue_node_t *node; (node = queue_take(self->asks, 0)) != NULL;) {
        ask_t *ask = (ask_t *) node;
        if (!outgoing_send(self, ask, NULL, ask->method, ask->timeout_ms, ask->meta, ask->body))
            ask_complete(ask, STATUS_UNAVAILABLE, (ProtobufCBinaryData){0, NULL});
    }
}

/* --- on the asking thread --------------------------------------------------------- */

static status_t ask(void *arg, call_t *call, const char *method, const ProtobufCMessage *in,
                    const ProtobufCMessageDescriptor *out, const ProtobufCMessage **ret)
{
    server_t *self = arg;
    if (pthread_equal(pthread_self(), self->bus_thread)) {
        atomic_store(&internal_of(call)->entry->asks,
                     true); /* read_at_once() sends it to a reader */
        return STATUS_ABORTED;
    }
    ticket_t *ticket = (ticket_t *) ((char *) call - offsetof(ticket_t, call));
    int64_t left_ms = ticket->deadline_ms - clock_mono_ms();
    Yw__Meta meta = YW__META__INIT;

    if (left_ms <= 0)
        return STATUS_DEADLINE_EXCEEDED;
    meta.service = self->service->name;
    meta.traceparent = call->traceparent;
    ask_t question = {
        .method = method,
        .meta = message_pack(&meta.base, call->arena),
        .body = message_pack(in, call->arena),
        .timeout_ms = (uint32_t) (left_ms < ASK_TIMEOUT_MS ? left_ms : ASK_TIMEOUT_MS),
        .arena = call->arena,
    };
    if (!question.meta.data || !question.body.data)
        return STATUS_RESOURCE_EXHAUSTED;
    pthread_mutex_init(&question.lock, NULL);
    pthread_cond_init(&question.ready, NULL);
    if (queue_put(self->asks, &question.node)) {
        pthread_mutex_lock(&question.lock);
        while (!question.done)
            pthread_cond_wait(&question.ready, &question.lock);
        pthread_mutex_unlock(&question.lock);
    } else {
        question.status = STATUS_UNAVAILABLE;
    }
    pthread_cond_destroy(&question.ready);
    pthread_mutex_destroy(&question.lock);

    if (question.status != STATUS_OK) {
        Yw__Status *failure = (Yw__Status *) message_unpack(
            &yw__status__descriptor, call->arena, question.answer.data, question.answer.len);
        call->failure = failure && failure->status == (int) question.status ? failure : NULL;
        return question.status;
    }
    ProtobufCMessage *answer =
        message_unpack(out, call->arena, question.answer.data, question.answer.len);
    if (!answer)
        return STATUS_INTERNAL;
    *ret = answer;
    return STATUS_OK;
}

/* Parking happens on the bus thread; the limit is looked at there, too. */
static bool may_wait(void *arg, call_t *call, uint32_t wait_ms)
{
    server_t *self = arg;
    ticket_t *ticket = (ticket_t *) ((char *) call - offsetof(ticket_t, call));
    int64_t now_ms = clock_mono_ms();

    (void) self;
    if (ticket->wait_until_ms == 0) {
        /* Room for the answer to travel back within the caller's time. */
        int64_t latest_ms = ticket->deadline_ms - 500;
        ticket->wait_until_ms = now_ms + wait_ms < latest_ms ? now_ms + wait_ms : latest_ms;
    }
    return now_ms < ticket->wait_until_ms;
}

const call_ops_t server_ops = {.ask = ask, .may_wait = may_wait};
