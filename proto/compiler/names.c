#include "names.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "check.h"

char *names_format(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char none[1];
    int size = vsnprintf(none, sizeof none, format, args);
    CHECK(size >= 0);
    char *out = xalloc((size_t) size + 1);
    vsnprintf(out, (size_t) size + 1, format, again);
    va_end(again);
    va_end(args);
    return out;
}

/* Every capital may get an underscore, every dot becomes two. */
static char *room_for(const char *name)
{
    return xalloc(2 * strlen(name) + 1);
}

/* Writes one dotted part at `out`, gives the end. */
static char *put_snake(char *out, const char *part, size_t size)
{
    bool was_upper = true; /* no underscore at the start */
    for (size_t i = 0; i < size; i++) {
        bool upper = isupper((unsigned char) part[i]);
        if (upper && !was_upper)
            *out++ = '_';
        *out++ = (char) tolower((unsigned char) part[i]);
        was_upper = upper;
    }
    return out;
}

static char *put_camel(char *out, const char *part, size_t size)
{
    bool upper_next = true;
    for (size_t i = 0; i < size; i++) {
        if (part[i] == '_') {
            upper_next = true;
            continue;
        }
        *out++ = (char) (upper_next ? toupper((unsigned char) part[i]) : part[i]);
        upper_next = false;
    }
    return out;
}

typedef char *(*put_t)(char *out, const char *part, size_t size);

static char *each_part(const char *dotted, put_t put)
{
    char *start = room_for(dotted);
    char *out = start;
    for (const char *part = dotted; *part;) {
        size_t size = strcspn(part, ".");
        if (size && out != start) {
            *out++ = '_';
            *out++ = '_';
        }
        out = put(out, part, size);
        part += size + (part[size] == '.');
    }
    return start;
}

char *names_snake(const char *camel)
{
    char *out = room_for(camel);
    put_snake(out, camel, strlen(camel));
    return out;
}

char *names_c_type(const char *dotted)
{
    return each_part(dotted, put_camel);
}

char *names_c_lower(const char *dotted)
{
    return each_part(dotted, put_snake);
}

char *names_json(const char *field)
{
    char *start = room_for(field);
    char *out = start;
    bool upper_next = false;
    for (; *field; field++) {
        if (*field == '_') {
            upper_next = true;
            continue;
        }
        *out++ = (char) (upper_next ? toupper((unsigned char) *field) : *field);
        upper_next = false;
    }
    return start;
}

const char *names_last(const char *dotted)
{
    const char *dot = strrchr(dotted, '.');
    return dot ? dot + 1 : dotted;
}
