#include "gzip.h"

#include <zlib.h>

#include "check.h"
#include "test.h"

static bool unpacks(const buffer_t *packed, const char *text, size_t size)
{
    char out[70000];
    z_stream stream = {.next_in = (Bytef *) packed->data,
                       .avail_in = (uInt) packed->size,
                       .next_out = (Bytef *) out,
                       .avail_out = sizeof out};
    CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);
    bool good = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size &&
                memcmp(out, text, size) == 0;
    inflateEnd(&stream);
    return good;
}

TEST(gzip_packs_again_and_again)
{
    static char text[65536];
    gzip_t *gzip = gzip_new(4);
    for (int turn = 0; turn < 3; turn++) {
        buffer_t out = buffer_new(1u << 20);
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "一网 <p>"[(i * (size_t) (turn + 1)) % 10];
        EXPECT(gzip_pack(gzip, text, sizeof text, &out));
        EXPECT(out.size < sizeof text / 10 && unpacks(&out, text, sizeof text));
        buffer_free(&out);
    }
    buffer_t empty = buffer_new(1024);
    EXPECT(gzip_pack(gzip, "", 0, &empty) && unpacks(&empty, "", 0));
    buffer_free(&empty);
    gzip_free(&gzip);
}

TEST(gzip_keeps_to_the_ceiling)
{
    static char text[65536];
    gzip_t *gzip = gzip_new(4);
    buffer_t out = buffer_new(1000);
    EXPECT(!gzip_pack(gzip, text, sizeof text, &out));
    buffer_free(&out);
    gzip_free(&gzip);
}

TEST(gzip_is_taken_when_it_is_said)
{
    EXPECT(gzip_taken(SPAN("gzip")));
    EXPECT(gzip_taken(SPAN("br, GZIP;q=0.5")));
    EXPECT(gzip_taken(SPAN("*")));
    EXPECT(gzip_taken(SPAN("x-gzip")));
    EXPECT(!gzip_taken(SPAN("")));
    EXPECT(!gzip_taken(SPAN("br")));
    EXPECT(!gzip_taken(SPAN("gzip;q=0")));
    EXPECT(!gzip_taken(SPAN("gzip; q=0.000, *")));
    EXPECT(!gzip_taken(SPAN("*;q=0")));
    EXPECT(!gzip_taken(SPAN("gzipped")));
}
