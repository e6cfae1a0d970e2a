#include "token.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "message.h"

/* Direct-mapped: a new token takes the place of the old one in its slot. 1024
 * slots of 40 bytes serve the people of one token lifetime at a busy hour. */
#define CACHE_SLOTS 1024

struct token_cache {
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE];
    struct {
        uint8_t hash[CRYPTO_HASH_SIZE];
        bool used;
    } slots[CACHE_SLOTS];
};

ProtobufCBinaryData token_sign(const Yw__Token *token,
                               const uint8_t secret_key[CRYPTO_SIGN_SECRET_SIZE], arena_t *arena)
{
    ProtobufCBinaryData none = {0, NULL};
    uint8_t signature[CRYPTO_SIGNATURE_SIZE];
    Yw__SignedToken signed_token = YW__SIGNED_TOKEN__INIT;

    signed_token.token = message_pack(&token->base, arena);
    if (!signed_token.token.data)
        return none;
    crypto_sign(secret_key, signed_token.token.data, signed_token.token.len, signature);
    signed_token.signature.data = signature;
    signed_token.signature.len = sizeof signature;
    ProtobufCBinaryData packed = message_pack(&signed_token.base, arena);
    return packed.len <= TOKEN_SIZE_MAX ? packed : none;
}

token_cache_t *token_cache_new(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE])
{
    token_cache_t *self = xalloc(sizeof *self);
    memcpy(self->public_key, public_key, sizeof self->public_key);
    return self;
}

void token_cache_free(token_cache_t **self)
{
    free(*self);
    *self = NULL;
}

token_state_t token_verify(token_cache_t *self, const void *signed_token, size_t size,
                           int64_t now_ms, arena_t *arena, Yw__Token **ret)
{
    if (size == 0 || size > TOKEN_SIZE_MAX)
        return TOKEN_BAD;
    Yw__SignedToken *outer = (Yw__SignedToken *) message_unpack(&yw__signed_token__descriptor,
                                                                arena, signed_token, size);
    if (!outer || outer->signature.len != CRYPTO_SIGNATURE_SIZE)
        return TOKEN_BAD;

    uint8_t hash[CRYPTO_HASH_SIZE];
    crypto_hash(signed_token, size, hash);
    size_t slot = ((size_t) hash[0] << 8 | hash[1]) % CACHE_SLOTS;
    bool seen = self->slots[slot].used && memcmp(self->slots[slot].hash, hash, sizeof hash) == 0;
    if (!seen && !crypto_verify(self->public_key, outer->token.data, outer->token.len,
                                outer->signature.data))
        return TOKEN_BAD;
    Yw__Token *token = (Yw__Token *) message_unpack(&yw__token__descriptor, arena,
                                                    outer->token.data, outer->token.len);
    if (!token)
        return TOKEN_BAD;
    if (!seen) {
        memcpy(self->slots[slot].hash, hash, sizeof hash);
        self->slots[slot].used = true;
    }
    *ret = token;
    return token->expires_ms > now_ms ? TOKEN_GOOD : TOKEN_EXPIRED;
}
