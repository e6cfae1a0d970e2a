#include "text.h"
#include <string.h>
#include "check.h"

#define REPLACEMENT 0xfffd

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the valid multi-byte sequence at `s`, at most `left` bytes; 0: none
 * (RFC 3629, section 4: the second byte's range rules out overlong forms,
 * surrogates and what is beyond U+10FFFF). */
static size_t sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < 2 || !is_tail(s[1]))
        return 0;
    if (s[0] < 0xe0)
        return 2;
    if (left < 3 || !is_tail(s[2]))
        return 0;
    if (s[0] < 0xf0) {
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
            return 0;
        return 3;
    }
    if (left < 4 || !is_tail(s[3]))
        return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return 4;
}

bool text_is_utf8(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *) text;
    const unsigned char *end = s + size;
    while (s < end) {
        /* Eight bytes of 0x01..0x7f at once: neither a high bit nor a borrow. */
        while (end - s >= 8) {
            uint64_t word;
            memcpy(&word, s, 8);
            if ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u)
                break;
            s += 8;
        }
        if (s == end)
            break;
        if (*s < 0x80) {
            if (!*s++)
                return false;
            continue;
        }
        /* Chinese comes in runs: stay here while it lasts. */
        do {
            size_t length = sequence(s, end - s);
            if (!length)
                return false;
            s += length;
        } while (s < end && *s >= 0x80);
    }
    return true;
}

size_t text_length(const char *text)
{
    size_t size = strlen(text), count = 0;
    for (size_t i = 0; i < size; i++)
        count += !is_tail(text[i]);
    return count;
}

size_t text_next(const char *text, uint32_t *ret)
{
    const unsigned char *s = (const unsigned char *) text;
    if (s[0] < 0x80) {
        *ret = s[0];
        return s[0] != 0;
    }
    /* The closing NUL is no tail byte, so sequence() stops before it. */
    size_t length = sequence(s, 4);
    switch (length) {
    case 2:
        *ret = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
        return 2;
    case 3:
        *ret = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
        return 3;
    case 4:
        *ret = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
        return 4;
    }
    *ret = REPLACEMENT;
    return 1;
}

size_t text_put(uint32_t code, char *out)
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        code = REPLACEMENT;
    if (code < 0x80) {
        out[0] = (char) code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char) (0xc0 | code >> 6);
        out[1] = (char) (0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char) (0xe0 | code >> 12);
        out[1] = (char) (0x80 | (code >> 6 & 0x3f));
        out[2] = (char) (0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char) (0xf0 | code >> 18);
    out[1] = (char) (0x80 | (code >> 12 & 0x3f));
    out[2] = (char) (0x80 | (code >> 6 & 0x3f));
    out[3] = (char) (0x80 | (code & 0x3f));
    return 4;
}

bool text_is_cjk(uint32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff)      /* unified ideographs */
           || (code >= 0x3400 && code <= 0x4dbf)   /* extension A */
           || (code >= 0x20000 && code <= 0x3ffff) /* extensions B and on: planes 2 and 3 */
           || (code >= 0xf900 && code <= 0xfaff)   /* compatibility ideographs */
           || (code >= 0x2e80 && code <= 0x2fdf)   /* radicals */
           || (code >= 0x3005 && code <= 0x3007);  /* iteration mark, closing mark, zero */
}

bool text_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
    if (!text)
        return false;
    bool negative = *text == '-';
    const char *s = text + negative;
    if (!*s)
        return false;
    int64_t value = 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        int digit = *s - '0';
        /* Counts downwards for negative numbers, so that INT64_MIN is reached. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    if (value < min || value > max)
        return false;
    *ret = value;
    return true;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_starts(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    if (!text)
        return false;
    size_t size = strlen(text), suffix_size = strlen(suffix);
    return size >= suffix_size && memcmp(text + size - suffix_size, suffix, suffix_size) == 0;
}

bool text_empty(const char *text)
{
    return !text || !*text;
}

bool text_copy(char *out, size_t size, const char *text)
{
    CHECK(size > 0);
    size_t length = strnlen(text, size);
    bool fits = length < size;
    if (!fits)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = 0;
    return fits;
}
