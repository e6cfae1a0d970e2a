#include "crypto.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static const uint8_t key[CRYPTO_KEY_SIZE] = "a key of thirty-two bytes, yes!";

static bool is_hex(const void *data, size_t size, const char *expected)
{
    char hex[200];
    crypto_hex(data, size, hex);
    return strcmp(hex, expected) == 0;
}

TEST(hashes_in_one_go_and_in_parts)
{
    crypto_init();
    crypto_init();
    uint8_t hash[CRYPTO_HASH_SIZE], parts[CRYPTO_HASH_SIZE];
    crypto_hash("abc", 3, hash);
    /* BLAKE2b-256 of "abc", as b2sum -l 256 says. */
    EXPECT(is_hex(hash, sizeof hash,
                  "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"));
    crypto_hash_t state;
    crypto_hash_start(&state);
    crypto_hash_add(&state, "a", 1);
    crypto_hash_add(&state, NULL, 0);
    crypto_hash_add(&state, "bc", 2);
    crypto_hash_end(&state, parts);
    EXPECT(memcmp(hash, parts, sizeof hash) == 0);
}

TEST(lookups_and_subkeys_depend_on_key_and_purpose)
{
    uint8_t a[32], b[32], other_key[CRYPTO_KEY_SIZE] = "another";
    crypto_lookup(key, "x", 1, a);
    crypto_lookup(key, "x", 1, b);
    EXPECT(memcmp(a, b, 32) == 0);
    crypto_lookup(other_key, "x", 1, b);
    EXPECT(memcmp(a, b, 32) != 0);
    crypto_derive(key, "x", b);
    EXPECT(memcmp(a, b, 32) != 0); /* an index entry is never a subkey */
    crypto_derive(key, "y", a);
    EXPECT(memcmp(a, b, 32) != 0);
}

TEST(sealed_opens_only_unchanged_and_in_its_place)
{
    static const char id[] = "11010519491231002X";
    uint8_t sealed[sizeof id + CRYPTO_SEAL_OVERHEAD], again[sizeof sealed];
    char opened[sizeof id];
    crypto_seal(key, "account.id_number.1", id, sizeof id, sealed);
    crypto_seal(key, "account.id_number.1", id, sizeof id, again);
    EXPECT(memcmp(sealed, again, sizeof sealed) != 0);
    EXPECT(crypto_open(key, "account.id_number.1", sealed, sizeof sealed, opened));
    EXPECT(memcmp(opened, id, sizeof id) == 0);
    EXPECT(!crypto_open(key, "account.id_number.2", sealed, sizeof sealed, opened));
    EXPECT(!crypto_open(key, "account.id_number.1", sealed, CRYPTO_SEAL_OVERHEAD - 1, opened));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        EXPECT(!crypto_open(key, "account.id_number.1", sealed, sizeof sealed, opened));
        sealed[i] ^= 1;
    }
    uint8_t nothing[CRYPTO_SEAL_OVERHEAD];
    crypto_seal(key, "", NULL, 0, nothing);
    EXPECT(crypto_open(key, "", nothing, sizeof nothing, opened));
}

TEST(signs)
{
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret[CRYPTO_SIGN_SECRET_SIZE];
    uint8_t signature[CRYPTO_SIGNATURE_SIZE];
    crypto_sign_keys(public_key, secret);
    crypto_sign(secret, "token", 5, signature);
    EXPECT(crypto_verify(public_key, "token", 5, signature));
    EXPECT(!crypto_verify(public_key, "tokem", 5, signature));
    signature[3] ^= 1;
    EXPECT(!crypto_verify(public_key, "token", 5, signature));
}

TEST(passwords)
{
    char hash[CRYPTO_PASSWORD_SIZE];
    EXPECT(crypto_password_hash("correct horse", hash) == STATUS_OK);
    EXPECT(strncmp(hash, "$argon2id$v=19$m=7168,t=5,p=1$", 30) == 0);
    EXPECT(crypto_password_check(hash, "correct horse"));
    EXPECT(!crypto_password_check(hash, "correct horsf"));
    EXPECT(!crypto_password_check("", "x") && !crypto_password_check("$argon2id$", "x"));
    static char large[2000];
    memset(large, 'x', sizeof large - 1);
    EXPECT(crypto_password_hash(large, hash) == STATUS_INVALID_ARGUMENT);
    EXPECT(!crypto_password_check(hash, large));
    EXPECT(!crypto_password_check(large, "x"));
}

TEST(random_below_its_limit)
{
    bool seen[5] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t n = crypto_random_below(5);
        EXPECT(n < 5);
        seen[n] = true;
    }
    EXPECT(seen[0] && seen[1] && seen[2] && seen[3] && seen[4]);
    uint8_t a[16] = {0}, b[16] = {0};
    crypto_random(a, sizeof a);
    crypto_random(b, sizeof b);
    EXPECT(!crypto_equal(a, b, sizeof a));
    crypto_wipe(a, sizeof a);
    EXPECT(a[0] == 0 && a[15] == 0);
}

TEST(hex_and_base64)
{
    uint8_t out[100];
    char text[200];
    size_t size = 0;
    EXPECT(crypto_unhex("00ffA5", 6, out, 3, &size) && size == 3 && is_hex(out, 3, "00ffa5"));
    EXPECT(!crypto_unhex("00f", 3, out, 3, &size) && !crypto_unhex("0g", 2, out, 3, &size));
    EXPECT(!crypto_unhex("00ff", 4, out, 1, &size));
    EXPECT(crypto_unhex("", 0, out, 0, &size) && size == 0);

    /* RFC 4648, section 10. */
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < 7; i++) {
        crypto_base64(plain[i], i, text);
        EXPECT(strcmp(text, coded[i]) == 0);
        EXPECT(crypto_unbase64(coded[i], strlen(coded[i]), out, i, &size) && size == i);
        EXPECT(memcmp(out, plain[i], i) == 0);
        crypto_base64url(plain[i], i, text);
        EXPECT(strlen(text) == strcspn(coded[i], "="));
        EXPECT(crypto_unbase64(text, strlen(text), out, i, &size) && size == i);
        if (i)
            EXPECT(!crypto_unbase64(text, strlen(text), out, i - 1, &size));
    }
    EXPECT(crypto_unbase64("-_+/", 4, out, 3, &size) && is_hex(out, 3, "fbffbf"));
    static const char *const bad[] = {
        "A", "AB=", "A===", "AA=A", "====", "A A=", "AB==", "AAB=", "AAAA=", "AA\n=", "="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(!crypto_unbase64(bad[i], strlen(bad[i]), out, sizeof out, &size));
    /* There and back for all sizes. */
    for (size_t n = 0; n < 80; n++) {
        uint8_t data[80], back[80];
        crypto_random(data, sizeof data);
        crypto_base64url(data, n, text);
        EXPECT(crypto_unbase64(text, strlen(text), back, n, &size) && size == n);
        EXPECT(memcmp(data, back, n) == 0);
    }
}

TEST(key_files_are_private_and_never_overwritten)
{
    char folder[] = "/tmp/crypto_test_XXXXXX", path[100];
    EXPECT(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    uint8_t back[CRYPTO_KEY_SIZE];
    EXPECT(crypto_key_load(path, back, sizeof back) == STATUS_NOT_FOUND);
    EXPECT(crypto_key_save(path, key, sizeof key) == STATUS_OK);
    EXPECT(crypto_key_save(path, key, sizeof key) == STATUS_ALREADY_EXISTS);
    EXPECT(crypto_key_load(path, back, sizeof back) == STATUS_OK);
    EXPECT(crypto_equal(back, key, sizeof key));
    EXPECT(crypto_key_load(path, back, 16) == STATUS_INVALID_ARGUMENT);
    struct stat info;
    EXPECT(stat(path, &info) == 0 && (info.st_mode & 07777) == 0600);
    EXPECT(chmod(path, 0640) == 0);
    EXPECT(crypto_key_load(path, back, sizeof back) == STATUS_PERMISSION_DENIED);
    EXPECT(chmod(path, 0600) == 0 && truncate(path, 20) == 0);
    EXPECT(crypto_key_load(path, back, sizeof back) == STATUS_INVALID_ARGUMENT);
    unlink(path);
    EXPECT(crypto_key_load(folder, back, sizeof back) == STATUS_INVALID_ARGUMENT);
    rmdir(folder);
}
