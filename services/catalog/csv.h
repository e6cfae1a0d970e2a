/* csv.h - comma separated values (RFC 4180) as they come: CRLF or LF, quotes, a byte order mark. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "arena.h"
#include "buffer.h"

#define CSV_CELLS_MAX 200

typedef struct {
    const char *at; /* what is still to be read; ends with 0 */
    arena_t *arena;
    bool open_quote; /* the last record ended inside quotes */
} csv_t;

/* Skips a byte order mark. */
void csv_start(csv_t *self, const char *text, arena_t *arena);

/* Cells of the next record that is not an empty line; copied to the arena.  False at the end or past
 * the arena's limit.  Cells past CSV_CELLS_MAX are joined to the last. */
bool csv_next(csv_t *self, const char *cells[CSV_CELLS_MAX], size_t *ret_count);

/* Writes one cell, quoted when it must be; a comma before it unless it is the first. */
void csv_put(buffer_t *out, const char *cell, bool first);
