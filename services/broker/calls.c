/* calls.c - see calls.h.
 *
 * Places are used lowest first after a start and last freed first later, so a walk over all
 * open calls ends at the highest place ever used. */
#include "calls.h"
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "crypto.h"

#define PLACE_BITS 17
#define PLACE_MASK ((1u << PLACE_BITS) - 1)

struct calls {
    open_call_t *places;
    size_t limit;
    size_t top; /* places from here on were never used */
    size_t count;
    uint32_t first_free; /* place + 1 */
    uint64_t running;    /* upper bits of the next number */
    uint32_t *hash;      /* of (asker, asked_as): place + 1 */
    size_t hash_mask;
};

calls_t *calls_new(size_t limit)
{
    CHECK(limit > 0 && limit <= PLACE_MASK);
    calls_t *self = xalloc(sizeof *self);
    self->places = xalloc(limit * sizeof *self->places);
    self->limit = limit;
    size_t hash_size = 1;
    while (hash_size < limit)
        hash_size *= 2;
    self->hash = xalloc(hash_size * sizeof *self->hash);
    self->hash_mask = hash_size - 1;

    /* 47 bits run; from a random 44-bit start that is four years at a million calls a second. */
    uint32_t random;
    crypto_random(&random, sizeof random);
    self->running = 1 + ((uint64_t) random << 12);
    return self;
}

static void free_waiting(open_call_t *call)
{
    if (!call->waiting)
        return;
    zmq_msg_close(&call->waiting->meta);
    zmq_msg_close(&call->waiting->body);
    free(call->waiting);
    call->waiting = NULL;
}

void calls_free(calls_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->top; i++)
        free_waiting(&(*self)->places[i]);
    free((*self)->places);
    free((*self)->hash);
    free(*self);
    *self = NULL;
}

static uint32_t *bucket(const calls_t *self, const peer_t *asker, uint64_t asked_as)
{
    uint64_t mixed = ((uintptr_t) asker >> 4 ^ asked_as) * 0x9e3779b97f4a7c15u;
    return &self->hash[(mixed >> 32) & self->hash_mask];
}

open_call_t *calls_open(calls_t *self, peer_t *asker, uint64_t asked_as)
{
    open_call_t *call;
    if (self->first_free) {
        call = &self->places[self->first_free - 1];
        self->first_free = call->next_free;
    } else if (self->top < self->limit) {
        call = &self->places[self->top++];
    } else {
        return NULL;
    }
    uint32_t place = (uint32_t) (call - self->places);
    memset(call, 0, sizeof *call);
    call->number = self->running++ << PLACE_BITS | place;
    call->asker = asker;
    call->asked_as = asked_as;
    uint32_t *chain = bucket(self, asker, asked_as);
    call->next_same = *chain;
    *chain = place + 1;
    self->count++;
    if (asker)
        asker->asked++;
    return call;
}

void calls_close(calls_t *self, open_call_t *call)
{
    CHECK(call->number && !call->next && !call->previous);
    uint32_t place = (uint32_t) (call - self->places);
    uint32_t *link = bucket(self, call->asker, call->asked_as);
    while (*link != place + 1)
        link = &self->places[*link - 1].next_same;
    *link = call->next_same;

    if (call->asker)
        call->asker->asked--;
    if (call->worker)
        call->worker->serving--;
    free_waiting(call);
    call->number = 0;
    call->next_free = self->first_free;
    self->first_free = place + 1;
    self->count--;
}

open_call_t *calls_find(const calls_t *self, uint64_t number)
{
    size_t place = number & PLACE_MASK;
    if (!number || place >= self->top || self->places[place].number != number)
        return NULL;
    return &self->places[place];
}

open_call_t *calls_find_asked(const calls_t *self, const peer_t *asker, uint64_t asked_as)
{
    for (uint32_t at = *bucket(self, asker, asked_as); at; at = self->places[at - 1].next_same) {
        open_call_t *call = &self->places[at - 1];
        if (call->asker == asker && call->asked_as == asked_as)
            return call;
    }
    return NULL;
}

size_t calls_count(const calls_t *self)
{
    return self->count;
}

open_call_t *calls_each(const calls_t *self, size_t *cursor)
{
    while (*cursor < self->top) {
        open_call_t *call = &self->places[(*cursor)++];
        if (call->number)
            return call;
    }
    return NULL;
}
