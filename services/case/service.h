/* service.h - what every file of the case service shares: its settings, keys and service_t. */
#pragma once
#include "call.h"
#include "crypto.h"
#include "server.h"
#include "yiwang/case.pb-c.h"

/* Shorter names for what the compiler spells out. */
#define STATE(name)  CASE__STATE__STATE_##name
#define ACTION(name) CASE__ACTION__ACTION_##name

typedef struct {
    uint8_t seal_key[CRYPTO_KEY_SIZE];   /* of personal data and files */
    uint8_t lookup_key[CRYPTO_KEY_SIZE]; /* of query codes and guess counters */
    int close_hour; /* hour in Shanghai from which a submission counts for the next working day */
    int correction_days;       /* working days to supplement, unless the notice says other */
    int files_max;             /* files a case may have */
    int drafts_max;            /* drafts an account may have */
    int64_t account_bytes_max; /* of files in the open cases of one account */
} settings_t;

/* Settings with their defaults, and keys derived from `master`.  Never NULL. */
settings_t *settings_new(const uint8_t master[CRYPTO_KEY_SIZE]);
/* The same with the platform's master key; NULL after logging that there is none. */
settings_t *settings_load(config_t *config);
void settings_free(settings_t **self);

static inline const settings_t *settings_of(const call_t *call)
{
    return call->context;
}

/* verify.c */
void case_verify(config_t *config, struct verify *report);

/* For service_main() and for tests; static. */
const service_t *case_service(void);
