/* guard.h - counts what went wrong, per account and per address, and locks.
 *
 * `tries` failures lock for lock_minutes; each further lock is twice as long, up to a day; each
 * `tries`-th part of a day forgets one failure, a day without any forgets all.  A name that has no
 * account is counted in the same way, so that locks tell nobody which names exist.  The database
 * keeps only keyed hashes of subjects. */
#pragma once
#include "call.h"

#define GUARD_MEMORY_MS (24 * 3600 * 1000LL)

/* A subject is a short text such as "account:01J…" or "address:192.0.2.1"; "" is never locked. */

/* How long the subject is still locked; 0: it is not. */
status_t guard_locked(call_t *call, const char *subject, int64_t *ret_ms);

/* Refuses with RESOURCE_EXHAUSTED "identity.locked" and when to come again. */
status_t guard_refuse(call_t *call, const char *field, int64_t locked_ms);

/* Counts one failure; *ret_left tries are left before a lock (0: it is locked now).  Only in
 * writes, which must then end with call_refuse() for the count to stay. */
status_t guard_fail(call_t *call, const char *subject, int64_t tries, int64_t *ret_left);

/* Counts one failure for the subject and for the caller's address and refuses with `status` and
 * `code`, naming the field; `what` is a Chinese sentence without its full stop, the tries left
 * are added. Gives what the handler gives. */
status_t guard_refuse_wrong(call_t *call, const char *subject, status_t status, const char *code,
                            const char *field, const char *what);

/* Success: the subject starts anew. */
status_t guard_clear(call_t *call, const char *subject);

/* The subject of the caller's address; "" when unknown. */
const char *guard_address(call_t *call);
