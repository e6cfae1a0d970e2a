#include "buffer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

buffer_t buffer_new(size_t limit)
{
    /* One byte more is always kept for the closing 0. */
    return (buffer_t){.limit = limit < SIZE_MAX / 2 ? limit : SIZE_MAX / 2};
}

void buffer_free(buffer_t *self)
{
    free(self->data);
    *self = buffer_new(self->limit);
}

void buffer_clear(buffer_t *self)
{
    self->size = 0;
    self->full = false;
    if (self->data)
        self->data[0] = 0;
}

/* Doubles, so that n bytes cost O(n) copies; false (and full) when it cannot. */
static bool grow(buffer_t *self, size_t size)
{
    if (self->full || size > self->limit - self->size) {
        self->full = true;
        return false;
    }
    size_t needed = self->size + size + 1;
    size_t capacity = self->capacity ? self->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > self->limit + 1)
        capacity = self->limit + 1;
    char *data = realloc(self->data, capacity);
    if (!data) {
        self->full = true;
        return false;
    }
    self->data = data;
    self->capacity = capacity;
    return true;
}

char *buffer_more(buffer_t *self, size_t size)
{
    if (self->full || !grow(self, size))
        return NULL;
    self->data[self->size + size] = 0;
    return self->data + self->size;
}

void buffer_text(buffer_t *self, const char *text)
{
    buffer_put(self, text, strlen(text));
}

void buffer_printf(buffer_t *self, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char small[256];
    int size = vsnprintf(small, sizeof small, format, args);
    if (size < 0) {
        self->full = true;
    } else if ((size_t) size < sizeof small) {
        buffer_put(self, small, size);
    } else {
        char *at = buffer_reserve(self, size);
        if (at) {
            vsnprintf(at, (size_t) size + 1, format, again);
            self->size += size;
        }
    }
    va_end(again);
    va_end(args);
}
