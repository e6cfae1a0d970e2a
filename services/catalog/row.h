/* row.h - one row of a list becomes an item, whatever is wrong with it.
 *
 * Nothing is dropped silently: what cannot be kept as it is becomes a flag on the item with the
 * original text.  National codes that are wrong move to the local code fields. */
#pragma once
#include "json.h"
#include "yiwang/catalog.pb-c.h"

typedef struct {
    Catalog__Item *item;
    arena_t *arena;
    bool memory; /* the arena's limit was met: the row is not to be used */
} row_t;

/* An empty item. */
row_t row_new(arena_t *arena);

/* Sets a field (proto name) from a cell, or from a JSON value. */
void row_set_text(row_t *self, const char *field, const char *text);
void row_set_json(row_t *self, const char *field, const json_t *value);

/* After the last field: cleans texts, checks codes and limits.  False: the row cannot be an item, and
 * `faults` says why. */
bool row_finish(row_t *self, faults_t *faults);

/* Adds a doubt to an item; beyond the limit of the contract it is dropped.  False: no memory. */
bool row_flag(row_t *self, const char *field, const char *code, const char *original,
              const char *message);

/* Any JSON value as text. */
const char *row_json_text(const json_t *value, arena_t *arena);
