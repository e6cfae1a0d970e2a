/* arena.h - memory that is given back all at once.
 *
 * Every call has one arena: the request, the answer and whatever a handler
 * makes in between live there until the answer has been sent.  So handlers
 * allocate and never free.  An arena has a limit, because what a caller sends
 * decides how much we allocate: past the limit arena_alloc() gives NULL. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

typedef struct arena arena_t;

/* A new arena that gives out at most `limit` bytes.  Never NULL. */
arena_t *arena_new(size_t limit);

/* Gives back everything; *self becomes NULL.  NULL inside is fine. */
void arena_free(arena_t **self);

/* Forgets all it gave out, keeps the first block for the next call. */
void arena_reset(arena_t *self);

/* `size` zeroed bytes, aligned for any type; NULL past the limit. */
void *arena_alloc(arena_t *self, size_t size);

/* Bytes given out so far, with what their alignment cost. */
size_t arena_used(const arena_t *self);

/* A copy that lives in the arena, with a zero behind it; NULL past the limit. */
char *arena_copy(arena_t *self, const void *data, size_t size);
char *arena_text(arena_t *self, const char *text);

/* Formatted text in the arena; NULL past the limit. */
char *arena_printf(arena_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena_t *self, const char *format, va_list args);
