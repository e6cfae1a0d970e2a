#include "multipart.h"

#include <stdlib.h>

#include "test.h"

#define TYPE SPAN("multipart/form-data; boundary=XX")
#define HEAD                                                                                       \
    "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a b.pdf\"\r\n"                 \
    "Content-Type: application/pdf\r\n\r\n"

TEST(one_file)
{
    multipart_t part;
    EXPECT(multipart_file(TYPE, SPAN(HEAD "one\r\n--X two\r\n--XX--\r\n"), &part));
    EXPECT(span_is(part.data, "one\r\n--X two"));
    EXPECT(span_is(part.name, "a b.pdf"));
    EXPECT(span_is(part.media_type, "application/pdf"));
    EXPECT(multipart_file(SPAN("Multipart/Form-Data; charset=x; boundary=\"XX\""),
                          SPAN(HEAD "\r\n--XX--"), &part));
    EXPECT(part.data.size == 0);
}

TEST(everything_else_is_refused)
{
    multipart_t part;
    EXPECT(!multipart_file(SPAN("multipart/form-data"), SPAN(HEAD "x\r\n--XX--"), &part));
    EXPECT(
        !multipart_file(SPAN("multipart/form-data; boundary="), SPAN(HEAD "x\r\n--XX--"), &part));
    EXPECT(!multipart_file(TYPE, SPAN(""), &part));
    EXPECT(!multipart_file(TYPE, SPAN("--XX"), &part));
    EXPECT(!multipart_file(TYPE, SPAN("--XX--"), &part));
    EXPECT(!multipart_file(TYPE, SPAN(HEAD), &part));
    EXPECT(!multipart_file(TYPE, SPAN(HEAD "x\r\n--XX"), &part));
    EXPECT(!multipart_file(TYPE, SPAN(HEAD "x\r\n--XX\r\n" HEAD "y\r\n--XX--"), &part)); /* two */
    EXPECT(!multipart_file(TYPE, SPAN("--XX\r\nContent-Type: a/b\r\n\r\nx\r\n--XX--"), &part));
}

#define VALUE(name, text)                                                                          \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" text "\r\n"

TEST(several_parts)
{
    multipart_walk_t walk;
    multipart_t part;
    EXPECT(multipart_start(&walk, TYPE,
                           SPAN(VALUE("a", "1") HEAD "x\r\n" VALUE("b;c", "") "--XX--\r\n")));
    EXPECT(multipart_next(&walk, &part) && span_is(part.input, "a") && !part.is_file);
    EXPECT(span_is(part.data, "1"));
    EXPECT(multipart_next(&walk, &part) && span_is(part.input, "f") && part.is_file);
    EXPECT(span_is(part.name, "a b.pdf") && span_is(part.data, "x"));
    EXPECT(multipart_next(&walk, &part) && span_is(part.input, "b;c") && part.data.size == 0);
    EXPECT(part.media_type.size == 0 && part.name.size == 0);
    EXPECT(!multipart_next(&walk, &part) && !walk.broken);
    EXPECT(!multipart_next(&walk, &part));
}

TEST(no_parts_and_broken_ones)
{
    multipart_walk_t walk;
    multipart_t part;
    EXPECT(multipart_start(&walk, TYPE, SPAN("--XX--\r\n")));
    EXPECT(!multipart_next(&walk, &part) && !walk.broken);
    EXPECT(multipart_start(&walk, TYPE, SPAN(VALUE("a", "1") "--XX\r\nno end")));
    EXPECT(multipart_next(&walk, &part));
    EXPECT(!multipart_next(&walk, &part) && walk.broken);
    EXPECT(!multipart_next(&walk, &part) && walk.broken);
    EXPECT(!multipart_start(&walk, SPAN("text/plain; boundary=XX"), SPAN("--XX--")));
}

/* Any prefix of a good body is read without running over its end. */
TEST(every_prefix)
{
    static const char body[] = HEAD "content\r\n--XX--";
    multipart_t part;
    for (size_t size = 0; size < sizeof body - 1; size++) {
        char *copy = malloc(size + 1); /* so that a sanitizer sees the end */
        memcpy(copy, body, size);
        EXPECT(!multipart_file(TYPE, span(copy, size), &part));
        free(copy);
    }
}
