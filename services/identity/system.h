/* system.h - keys of department systems whose validity begins or ends by itself. */
#pragma once
#include "identity.h"

/* Whether there is one that nobody was told of. */
status_t system_sweep_due(call_t *call, bool *ret);
/* Tells of them. */
status_t system_sweep(call_t *call);
