/* peers.c - see peers.h. */
#include "peers.h"
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "table.h"

#define KEY_SIZE (1 + PEER_IDENTITY_SIZE)

struct peers {
    table_t *by_identity; /* door and identity */
    peer_t **all;
    size_t count, limit;
    uint64_t instances;
};

peers_t *peers_new(size_t limit)
{
    peers_t *self = xalloc(sizeof *self);
    self->by_identity = table_new(limit);
    self->all = xalloc(limit * sizeof *self->all);
    self->limit = limit;
    return self;
}

void peers_free(peers_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->count; i++)
        free((*self)->all[i]);
    table_free(&(*self)->by_identity);
    free((*self)->all);
    free(*self);
    *self = NULL;
}

/* Two doors number their connections apart from each other. */
static void make_key(const door_t *door, const uint8_t *identity, uint8_t key[KEY_SIZE])
{
    key[0] = door->department;
    memcpy(key + 1, identity, PEER_IDENTITY_SIZE);
}

peer_t *peers_find(const peers_t *self, const door_t *door,
                   const uint8_t identity[PEER_IDENTITY_SIZE])
{
    uint8_t key[KEY_SIZE];
    make_key(door, identity, key);
    return table_get(self->by_identity, key, sizeof key);
}

peer_t *peers_add(peers_t *self, door_t *door, const uint8_t identity[PEER_IDENTITY_SIZE])
{
    if (self->count == self->limit)
        return NULL;
    peer_t *peer = xalloc(sizeof *peer);
    peer->door = door;
    memcpy(peer->identity, identity, PEER_IDENTITY_SIZE);
    peer->instance = ++self->instances;
    uint8_t key[KEY_SIZE];
    make_key(door, identity, key);
    CHECK(table_set(self->by_identity, key, sizeof key, peer));
    self->all[self->count++] = peer;
    return peer;
}

void peers_remove(peers_t *self, peer_t **peer)
{
    uint8_t key[KEY_SIZE];
    make_key((*peer)->door, (*peer)->identity, key);
    CHECK(table_remove(self->by_identity, key, sizeof key) == *peer);
    size_t i = 0;
    while (self->all[i] != *peer)
        i++;
    self->all[i] = self->all[--self->count];
    free(*peer);
    *peer = NULL;
}

size_t peers_count(const peers_t *self)
{
    return self->count;
}

peer_t *peers_at(const peers_t *self, size_t index)
{
    return self->all[index];
}

uint32_t peer_credit(const peer_t *peer)
{
    return peer->draining || peer->gone || peer->held >= peer->window ? 0
                                                                      : peer->window - peer->held;
}
