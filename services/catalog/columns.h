/* columns.h - what a list may call a field of an item.
 *
 * One table of three vocabularies: ours (catalog.proto), GB/T 39046-2020 table 4, and the national
 * exchange tables (up_task_*); plus what known local lists say.  docs/items.md explains it; when a
 * field is added here, add it there. */
#pragma once
#include <stddef.h>

typedef struct {
    const char *field;    /* proto name in catalog.Item */
    const char *standard; /* GB/T 39046, or NULL */
    const char *national; /* exchange table column, or NULL */
    const char *other;    /* a further name, or NULL */
} column_t;

extern const column_t columns[];
extern const size_t column_count;

/* The field that a name of any vocabulary (or its lowerCamelCase form) means, or NULL. */
const char *column_field(const char *name);
