/* multipart.h - the one file of a multipart/form-data body (RFC 7578). */
#pragma once
#include <stdbool.h>
#include "span.h"

typedef struct {
    span_t name;       /* filename as sent, may be empty; bytes not checked */
    span_t media_type; /* of the part, may be empty */
    span_t data;
} multipart_t;

/* False: not such a body, or not exactly one part with a file. */
bool multipart_file(span_t content_type, span_t body, multipart_t *ret);
