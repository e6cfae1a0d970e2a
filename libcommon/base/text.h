/* text.h - what is true of strings: UTF-8, escapes, numbers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, <= U+10FFFF)
 * without a NUL byte. */
bool text_is_utf8(const char *text, size_t size);

/* Characters (code points) of valid UTF-8. */
size_t text_length(const char *text);

/* Reads one code point at `text` (ends with NUL) and gives the bytes it took;
 * invalid bytes give U+FFFD and 1; 0 at the end. */
size_t text_next(const char *text, uint32_t *ret);

/* Appends the UTF-8 form of `code` to `out` (4 bytes room); gives its length. */
size_t text_put(uint32_t code, char *out);

/* Chinese, Japanese, Korean ideographs. */
bool text_is_cjk(uint32_t code);

/* The whole of `text` as a decimal number within [min, max]. */
bool text_int(const char *text, int64_t min, int64_t max, int64_t *ret);

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_empty(const char *text); /* NULL or "" */

/* Copies at most size - 1 bytes, always ends with 0; true when all fitted. */
bool text_copy(char *out, size_t size, const char *text);
