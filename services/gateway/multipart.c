#include "multipart.h"

/* The end of a parameter: the next ';' that does not stand in quotes. */
static size_t parameter_end(span_t text)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < text.size && (quoted || text.data[i] != ';'); i++) {
        if (text.data[i] == '"')
            quoted = !quoted;
        else if (quoted && text.data[i] == '\\' && i + 1 < text.size)
            i++;
    }
    return i;
}

static span_t behind(span_t text, size_t size)
{
    return size < text.size ? span(text.data + size, text.size - size) : span("", 0);
}

/* The value of `name=` among the parameters of a header, without its quotes.  Escapes stay:
 * browsers write a quote as %22 (HTML, "multipart form data"), others as \". */
static bool parameter(span_t header, const char *name, span_t *ret)
{
    size_t name_size = strlen(name);
    span_t rest = behind(header, parameter_end(header) + 1);
    while (rest.size) {
        size_t end = parameter_end(rest);
        span_t one = span_trim(span(rest.data, end));
        rest = behind(rest, end + 1);
        if (!span_starts_nocase(one, name) || one.size <= name_size || one.data[name_size] != '=')
            continue;
        one = behind(one, name_size + 1);
        if (one.size >= 2 && one.data[0] == '"' && one.data[one.size - 1] == '"')
            one = span(one.data + 1, one.size - 2);
        *ret = one;
        return true;
    }
    return false;
}

/* Cuts at `mark`: what is before it; *rest what follows it.  False: no mark. */
static bool cut(span_t *rest, const char *mark, size_t mark_size, span_t *before)
{
    const char *at = rest->size ? memmem(rest->data, rest->size, mark, mark_size) : NULL;
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
            parameter(value, "name", &ret->input);
            ret->is_file = parameter(value, "filename", &ret->name);
        } else if (name.size == 12 && span_starts_nocase(name, "content-type")) {
            ret->media_type = value;
        }
    }
    return disposition;
}

bool multipart_start(multipart_walk_t *self, span_t content_type, span_t body)
{
    span_t boundary = span("", 0);
    self->broken = false;
    self->rest = span("", 0);
    if (!span_starts_nocase(content_type, "multipart/form-data") ||
        !parameter(content_type, "boundary", &boundary) || boundary.size == 0 ||
        boundary.size > MULTIPART_BOUNDARY_MAX)
        return false;
    memcpy(self->mark, "\r\n--", 4);
    memcpy(self->mark + 4, boundary.data, boundary.size);
    self->mark_size = 4 + boundary.size;
    /* The first boundary stands at the very beginning, without a line before it. */
    if (body.size < self->mark_size - 2 || memcmp(body.data, self->mark + 2, self->mark_size - 2))
        return false;
    self->rest = behind(body, self->mark_size - 2);
    return true;
}

bool multipart_next(multipart_walk_t *self, multipart_t *ret)
{
    span_t headers, head;
    if (self->broken || (self->rest.size >= 2 && memcmp(self->rest.data, "--", 2) == 0))
        return false;
    *ret = (multipart_t){0};
    ret->input = ret->name = ret->media_type = span("", 0);
    self->broken = true;
    if (self->rest.size < 2 || memcmp(self->rest.data, "\r\n", 2) != 0)
        return false;
    self->rest = behind(self->rest, 2);
    head = self->rest;
    if (head.size > MULTIPART_HEADERS_MAX)
        head.size = MULTIPART_HEADERS_MAX;
    if (!cut(&head, "\r\n\r\n", 4, &headers) || !read_part_headers(headers, ret))
        return false;
    self->rest = behind(self->rest, headers.size + 4);
    if (!cut(&self->rest, self->mark, self->mark_size, &ret->data))
        return false;
    self->broken = false;
    return true;
}

bool multipart_file(span_t content_type, span_t body, multipart_t *ret)
{
    multipart_walk_t walk;
    multipart_t second;
    return multipart_start(&walk, content_type, body) && multipart_next(&walk, ret) &&
           !multipart_next(&walk, &second) && !walk.broken;
}
