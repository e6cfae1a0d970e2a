/* init.c - `yw init`: everything secret that the platform needs, made once, as files.
 *
 *   master.key              32 bytes; the services derive the keys of their sealed columns from it.
 *                           Whoever loses it loses every sealed value; it must be backed up apart
 *                           from the databases.
 *   token.secret, .public   Ed25519: identity signs tokens, every process verifies them
 *   broker.curve, .pub      CURVE: the broker towards departments' systems
 *   pages.key               the gateway marks forms with it
 *   gateway.key, .crt       TLS; self-made until a real certificate takes their place
 *
 * What is there stays.  `yw init PROCESS=FOLDER` also hands each process a copy of what it needs and
 * of nothing else, for containers: a gateway that was broken into has no master key to give away. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "curve.h"
#include "text.h"
#include "yw.h"

#define CERTIFICATE_DAYS 825 /* browsers take no longer ones */
#define KEY_BYTES_MAX    65536
#define HOSTS_DEFAULT    "localhost,127.0.0.1,::1"

static bool complain(const char *what, const char *why)
{
    fprintf(stderr, "yw: %s: %s\n", what, why);
    return false;
}

static char *key_path(yw_t *self, const char *name)
{
    return platform_path(self->platform.key_dir, name);
}

static bool make(yw_t *self, const char *name, const void *key, size_t size)
{
    char *path = key_path(self, name);
    bool ok = crypto_key_save(path, key, size) == STATUS_OK;
    if (!ok)
        complain(path, "cannot be written");
    else
        printf("made %s\n", path);
    free(path);
    return ok;
}

static bool exists(yw_t *self, const char *name)
{
    char *path = key_path(self, name);
    bool yes = access(path, F_OK) == 0;
    free(path);
    return yes;
}

static bool make_random(yw_t *self, const char *name)
{
    uint8_t key[CRYPTO_KEY_SIZE];

    if (exists(self, name))
        return true;
    crypto_random(key, sizeof key);
    bool ok = make(self, name, key, sizeof key);
    crypto_wipe(key, sizeof key);
    return ok;
}

/* A pair with one half missing is half a restore, not a fresh platform. */
static bool whole(yw_t *self, const char *secret, const char *public, bool *ret_there)
{
    *ret_there = exists(self, secret);
    return *ret_there == exists(self, public) ||
           complain(*ret_there ? secret : public, "is there without its other half: restore both "
                                                  "or remove it");
}

bool keys_ensure(yw_t *self)
{
    uint8_t public_key[CRYPTO_SIGN_PUBLIC_SIZE], secret_key[CRYPTO_SIGN_SECRET_SIZE];
    bool there;

    if (!make_random(self, "master.key"))
        return false;
    /* The public half alone is what a process that only verifies has. */
    if (exists(self, "token.public"))
        return true;
    if (!whole(self, "token.secret", "token.public", &there))
        return false;
    crypto_sign_keys(public_key, secret_key);
    bool ok = make(self, "token.secret", secret_key, sizeof secret_key) &&
              make(self, "token.public", public_key, sizeof public_key);
    crypto_wipe(secret_key, sizeof secret_key);
    return ok;
}

static bool broker_keys(yw_t *self)
{
    curve_t keys;
    bool there;

    if (!whole(self, "broker.curve", "broker.curve.pub", &there))
        return false;
    if (there)
        return true;
    char *path = key_path(self, "broker.curve");
    curve_make(&keys);
    bool ok = curve_save(path, &keys) == STATUS_OK || complain(path, "cannot be written");
    if (ok)
        printf("made %s\n", path);
    crypto_wipe(&keys, sizeof keys);
    free(path);
    return ok;
}

/* --- the certificate ---------------------------------------------------------------- */

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* "a.example,10.0.0.1" as OpenSSL wants it: "DNS:a.example,IP:10.0.0.1".  NULL: a name has signs that
 * no name has. */
static const char *alternative_names(yw_t *self, const char *hosts, const char **ret_first)
{
    char *rest = arena_text(self->arena, hosts);
    const char *list = "";
    uint8_t address[16];

    *ret_first = NULL;
    for (char *host = strsep(&rest, ","); host; host = strsep(&rest, ",")) {
        bool number =
            inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
        bool good = *host && host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*")] == 0;
        if (!number && !good)
            return NULL;
        if (!*ret_first)
            *ret_first = host;
        list = arena_printf(self->arena, "%s%s%s:%s", list, *list ? "," : "", number ? "IP" : "DNS",
                            host);
    }
    return list;
}

static X509 *self_signed(yw_t *self, EVP_PKEY *key, const char *hosts)
{
    const char *first;
    const char *names = alternative_names(self, hosts, &first);
    X509 *certificate = names ? X509_new() : NULL;
    uint64_t serial = 0;

    if (!certificate || RAND_bytes((unsigned char *) &serial, sizeof serial) != 1)
        return NULL;
    X509_NAME *name = X509_get_subject_name(certificate);
    if (X509_set_version(certificate, 2) &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_DAYS * 86400L) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *) first, -1, -1,
                                   0) &&
        X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
        add_extension(certificate, NID_subject_alt_name, names) &&
        X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static bool write_pem(const char *path, mode_t mode, EVP_PKEY *key, X509 *certificate)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return complain(path, strerror(errno));
    bool ok = key ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)
                  : PEM_write_X509(file, certificate);
    ok = ok && fflush(file) == 0 && fsync(fd) == 0;
    ok = fclose(file) == 0 && ok;
    if (ok)
        printf("made %s\n", path);
    return ok || complain(path, "cannot be written");
}

static bool certificate(yw_t *self, const char *hosts)
{
    bool there;
    if (!whole(self, "gateway.key", "gateway.crt", &there))
        return false;
    if (there)
        return true;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = key ? self_signed(self, key, hosts) : NULL;
    char *key_file = key_path(self, "gateway.key"), *cert_file = key_path(self, "gateway.crt");
    bool ok = made ? write_pem(key_file, 0600, key, NULL) && write_pem(cert_file, 0644, NULL, made)
                   : complain(hosts, "no certificate can be made for these names");
    free(key_file);
    free(cert_file);
    X509_free(made);
    EVP_PKEY_free(key);
    return ok;
}

/* --- each process its own keys --------------------------------------------------------- */

/* Any service that is not named: what every service needs. */
static const struct {
    const char *process;
    const char *files[5];
} needs[] = {
    {"broker", {"broker.curve", "broker.curve.pub"}},
    {"gateway", {"token.public", "pages.key", "gateway.key", "gateway.crt"}},
    {"identity", {"master.key", "token.secret", "token.public"}},
    {NULL, {"master.key", "token.public"}},
};

static bool same(yw_t *self, const char *path, const char *text, size_t size)
{
    size_t there = 0;
    const char *old =
        access(path, R_OK) == 0 ? yw_read_file(self, path, KEY_BYTES_MAX, &there) : NULL;
    return old && there == size && memcmp(old, text, size) == 0;
}

/* Whole or not at all: a process may be reading it. */
static bool replace(const char *path, const char *text, size_t size, mode_t mode)
{
    char draft[4096];
    snprintf(draft, sizeof draft, "%s.new", path);
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write(fd, text, size) == (ssize_t) size && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return (ok && rename(draft, path) == 0) || complain(path, strerror(errno));
}

static bool hand_file(yw_t *self, const char *name, const char *folder)
{
    size_t size = 0;
    struct stat info;
    char *from = key_path(self, name), *to = platform_path(folder, name);
    const char *text = yw_read_file(self, from, KEY_BYTES_MAX, &size);
    bool ok = text && stat(from, &info) == 0;

    if (ok && !same(self, to, text, size)) {
        ok = replace(to, text, size, info.st_mode & 0777);
        if (ok)
            printf("handed %s\n", to);
    }
    free(from);
    free(to);
    return ok;
}

static bool hand_out(yw_t *self, const char *word)
{
    char *process = arena_text(self->arena, word), *folder = strchr(process, '=');
    size_t i = 0;

    *folder++ = 0;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return complain(folder, strerror(errno));
    while (needs[i].process && !text_equal(needs[i].process, process))
        i++;
    for (size_t k = 0; needs[i].files[k]; k++)
        if (!hand_file(self, needs[i].files[k], folder))
            return false;
    return true;
}

int init_run(yw_t *self, int argc, char **argv)
{
    const char *hosts = yw_option(&argc, argv, "--host");
    bool good = true;

    for (int i = 0; i < argc; i++)
        good = good && argv[i][0] != '-' && strchr(argv[i], '=') && strchr(argv[i], '=')[1];
    if (!good) {
        fprintf(stderr, "usage: yw init [--host NAME,ADDRESS] [PROCESS=FOLDER ...]\n");
        return 2;
    }
    bool ok = keys_ensure(self) && broker_keys(self) && make_random(self, "pages.key") &&
              certificate(self, hosts ? hosts : HOSTS_DEFAULT);
    for (int i = 0; ok && i < argc; i++)
        ok = hand_out(self, argv[i]);
    if (ok)
        printf("all keys are in %s: keep a copy of them away from this machine\n",
               self->platform.key_dir);
    return ok ? 0 : 1;
}
