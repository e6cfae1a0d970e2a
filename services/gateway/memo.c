#include "memo.h"

#include <stdlib.h>

#include "arena.h"
#include "check.h"
#include "message.h"
#include "table.h"

#define KEY_MAX 512 /* a longer request is asked each time */

struct memo_entry {
    memo_entry_t *newer; /* in the order they came */
    arena_t *arena;
    const ProtobufCMessage *message;
    size_t size, key_size;
    int64_t until_ms;
    unsigned holders;
    bool forgotten;
    unsigned char key[];
};

struct memo {
    table_t *by_key;
    memo_entry_t *oldest, *newest;
    size_t bytes;
};

memo_t *memo_new(void)
{
    memo_t *self = xalloc(sizeof *self);
    self->by_key = table_new(MEMO_ENTRIES_MAX);
    return self;
}

static void entry_free(memo_entry_t *entry)
{
    arena_free(&entry->arena);
    free(entry);
}

static void forget_oldest(memo_t *self)
{
    memo_entry_t *entry = self->oldest;
    self->oldest = entry->newer;
    if (!self->oldest)
        self->newest = NULL;
    table_remove(self->by_key, entry->key, entry->key_size);
    self->bytes -= entry->size;
    entry->forgotten = true;
    if (!entry->holders)
        entry_free(entry);
}

void memo_free(memo_t **self)
{
    if (!*self)
        return;
    while ((*self)->oldest)
        forget_oldest(*self);
    table_free(&(*self)->by_key);
    free(*self);
    *self = NULL;
}

/* Methods are one static table: the address is the name.  0: too long. */
static size_t key_of(const method_t *method, ProtobufCBinaryData request,
                     unsigned char out[KEY_MAX])
{
    if (request.len > KEY_MAX - sizeof method)
        return 0;
    memcpy(out, &method, sizeof method);
    if (request.len)
        memcpy(out + sizeof method, request.data, request.len);
    return sizeof method + request.len;
}

memo_entry_t *memo_find(memo_t *self, const method_t *method, ProtobufCBinaryData request,
                        int64_t mono_ms)
{
    unsigned char key[KEY_MAX];
    size_t size = key_of(method, request, key);
    while (self->oldest && self->oldest->until_ms <= mono_ms)
        forget_oldest(self);
    memo_entry_t *entry = size ? table_get(self->by_key, key, size) : NULL;
    if (entry)
        entry->holders++;
    return entry;
}

memo_entry_t *memo_put(memo_t *self, const method_t *method, ProtobufCBinaryData request,
                       const void *answer, size_t size, int64_t mono_ms)
{
    unsigned char key[KEY_MAX];
    size_t key_size = key_of(method, request, key);
    /* Asked side by side: the first stays. */
    if (!key_size || size > MEMO_ANSWER_MAX || table_get(self->by_key, key, key_size))
        return NULL;
    memo_entry_t *entry = xalloc(sizeof *entry + key_size);
    if (answer) {
        entry->arena = arena_new(64u << 20);
        entry->message = message_unpack(method->out, entry->arena, answer, size);
        if (!entry->message) {
            entry_free(entry);
            return NULL;
        }
    }
    while (self->oldest &&
           (table_size(self->by_key) == MEMO_ENTRIES_MAX || self->bytes + size > MEMO_BYTES_MAX))
        forget_oldest(self);
    memcpy(entry->key, key, key_size);
    entry->key_size = key_size;
    entry->size = size;
    entry->until_ms = mono_ms + MEMO_MS;
    entry->holders = 1;
    CHECK(table_set(self->by_key, key, key_size, entry));
    self->bytes += size;
    if (self->newest)
        self->newest->newer = entry;
    else
        self->oldest = entry;
    self->newest = entry;
    return entry;
}

const ProtobufCMessage *memo_message(const memo_entry_t *entry)
{
    return entry->message;
}

void memo_release(memo_entry_t **entry)
{
    memo_entry_t *held = *entry;
    *entry = NULL;
    if (held && --held->holders == 0 && held->forgotten)
        entry_free(held);
}
