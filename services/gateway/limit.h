/* limit.h - requests per address: a token bucket each, in a table of fixed size.
 *
 * IPv6 addresses count by their /64, which is what one subscriber gets.  When the table
 * is full the bucket least recently used in the same set makes room: an attacker with
 * many addresses can make us forget, not make us grow.  One thread owns a table, so
 * with N threads an address gets at most N times the rate. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct limit limit_t;

/* `rate` per second, 0: no limit; `burst` at once. */
limit_t *limit_new(uint32_t rate, uint32_t burst);
void limit_free(limit_t **self);

/* What is counted of an address: 16 bytes. */
typedef struct {
    uint8_t bytes[16];
} limit_key_t;
limit_key_t limit_key(const struct sockaddr *address);

/* Takes one; false: none left. */
bool limit_take(limit_t *self, const limit_key_t *key, int64_t mono_ms);
