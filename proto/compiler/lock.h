/* lock.h - proto/fields.lock: every number once given, a line each.
 *
 *   yiwang.case.Case.id 1 string
 *   yiwang.case.State.STATE_DRAFT 1 value
 *
 * Old messages lie in databases, outboxes and department systems.  A number
 * that changes its meaning there is a silent error, so a line may not vanish or
 * change; the number of a field that is gone must be `reserved`. */
#pragma once
#include "buffer.h"
#include "model.h"

/* Writes the lock of the contract as it is. */
void lock_print(const model_t *model, buffer_t *out);
