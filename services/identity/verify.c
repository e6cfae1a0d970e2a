/* verify.c - what `yw verify` asks of accounts: the keys are those they were sealed with. */
#include "verify.h"

#include <stdlib.h>
#include <unistd.h>

#include "identity.h"
#include "platform.h"
#include "secrets.h"

static bool keys_fit(verify_t *self, const secrets_t *secrets)
{
    uint8_t expected[CRYPTO_LOOKUP_SIZE];
    secrets_lookup(secrets, LOOKUP_CHECK, "identity", expected);
    query_t *same = query(self->store, "SELECT 1 FROM key_check WHERE id = 1 AND value = :value");
    query_blob(same, "value", expected, sizeof expected);
    bool fits = query_next(same);
    query_done(same);
    if (!fits)
        verify_fault(self, "master.key is not the one that this database was sealed with");
    return fits;
}

static void check_accounts(verify_t *self, const secrets_t *secrets)
{
    int64_t good = 0;
    query_t *all = query(self->store, "SELECT id, name, id_number, mobile FROM accounts");
    while (query_next(all)) {
        arena_reset(self->arena);
        const char *id = query_get_text(all, "id", self->arena);
        if (secrets_column(secrets, all, "name", SEAL_ACCOUNT_NAME, id, self->arena) &&
            secrets_column(secrets, all, "id_number", SEAL_ACCOUNT_ID_NUMBER, id, self->arena) &&
            secrets_column(secrets, all, "mobile", SEAL_ACCOUNT_MOBILE, id, self->arena))
            good++;
        else
            verify_fault(self, "account %s does not open", id);
    }
    query_done(all);
    verify_found(self, good, "accounts that open");
}

void identity_verify(config_t *config, verify_t *self)
{
    secrets_t secrets;
    char error[512];
    const char *folder = platform_key_dir(config);
    char *master = platform_path(folder, "master.key");
    bool there = access(master, R_OK) == 0; /* secrets_open() would make keys in an empty folder */
    free(master);
    if (!there || secrets_open(folder, &secrets, error, sizeof error) != STATUS_OK) {
        verify_fault(self, "there is no master key in %s to open anything with", folder);
        return;
    }
    if (keys_fit(self, &secrets))
        check_accounts(self, &secrets);
    secrets_wipe(&secrets);
}
