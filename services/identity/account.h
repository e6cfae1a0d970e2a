/* account.h - natural persons: registration, levels, what others of the service need of an
 * account. */
#pragma once
#include "identity.h"

typedef struct {
    const char *id;
    const char *name; /* opened */
    const char *id_number;
    const char *mobile;
    Yw__Level level;
    const char *password_hash;
    const char *agreement_version;
    int64_t agreement_at;
    int64_t created_at;
} account_t;

/* NOT_FOUND without a failure set, so that callers decide what may be told. */
status_t account_by_id(call_t *call, const char *id, account_t *ret);
status_t account_by_id_number(call_t *call, const char *id_number, account_t *ret);
status_t account_by_mobile(call_t *call, const char *mobile, account_t *ret);

/* The subject of guard.h for a login: the account's, or for an unknown identifier one that behaves
 * the same. */
const char *account_guard(call_t *call, const account_t *account, const char *identifier);

/* Stores a new hash. */
status_t account_set_password(call_t *call, const char *id, const char *hash);
