/* span.h - bytes that are somebody else's: a pointer and a length.
 *
 * What comes from h2o is not zero-terminated ("they just happen to be
 * null-terminated in HTTP/2"), so no str* function may see it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct {
    const char *data;
    size_t size;
} span_t;

#define SPAN(literal) ((span_t){(literal), sizeof(literal) - 1})

static inline span_t span(const char *data, size_t size)
{
    return (span_t){data, size};
}

static inline span_t span_text(const char *text)
{
    return (span_t){text, strlen(text)};
}

static inline bool span_is(span_t self, const char *text)
{
    size_t size = strlen(text);
    return self.size == size && (size == 0 || memcmp(self.data, text, size) == 0);
}

/* Without regard to the case of ASCII letters. */
static inline bool span_starts_nocase(span_t self, const char *text)
{
    size_t size = strlen(text);
    return self.size >= size && strncasecmp(self.data, text, size) == 0;
}

/* The part before the first `c`; *rest what follows it, size 0 when there was none. */
static inline span_t span_cut(span_t self, char c, span_t *rest)
{
    const char *at = self.size ? memchr(self.data, c, self.size) : NULL;
    if (!at) {
        *rest = span("", 0);
        return self;
    }
    size_t before = (size_t) (at - self.data);
    *rest = span(at + 1, self.size - before - 1);
    return span(self.data, before);
}

/* Without the spaces and tabs around it. */
static inline span_t span_trim(span_t self)
{
    while (self.size && (self.data[0] == ' ' || self.data[0] == '\t'))
        self = span(self.data + 1, self.size - 1);
    while (self.size && (self.data[self.size - 1] == ' ' || self.data[self.size - 1] == '\t'))
        self.size--;
    return self;
}
