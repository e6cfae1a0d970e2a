/* identity.h - the service as a whole: its settings, keys and adapters.
 *
 * identity_t is made once at start and read by all threads; what changes in it (delivery.c) has
 * its own lock.  Everything else is in the database. */
#pragma once
#include "call.h"
#include "channel.h"
#include "identity.svc.h"
#include "population.h"
#include "secrets.h"
#include "server.h"

typedef struct {
    int64_t token_ms;   /* life of an access token */
    int64_t refresh_ms; /* life of a person's session */
    int64_t staff_session_ms;
    int64_t code_ms;          /* life of an SMS code */
    int64_t code_pause_ms;    /* between two codes to one mobile */
    int64_t codes_per_mobile; /* in 24 hours */
    int64_t codes_per_address;
    int64_t tries_per_account; /* wrong passwords before a lock */
    int64_t tries_per_address;
    int64_t lock_ms; /* the first lock */
} settings_t;

typedef struct deliverer deliverer_t;

typedef struct identity {
    settings_t settings;
    secrets_t secrets;
    const population_t *population;
    channel_t *sms;
    deliverer_t *deliverer;
    char dummy_hash[CRYPTO_PASSWORD_SIZE]; /* checked for unknown accounts, to spend the time */
} identity_t;

/* What main() and tests run. */
const service_t *identity_service(void);
/* verify.c */
void identity_verify(config_t *config, struct verify *report);

/* Defaults of the settings, keys of a folder (made when there are none), the development channel
 * to messages.jsonl in the data folder.  Used by identity_service and by tests. */
status_t identity_new(const char *key_folder, const char *data_folder, identity_t **ret,
                      char *error, size_t error_size);
void identity_free(identity_t **self);

static inline identity_t *identity_of(const call_t *call)
{
    return call->context;
}

/* The form in which ID numbers are stored, hashed and compared: 'x' becomes 'X'. */
const char *id_number_normal(arena_t *arena, const char *id_number);

/* "The row does not open": the key or the row was tampered with. */
status_t identity_data_loss(call_t *call);
