#include "table.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "check.h"

#define FIRST_CAPACITY 16

/* Open addressing with linear probing.  A removed slot keeps a tombstone until
 * the next rehash, so removing while walking moves nothing. */
typedef struct {
    char *key; /* NULL: empty or tombstone */
    size_t size;
    uint64_t hash;
    void *value;
    bool removed;
} slot_t;

struct table {
    slot_t *slots;
    size_t capacity; /* a power of two */
    size_t count;
    size_t filled; /* count and tombstones */
    size_t limit;
    uint64_t seed[2];
};

/* SipHash-1-3 (Aumasson, Bernstein): what the big languages key their tables with. */
#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))
static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[0] = ROTATE(v[0], 32);
    v[2] += v[3];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[2] = ROTATE(v[2], 32);
}

static uint64_t hash_of(const table_t *self, const void *key, size_t size)
{
    uint64_t v[4] = {
        self->seed[0] ^ 0x736f6d6570736575u,
        self->seed[1] ^ 0x646f72616e646f6du,
        self->seed[0] ^ 0x6c7967656e657261u,
        self->seed[1] ^ 0x7465646279746573u,
    };
    const unsigned char *at = key;
    for (size_t left = size;; left -= 8, at += 8) {
        uint64_t word = 0;
        memcpy(&word, at, left < 8 ? left : 8);
        if (left < 8)
            word |= (uint64_t) size << 56;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        if (left < 8)
            break;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

table_t *table_new(size_t limit)
{
    table_t *self = xalloc(sizeof *self);
    self->limit = limit;
    CHECK(getrandom(self->seed, sizeof self->seed, 0) == sizeof self->seed);
    return self;
}

void table_free(table_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->capacity; i++)
        free((*self)->slots[i].key);
    free((*self)->slots);
    free(*self);
    *self = NULL;
}

static slot_t *find(const table_t *self, uint64_t hash, const void *key, size_t size)
{
    if (!self->capacity)
        return NULL;
    size_t mask = self->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        slot_t *slot = &self->slots[i];
        if (!slot->key && !slot->removed)
            return NULL;
        if (slot->key && slot->hash == hash && slot->size == size &&
            (!size || memcmp(slot->key, key, size) == 0))
            return slot;
    }
}

void *table_get(const table_t *self, const void *key, size_t size)
{
    const slot_t *slot = find(self, hash_of(self, key, size), key, size);
    return slot ? slot->value : NULL;
}

static slot_t *free_slot(slot_t *slots, size_t capacity, uint64_t hash)
{
    size_t i = hash & (capacity - 1);
    while (slots[i].key)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

/* Keeps at least a quarter of the slots empty, so that every search ends soon. */
static bool make_room(table_t *self)
{
    if (self->filled + 1 <= self->capacity / 4 * 3)
        return true;
    size_t capacity = self->capacity ? self->capacity : FIRST_CAPACITY;
    while (self->count + 1 > capacity / 2)
        capacity *= 2;
    slot_t *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < self->capacity; i++)
        if (self->slots[i].key)
            *free_slot(slots, capacity, self->slots[i].hash) = self->slots[i];
    free(self->slots);
    self->slots = slots;
    self->capacity = capacity;
    self->filled = self->count;
    return true;
}

bool table_set(table_t *self, const void *key, size_t size, void *value)
{
    CHECK(value);
    uint64_t hash = hash_of(self, key, size);
    slot_t *slot = find(self, hash, key, size);
    if (slot) {
        slot->value = value;
        return true;
    }
    if (self->count >= self->limit || !make_room(self))
        return false;
    char *copy = malloc(size + 1);
    if (!copy)
        return false;
    if (size)
        memcpy(copy, key, size);
    copy[size] = 0;
    slot = free_slot(self->slots, self->capacity, hash);
    if (!slot->removed)
        self->filled++;
    *slot = (slot_t){.key = copy, .size = size, .hash = hash, .value = value};
    self->count++;
    return true;
}

void *table_remove(table_t *self, const void *key, size_t size)
{
    slot_t *slot = find(self, hash_of(self, key, size), key, size);
    if (!slot)
        return NULL;
    void *value = slot->value;
    free(slot->key);
    *slot = (slot_t){.removed = true};
    self->count--;
    return value;
}

size_t table_size(const table_t *self)
{
    return self->count;
}

void *table_each(const table_t *self, size_t *cursor)
{
    while (*cursor < self->capacity) {
        const slot_t *slot = &self->slots[(*cursor)++];
        if (slot->key)
            return slot->value;
    }
    return NULL;
}
