#include <string.h>
#include "test.h"
#include "text.h"
#include "token.h"

#define NOW_MS 1000000LL

typedef struct {
    arena_t *arena;
    token_cache_t *cache;
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];
    ProtobufCBinaryData packed;
} world_t;

static void world_begin(world_t *world)
{
    Yw__Token token = YW__TOKEN__INIT;

    crypto_init();
    world->arena = arena_new(1 << 20);
    crypto_sign_keys(world->public_key, world->secret_key);
    world->cache = token_cache_new(world->public_key);
    token.kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    token.subject = "somebody";
    token.expires_ms = NOW_MS + 1000;
    world->packed = token_sign(&token, world->secret_key, world->arena);
}

static void world_end(world_t *world)
{
    token_cache_free(&world->cache);
    arena_free(&world->arena);
}

static token_state_t verify(world_t *world, int64_t now_ms, Yw__Token **ret)
{
    return token_verify(world->cache, world->packed.data, world->packed.len, now_ms, world->arena,
                        ret);
}

TEST(good_until_it_expires)
{
    world_t world;
    Yw__Token *token = NULL;

    world_begin(&world);
    for (int i = 0; i < 2; i++) { /* by its signature, then from the cache */
        EXPECT(verify(&world, NOW_MS, &token) == TOKEN_GOOD);
        EXPECT(text_equal(token->subject, "somebody"));
    }
    EXPECT(verify(&world, NOW_MS + 999, &token) == TOKEN_GOOD);
    EXPECT(verify(&world, NOW_MS + 1000, &token) == TOKEN_EXPIRED);
    world_end(&world);
}

/* One byte more than TOKEN_SIZE_MAX is neither signed nor looked at. */
TEST(tokens_have_a_size)
{
    world_t world;
    Yw__Token token = YW__TOKEN__INIT, *got;
    char name[TOKEN_SIZE_MAX];

    world_begin(&world);
    token.kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    token.subject = name;
    token.expires_ms = NOW_MS + 1000;
    size_t size = TOKEN_SIZE_MAX - 1;
    do { /* down to the largest that fits */
        memset(name, 'a', size);
        name[size] = 0;
        world.packed = token_sign(&token, world.secret_key, world.arena);
    } while (!world.packed.data && --size);
    EXPECT(size < TOKEN_SIZE_MAX - 64 && size > TOKEN_SIZE_MAX - 128);
    EXPECT(world.packed.len == TOKEN_SIZE_MAX);
    EXPECT(verify(&world, NOW_MS, &got) == TOKEN_GOOD);

    uint8_t larger[TOKEN_SIZE_MAX + 1];
    memcpy(larger, world.packed.data, TOKEN_SIZE_MAX);
    larger[TOKEN_SIZE_MAX] = 0;
    world.packed = (ProtobufCBinaryData){sizeof larger, larger};
    EXPECT(verify(&world, NOW_MS, &got) == TOKEN_BAD);
    world_end(&world);
}

/* No byte of it can be changed, cached or not. */
TEST(every_changed_byte_is_bad)
{
    world_t world;
    Yw__Token *token;

    world_begin(&world);
    EXPECT(verify(&world, NOW_MS, &token) == TOKEN_GOOD);
    for (size_t i = 0; i < world.packed.len; i++) {
        world.packed.data[i] ^= 1;
        EXPECT(verify(&world, NOW_MS, &token) == TOKEN_BAD);
        world.packed.data[i] ^= 1;
    }
    for (size_t size = 0; size < world.packed.len; size++)
        EXPECT(token_verify(world.cache, world.packed.data, size, NOW_MS, world.arena, &token) ==
               TOKEN_BAD);
    world_end(&world);
}

TEST(signed_by_somebody_else_is_bad)
{
    world_t world;
    Yw__Token mine = YW__TOKEN__INIT, *token;
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];

    world_begin(&world);
    crypto_sign_keys(public_key, secret_key);
    mine.expires_ms = NOW_MS + 1000;
    world.packed = token_sign(&mine, secret_key, world.arena);
    EXPECT(verify(&world, NOW_MS, &token) == TOKEN_BAD);
    world_end(&world);
}
