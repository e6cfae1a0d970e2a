/* template_scan.h - the text of a template as a row of tokens; of template_compile.c only.
 *
 * Knows delimiters, comments and which tags stand alone on their line (such a line is not in
 * the output: the specification's "standalone").  What is inside a tag it does not look at. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "span.h"

typedef enum {
    TOKEN_TEXT,
    TOKEN_VALUE,    /* {{name}} */
    TOKEN_RAW,      /* {{{name}}}, {{&name}} */
    TOKEN_SECTION,  /* {{#name}} */
    TOKEN_INVERTED, /* {{^name}} */
    TOKEN_CLOSE,    /* {{/name}} */
    TOKEN_PARTIAL,  /* {{>name}} */
    TOKEN_PART,     /* {{@name …}} */
    TOKEN_END,      /* of the text */
    TOKEN_FAULT     /* content is a sentence */
} token_kind_t;

typedef struct {
    token_kind_t kind;
    span_t content;   /* text, or what is between the delimiters without blanks around it */
    int line;         /* in the file */
    bool starts_line; /* is the first on its line that is in the output */
    bool alone;       /* of a tag: its line is not in the output ... */
    span_t indent;    /* ... and these are the blanks before it */
} token_t;

#define SCAN_DELIMITER_MAX 8

typedef struct {
    span_t source;
    size_t at;
    int line;
    char open[SCAN_DELIMITER_MAX + 1], close[SCAN_DELIMITER_MAX + 1];
    token_t tag; /* found already, to be given after the text before it */
    bool tag_waits;
    /* Whether a part is treated as standalone: those that write nothing where they stand. */
    bool (*part_stands_alone)(const void *owner, span_t content);
    const void *owner;
} scan_t;

scan_t scan_new(span_t source, int line);

/* The next token; TOKEN_END for ever at the end, and after a TOKEN_FAULT. */
token_t scan_next(scan_t *self);
