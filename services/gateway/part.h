/* part.h - parts: HTML that C writes, {{@name argument … option=value}}.
 *
 * A part is a row: its name, the parameters it takes, a check that runs when a page is
 * compiled and a function that writes.  template_part.c parses the arguments by the
 * parameters, so a part sees values, never text of a template.  part_registry[] (part.c)
 * lists them all.
 *
 * Adding one: a file or function that writes it, a row in part.c, a line in pages/README.md,
 * a specimen in pages/styleguide.page. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "buffer.h"
#include "datum.h"

#define PART_PARAMETERS_MAX 24

typedef enum {
    PART_WORD, /* as written: a form's name, a field's path.  {name} in it is replaced by a
                * value: gaps[{_index}].reason.  A text in quotes is a word, too. */
    PART_VALUE /* a "text", a number, true, false or a name; with a static type */
} part_takes_t;

enum {
    PART_REQUIRED = 1, /* positional ones that are not required come behind those that are */
    PART_OPTION = 2    /* given as name=value; without it: by position */
};

typedef struct {
    const char *name; /* of options; of positional ones only for faults */
    part_takes_t takes;
    unsigned flags;
    unsigned kinds; /* PART_VALUE: bits 1u << DATUM_… that it may be; 0: any */
} part_parameter_t;

typedef struct part_check part_check_t;
typedef struct part_render part_render_t;

typedef struct {
    const char *name;
    bool block;                         /* has a body up to {{@end}} */
    const part_parameter_t *parameters; /* at most PART_PARAMETERS_MAX; ends with {NULL} */
    /* Looks at the arguments of one place; NULL: nothing more to look at.  May keep what it
     * worked out in check->kept; tells faults with part_fault(). */
    void (*check)(part_check_t *check);
    /* Writes to render->out.  Texts from data go through part_escape(). */
    void (*write)(const part_render_t *render);
} part_t;

/* All parts, ends with NULL; in part.c. */
extern const part_t *const part_registry[];

/* --- while a page is compiled ---------------------------------------------------- */

/* One argument as the check sees it. */
typedef struct {
    bool given;
    bool fixed;               /* a literal, or a word without {name}: value is there already */
    datum_t value;            /* when fixed; a word is a text */
    const char *written;      /* a word as written, with its braces; ends with 0 */
    const datum_type_t *type; /* PART_VALUE */
} part_argument_t;

struct part_check {
    const part_argument_t *arguments; /* one per parameter, in their order */
    const void *page;                 /* template_options_t.page */
    arena_t *arena;                   /* of the compiled pages: what is kept */
    const datum_type_t *root;         /* the page's names */
    void *kept;                       /* for render->kept */
    const part_t *outer;              /* the innermost block it stands in, NULL: none, and ... */
    void *outer_kept;                 /* ... what that one kept */
};

/* Something is wrong with this use: the page is not compiled. */
void part_fault(part_check_t *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- while it is rendered ----------------------------------------------------------- */

struct part_render {
    const datum_t *arguments; /* one per parameter; none when not given.  Words are texts */
    const void *kept;
    const void *page;    /* template_options_t.page */
    void *context;       /* template_scope_t.context */
    const datum_t *root; /* slots of the page's names: datum_type_slot() at the check */
    int64_t now_ms;
    arena_t *arena;
    buffer_t *out;
    const void *outer_kept; /* of the innermost block it stands in */
};

/* Of a block: writes what stands between it and its {{@end}}; once, several times or never. */
void part_body(const part_render_t *render);

/* Appends text, with & < > " ' escaped. */
void part_escape(buffer_t *out, const char *data, size_t size);
void part_escape_text(buffer_t *out, const char *text); /* NULL is "" */

/* A value as pages show it ("已受理", "2026年11月22日 15:04"), escaped unless it is html. */
void part_show(buffer_t *out, datum_t value);
