/* curve.h - CURVE key pairs and their files.
 *
 * A file is what czmq's zcert writes (ZPL, https://rfc.zeromq.org/spec/4/):
 *
 *   curve
 *       public-key = "Z85, 40 characters"
 *       secret-key = "Z85, 40 characters"
 *
 * A file with the secret key has mode 0600; the public part is NAME.pub beside it. */
#pragma once
#include <stdbool.h>
#include "status.h"

#define CURVE_KEY_SIZE 41 /* Z85 text and its 0 */

typedef struct {
    char public_key[CURVE_KEY_SIZE];
    char secret_key[CURVE_KEY_SIZE]; /* "" when only the public key is known */
} curve_t;

/* A new pair. */
void curve_make(curve_t *ret);

/* Reads either file.  NOT_FOUND: no such file; FAILED_PRECONDITION: others may read the secret, or
 * the text is not a key file. */
status_t curve_load(const char *path, curve_t *ret);

/* Writes PATH (0600, with the secret) and PATH.pub (0644); never over an existing secret. */
status_t curve_save(const char *path, const curve_t *keys);
