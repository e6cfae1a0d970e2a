/* keys.c - `yw keys`: the platform's own keys, made once at first start.
 *
 *   master.key      32 bytes; the services derive the keys of their sealed columns from it.  Whoever
 *                   loses it loses every sealed value; it must be backed up apart from the databases.
 *   token.secret    Ed25519, identity signs tokens with it
 *   token.public    every service verifies tokens with it */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto.h"
#include "yw.h"

static bool make(yw_t *self, const char *name, const void *key, size_t size)
{
    char *path = platform_path(self->platform.key_dir, name);
    bool ok = crypto_key_save(path, key, size) == STATUS_OK;
    if (!ok)
        fprintf(stderr, "yw: cannot write %s\n", path);
    else
        printf("made %s\n", path);
    free(path);
    return ok;
}

static bool exists(yw_t *self, const char *name)
{
    char *path = platform_path(self->platform.key_dir, name);
    bool yes = access(path, F_OK) == 0;
    free(path);
    return yes;
}

bool keys_ensure(yw_t *self)
{
    uint8_t master[CRYPTO_KEY_SIZE];
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];
    bool ok = true;

    if (!exists(self, "master.key")) {
        crypto_random(master, sizeof master);
        ok = make(self, "master.key", master, sizeof master);
        crypto_wipe(master, sizeof master);
    }
    /* The public half last: where it is, the pair is whole. */
    if (ok && !exists(self, "token.public")) {
        if (exists(self, "token.secret")) {
            fprintf(stderr,
                    "yw: token.secret is there without token.public: restore both or remove it\n");
            return false;
        }
        crypto_sign_keys(public_key, secret_key);
        ok = make(self, "token.secret", secret_key, sizeof secret_key) &&
             make(self, "token.public", public_key, sizeof public_key);
        crypto_wipe(secret_key, sizeof secret_key);
    }
    return ok;
}

int keys_run(yw_t *self, int argc, char **argv)
{
    (void) argv;
    if (argc != 0) {
        fprintf(stderr, "usage: yw keys\n");
        return 2;
    }
    return keys_ensure(self) ? 0 : 1;
}
