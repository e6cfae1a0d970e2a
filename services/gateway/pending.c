#include "pending.h"

#include <stdlib.h>

#include "check.h"
#include "clock.h"

#define SLOT_BITS 16
#define PAUSE     (-1)

typedef struct {
    uint64_t generation;
    pending_done_t done; /* NULL: free */
    void *owner;
    int64_t deadline_ms;
    uint32_t heap_at; /* where it is in the heap */
    uint32_t next_free;
    int broker; /* where the call went; PAUSE: not a call */
} slot_t;

struct pending {
    link_t *link;
    slot_t *slots;
    uint32_t *heap; /* slots, the earliest deadline first */
    size_t slot_count;
    size_t open;   /* = size of the heap */
    uint32_t free; /* first free slot; slot_count: none */
    bool alive;
    int64_t dead_since_ms;
    int64_t ticked_ms;
};

pending_t *pending_new(link_t **link, size_t slots)
{
    CHECK(slots > 0 && slots < 1u << SLOT_BITS);
    pending_t *self = xalloc(sizeof *self);
    self->link = *link;
    *link = NULL;
    self->slot_count = slots;
    self->slots = xalloc(slots * sizeof *self->slots);
    self->heap = xalloc(slots * sizeof *self->heap);
    for (size_t i = 0; i < slots; i++)
        self->slots[i].next_free = (uint32_t) i + 1;
    self->dead_since_ms = clock_mono_ms();
    return self;
}

void pending_free(pending_t **self)
{
    if (!*self)
        return;
    link_close(&(*self)->link);
    free((*self)->slots);
    free((*self)->heap);
    free(*self);
    *self = NULL;
}

/* --- the heap ------------------------------------------------------------------------ */

static bool earlier(const pending_t *self, uint32_t a, uint32_t b)
{
    return self->slots[a].deadline_ms < self->slots[b].deadline_ms;
}

static void heap_set(pending_t *self, size_t at, uint32_t slot)
{
    self->heap[at] = slot;
    self->slots[slot].heap_at = (uint32_t) at;
}

static void heap_up(pending_t *self, size_t at)
{
    uint32_t slot = self->heap[at];
    while (at && earlier(self, slot, self->heap[(at - 1) / 2])) {
        heap_set(self, at, self->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(self, at, slot);
}

static void heap_down(pending_t *self, size_t at)
{
    uint32_t slot = self->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= self->open)
            break;
        if (child + 1 < self->open && earlier(self, self->heap[child + 1], self->heap[child]))
            child++;
        if (!earlier(self, self->heap[child], slot))
            break;
        heap_set(self, at, self->heap[child]);
        at = child;
    }
    heap_set(self, at, slot);
}

static ticket_t slot_take(pending_t *self, uint32_t ms, pending_done_t done, void *owner)
{
    uint32_t at = self->free;
    if (at == self->slot_count)
        return 0;
    slot_t *slot = &self->slots[at];
    self->free = slot->next_free;
    slot->generation++;
    slot->done = done;
    slot->owner = owner;
    slot->deadline_ms = clock_mono_ms() + ms;
    slot->broker = PAUSE;
    heap_set(self, self->open++, at);
    heap_up(self, self->open - 1);
    return slot->generation << SLOT_BITS | at;
}

static void slot_free(pending_t *self, uint32_t at)
{
    slot_t *slot = &self->slots[at];
    size_t hole = slot->heap_at;
    uint32_t last = self->heap[--self->open];
    if (last != at) {
        heap_set(self, hole, last);
        heap_up(self, hole);
        heap_down(self, self->slots[last].heap_at);
    }
    slot->done = NULL;
    slot->next_free = self->free;
    self->free = at;
}

static slot_t *slot_of(pending_t *self, ticket_t ticket)
{
    size_t at = ticket & ((1u << SLOT_BITS) - 1);
    if (at >= self->slot_count)
        return NULL;
    slot_t *slot = &self->slots[at];
    return slot->done && slot->generation == ticket >> SLOT_BITS ? slot : NULL;
}

static ticket_t ticket_of(const pending_t *self, const slot_t *slot)
{
    return slot->generation << SLOT_BITS | (ticket_t) (slot - self->slots);
}

static void slot_finish(pending_t *self, slot_t *slot, const reply_t *reply)
{
    pending_done_t done = slot->done;
    void *owner = slot->owner;
    slot_free(self, (uint32_t) (slot - self->slots));
    done(owner, reply);
}

/* --- asking -------------------------------------------------------------------------- */

status_t pending_ask(pending_t *self, const char *method, uint32_t timeout_ms, const void *meta,
                     size_t meta_size, const void *body, size_t body_size, pending_done_t done,
                     void *owner, ticket_t *ret)
{
    ticket_t ticket = slot_take(self, timeout_ms, done, owner);
    if (!ticket)
        return STATUS_RESOURCE_EXHAUSTED;
    slot_t *slot = slot_of(self, ticket);
    status_t status = link_call(self->link, ticket, method, timeout_ms, meta, meta_size, body,
                                body_size, &slot->broker);
    if (status != STATUS_OK) {
        slot_free(self, (uint32_t) (slot - self->slots));
        return status;
    }
    *ret = ticket;
    return STATUS_OK;
}

status_t pending_pause(pending_t *self, uint32_t ms, pending_done_t done, void *owner,
                       ticket_t *ret)
{
    ticket_t ticket = slot_take(self, ms, done, owner);
    if (!ticket)
        return STATUS_RESOURCE_EXHAUSTED;
    *ret = ticket;
    return STATUS_OK;
}

void pending_cancel(pending_t *self, ticket_t ticket)
{
    slot_t *slot = slot_of(self, ticket);
    if (!slot)
        return;
    if (slot->broker != PAUSE)
        link_cancel(self->link, slot->broker, ticket);
    slot_free(self, (uint32_t) (slot - self->slots));
}

/* A broker is gone: what was asked of it will not be answered. */
static size_t lose(pending_t *self, int broker)
{
    static const reply_t lost = {STATUS_UNAVAILABLE, NULL, 0};
    size_t count = 0;
    for (size_t i = 0; i < self->slot_count && self->open; i++)
        if (self->slots[i].done && self->slots[i].broker == broker) {
            slot_finish(self, &self->slots[i], &lost);
            count++;
        }
    return count;
}

static size_t answer(pending_t *self, const link_message_t *message)
{
    slot_t *slot = slot_of(self, message->frame.call);
    if (!slot)
        return 0; /* cancelled, or too late */
    reply_t reply = {message->frame.status, message->body, message->body_size};
    slot_finish(self, slot, &reply);
    return 1;
}

size_t pending_drain(pending_t *self)
{
    link_message_t message;
    size_t count = 0;
    while (link_receive(self->link, &message)) {
        if (message.frame.command == COMMAND_ANSWER)
            count += answer(self, &message);
        else if (message.frame.command == COMMAND_BYE)
            count += lose(self, message.broker);
        link_message_free(&message);
    }
    return count;
}

size_t pending_tick(pending_t *self, int64_t mono_ms)
{
    static const reply_t late = {STATUS_DEADLINE_EXCEEDED, NULL, 0}, good = {STATUS_OK, NULL, 0};
    size_t count = 0;

    while (self->open) {
        slot_t *slot = &self->slots[self->heap[0]];
        if (slot->deadline_ms > mono_ms)
            break;
        if (slot->broker != PAUSE)
            link_cancel(self->link, slot->broker, ticket_of(self, slot));
        slot_finish(self, slot, slot->broker != PAUSE ? &late : &good);
        count++;
    }
    /* Heartbeats are by the second; asking the link each 100 ms keeps a restart short. */
    if (mono_ms - self->ticked_ms < 100)
        return count;
    self->ticked_ms = mono_ms;
    link_tick(self->link, mono_ms);
    bool alive = link_alive(self->link);
    if (alive != self->alive) {
        self->alive = alive;
        self->dead_since_ms = alive ? 0 : mono_ms;
    }
    return count;
}

int pending_next_ms(const pending_t *self, int64_t mono_ms, int most)
{
    if (!self->open)
        return most;
    int64_t left = self->slots[self->heap[0]].deadline_ms - mono_ms;
    return left < 0 ? 0 : left < most ? (int) left : most;
}

size_t pending_open(const pending_t *self)
{
    return self->open;
}

int pending_fd(const pending_t *self)
{
    return link_fd(self->link);
}

bool pending_alive(const pending_t *self)
{
    return self->alive;
}

int64_t pending_dead_since_ms(const pending_t *self)
{
    return self->dead_since_ms;
}
