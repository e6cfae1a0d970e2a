/* crypto.h - everything we use of libsodium; no other file includes sodium.h.
 *
 * Sizes are named; results that must be looked at warn when they are not. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "status.h"

#define CRYPTO_HASH_SIZE        32
#define CRYPTO_KEY_SIZE         32
#define CRYPTO_SIGN_PUBLIC_SIZE 32
#define CRYPTO_SIGN_SECRET_SIZE 64
#define CRYPTO_SIGNATURE_SIZE   64
#define CRYPTO_SEAL_OVERHEAD    40  /* 24 nonce + 16 tag */
#define CRYPTO_PASSWORD_SIZE    128 /* text of a password hash, with 0 */
#define CRYPTO_LOOKUP_SIZE      32

#define MUST_USE __attribute__((warn_unused_result))

/* libsodium has functions of these names: ours get other symbols, so that no
 * shared library that uses libsodium ends up in them. */
#define crypto_hash yw_crypto_hash
#define crypto_sign yw_crypto_sign

/* First thing in main; may be called again. */
void crypto_init(void);

void crypto_random(void *out, size_t size);
uint32_t crypto_random_below(uint32_t limit); /* uniform */

/* BLAKE2b-256, in one go and in parts. */
void crypto_hash(const void *data, size_t size, uint8_t out[CRYPTO_HASH_SIZE]);
typedef struct {
    _Alignas(64) unsigned char state[384];
} crypto_hash_t;
void crypto_hash_start(crypto_hash_t *self);
void crypto_hash_add(crypto_hash_t *self, const void *data, size_t size);
void crypto_hash_end(crypto_hash_t *self, uint8_t out[CRYPTO_HASH_SIZE]);

/* Keyed BLAKE2b: the index of an encrypted column (same input, same output;
 * without the key nothing can be guessed). */
void crypto_lookup(const uint8_t key[CRYPTO_KEY_SIZE], const void *data, size_t size,
                   uint8_t out[CRYPTO_LOOKUP_SIZE]);

/* XChaCha20-Poly1305 with random nonce.  `context` is authenticated, not
 * stored: use table, column and row id, so a value cannot be moved elsewhere.
 * out: size + CRYPTO_SEAL_OVERHEAD bytes. */
void crypto_seal(const uint8_t key[CRYPTO_KEY_SIZE], const char *context, const void *data,
                 size_t size, uint8_t *out);
/* out: size - CRYPTO_SEAL_OVERHEAD bytes; false: not ours, or altered. */
MUST_USE bool crypto_open(const uint8_t key[CRYPTO_KEY_SIZE], const char *context,
                          const uint8_t *sealed, size_t size, void *out);

/* A subkey for one purpose. */
void crypto_derive(const uint8_t key[CRYPTO_KEY_SIZE], const char *purpose,
                   uint8_t out[CRYPTO_KEY_SIZE]);

/* Ed25519. */
void crypto_sign_keys(uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE],
                      uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE]);
void crypto_sign(const uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE], const void *data, size_t size,
                 uint8_t out[CRYPTO_SIGNATURE_SIZE]);
MUST_USE bool crypto_verify(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], const void *data,
                            size_t size, const uint8_t signature[CRYPTO_SIGNATURE_SIZE]);

/* Argon2id, m = 7 MiB, t = 5, p = 1 (OWASP password storage cheat sheet).
 * INVALID_ARGUMENT: longer than 1024 bytes; UNAVAILABLE: no memory. */
MUST_USE status_t crypto_password_hash(const char *password, char out[CRYPTO_PASSWORD_SIZE]);
MUST_USE bool crypto_password_check(const char *hash, const char *password);

/* Constant time. */
MUST_USE bool crypto_equal(const void *a, const void *b, size_t size);
void crypto_wipe(void *data, size_t size);

/* Hex and base64 (standard with padding; url without, RFC 4648).  `out` must
 * hold the text and its 0; the size of base64 text is CRYPTO_BASE64_SIZE(n). */
#define CRYPTO_HEX_SIZE(n)    (2 * (n) + 1)
#define CRYPTO_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
void crypto_hex(const void *data, size_t size, char *out);
MUST_USE bool crypto_unhex(const char *text, size_t text_size, void *out, size_t out_size,
                           size_t *ret_size);
void crypto_base64(const void *data, size_t size, char *out);
void crypto_base64url(const void *data, size_t size, char *out);
/* Accepts both alphabets, padded or not. */
MUST_USE bool crypto_unbase64(const char *text, size_t text_size, void *out, size_t out_size,
                              size_t *ret_size);

/* Reads a key file (hex, 0600) of exactly `size` bytes, 4096 at most.  NOT_FOUND: no
 * such file; PERMISSION_DENIED: not readable, or by others too; INVALID_ARGUMENT: not a
 * key of this size. */
MUST_USE status_t crypto_key_load(const char *path, void *out, size_t size);
/* Writes it with mode 0600, never over an existing file (ALREADY_EXISTS). */
MUST_USE status_t crypto_key_save(const char *path, const void *key, size_t size);
