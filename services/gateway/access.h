/* access.h - one JSON line per request.
 *
 *   {"ts":"…Z","route":"case.Accept","status":200,"ms":3.1,"bytes":512,"trace":"…"}
 *
 * No address, no path values, no query: nothing personal.  Lines gather in a buffer and
 * are written once per turn of the loop; when whoever reads them does not keep up they
 * are dropped and counted, because the loop must never wait for a log. */
#pragma once
#include <stdint.h>

typedef struct access access_t;

/* `target`: a file, "-" for stdout, "off".  One line of `sample`; errors of ours (5xx) always.
 * NULL: cannot be opened, errno says why. */
access_t *access_open(const char *target, uint32_t sample);
void access_close(access_t **self);

void access_line(access_t *self, int64_t now_ms, const char *route, const char *verb, int status,
                 int64_t us, uint64_t bytes, const char *trace);
void access_flush(access_t *self);
