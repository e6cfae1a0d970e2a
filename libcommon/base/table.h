/* table.h - a hash table from text or bytes to a pointer.
 *
 * Keys are copied.  The hash is keyed at random per process, so strangers
 * cannot choose keys that collide.  `limit` is the most entries it takes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct table table_t;

table_t *table_new(size_t limit);
void table_free(table_t **self); /* values stay the caller's */

/* The value, or NULL. */
void *table_get(const table_t *self, const void *key, size_t size);
/* Sets (value not NULL); false when a new key would pass the limit. */
bool table_set(table_t *self, const void *key, size_t size, void *value)
    __attribute__((warn_unused_result));
/* Takes the value out; NULL when there was none. */
void *table_remove(table_t *self, const void *key, size_t size);
size_t table_size(const table_t *self);

/* Walks in no order: start with *cursor = 0; NULL at the end.  Removing the
 * entry just given is allowed, adding is not. */
void *table_each(const table_t *self, size_t *cursor);
