#include "ids.h"
#include <string.h>

#define TIME_CHARS 10

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void ids_make(int64_t ms, const uint8_t random[10], char out[IDS_SIZE])
{
    uint64_t time = (uint64_t) ms & 0xffffffffffffu;
    for (int i = TIME_CHARS - 1; i >= 0; i--, time >>= 5)
        out[i] = alphabet[time & 31];

    /* 80 bits are 16 characters of 5 bits, 8 for each half of 40 bits. */
    for (int half = 0; half < 2; half++) {
        uint64_t bits = 0;
        for (int i = 0; i < 5; i++)
            bits = bits << 8 | random[half * 5 + i];
        for (int i = 7; i >= 0; i--, bits >>= 5)
            out[TIME_CHARS + half * 8 + i] = alphabet[bits & 31];
    }
    out[IDS_SIZE - 1] = 0;
}

bool ids_valid(const char *text)
{
    /* 26 characters hold 130 bits, an id has 128: the first is at most '7'. */
    if (!text || strnlen(text, IDS_SIZE) != IDS_SIZE - 1 || text[0] > '7')
        return false;
    for (int i = 0; i < IDS_SIZE - 1; i++)
        if (!memchr(alphabet, text[i], sizeof alphabet - 1))
            return false;
    return true;
}
