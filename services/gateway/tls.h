/* tls.h - the TLS context: TLS 1.2 and 1.3, certificate from files or one of our own. */
#pragma once
#include <stddef.h>

/* An SSL_CTX *, NULL: `error` says why.  Without cert and key a self-signed certificate for
 * development (localhost, 127.0.0.1, ::1; EC P-256) is made once in key_dir: gateway.crt,
 * gateway.key (0600). */
void *tls_open(const char *cert, const char *key, const char *key_dir, char *error,
               size_t error_size);
void tls_close(void **self);
