#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "platform.h"

/* A development certificate is good for this long; browsers take at most 825 days. */
#define DEVELOPMENT_DAYS 825

static void explain(char *error, size_t size, const char *what)
{
    char why[256] = "unknown";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    snprintf(error, size, "TLS: %s: %s", what, why);
}

/* --- the development certificate ----------------------------------------------------- */

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static X509 *make_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    uint64_t serial = 0;
    if (!cert || RAND_bytes((unsigned char *) &serial, sizeof serial) != 1)
        goto fail;
    X509_NAME *name = X509_get_subject_name(cert);
    if (!X509_set_version(cert, 2) ||
        !ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(cert), -3600) ||
        !X509_gmtime_adj(X509_getm_notAfter(cert), DEVELOPMENT_DAYS * 86400L) ||
        !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *) "yiwang development", -1, -1, 0) ||
        !X509_set_issuer_name(cert, name) || !X509_set_pubkey(cert, key) ||
        !add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(cert, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(cert, NID_ext_key_usage, "serverAuth") ||
        !add_extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") ||
        !X509_sign(cert, key, EVP_sha256()))
        goto fail;
    return cert;

fail:
    X509_free(cert);
    return NULL;
}

/* A file of its own, never over an existing one; NULL: errno says why. */
static FILE *create(const char *path, int mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool write_pem(const char *path, int mode, EVP_PKEY *key, X509 *cert)
{
    FILE *file = create(path, mode);
    if (!file)
        return false;
    bool ok = key ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL)
                  : PEM_write_X509(file, cert);
    ok = fflush(file) == 0 && fsync(fileno(file)) == 0 && ok;
    return fclose(file) == 0 && ok;
}

static bool make_development(const char *cert_path, const char *key_path, char *error, size_t size)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key ? make_cert(key) : NULL;
    bool ok = false;
    if (!cert)
        explain(error, size, "cannot make a development certificate");
    else if (!write_pem(key_path, 0600, key, NULL) || !write_pem(cert_path, 0644, NULL, cert))
        snprintf(error, size, "TLS: cannot write %s: %s", key_path, strerror(errno));
    else
        ok = true;
    if (ok)
        log_info("made a self-signed development certificate: %s", cert_path);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

/* --- the context --------------------------------------------------------------------- */

/* TLS 1.2 suites with forward secrecy and AEAD (RFC 9325, 4.2); those of 1.3 all are. */
static const char suites[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                             "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                             "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/* We speak HTTP/1.1 and say so; a client that offers only others goes on without ALPN. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void) ssl, (void) arg;
    if (SSL_select_next_proto((unsigned char **) out, out_size, ours, sizeof ours - 1, in,
                              in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context_make(const char *cert, const char *key, char *error, size_t size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
        !SSL_CTX_set_cipher_list(context, suites)) {
        explain(error, size, "no context");
        goto fail;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* an idle connection costs little */
    SSL_CTX_set_session_id_context(context, (const unsigned char *) "yiwang", 6);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) {
        explain(error, size, cert);
        goto fail;
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        explain(error, size, key);
        goto fail;
    }
    return context;

fail:
    SSL_CTX_free(context);
    return NULL;
}

void *tls_open(const char *cert, const char *key, const char *key_dir, char *error, size_t size)
{
    if (cert && key)
        return context_make(cert, key, error, size);

    SSL_CTX *context = NULL;
    char *own_cert = platform_path(key_dir, "gateway.crt");
    char *own_key = platform_path(key_dir, "gateway.key");
    if (access(own_cert, F_OK) == 0 || make_development(own_cert, own_key, error, size))
        context = context_make(own_cert, own_key, error, size);
    free(own_cert);
    free(own_key);
    return context;
}

void tls_close(void **self)
{
    SSL_CTX_free(*self);
    *self = NULL;
}
