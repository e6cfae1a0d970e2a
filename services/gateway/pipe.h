/* pipe.h - pipes: {{value | date}}, {{#state | is SUBMITTED ACCEPTED}}.
 *
 * A pipe is a row in pipe.c: its name, the kinds of values it takes, how many arguments, a
 * check that says what type comes out, and a function.  Arguments are literals (words,
 * numbers, "texts") or dotted names; a bare word without a dot stands for itself (the name of
 * an enum value, of a field, a text to compare with), a name has a dot: path.id, session.name.
 *
 * Everything about days is counted in Asia/Shanghai whatever the process's time zone is.
 *
 * Adding one: a row in pipe.c, two functions in pipe_compare.c, pipe_text.c, pipe_time.c or pipe_list.c,
 * a case in pipe_test.c, a line in pages/README.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "buffer.h"
#include "datum.h"

#define PIPE_ARGUMENTS_MAX 16 /* of one pipe: `is` with every state there is */
#define PIPE_CHAIN_MAX     6  /* pipes behind one value */

/* One argument.  A literal is `fixed`; a dotted name has a type when a page is checked and a value
 * when it is rendered. */
typedef struct {
    bool fixed;
    datum_t value;            /* when fixed: digits are an int, anything else a text */
    const char *written;      /* as written, ends with 0 */
    const datum_type_t *type; /* never NULL */
} pipe_argument_t;

/* A use of a pipe when its page is compiled. */
typedef struct {
    const datum_type_t *in;
    pipe_argument_t *arguments; /* the check may replace values: words by values of an enum */
    size_t count;
    arena_t *arena;    /* of the compiled pages */
    const void *kept;  /* what the check worked out, for apply() */
    const char *fault; /* a sentence, set by pipe_fault() */
} pipe_check_t;

/* And when it is rendered. */
typedef struct {
    const datum_t *arguments;
    size_t count;
    const void *kept;
    int64_t now_ms;
    arena_t *arena; /* of the request */
    bool *full;     /* to be set when something did not fit into the arena */
} pipe_call_t;

enum {
    PIPE_ABSENT = 1, /* also wants to see what is not there; others give nothing for nothing */
    PIPE_FIELD = 2   /* the first argument is a field of the entries, as written */
};

typedef struct {
    const char *name;
    unsigned takes;       /* bits 1u << DATUM_… */
    unsigned least, most; /* arguments */
    unsigned flags;       /* PIPE_ */
    /* The type of the result; NULL after pipe_fault(). */
    const datum_type_t *(*check)(pipe_check_t *check);
    /* `in` is of the checked kind; or none, with PIPE_ABSENT. */
    datum_t (*apply)(const pipe_call_t *call, datum_t in);
} pipe_t;

/* By name, or NULL. */
const pipe_t *pipe_find(const char *name, size_t size);

/* Checks kinds and number of arguments, then what the pipe itself asks for.  The type of the
 * result, or NULL: check->fault says why. */
const datum_type_t *pipe_check(const pipe_t *self, pipe_check_t *check);

/* What comes out; none past the arena (*call->full is set). */
datum_t pipe_apply(const pipe_t *self, const pipe_call_t *call, datum_t in);

/* A value as people read it, not escaped: digits, the label of an enum, time in Shanghai,
 * 是 and 否; nothing of none, messages and lists. */
void pipe_show(buffer_t *out, datum_t value);
