#include "multipart.h"

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */

/* The value of `name=` among the parameters of a header, without its quotes. */
static span_t parameter(span_t header, const char *name)
{
    size_t name_size = strlen(name);
    span_t rest;
    span_cut(header, ';', &rest);
    while (rest.size) {
        span_t one = span_trim(span_cut(rest, ';', &rest));
        if (!span_starts_nocase(one, name) || one.size <= name_size || one.data[name_size] != '=')
            continue;
        one = span(one.data + name_size + 1, one.size - name_size - 1);
        if (one.size >= 2 && one.data[0] == '"' && one.data[one.size - 1] == '"')
            one = span(one.data + 1, one.size - 2);
        return one;
    }
    return span("", 0);
}

/* Cuts at `mark`: what is before it; *rest what follows it.  False: no mark. */
static bool cut(span_t *rest, const char *mark, size_t mark_size, span_t *before)
{
    const char *at = memmem(rest->data, rest->size, mark, mark_size);
    if (!at)
        return false;
    *before = span(rest->data, (size_t) (at - rest->data));
    *rest = span(at + mark_size, rest->size - before->size - mark_size);
    return true;
}

static bool read_part_headers(span_t headers, multipart_t *ret)
{
    bool disposition = false;
    while (headers.size) {
        span_t line;
        if (!cut(&headers, "\r\n", 2, &line)) {
            line = headers;
            headers.size = 0;
        }
        span_t value;
        span_t name = span_cut(line, ':', &value);
        value = span_trim(value);
        if (name.size == 19 && span_starts_nocase(name, "content-disposition")) {
            disposition = span_starts_nocase(value, "form-data");
            ret->name = parameter(value, "filename");
        } else if (name.size == 12 && span_starts_nocase(name, "content-type")) {
            ret->media_type = value;
        }
    }
    return disposition;
}

bool multipart_file(span_t content_type, span_t body, multipart_t *ret)
{
    char mark[4 + BOUNDARY_MAX];
    span_t boundary = parameter(content_type, "boundary"), before, headers;
    if (boundary.size == 0 || boundary.size > BOUNDARY_MAX)
        return false;
    memcpy(mark, "\r\n--", 4);
    memcpy(mark + 4, boundary.data, boundary.size);
    size_t mark_size = 4 + boundary.size;

    memset(ret, 0, sizeof *ret);
    /* The first boundary may stand at the very beginning, without a line before it. */
    if (body.size < mark_size - 2 || memcmp(body.data, mark + 2, mark_size - 2) != 0)
        return false;
    body = span(body.data + mark_size - 2, body.size - mark_size + 2);
    if (body.size < 2 || memcmp(body.data, "\r\n", 2) != 0)
        return false;
    body = span(body.data + 2, body.size - 2);
    if (!cut(&body, "\r\n\r\n", 4, &headers) || !read_part_headers(headers, ret))
        return false;
    if (!cut(&body, mark, mark_size, &before))
        return false;
    ret->data = before;
    return body.size >= 2 && memcmp(body.data, "--", 2) == 0; /* and no second part */
}
