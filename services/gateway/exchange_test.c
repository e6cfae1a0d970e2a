#include "exchange.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static exchange_t exchange;

static bool has(const char *header, const void *body, size_t size, char etag[24])
{
    exchange.headers.if_none_match = span_text(header);
    return exchange_etag(&exchange, body, size, etag);
}

/* One changed byte anywhere, or one more, is another tag. */
TEST(etags_tell_bodies_apart)
{
    char body[200], first[24], other[24], again[24];
    memset(body, 'x', sizeof body);
    for (size_t size = 0; size < sizeof body; size += 13) {
        has("", body, size, first);
        has("", body, size, again);
        EXPECT(memcmp(first, again, 20) == 0);
        EXPECT(first[0] == 'W' && first[1] == '/' && first[2] == '"' && first[19] == '"');
        has("", body, size + 1, other);
        EXPECT(memcmp(first, other, 20) != 0);
        for (size_t at = 0; at < size; at++) {
            body[at] ^= 1;
            has("", body, size, other);
            EXPECT(memcmp(first, other, 20) != 0);
            body[at] ^= 1;
        }
    }
}

TEST(if_none_match_is_a_list)
{
    char etag[24], header[128];
    EXPECT(!has("", "body", 4, etag));
    etag[20] = 0;
    EXPECT(has(etag, "body", 4, etag));
    EXPECT(has(etag + 2, "body", 4, etag)); /* compared weakly */
    snprintf(header, sizeof header, "\"a,b\", W/\"c\" ,%s", etag);
    EXPECT(has(header, "body", 4, etag));
    EXPECT(has("*", "body", 4, etag));
    EXPECT(!has(header, "bodx", 4, etag));
    EXPECT(!has("W/", "body", 4, etag));
    EXPECT(!has(",,,", "body", 4, etag));
}
