#include <sodium.h> /* before crypto.h, which renames two of its names */
#include "crypto.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

#define NONCE_SIZE        crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE          crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PASSWORD_OPSLIMIT 5                 /* passes */
#define PASSWORD_MEMLIMIT (7 * 1024 * 1024) /* bytes */
#define PASSWORD_MAX      1024              /* longest password in bytes */
#define KEY_FILE_MAX      4096              /* longest key in bytes */

_Static_assert(CRYPTO_HASH_SIZE == crypto_generichash_BYTES, "hash size");
_Static_assert(sizeof(crypto_hash_t) >= sizeof(crypto_generichash_state), "hash state");
_Static_assert(_Alignof(crypto_hash_t) >= _Alignof(crypto_generichash_state), "hash state");
_Static_assert(CRYPTO_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(CRYPTO_SEAL_OVERHEAD == NONCE_SIZE + TAG_SIZE, "seal overhead");
_Static_assert(CRYPTO_SIGN_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "public key size");
_Static_assert(CRYPTO_SIGN_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "secret key size");
_Static_assert(CRYPTO_SIGNATURE_SIZE == crypto_sign_BYTES, "signature size");
_Static_assert(CRYPTO_PASSWORD_SIZE == crypto_pwhash_argon2id_STRBYTES, "password hash size");

void crypto_init(void)
{
    CHECK(sodium_init() >= 0);
}

void crypto_random(void *out, size_t size)
{
    randombytes_buf(out, size);
}

uint32_t crypto_random_below(uint32_t limit)
{
    CHECK(limit > 0);
    return randombytes_uniform(limit);
}

/* --- hashes ----------------------------------------------------------------- */

void crypto_hash(const void *data, size_t size, uint8_t out[CRYPTO_HASH_SIZE])
{
    CHECK(crypto_generichash(out, CRYPTO_HASH_SIZE, data, size, NULL, 0) == 0);
}

static crypto_generichash_state *state_of(crypto_hash_t *self)
{
    return (crypto_generichash_state *) (void *) self->state;
}

void crypto_hash_start(crypto_hash_t *self)
{
    CHECK(crypto_generichash_init(state_of(self), NULL, 0, CRYPTO_HASH_SIZE) == 0);
}

void crypto_hash_add(crypto_hash_t *self, const void *data, size_t size)
{
    CHECK(crypto_generichash_update(state_of(self), data, size) == 0);
}

void crypto_hash_end(crypto_hash_t *self, uint8_t out[CRYPTO_HASH_SIZE])
{
    CHECK(crypto_generichash_final(state_of(self), out, CRYPTO_HASH_SIZE) == 0);
}

/* The same key may serve look-ups and derivations: BLAKE2b's personal block
 * keeps the two apart, so no index entry can equal a subkey. */
static void keyed_hash(const char personal[crypto_generichash_blake2b_PERSONALBYTES + 1],
                       const uint8_t key[CRYPTO_KEY_SIZE], const void *data, size_t size,
                       uint8_t *out)
{
    CHECK(crypto_generichash_blake2b_salt_personal(out, 32, data, size, key, CRYPTO_KEY_SIZE, NULL,
                                                   (const unsigned char *) personal) == 0);
}

void crypto_lookup(const uint8_t key[CRYPTO_KEY_SIZE], const void *data, size_t size,
                   uint8_t out[CRYPTO_LOOKUP_SIZE])
{
    keyed_hash("yiwang lookup v1", key, data, size, out);
}

void crypto_derive(const uint8_t key[CRYPTO_KEY_SIZE], const char *purpose,
                   uint8_t out[CRYPTO_KEY_SIZE])
{
    keyed_hash("yiwang derive v1", key, purpose, strlen(purpose), out);
}

/* --- sealing and signing ---------------------------------------------------- */

void crypto_seal(const uint8_t key[CRYPTO_KEY_SIZE], const char *context, const void *data,
                 size_t size, uint8_t *out)
{
    randombytes_buf(out, NONCE_SIZE);
    CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_SIZE, NULL, data, size,
                                                     (const unsigned char *) context,
                                                     strlen(context), NULL, out, key) == 0);
}

bool crypto_open(const uint8_t key[CRYPTO_KEY_SIZE], const char *context, const uint8_t *sealed,
                 size_t size, void *out)
{
    if (size < CRYPTO_SEAL_OVERHEAD)
        return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               out, NULL, NULL, sealed + NONCE_SIZE, size - NONCE_SIZE,
               (const unsigned char *) context, strlen(context), sealed, key) == 0;
}

void crypto_sign_keys(uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE],
                      uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE])
{
    CHECK(crypto_sign_keypair(public_key, secret_key) == 0);
}

void crypto_sign(const uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE], const void *data, size_t size,
                 uint8_t out[CRYPTO_SIGNATURE_SIZE])
{
    CHECK(crypto_sign_detached(out, NULL, data, size, secret_key) == 0);
}

bool crypto_verify(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], const void *data, size_t size,
                   const uint8_t signature[CRYPTO_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, data, size, public_key) == 0;
}

/* --- passwords -------------------------------------------------------------- */

status_t crypto_password_hash(const char *password, char out[CRYPTO_PASSWORD_SIZE])
{
    size_t size = strlen(password);
    if (size > PASSWORD_MAX)
        return STATUS_INVALID_ARGUMENT;
    /* Fails only when there is no memory. */
    if (crypto_pwhash_str_alg(out, password, size, PASSWORD_OPSLIMIT, PASSWORD_MEMLIMIT,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return STATUS_UNAVAILABLE;
    return STATUS_OK;
}

bool crypto_password_check(const char *hash, const char *password)
{
    /* sodium reads the whole block of STRBYTES; the hash may be a shorter text. */
    char block[CRYPTO_PASSWORD_SIZE] = {0};
    size_t size = strlen(password), hash_size = strlen(hash);
    if (size > PASSWORD_MAX || hash_size >= sizeof block)
        return false;
    memcpy(block, hash, hash_size);
    return crypto_pwhash_str_verify(block, password, size) == 0;
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void crypto_wipe(void *data, size_t size)
{
    sodium_memzero(data, size);
}

/* --- texts ------------------------------------------------------------------ */

void crypto_hex(const void *data, size_t size, char *out)
{
    sodium_bin2hex(out, CRYPTO_HEX_SIZE(size), data, size);
}

bool crypto_unhex(const char *text, size_t text_size, void *out, size_t out_size, size_t *ret_size)
{
    return sodium_hex2bin(out, out_size, text, text_size, NULL, ret_size, NULL) == 0;
}

void crypto_base64(const void *data, size_t size, char *out)
{
    sodium_bin2base64(out, CRYPTO_BASE64_SIZE(size), data, size, sodium_base64_VARIANT_ORIGINAL);
}

void crypto_base64url(const void *data, size_t size, char *out)
{
    sodium_bin2base64(out,
                      sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                      data, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* 0..63, or -1.  sodium's own decoder knows one alphabet at a time. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool crypto_unbase64(const char *text, size_t text_size, void *out, size_t out_size,
                     size_t *ret_size)
{
    /* Padding is all or nothing. */
    size_t padding = 0;
    while (padding < 2 && padding < text_size && text[text_size - 1 - padding] == '=')
        padding++;
    if (padding && text_size % 4)
        return false;
    text_size -= padding;
    size_t size = text_size / 4 * 3 + (text_size % 4 ? text_size % 4 - 1 : 0);
    if (text_size % 4 == 1 || size > out_size)
        return false;

    unsigned char *at = out;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < text_size; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t) value) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *at++ = (unsigned char) (bits >> count);
        }
    }
    /* Left-over bits are 0, so every value has one text (RFC 4648, section 3.5). */
    if (bits & ((1u << count) - 1))
        return false;
    *ret_size = size;
    return true;
}

/* --- key files -------------------------------------------------------------- */

status_t crypto_key_load(const char *path, void *out, size_t size)
{
    CHECK(size <= KEY_FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_PERMISSION_DENIED;

    status_t status = STATUS_INVALID_ARGUMENT;
    char text[CRYPTO_HEX_SIZE(KEY_FILE_MAX) + 1];
    uint8_t key[KEY_FILE_MAX];
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        goto done;
    if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        status = STATUS_PERMISSION_DENIED; /* others could read it */
        goto done;
    }
    ssize_t text_size = read(fd, text, sizeof text);
    if (text_size > 0 && text[text_size - 1] == '\n')
        text_size--;
    size_t key_size;
    if (text_size != (ssize_t) (2 * size) ||
        !crypto_unhex(text, (size_t) text_size, key, sizeof key, &key_size) || key_size != size)
        goto done;
    memcpy(out, key, size);
    status = STATUS_OK;

done:
    crypto_wipe(text, sizeof text);
    crypto_wipe(key, sizeof key);
    close(fd);
    return status;
}

status_t crypto_key_save(const char *path, const void *key, size_t size)
{
    CHECK(size <= KEY_FILE_MAX);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_PERMISSION_DENIED;

    char text[CRYPTO_HEX_SIZE(KEY_FILE_MAX)];
    crypto_hex(key, size, text);
    text[2 * size] = '\n';
    ssize_t written = write(fd, text, 2 * size + 1);
    bool ok = written == (ssize_t) (2 * size + 1) && fsync(fd) == 0;
    crypto_wipe(text, sizeof text);
    if (close(fd) != 0 || !ok) {
        unlink(path); /* half a key is no key */
        return STATUS_UNAVAILABLE;
    }
    return STATUS_OK;
}
