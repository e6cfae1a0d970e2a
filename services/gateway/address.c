#include "address.h"

static const char hex[] = "0123456789ABCDEF";

bool address_local(const char *path)
{
    if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > ADDRESS_PATH_MAX)
        return false;
    for (const char *c = path; *c; c++)
        if ((unsigned char) *c <= 0x20 || *c == '\\' || *c == 0x7f)
            return false;
    return true;
}

const char *address_encode(const char *text, size_t size, arena_t *arena)
{
    char *out = arena_alloc(arena, 3 * size + 1);
    size_t end = 0;
    if (!out)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) text[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain) {
            out[end++] = (char) c;
        } else {
            out[end++] = '%';
            out[end++] = hex[c >> 4];
            out[end++] = hex[c & 15];
        }
    }
    return out;
}

const char *address_header(const char *path, arena_t *arena)
{
    char *out = arena_alloc(arena, 3 * strlen(path) + 1);
    size_t end = 0;
    if (!out)
        return "/";
    for (; *path; path++) {
        unsigned char c = (unsigned char) *path;
        if (c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}", c)) {
            out[end++] = (char) c;
        } else {
            out[end++] = '%';
            out[end++] = hex[c >> 4];
            out[end++] = hex[c & 15];
        }
    }
    return out;
}

/* "https://host" against the Host that was asked. */
static bool is_of_host(span_t origin, span_t host)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(schemes[i]);
        if (host.size && origin.size == size + host.size &&
            memcmp(origin.data, schemes[i], size) == 0 &&
            strncasecmp(origin.data + size, host.data, host.size) == 0)
            return true;
    }
    return false;
}

bool address_same_site(span_t fetch_site, span_t origin, span_t host)
{
    if (fetch_site.size)
        return span_is(fetch_site, "same-origin") || span_is(fetch_site, "none");
    return !origin.size || is_of_host(origin, host);
}
