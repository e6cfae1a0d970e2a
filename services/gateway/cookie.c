#include "cookie.h"

#include "check.h"

/* cookie-octet of RFC 6265: printable ASCII without blank, quote, comma, semicolon, backslash. */
static bool is_value(span_t text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char) text.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

span_t cookie_get(span_t header, const char *name)
{
    span_t found = span("", 0);
    for (size_t count = 0; header.size && count < COOKIE_PAIRS_MAX; count++) {
        span_t value;
        span_t pair = span_cut(header, ';', &header);
        span_t key = span_trim(span_cut(pair, '=', &value));
        if (!span_is(key, name))
            continue;
        value = span_trim(value);
        if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
            value = span(value.data + 1, value.size - 2);
        if (!is_value(value) || value.size > COOKIE_VALUE_MAX)
            return span("", 0);
        /* Two of one name: somebody else put one there, and we cannot tell which. */
        if (found.size && (found.size != value.size || memcmp(found.data, value.data, value.size)))
            return span("", 0);
        found = value;
    }
    return found;
}

const char *cookie_set(arena_t *arena, const char *name, const char *value, long seconds)
{
    CHECK(is_value(span_text(value)));
    const char *age = "";
    if (seconds)
        age = arena_printf(arena, "; Max-Age=%ld", seconds > 0 ? seconds : 0L);
    if (!age)
        return NULL;
    return arena_printf(arena, "%s=%s; Path=/%s; Secure; HttpOnly; SameSite=Lax", name, value, age);
}
