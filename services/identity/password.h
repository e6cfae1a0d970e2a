/* password.h - what a password must be, and checking one without telling who exists.
 *
 * Hashing takes some 20 ms of a processor on purpose, so both are for prepare halves only: the
 * number of readers bounds how many run at once, their queue bounds how many wait. */
#pragma once
#include "identity.h"

/* At least 8 characters (the contract), of two kinds (GB/T 22239-2019 8.1.4.1 asks for
 * "complexity"), not one character repeated, and not holding what others know: `known` texts,
 * ended by NULL.  A fault of `field` is collected with call_fault(). */
void password_judge(call_t *call, const char *field, const char *password,
                    const char *const *known);

/* The hash, in the arena; NULL when there is no memory for it (7 MiB). */
const char *password_hash(call_t *call, const char *password);

/* `hash` NULL (no such account): the same time is spent, and the answer is false. */
bool password_right(call_t *call, const char *hash, const char *password);
