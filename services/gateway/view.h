/* view.h - functions that make of messages what a page shows: `make steps: apply_steps case item`.
 *
 * For what neither the contract nor a pipe says: steps of an application, sums, next page.  A view
 * is a row: its name, what it takes, what it gives, and a function.  It sees what the page's calls
 * brought, keeps nothing, asks nobody and waits for nothing.
 *
 * Adding one: a function in view_portal.c or view_console.c, a row in its table. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "datum.h"

#define VIEW_ARGUMENTS_MAX 6

typedef struct {
    const datum_t *arguments; /* as many as given; each of its type, or none */
    size_t count;
    arena_t *arena; /* of the request: what is given back lives there */
    int64_t now_ms;
} view_call_t;

typedef struct view {
    const char *name;
    /* Types of the arguments, ends with NULL.  A DATUM_MESSAGE type without a message, and a
     * DATUM_LIST type without an entry, take any. */
    const datum_type_t *const *takes;
    size_t optional; /* how many of the last may be left out: they come as none */
    /* What comes out.  `gives` NULL: of() says it from the types given (in the arena of the pages),
     * NULL: they do not fit. */
    const datum_type_t *gives;
    const datum_type_t *(*of)(const datum_type_t *const *given, size_t count, arena_t *arena);
    /* Of the type, or none; none as well when the arena is full. */
    datum_t (*make)(const view_call_t *call);
} view_t;

/* Both end with {NULL}. */
extern const view_t view_portal[];
extern const view_t view_console[];

const view_t *view_find(const char *name); /* or NULL */
