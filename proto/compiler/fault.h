/* fault.h - what is wrong with the contract, collected and told at once:
 *
 *   yiwang/case.proto:42: case.AcceptRequest.note: text needs max_len
 *
 * More than FAULTS_MAX are counted, not listed. */
#pragma once
#include <stddef.h>
#include "model.h"

#define FAULTS_MAX 200

/* One fault of what is called `name` at `place`. */
void fault(place_t place, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

size_t fault_count(void);

/* All, a line each, sorted by file and line. */
const char *fault_text(void);
