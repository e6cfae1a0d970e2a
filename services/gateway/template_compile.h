/* template_compile.h - what the files of the compiler share; of template_*.c only.
 *
 * template_compile.c reads blocks (text, sections, partials), template_expression.c what
 * stands inside a tag (names, words, pipes), template_part.c the arguments of parts.  Beside the text goes a stack of levels
 * with their static types, as it will be when the page is rendered. */
#pragma once
#include <stdarg.h>
#include "template_html.h"
#include "template_private.h"
#include "template_scan.h"

/* A section that was entered, as the static types see it. */
typedef struct {
    const datum_type_t *type;
    bool is_entry; /* of a list: _number and so on */
} level_t;

typedef struct {
    const template_options_t *options;
    const template_source_t *page; /* what {{@body}} stands for; NULL: not in a layout */
    arena_t *arena;
    template_faults_t *faults;
    level_t levels[TEMPLATE_DEPTH_MAX + 2];
    size_t depth;    /* levels in use, the root among them */
    size_t nested;   /* blocks and files that are open */
    size_t never;    /* open sections that are never rendered */
    size_t nodes;    /* and inclusions */
    size_t bodies;   /* how often {{@body}} was met */
    size_t failures; /* told or not */
    html_t html;     /* where the text is, unless it is plain */
    bool too_large;  /* a limit was passed, which is told once: the rest is not read */
} compile_t;

/* A text being compiled: the page, its layout or a partial at one place of use. */
typedef struct file {
    compile_t *compile;
    const template_source_t *source;
    scan_t scan;
    span_t indent;            /* put before each of its lines */
    const struct file *outer; /* what includes it, NULL: nothing ... */
    int outer_line;           /* ... and where */
} file_t;

/* A block that is open: what must close it, and what parts inside want to know. */
typedef struct {
    token_kind_t kind; /* TOKEN_SECTION (inverted ones, too), TOKEN_PART; TOKEN_END: a file */
    span_t name;
    int line;
    const part_t *part; /* innermost block part, or NULL ... */
    void *kept;         /* ... and what its check kept */
} block_t;

/* Tells what is wrong in this line; the template will be NULL. */
void compile_fault(const file_t *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void compile_vfault(const file_t *file, int line, const char *format, va_list args);

/* Zeroed memory of the compiled pages; NULL is told already. */
void *compile_take(const file_t *file, size_t size);

/* What a name leads to that was told to be wrong: nothing more is told about it. */
extern const datum_type_t compile_unknown;

/* --- template_expression.c ------------------------------------------------------ */

/* A word inside a tag. */
typedef struct {
    span_t option; /* of option=value, else empty */
    span_t text;   /* without its quotes */
    bool is_quoted;
} word_t;

/* The next word of `rest`; false at its end, and when quotes are not closed (which is told).
 * `options`: name=value is one word. */
bool compile_word(const file_t *file, int line, span_t *rest, bool options, word_t *ret);

/* "name | pipe argument …": never NULL but for memory.  What is wrong is told, the type is
 * compile_unknown then.  *ret_name: the name alone, for the closing tag. */
const expression_t *compile_value(const file_t *file, int line, span_t content, span_t *ret_name);

/* A text with values in braces: "gaps[{_index}].reason". */
const expression_t *compile_text(const file_t *file, int line, span_t text);

/* The value that a part takes: "text", number, true, false or name. */
const expression_t *compile_argument(const file_t *file, int line, const word_t *word);

/* --- template_part.c -------------------------------------------------------------- */

/* "form withdraw class=…" is "form", and *rest what is behind it. */
span_t compile_part_name(span_t content, span_t *rest);

const part_t *compile_part_find(const template_options_t *options, span_t name);

/* Reads the arguments into node, whose part is set, and lets the part check them. */
void compile_part(const file_t *file, int line, span_t arguments, const block_t *outer,
                  node_t *node);
