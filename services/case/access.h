/* access.h - who may look at a case: its applicant, its department's officials and system.
 *
 * Everybody else gets the answer of a case that does not exist. */
#pragma once
#include "service.h"

/* The case, for whoever calls. */
status_t access_case(call_t *call, const char *id, Case__StoredCase *ret);
/* Whether a staff caller handles cases at all (holds a case.* permission of the process). */
bool access_handles(const call_t *call);
