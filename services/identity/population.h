/* population.h - does this name belong to this ID number?
 *
 * The answer comes from a population library behind an adapter.  The one here is a table of our
 * own database (a sample; it holds keyed hashes, no names).  A national or provincial library is
 * another adapter: match() is called in prepare halves, so it may ask over a network. */
#pragma once
#include "call.h"

typedef enum {
    POPULATION_MATCH,
    POPULATION_MISMATCH /* another name, or no such number: one answer for both */
} population_answer_t;

typedef struct population {
    const char *name;
    /* id_number in capital form.  UNAVAILABLE: the library does not answer. */
    status_t (*match)(call_t *call, const char *name, const char *id_number,
                      population_answer_t *ret);
} population_t;

extern const population_t POPULATION_LOCAL;
