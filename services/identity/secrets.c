#include "secrets.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "check.h"

/* Names never change: a column sealed under one cannot be opened under another. */
static const char *const SEALS[SEAL_COUNT] = {
    [SEAL_ACCOUNT_NAME] = "accounts.name",
    [SEAL_ACCOUNT_ID_NUMBER] = "accounts.id_number",
    [SEAL_ACCOUNT_MOBILE] = "accounts.mobile",
    [SEAL_STAFF_NAME] = "staff.name",
    [SEAL_MESSAGE_TITLE] = "messages.title",
    [SEAL_MESSAGE_TEXT] = "messages.text",
    [SEAL_DELIVERY_RECIPIENT] = "deliveries.recipient",
    [SEAL_DELIVERY_TEXT] = "deliveries.text",
};

static const char *const LOOKUPS[LOOKUP_COUNT] = {
    [LOOKUP_ID_NUMBER] = "id_number", [LOOKUP_MOBILE] = "mobile", [LOOKUP_ADDRESS] = "address",
    [LOOKUP_CODE] = "code",           [LOOKUP_GUARD] = "guard",   [LOOKUP_PERSON] = "person",
    [LOOKUP_REFRESH] = "refresh",     [LOOKUP_CHECK] = "check",
};

/* --- keys ------------------------------------------------------------------- */

typedef enum { KEY_MASTER, KEY_SECRET, KEY_PUBLIC, KEY_COUNT } key_name_t;

static const struct {
    const char *name;
    size_t size;
} KEYS[KEY_COUNT] = {
    [KEY_MASTER] = {"master.key", CRYPTO_KEY_SIZE},
    [KEY_SECRET] = {"token.secret", CRYPTO_SIGN_SECRET_SIZE},
    [KEY_PUBLIC] = {"token.public", CRYPTO_SIGN_PUBLIC_SIZE},
};

typedef struct {
    uint8_t bytes[KEY_COUNT][CRYPTO_SIGN_SECRET_SIZE];
} keys_t;

static status_t complain(char *error, size_t size, status_t status, const char *folder,
                         const char *name, const char *what)
{
    snprintf(error, size, "%s/%s: %s", folder, name, what);
    return status;
}

static status_t key_path(const char *folder, const char *name, char *out, size_t size)
{
    int length = snprintf(out, size, "%s/%s", folder, name);
    return length > 0 && (size_t) length < size ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

static status_t keys_make(const char *folder, keys_t *keys, char *error, size_t error_size)
{
    crypto_random(keys->bytes[KEY_MASTER], CRYPTO_KEY_SIZE);
    crypto_sign_keys(keys->bytes[KEY_PUBLIC], keys->bytes[KEY_SECRET]);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return complain(error, error_size, STATUS_PERMISSION_DENIED, folder, "", strerror(errno));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        char path[4096];
        status_t status = key_path(folder, KEYS[i].name, path, sizeof path);
        if (status == STATUS_OK)
            status = crypto_key_save(path, keys->bytes[i], KEYS[i].size);
        if (status != STATUS_OK)
            return complain(error, error_size, status, folder, KEYS[i].name, "cannot be written");
    }
    return STATUS_OK;
}

static status_t keys_load(const char *folder, keys_t *keys, char *error, size_t error_size)
{
    size_t missing = 0;
    const char *gone = "";
    for (size_t i = 0; i < KEY_COUNT; i++) {
        char path[4096];
        status_t status = key_path(folder, KEYS[i].name, path, sizeof path);
        if (status == STATUS_OK)
            status = crypto_key_load(path, keys->bytes[i], KEYS[i].size);
        if (status == STATUS_NOT_FOUND) {
            missing++;
            gone = KEYS[i].name;
        } else if (status != STATUS_OK) {
            return complain(error, error_size, status, folder, KEYS[i].name,
                            "is not a key of ours, or others may read it (must be 0600)");
        }
    }
    if (missing == KEY_COUNT)
        return keys_make(folder, keys, error, error_size);
    if (missing)
        return complain(error, error_size, STATUS_FAILED_PRECONDITION, folder, gone,
                        "is missing while other keys are there; restore it from the backup");
    return STATUS_OK;
}

/* A public key that does not belong to the secret one would refuse every token made here. */
static bool keys_fit(const keys_t *keys)
{
    static const char PROBE[] = "yiwang";
    uint8_t signature[CRYPTO_SIGNATURE_SIZE];
    crypto_sign(keys->bytes[KEY_SECRET], PROBE, sizeof PROBE, signature);
    return crypto_verify(keys->bytes[KEY_PUBLIC], PROBE, sizeof PROBE, signature);
}

status_t secrets_open(const char *folder, secrets_t *ret, char *error, size_t error_size)
{
    keys_t keys;
    status_t status = keys_load(folder, &keys, error, error_size);
    if (status == STATUS_OK && !keys_fit(&keys))
        status = complain(error, error_size, STATUS_FAILED_PRECONDITION, folder, "token.public",
                          "does not belong to token.secret");
    if (status == STATUS_OK) {
        memcpy(ret->token_secret, keys.bytes[KEY_SECRET], sizeof ret->token_secret);
        memcpy(ret->token_public, keys.bytes[KEY_PUBLIC], sizeof ret->token_public);
        char purpose[64];
        for (size_t i = 0; i < SEAL_COUNT; i++) {
            snprintf(purpose, sizeof purpose, "identity.seal.%s", SEALS[i]);
            crypto_derive(keys.bytes[KEY_MASTER], purpose, ret->seals[i]);
        }
        for (size_t i = 0; i < LOOKUP_COUNT; i++) {
            snprintf(purpose, sizeof purpose, "identity.lookup.%s", LOOKUPS[i]);
            crypto_derive(keys.bytes[KEY_MASTER], purpose, ret->lookups[i]);
        }
    }
    crypto_wipe(&keys, sizeof keys);
    return status;
}

void secrets_wipe(secrets_t *self)
{
    crypto_wipe(self, sizeof *self);
}

status_t secrets_check(const secrets_t *self, store_t *store, char *error, size_t error_size)
{
    uint8_t expected[CRYPTO_LOOKUP_SIZE];
    secrets_lookup(self, LOOKUP_CHECK, "identity", expected);

    query_t *mark = query(store, "INSERT INTO key_check (id, value) VALUES (1, :value)"
                                 " ON CONFLICT (id) DO NOTHING");
    query_blob(mark, "value", expected, sizeof expected);
    status_t status = query_done(mark);

    query_t *same = query(store, "SELECT 1 FROM key_check WHERE id = 1 AND value = :value");
    query_blob(same, "value", expected, sizeof expected);
    bool fits = query_next(same);
    status_t read = query_done(same);
    if (status == STATUS_OK)
        status = read;
    if (status == STATUS_OK && !fits)
        status = STATUS_FAILED_PRECONDITION;
    if (status != STATUS_OK)
        snprintf(error, error_size,
                 "the database was sealed with another master.key, or cannot be read");
    return status;
}

/* --- sealing and look-up ------------------------------------------------------ */

static void seal_context(seal_t seal, const char *row_id, char *out, size_t size)
{
    int length = snprintf(out, size, "%s/%s", SEALS[seal], row_id);
    CHECK(length > 0 && (size_t) length < size);
}

void secrets_bind(const secrets_t *self, query_t *query, const char *parameter, seal_t seal,
                  const char *row_id, const char *text, arena_t *arena)
{
    char context[128];
    seal_context(seal, row_id, context, sizeof context);
    size_t size = strlen(text);
    uint8_t *sealed = arena_alloc(arena, size + CRYPTO_SEAL_OVERHEAD);
    if (!sealed) {
        query_null(query, parameter); /* NOT NULL refuses it; the arena's end is told there */
        return;
    }
    crypto_seal(self->seals[seal], context, text, size, sealed);
    query_blob(query, parameter, sealed, size + CRYPTO_SEAL_OVERHEAD);
}

const char *secrets_column(const secrets_t *self, query_t *query, const char *column, seal_t seal,
                           const char *row_id, arena_t *arena)
{
    char context[128];
    seal_context(seal, row_id, context, sizeof context);
    ProtobufCBinaryData sealed = query_get_blob(query, column, arena);
    if (!sealed.data || sealed.len < CRYPTO_SEAL_OVERHEAD)
        return NULL;
    char *text = arena_alloc(arena, sealed.len - CRYPTO_SEAL_OVERHEAD + 1);
    if (!text || !crypto_open(self->seals[seal], context, sealed.data, sealed.len, text))
        return NULL;
    return text;
}

void secrets_lookup(const secrets_t *self, lookup_t lookup, const char *text,
                    uint8_t out[CRYPTO_LOOKUP_SIZE])
{
    crypto_lookup(self->lookups[lookup], text, strlen(text), out);
}

void secrets_bind_lookup(const secrets_t *self, query_t *query, const char *parameter,
                         lookup_t lookup, const char *text)
{
    uint8_t key[CRYPTO_LOOKUP_SIZE];
    secrets_lookup(self, lookup, text, key);
    query_blob(query, parameter, key, sizeof key);
}
