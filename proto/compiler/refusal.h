/* refusal.h - what is wrong with the contract, collected and told at once:
 *
 *   yiwang/case.proto:42: case.AcceptRequest.note: text needs max_len
 *
 * More than REFUSALS_MAX are counted, not listed. */
#pragma once
#include <stddef.h>
#include "model.h"

#define REFUSALS_MAX 200

/* Something wrong with what is called `name` at `place`. */
void refuse(place_t place, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

size_t refusal_count(void);

/* All, a line each, sorted by file and line. */
const char *refusal_text(void);
