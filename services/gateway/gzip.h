/* gzip.h - answers made smaller (RFC 1952); the only file besides tests that knows zlib. */
#pragma once
#include "buffer.h"
#include "span.h"

typedef struct gzip gzip_t;

/* One thread's: its 270 kB are made once.  `level` 1 to 9. */
gzip_t *gzip_new(int level);
void gzip_free(gzip_t **self);

/* Appends; false: it did not fit, *out is not to be used. */
bool gzip_pack(gzip_t *self, const void *data, size_t size, buffer_t *out);

/* Whether Accept-Encoding takes gzip (RFC 9110, 12.5.3: "gzip", "x-gzip" or "*", not with q=0). */
bool gzip_taken(span_t accept_encoding);
