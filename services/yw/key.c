/* key.c - `yw key`: keys and grants of department systems.
 *
 * The key pair is made here, the secret half is written to a file for the department and
 * stays nowhere else; identity keeps the public half, the broker learns of it at once. */
#include <stdio.h>

#include "clock.h"
#include "message.h"
#include "method.h"
#include "text.h"
#include "yiwang/identity.pb-c.h"
#include "yw.h"
/* Last: it brings syslog.h, whose LOG_INFO is a macro. */
#include <czmq.h>

#define TIMEOUT_MS 5000

static int usage(void)
{
    fprintf(
        stderr,
        "usage: yw key make SYSTEM --department ID [--name NAME] [--file FILE]\n"
        "       yw key show [SYSTEM]\n"
        "       yw key grant SYSTEM METHOD...      (case.Accept, or 'case.*' for all that systems may)\n"
        "       yw key revoke SYSTEM KEY|METHOD...\n");
    return 2;
}

static void print_system(const Identity__System *system)
{
    char from[CLOCK_RFC3339_SIZE], until[CLOCK_RFC3339_SIZE];

    printf("%s  %s  department %s\n", system->id, system->name, system->department_id);
    for (size_t i = 0; i < system->n_keys; i++) {
        const Identity__SystemKeyInfo *key = system->keys[i];
        clock_format(timestamp_ms(key->valid_from), from);
        clock_format(timestamp_ms(key->valid_until), until);
        printf("  key    %s  %.10s .. %.10s%s\n", key->public_key, from, until,
               key->revoked_at ? "  revoked" : "");
    }
    for (size_t i = 0; i < system->n_methods; i++)
        printf("  grant  %s\n", system->methods[i]);
}

static const Identity__System *find_system(yw_t *self, const char *id)
{
    Identity__ListSystemsRequest request = IDENTITY__LIST_SYSTEMS_REQUEST__INIT;

    for (;;) {
        const Identity__SystemList *list = (const Identity__SystemList *) yw_ask(
            self, "identity.ListSystems", &request.base, TIMEOUT_MS);
        if (!list)
            return NULL;
        for (size_t i = 0; i < list->n_systems; i++)
            if (!id)
                print_system(list->systems[i]);
            else if (text_equal(list->systems[i]->id, id))
                return list->systems[i];
        if (text_empty(list->next_page_token))
            return NULL;
        request.page_token = list->next_page_token;
    }
}

static int key_make(yw_t *self, int argc, char **argv)
{
    const char *department = yw_option(&argc, argv, "--department");
    const char *name = yw_option(&argc, argv, "--name");
    const char *path = yw_option(&argc, argv, "--file");

    if (argc != 1)
        return usage();
    const char *id = argv[0];
    if (!path)
        path = arena_printf(self->arena, "%s.key", id);
    if (access(path, F_OK) == 0) {
        fprintf(stderr, "yw: %s exists; a key file is never written over\n", path);
        return 1;
    }
    if (!find_system(self, id)) {
        Identity__CreateSystemRequest create = IDENTITY__CREATE_SYSTEM_REQUEST__INIT;
        if (!department)
            return usage();
        create.id = id;
        create.name = name ? name : id;
        create.department_id = department;
        if (!yw_ask(self, "identity.CreateSystem", &create.base, TIMEOUT_MS))
            return 1;
    }

    zcert_t *certificate = zcert_new();
    Identity__AddSystemKeyRequest add = IDENTITY__ADD_SYSTEM_KEY_REQUEST__INIT;
    zcert_set_meta(certificate, "system", "%s", id);
    add.system_id = id;
    add.public_key = zcert_public_txt(certificate);
    /* The file first: a key that is registered and lost is worse than one that is not registered. */
    mode_t old = umask(077);
    int saved = zcert_save_secret(certificate, path);
    umask(old);
    if (saved != 0)
        fprintf(stderr, "yw: cannot write %s\n", path);
    const ProtobufCMessage *system =
        saved == 0 ? yw_ask(self, "identity.AddSystemKey", &add.base, TIMEOUT_MS) : NULL;
    if (system)
        printf("%s holds the new key of %s; public key %s\n", path, id, add.public_key);
    else if (saved == 0)
        unlink(path);
    zcert_destroy(&certificate);
    return system ? 0 : 1;
}

static bool grant_one(yw_t *self, const char *system, const char *method)
{
    Identity__GrantMethodRequest request = IDENTITY__GRANT_METHOD_REQUEST__INIT;
    request.system_id = system;
    request.method = method;
    return yw_ask(self, "identity.GrantMethod", &request.base, TIMEOUT_MS);
}

/* "case.*": every method of the service that department systems may be granted. */
static bool grant_pattern(yw_t *self, const char *system, const char *pattern)
{
    size_t size = strlen(pattern) - 1;
    for (size_t i = 0; i < contract_method_count; i++) {
        const method_t *method = contract_methods[i];
        if (method->may & MAY_SYSTEM && strncmp(method->name, pattern, size) == 0 &&
            !grant_one(self, system, method->name))
            return false;
    }
    return true;
}

static int key_grant(yw_t *self, int argc, char **argv)
{
    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++) {
        bool ok = text_ends(argv[i], "*") ? grant_pattern(self, argv[0], argv[i])
                                          : grant_one(self, argv[0], argv[i]);
        if (!ok)
            return 1;
    }
    return 0;
}

static bool revoke_one(yw_t *self, const char *system, const char *what)
{
    if (strchr(what, '.') && contract_method(what)) {
        Identity__RevokeGrantRequest request = IDENTITY__REVOKE_GRANT_REQUEST__INIT;
        request.system_id = system;
        request.method = what;
        return yw_ask(self, "identity.RevokeGrant", &request.base, TIMEOUT_MS);
    }
    Identity__RevokeSystemKeyRequest request = IDENTITY__REVOKE_SYSTEM_KEY_REQUEST__INIT;
    request.system_id = system;
    request.public_key = what;
    return yw_ask(self, "identity.RevokeSystemKey", &request.base, TIMEOUT_MS);
}

static int key_revoke(yw_t *self, int argc, char **argv)
{
    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++)
        if (!revoke_one(self, argv[0], argv[i]))
            return 1;
    return 0;
}

static int key_show(yw_t *self, int argc, char **argv)
{
    if (argc > 1)
        return usage();
    const Identity__System *system = find_system(self, argc ? argv[0] : NULL);
    if (system)
        print_system(system);
    else if (argc)
        fprintf(stderr, "yw: there is no system %s\n", argv[0]);
    return argc && !system ? 1 : 0;
}

int key_run(yw_t *self, int argc, char **argv)
{
    if (argc < 1)
        return usage();
    zsys_handler_set(NULL); /* czmq must not take our signals */
    if (text_equal(argv[0], "make"))
        return key_make(self, argc - 1, argv + 1);
    if (text_equal(argv[0], "show"))
        return key_show(self, argc - 1, argv + 1);
    if (text_equal(argv[0], "grant"))
        return key_grant(self, argc - 1, argv + 1);
    if (text_equal(argv[0], "revoke"))
        return key_revoke(self, argc - 1, argv + 1);
    return usage();
}
