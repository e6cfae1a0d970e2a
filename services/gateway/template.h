/* template.h - Mustache, compiled and checked against static types.
 *
 * All of the specification's core (comments, delimiters, interpolation, inverted, partials,
 * sections: https://github.com/mustache/spec v1.4), with pipes (pipe.h) and parts (part.h)
 * beside it; pages/README.md is the language.
 *
 * template_compile() parses a page, puts its layout around it and its partials into it, and
 * resolves every name against the static types of where it stands; so a partial is compiled
 * anew at each place of use, and what is left is one tree of nodes.  It tells all
 * faults it finds.  A compiled template is not changed by rendering: any number of threads
 * render it at the same time.
 *
 * Names: the nearest level (section) whose type knows the first name of a dotted name counts;
 * the rest must be there.  At render time nothing is searched for: a node says level,
 * message type, field.
 *
 * Limits: TEMPLATE_ below, the arena of the request, the ceiling of the output. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "buffer.h"
#include "datum.h"
#include "part.h"

#define TEMPLATE_DEPTH_MAX  48     /* sections, partials and blocks inside each other */
#define TEMPLATE_NODES_MAX  50000  /* of one page with all it includes */
#define TEMPLATE_FAULTS_MAX 200    /* told of one set of pages */
#define TEMPLATE_STEPS_MAX  500000 /* nodes rendered for one page: a loop that grew too large */

/* Where text of a template comes from.  Must outlive the compilation, not the template. */
typedef struct {
    const char *file; /* for faults: "portal/home.page" */
    const char *text;
    size_t size;
    int line; /* of the text's first line in the file: 1, or behind a head */
} template_source_t;

/* All that is wrong, each once however often its file is included: "file:line: sentence". */
typedef struct {
    const char *faults[TEMPLATE_FAULTS_MAX];
    size_t count;
} template_faults_t;

void template_fault(template_faults_t *self, arena_t *arena, const char *file, int line,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

typedef struct template_options {
    const datum_type_t *root; /* a record: the names that are always there */
    /* Finds a partial by name; false: there is none.  NULL: there are none at all. */
    bool (*partial)(const void *owner, const char *name, size_t size, template_source_t *ret);
    const void *owner;               /* of partial() */
    const part_t *const *parts;      /* ends with NULL; NULL: none */
    const void *page;                /* for parts: what the serving code knows of this page */
    const template_source_t *layout; /* holds {{@body}}; NULL: none */
    bool plain;                      /* the output is not HTML: nothing is escaped */
    bool raw;                        /* {{{name}}} and {{&name}} are allowed */
    bool loose; /* unknown names, partials are nothing: what the specification wants */
} template_options_t;

typedef struct template template_t;

/* Compiles into the arena, which the template lives in.  NULL when there was any fault. */
const template_t *template_compile(const template_options_t *options,
                                   const template_source_t *source, arena_t *arena,
                                   template_faults_t *faults);

/* What one request brings. */
typedef struct {
    const datum_t *root; /* slots of options->root */
    arena_t *arena;      /* of the request */
    int64_t now_ms;      /* for `left`, `light` */
    void *context;       /* for parts: the serving code's own */
} template_scope_t;

/* Appends to `out`.  NULL when done; else a static word ("output", "memory", "steps") for
 * the limit that was passed: what is in `out` is not to be used then. */
const char *template_render(const template_t *self, const template_scope_t *scope, buffer_t *out);
