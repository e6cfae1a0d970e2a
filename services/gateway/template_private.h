/* template_private.h - what is left of a template when it is compiled; of template*.c only.
 *
 * A tree of nodes in an arena, never changed again.  template_compile.c makes it,
 * template.c walks it. */
#pragma once
#include "pipe.h"
#include "span.h"
#include "template.h"

typedef struct expression expression_t;

/* A pipe behind a value, with its arguments. */
typedef struct pipe_use {
    const pipe_t *pipe;
    const expression_t *const *arguments;
    size_t count;
    const void *kept;
    const struct pipe_use *next;
} pipe_use_t;

typedef enum {
    FROM_LEVEL,  /* a level of sections, then a dotted name */
    FROM_NUMBER, /* {{_number}}, {{_index}}, {{_first}}, {{_last}} of the list at `level` */
    FROM_INDEX,
    FROM_FIRST,
    FROM_LAST,
    FROM_LITERAL, /* "text", 12 */
    FROM_PIECES   /* "gaps[{_index}].reason": pieces one behind the other, as a text */
} from_t;

struct expression {
    from_t from;
    unsigned level;
    datum_path_t path;          /* FROM_LEVEL */
    datum_t literal;            /* FROM_LITERAL */
    const expression_t *pieces; /* FROM_PIECES: linked by next_piece */
    const expression_t *next_piece;
    const pipe_use_t *pipes;
    const datum_type_t *type; /* of what comes out */
};

typedef enum {
    NODE_TEXT,
    NODE_VALUE,    /* escaped when `escapes` */
    NODE_SECTION,  /* the body when the value is set; for each entry when it is a list */
    NODE_INVERTED, /* the body when the value is not set */
    NODE_PART
} node_kind_t;

typedef struct node node_t;
struct node {
    node_kind_t kind;
    bool escapes;
    bool enters; /* the body has a level more: the value, or an entry */
    const node_t *next;
    const node_t *body;
    span_t text;
    const expression_t *value;
    const part_t *part;
    const expression_t *const *arguments; /* one per parameter, NULL: not given */
    const void *kept, *outer_kept;
};

struct template
{
    const node_t *first;
    const void *page;
    bool root_is_record;
};
