/* grants.h - which CURVE key belongs to which department system, and what it may call.
 *
 * A table made whole from identity's answer to ListSystemKeys and never changed; the next
 * answer makes the next table. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "frame.h"

#define GRANTS_KEYS_MAX    10000
#define GRANTS_METHODS_MAX 200 /* per key */

typedef struct {
    char sender[FRAME_SENDER_MAX + 1]; /* "system:ID:DEPARTMENT" */
    int64_t valid_until_ms;            /* 0: no end */
    size_t method_count;
    const char *const *methods;
} grant_t;

typedef struct grants grants_t;

/* From a packed yiwang.identity.SystemKeyList; NULL: it is none, or too large.  Keys whose ids do not
 * fit into a sender are left out and counted. */
grants_t *grants_read(const void *data, size_t size, size_t *ret_left_out);
void grants_free(grants_t **self);

/* NULL: unknown, revoked or past its time. */
const grant_t *grants_find(const grants_t *self, const char *public_key, int64_t now_ms);
bool grant_allows(const grant_t *grant, const char *method);
size_t grants_count(const grants_t *self);
