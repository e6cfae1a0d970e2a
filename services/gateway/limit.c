#include "limit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crypto.h"

/* 1024 sets of 8 buckets: 8192 addresses at a time, 256 KiB. */
#define SETS 1024
#define WAYS 8

typedef struct {
    limit_key_t key;
    int64_t at_ms;  /* when `tokens` was right; 0: unused */
    int64_t tokens; /* thousandths */
} bucket_t;

struct limit {
    int64_t rate;  /* per second = thousandths per millisecond */
    int64_t burst; /* thousandths */
    uint64_t seed; /* so that nobody can choose addresses of one set */
    bucket_t buckets[SETS][WAYS];
};

limit_t *limit_new(uint32_t rate, uint32_t burst)
{
    limit_t *self = xalloc(sizeof *self);
    self->rate = rate;
    self->burst = (int64_t) burst * 1000;
    crypto_random(&self->seed, sizeof self->seed);
    return self;
}

void limit_free(limit_t **self)
{
    free(*self);
    *self = NULL;
}

limit_key_t limit_key(const struct sockaddr *address)
{
    limit_key_t key = {{0}};
    if (address->sa_family == AF_INET) {
        memcpy(key.bytes + 12, &((const struct sockaddr_in *) (const void *) address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *in6 =
            &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(in6))
            memcpy(key.bytes + 12, in6->s6_addr + 12, 4);
        else
            memcpy(key.bytes, in6->s6_addr, 8);
    }
    return key;
}

static size_t set_of(const limit_t *self, const limit_key_t *key)
{
    uint64_t high, low;
    memcpy(&high, key->bytes, 8);
    memcpy(&low, key->bytes + 8, 8);
    uint64_t mixed = (high ^ self->seed) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 29) ^ low ^ (self->seed >> 7)) * 0xBF58476D1CE4E5B9u;
    return (size_t) (mixed >> 40) % SETS;
}

bool limit_take(limit_t *self, const limit_key_t *key, int64_t mono_ms)
{
    if (self->rate == 0)
        return true;
    bucket_t *set = self->buckets[set_of(self, key)];
    bucket_t *bucket = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(&set[i].key, key, sizeof *key) == 0 && set[i].at_ms) {
            bucket = &set[i];
            goto found;
        }
        if (set[i].at_ms < bucket->at_ms)
            bucket = &set[i];
    }
    *bucket = (bucket_t){.key = *key, .at_ms = mono_ms, .tokens = self->burst};

found:;
    int64_t passed = mono_ms - bucket->at_ms;
    if (passed > 0) {
        /* After so long it is full anyway, and the product stays small. */
        int64_t enough = self->burst / self->rate + 1;
        bucket->tokens += (passed < enough ? passed : enough) * self->rate;
        if (bucket->tokens > self->burst)
            bucket->tokens = self->burst;
        bucket->at_ms = mono_ms;
    }
    if (bucket->tokens < 1000)
        return false;
    bucket->tokens -= 1000;
    return true;
}
