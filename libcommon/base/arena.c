#include "arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

#define FIRST_BLOCK 4096
#define BLOCK_MAX   (1024 * 1024)
#define ALIGN       _Alignof(max_align_t)

/* Under AddressSanitizer the bytes between two allocations are poisoned, so
 * that running over the end of one is seen as with malloc(). */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(WITH_ASAN)
#include <sanitizer/asan_interface.h>
#define GAP ALIGN
#else
#define GAP                                     0
#define ASAN_POISON_MEMORY_REGION(data, size)   ((void) 0)
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void) 0)
#endif

typedef struct block {
    struct block *next; /* the one filled before this */
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
} block_t;

struct arena {
    size_t limit;
    size_t used;      /* given out, with what alignment cost */
    size_t next_size; /* of the block to make next */
    block_t *current;
    _Alignas(max_align_t) unsigned char first[sizeof(block_t) + FIRST_BLOCK];
};

static block_t *first_block(arena_t *self)
{
    return (block_t *) self->first;
}

static void start(arena_t *self)
{
    block_t *first = first_block(self);
    first->next = NULL;
    first->size = FIRST_BLOCK;
    first->used = 0;
    ASAN_POISON_MEMORY_REGION(first->data, first->size);
    self->current = first;
    self->used = 0;
    self->next_size = 2 * FIRST_BLOCK;
}

arena_t *arena_new(size_t limit)
{
    arena_t *self = malloc(sizeof *self);
    CHECK(self);
    self->limit = limit;
    start(self);
    return self;
}

static void free_blocks(arena_t *self)
{
    block_t *block = self->current;
    while (block != first_block(self)) {
        block_t *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(arena_t **self)
{
    if (!*self)
        return;
    free_blocks(*self);
    free(*self);
    *self = NULL;
}

void arena_reset(arena_t *self)
{
    free_blocks(self);
    start(self);
}

size_t arena_used(const arena_t *self)
{
    return self->used;
}

static block_t *add_block(arena_t *self, size_t size)
{
    bool large = size > self->next_size;
    size_t block_size = large ? size : self->next_size;
    block_t *block = malloc(sizeof *block + block_size);
    if (!block)
        return NULL;
    block->size = block_size;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
    if (large && self->current != first_block(self)) {
        /* Something big gets a block of its own, behind the one in use, whose
         * rest stays in use. */
        block->next = self->current->next;
        self->current->next = block;
        return block;
    }
    block->next = self->current;
    self->current = block;
    if (!large && self->next_size < BLOCK_MAX)
        self->next_size *= 2;
    return block;
}

/* Bytes that are not zeroed; NULL past the limit. */
static void *take(arena_t *self, size_t size, size_t align)
{
    if (size > self->limit - self->used || size > SIZE_MAX / 2)
        return NULL;

    block_t *block = self->current;
    size_t at = (block->used + align - 1) & ~(align - 1);
    if (at > block->size || size + GAP > block->size - at) {
        block = add_block(self, size + GAP);
        if (!block)
            return NULL;
        at = 0;
    }
    /* Many small pieces cost their padding, too: it counts. */
    size_t cost = at + size - block->used;
    self->used += cost < self->limit - self->used ? cost : self->limit - self->used;
    block->used = at + size + GAP;
    ASAN_UNPOISON_MEMORY_REGION(block->data + at, size);
    return block->data + at;
}

void *arena_alloc(arena_t *self, size_t size)
{
    void *memory = take(self, size, ALIGN);
    return memory ? memset(memory, 0, size) : NULL;
}

char *arena_copy(arena_t *self, const void *data, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = take(self, size + 1, 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, data, size);
    copy[size] = 0;
    return copy;
}

char *arena_text(arena_t *self, const char *text)
{
    return arena_copy(self, text, strlen(text));
}

char *arena_vprintf(arena_t *self, const char *format, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(small, sizeof small, format, args);
    char *text = NULL;
    if (size >= 0 && (size_t) size < sizeof small)
        text = arena_copy(self, small, size);
    else if (size >= 0 && (text = take(self, (size_t) size + 1, 1)))
        vsnprintf(text, (size_t) size + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(arena_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(self, format, args);
    va_end(args);
    return text;
}
