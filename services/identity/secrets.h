/* secrets.h - the service's keys, and everything they are used for.
 *
 * master.key (32 bytes, hex, 0600, in the key folder) gives one subkey per purpose: one for each
 * sealed column, one for each keyed index.  Whoever steals the database without it learns no ID
 * number, mobile, name, message or refresh token, and cannot test a guess.  token.secret signs
 * access tokens (Ed25519); every other process knows token.public only.
 *
 * A new sealed column or index is one more line in the tables of secrets.c. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "crypto.h"
#include "store.h"

typedef enum {
    SEAL_ACCOUNT_NAME,
    SEAL_ACCOUNT_ID_NUMBER,
    SEAL_ACCOUNT_MOBILE,
    SEAL_STAFF_NAME,
    SEAL_MESSAGE_TITLE,
    SEAL_MESSAGE_TEXT,
    SEAL_DELIVERY_RECIPIENT,
    SEAL_DELIVERY_TEXT,
    SEAL_COUNT
} seal_t;

typedef enum {
    LOOKUP_ID_NUMBER,
    LOOKUP_MOBILE,
    LOOKUP_ADDRESS,
    LOOKUP_CODE,
    LOOKUP_GUARD,
    LOOKUP_PERSON, /* the population library */
    LOOKUP_REFRESH,
    LOOKUP_CHECK,
    LOOKUP_COUNT
} lookup_t;

typedef struct {
    uint8_t token_secret[CRYPTO_SIGN_SECRET_SIZE];
    uint8_t token_public[CRYPTO_SIGN_PUBLIC_SIZE];
    uint8_t seals[SEAL_COUNT][CRYPTO_KEY_SIZE];
    uint8_t lookups[LOOKUP_COUNT][CRYPTO_KEY_SIZE];
} secrets_t;

/* Reads the keys of a folder; makes those of a folder that has none at all.  A folder that has
 * some but not all is an error, not an invitation.  `error` gets a sentence. */
status_t secrets_open(const char *folder, secrets_t *ret, char *error, size_t error_size);
void secrets_wipe(secrets_t *self);

/* The database must have been sealed with these keys; a new one is marked with them. */
status_t secrets_check(const secrets_t *self, store_t *store, char *error, size_t error_size);

/* Binds a sealed text to a parameter.  A value can be opened in its own column and row only. */
void secrets_bind(const secrets_t *self, query_t *query, const char *parameter, seal_t seal,
                  const char *row_id, const char *text, arena_t *arena);

/* The text of a sealed column of the query's row.  NULL: altered, moved, or no memory left. */
const char *secrets_column(const secrets_t *self, query_t *query, const char *column, seal_t seal,
                           const char *row_id, arena_t *arena);

/* The keyed hash of a text (of several joined by the caller with line feeds). */
void secrets_lookup(const secrets_t *self, lookup_t lookup, const char *text,
                    uint8_t out[CRYPTO_LOOKUP_SIZE]);
/* The same, bound to a parameter. */
void secrets_bind_lookup(const secrets_t *self, query_t *query, const char *parameter,
                         lookup_t lookup, const char *text);
