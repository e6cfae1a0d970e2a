/* multipart.h - the parts of a multipart/form-data body (RFC 7578).
 *
 * Nothing is copied: all spans point into the body and its header.  Reading is linear in the
 * size of the body. */
#pragma once
#include <stdbool.h>
#include "span.h"

#define MULTIPART_BOUNDARY_MAX 70   /* RFC 2046, 5.1.1 */
#define MULTIPART_HEADERS_MAX  4096 /* bytes before the data of a part */

typedef struct {
    span_t input;      /* name of the input, may be empty; bytes not checked */
    bool is_file;      /* has a file name, be it empty */
    span_t name;       /* filename as sent, may be empty; bytes not checked */
    span_t media_type; /* of the part, may be empty */
    span_t data;
} multipart_t;

typedef struct {
    char mark[4 + MULTIPART_BOUNDARY_MAX];
    size_t mark_size;
    span_t rest; /* behind a boundary */
    bool broken; /* what was given until now is not to be used */
} multipart_walk_t;

/* False: no such type, or the body does not begin with its boundary. */
bool multipart_start(multipart_walk_t *self, span_t content_type, span_t body);
/* False at the end; then look at self->broken. */
bool multipart_next(multipart_walk_t *self, multipart_t *ret);

/* False: not such a body, or not exactly one part. */
bool multipart_file(span_t content_type, span_t body, multipart_t *ret);
