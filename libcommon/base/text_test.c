#include "text.h"
#include <string.h>
#include "test.h"

#define BYTES(literal) literal, sizeof(literal) - 1

TEST(knows_utf8)
{
    static const struct {
        const char *text;
        size_t size;
        bool valid;
    } cases[] = {
        {BYTES(""), true},
        {BYTES("plain ascii that is longer than a word"), true},
        {BYTES("建筑工程施工许可证核发"), true},
        {BYTES("mixed 混合 text with 12345678 and 汉字 at the end 字"), true},
        {BYTES("\xf0\xa0\xae\xb7"), true}, /* U+20BB7 */
        {BYTES("\xf4\x8f\xbf\xbf"), true}, /* U+10FFFF */
        {BYTES("\xed\x9f\xbf"), true},     /* U+D7FF */
        {BYTES("\xc2\x80"), true},
        {BYTES("a\0b"), false},
        {BYTES("12345678\0"), false},
        {BYTES("1234567\0"
               "12345678"),
         false},
        {BYTES("\xc0\x80"), false}, /* overlong NUL */
        {BYTES("\xc1\xbf"), false},
        {BYTES("\xe0\x9f\xbf"), false}, /* overlong */
        {BYTES("\xf0\x8f\xbf\xbf"), false},
        {BYTES("\xed\xa0\x80"), false},     /* surrogate */
        {BYTES("\xf4\x90\x80\x80"), false}, /* U+110000 */
        {BYTES("\xf5\x80\x80\x80"), false},
        {BYTES("\x80"), false},
        {BYTES("\xff"), false},
        {BYTES("\xe5\xbb"), false}, /* cut off */
        {BYTES("\xf0\xa0\xae"), false},
        {BYTES("12345678\xe5\xbb"), false},
        {BYTES("\xe5\xbb"
               "a"),
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        EXPECT(text_is_utf8(cases[i].text, cases[i].size) == cases[i].valid);
    /* A NUL or a stray byte at each place of a long text. */
    char text[64];
    for (size_t i = 0; i < sizeof text; i++) {
        memset(text, 'a', sizeof text);
        text[i] = 0;
        EXPECT(!text_is_utf8(text, sizeof text));
        text[i] = (char) 0xbf;
        EXPECT(!text_is_utf8(text, sizeof text));
    }
}

TEST(reads_and_writes_code_points)
{
    /* All code points there and back; text_is_utf8 agrees. */
    bool all = true;
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        char text[8] = {0};
        uint32_t back = 0;
        size_t size = text_put(code, text);
        all = all && text_next(text, &back) == size && back == code && text_is_utf8(text, size);
    }
    EXPECT(all);
    uint32_t code;
    EXPECT(text_next("", &code) == 0);
    EXPECT(text_next("\xe5\xbb", &code) == 1 && code == 0xfffd);
    EXPECT(text_next("\xed\xa0\x80", &code) == 1 && code == 0xfffd);
    char text[4];
    EXPECT(text_put(0xd800, text) == 3 && memcmp(text, "\xef\xbf\xbd", 3) == 0);
    EXPECT(text_length("a建𠮷") == 3);
    EXPECT(text_length("") == 0);
    EXPECT(text_is_cjk(0x5efa) && text_is_cjk(0x20bb7) && text_is_cjk(0x3007));
    EXPECT(!text_is_cjk('a') && !text_is_cjk(0x3002) && !text_is_cjk(0xff0c));
}

TEST(reads_whole_numbers)
{
    int64_t n = 5;
    EXPECT(text_int("0", 0, 10, &n) && n == 0);
    EXPECT(text_int("-7", -10, 10, &n) && n == -7);
    EXPECT(text_int("9223372036854775807", 0, INT64_MAX, &n) && n == INT64_MAX);
    EXPECT(text_int("-9223372036854775808", INT64_MIN, 0, &n) && n == INT64_MIN);
    n = 5;
    EXPECT(!text_int("9223372036854775808", 0, INT64_MAX, &n));
    EXPECT(!text_int("-9223372036854775809", INT64_MIN, 0, &n));
    EXPECT(!text_int("11", 0, 10, &n) && !text_int("-1", 0, 10, &n));
    EXPECT(!text_int("", 0, 10, &n) && !text_int("-", -1, 1, &n) && !text_int(NULL, 0, 1, &n));
    EXPECT(!text_int("1 ", 0, 10, &n) && !text_int(" 1", 0, 10, &n) && !text_int("+1", 0, 10, &n));
    EXPECT(!text_int("1x", 0, 10, &n) && !text_int("0x1", 0, 10, &n));
    EXPECT(n == 5);
}

TEST(compares_and_copies)
{
    EXPECT(text_equal(NULL, NULL) && !text_equal(NULL, "") && text_equal("a", "a"));
    EXPECT(text_starts("case.Accept", "case.") && !text_starts("cas", "case."));
    EXPECT(text_ends("a.proto", ".proto") && !text_ends("proto", ".proto"));
    EXPECT(!text_starts(NULL, "x") && !text_ends(NULL, "x"));
    EXPECT(text_empty(NULL) && text_empty("") && !text_empty(" "));
    char out[4];
    EXPECT(text_copy(out, sizeof out, "abc") && strcmp(out, "abc") == 0);
    EXPECT(!text_copy(out, sizeof out, "abcd") && strcmp(out, "abc") == 0);
}
