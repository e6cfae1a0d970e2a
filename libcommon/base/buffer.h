/* buffer.h - bytes that grow, up to a ceiling set where they are made.
 *
 * The first write past the ceiling sets `full`; later writes do nothing.  So a
 * writer writes straight on and looks once at the end. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    char *data; /* malloc()ed; data[size] is always 0 once anything was written */
    size_t size;
    size_t capacity;
    size_t limit; /* most bytes it may hold */
    bool full;    /* something did not fit: the content is not to be used */
} buffer_t;

/* An empty buffer; allocates nothing yet. */
buffer_t buffer_new(size_t limit);

/* Gives the memory back; the buffer is empty and may be used again. */
void buffer_free(buffer_t *self);

/* Empties, keeps the memory. */
void buffer_clear(buffer_t *self);

/* Room for `size` more bytes to be written at data + size, then added to
 * self->size by the caller; NULL when full. */
static inline char *buffer_reserve(buffer_t *self, size_t size);

static inline void buffer_put(buffer_t *self, const void *data, size_t size);
static inline void buffer_char(buffer_t *self, char c);
void buffer_text(buffer_t *self, const char *text);
void buffer_printf(buffer_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- in line, because a page or a JSON text is made of thousands of small pieces --------- */

/* buffer_reserve() when there is no room yet. */
char *buffer_more(buffer_t *self, size_t size);

static inline char *buffer_reserve(buffer_t *self, size_t size)
{
    /* capacity never passes limit + 1, so what has room is within the limit. */
    if (self->full || self->capacity <= self->size || size >= self->capacity - self->size)
        return buffer_more(self, size);
    char *at = self->data + self->size;
    at[size] = 0;
    return at;
}

static inline void buffer_put(buffer_t *self, const void *data, size_t size)
{
    char *at = buffer_reserve(self, size);
    if (!at)
        return;
    if (size)
        memcpy(at, data, size);
    self->size += size;
}

static inline void buffer_char(buffer_t *self, char c)
{
    char *at = buffer_reserve(self, 1);
    if (!at)
        return;
    *at = c;
    self->size++;
}
