/* list.h - documents of items: JSON or CSV text into rows, items into text.
 *
 * JSON: an array of objects, or {"items": [...]}.  CSV: a header line, then a row each; lists inside
 * an item are cells with a JSON array.  Names of columns are those of columns.h.  Raw control
 * characters inside JSON texts, which the standard forbids and real lists hold, are mended. */
#pragma once
#include "buffer.h"
#include "row.h"

#define LIST_ROWS_MAX    5000 /* in one document; a longer list comes in parts */
#define LIST_UNKNOWN_MAX 100  /* column names remembered */

typedef struct {
    Catalog__Item *item; /* NULL: refused, see faults */
    const char *raw;     /* the row as JSON */
    const fault_t *faults;
    size_t fault_count;
} list_row_t;

typedef struct {
    list_row_t *rows;
    size_t count;
    const char *unknown[LIST_UNKNOWN_MAX]; /* columns that no vocabulary knows; kept in raw */
    size_t unknown_count;
} list_t;

/* NULL: no list at all; `faults` says what and where.  Everything lives in the arena. */
list_t *list_read(Catalog__ListFormat format, const char *text, arena_t *arena, faults_t *faults);

/* Writes items so that list_read() gives them back.  Call start, put ..., end. */
void list_start(Catalog__ListFormat format, buffer_t *out);
void list_put(Catalog__ListFormat format, const Catalog__Item *item, bool first, buffer_t *out);
void list_end(Catalog__ListFormat format, buffer_t *out);
