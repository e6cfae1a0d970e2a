/* https.h - one GET to our own gateway on this machine: is it really serving? */
#pragma once
#include <stddef.h>

/* The HTTP status, or 0 when nobody answers in `timeout_ms`.  The certificate is not
 * verified: it is our own gateway on the loopback, and a self-made certificate is normal
 * there.  The answer's first bytes, cut at `size` - 1, come back in `out`.  *ret_days (may be
 * NULL): days until the certificate expires. */
int https_get(int port, const char *path, int timeout_ms, char *out, size_t size, int *ret_days);
