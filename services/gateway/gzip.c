#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "check.h"

struct gzip {
    z_stream stream;
};

gzip_t *gzip_new(int level)
{
    gzip_t *self = xalloc(sizeof *self);
    /* 15 + 16: the largest window, with gzip's frame. */
    CHECK(deflateInit2(&self->stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    return self;
}

void gzip_free(gzip_t **self)
{
    if (!*self)
        return;
    deflateEnd(&(*self)->stream);
    free(*self);
    *self = NULL;
}

bool gzip_pack(gzip_t *self, const void *data, size_t size, buffer_t *out)
{
    z_stream *stream = &self->stream;
    CHECK(deflateReset(stream) == Z_OK);
    uLong bound = deflateBound(stream, size);
    char *room = buffer_reserve(out, bound);
    if (!room || size > UINT32_MAX)
        return false;
    stream->next_in = (Bytef *) data;
    stream->avail_in = (uInt) size;
    stream->next_out = (Bytef *) room;
    stream->avail_out = (uInt) bound;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return false;
    out->size += bound - stream->avail_out;
    return true;
}

/* "q=0", "q=0.000": not wanted. */
static bool refused(span_t parameters)
{
    while (parameters.size) {
        span_t value;
        span_t name = span_trim(span_cut(span_cut(parameters, ';', &parameters), '=', &value));
        value = span_trim(value);
        if (name.size != 1 || (name.data[0] | 32) != 'q' || !value.size)
            continue;
        for (size_t i = 0; i < value.size; i++)
            if (value.data[i] != '0' && value.data[i] != '.')
                return false;
        return true;
    }
    return false;
}

bool gzip_taken(span_t header)
{
    bool any = false;
    while (header.size) {
        span_t parameters;
        span_t coding = span_trim(span_cut(span_cut(header, ',', &header), ';', &parameters));
        bool named = (coding.size == 4 && span_starts_nocase(coding, "gzip")) ||
                     (coding.size == 6 && span_starts_nocase(coding, "x-gzip"));
        if (named)
            return !refused(parameters);
        if (span_is(coding, "*"))
            any = !refused(parameters);
    }
    return any;
}
