/* fuzz_token.c - what a stranger hands in as a signed token.
 *
 * The first byte chooses:
 *   0  the rest is the signed token itself: never good, because nobody has our key
 *   1  the rest is what identity signed: read or refused, and twice the same (the cache)
 *   2  pairs of position and value change a good token: good only if nothing changed */
#include <string.h>
#include "check.h"
#include "message.h"
#include "token.h"

#define NOW_MS 1000000LL
#define MEMORY (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static token_cache_t *cache;
static uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE];
static uint8_t good[TOKEN_SIZE_MAX];
static size_t good_size;

static void prepare(arena_t *arena)
{
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE];
    crypto_init();
    crypto_sign_keys(public_key, secret_key);
    cache = token_cache_new(public_key);

    Yw__Token token = YW__TOKEN__INIT;
    token.kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    token.subject = "01JXXXXXXXXXXXXXXXXXXXXXXX";
    token.expires_ms = NOW_MS + 1;
    ProtobufCBinaryData packed = token_sign(&token, secret_key, arena);
    memcpy(good, packed.data, packed.len);
    good_size = packed.len;
}

static token_state_t verify(const uint8_t *data, size_t size, arena_t *arena)
{
    Yw__Token *token = NULL;
    token_state_t state = token_verify(cache, data, size, NOW_MS, arena, &token);
    CHECK((state == TOKEN_BAD) == (token == NULL));
    if (state != TOKEN_BAD)
        CHECK((state == TOKEN_GOOD) == (token->expires_ms > NOW_MS));
    return state;
}

static void sign_and_verify(const uint8_t *data, size_t size, arena_t *arena)
{
    uint8_t signature[CRYPTO_SIGNATURE_SIZE];
    Yw__SignedToken outer = YW__SIGNED_TOKEN__INIT;
    crypto_sign(secret_key, data, size, signature);
    outer.token = (ProtobufCBinaryData){size, (uint8_t *) data};
    outer.signature = (ProtobufCBinaryData){sizeof signature, signature};
    ProtobufCBinaryData packed = message_pack(&outer.base, arena);
    token_state_t first = verify(packed.data, packed.len, arena);
    CHECK(packed.len <= TOKEN_SIZE_MAX || first == TOKEN_BAD);
    CHECK(verify(packed.data, packed.len, arena) == first);
}

static void change_and_verify(const uint8_t *data, size_t size, arena_t *arena)
{
    uint8_t changed[TOKEN_SIZE_MAX];
    memcpy(changed, good, good_size);
    for (size_t i = 0; i + 1 < size; i += 2)
        changed[data[i] % good_size] = data[i + 1];
    bool same = memcmp(changed, good, good_size) == 0;
    CHECK((verify(changed, good_size, arena) == TOKEN_GOOD) == same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena_t *arena = arena_new(MEMORY);
    if (!cache)
        prepare(arena);
    if (size > 0 && data[0] % 3 == 0)
        CHECK(verify(data + 1, size - 1, arena) == TOKEN_BAD);
    else if (size > 0 && data[0] % 3 == 1)
        sign_and_verify(data + 1, size - 1, arena);
    else if (size > 0)
        change_and_verify(data + 1, size - 1, arena);
    arena_free(&arena);
    return 0;
}
