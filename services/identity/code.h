/* code.h - six digits by SMS that prove who holds a mobile.
 *
 * Kept as a keyed hash, good for code_seconds, CODE_TRIES_MAX times wrong, once right.  Only the
 * newest code of a mobile and purpose counts. */
#pragma once
#include "identity.h"

#define CODE_TRIES_MAX 5

/* Whether the code would be accepted; for prepare halves, which must not spend slow work on a
 * wrong one.  Counts nothing. */
status_t code_right(call_t *call, const char *mobile, Identity__Purpose purpose, const char *code,
                    bool *ret);

/* OK, or the refusal, which names the field "code".  A wrong code is counted: what this gives
 * must be what the handler gives. */
status_t code_check(call_t *call, const char *mobile, Identity__Purpose purpose, const char *code);
/* The same for a code in another field. */
status_t code_check_field(call_t *call, const char *mobile, Identity__Purpose purpose,
                          const char *code, const char *field);

/* The code did its work and is good no more; after code_check(), once the call succeeds. */
status_t code_spend(call_t *call, const char *mobile, Identity__Purpose purpose);
