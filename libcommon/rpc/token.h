/* token.h - who asks: signed by identity, short-lived, verified by every service itself.
 *
 * A SignedToken holds the packed Token and an Ed25519 signature (RFC 8032) over it.
 * Verifying costs about 60 us, so a process keeps those it has seen in a small
 * cache by their hash; the cache never outlives a token's expiry. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>
#include "arena.h"
#include "crypto.h"
#include "yiwang/envelope.pb-c.h"

#define TOKEN_SIZE_MAX 2048

/* A packed SignedToken in the arena; data NULL past its limit or when larger than TOKEN_SIZE_MAX. */
ProtobufCBinaryData token_sign(const Yw__Token *token,
                               const uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE], arena_t *arena);

typedef enum { TOKEN_GOOD, TOKEN_BAD, TOKEN_EXPIRED } token_state_t;

typedef struct token_cache token_cache_t;

/* One thread's; `public_key` is copied. */
token_cache_t *token_cache_new(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE]);
void token_cache_free(token_cache_t **self);

/* *ret lives in the arena and is written unless TOKEN_BAD. */
token_state_t token_verify(token_cache_t *self, const void *signed_token, size_t size,
                           int64_t now_ms, arena_t *arena, Yw__Token **ret) MUST_USE;
