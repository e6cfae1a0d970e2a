/* query.h - what tick.c does for query.c. */
#pragma once
#include "service.h"

/* Forgets guesses whose window is over; at most a few hundred at a time. */
status_t query_sweep(call_t *call);
