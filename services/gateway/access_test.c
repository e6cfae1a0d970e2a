#include "access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static int lines_of(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t got = file ? fread(out, 1, size - 1, file) : 0;
    int lines = 0;
    out[got] = 0;
    for (char *c = out; *c; c++)
        lines += *c == '\n';
    if (file)
        fclose(file);
    return lines;
}

TEST(one_line_of_so_many_and_every_error)
{
    char path[] = "/tmp/access_test_XXXXXX", text[4096];
    close(mkstemp(path));
    access_t *access = access_open(path, 4);
    EXPECT(access);
    for (int i = 0; i < 8; i++)
        access_line(access, 1000, "case.Get", "GET", 200, 1234, 10, "t");
    access_line(access, 1000, "case.Get", "GET", 503, 1234, 10, "t");
    EXPECT(lines_of(path, text, sizeof text) == 0); /* not before a flush */
    access_flush(access);
    EXPECT(lines_of(path, text, sizeof text) == 3);
    EXPECT(strstr(text,
                  "{\"ts\":\"1970-01-01T00:00:01.000Z\",\"route\":\"case.Get\",\"verb\":\"GET\","
                  "\"status\":200,\"ms\":1.234,\"bytes\":10,\"trace\":\"t\"}\n"));
    access_close(&access);
    unlink(path);
}

/* A pipe that nobody reads does not stop us: lines are dropped, the call comes back. */
TEST(a_reader_that_sleeps_does_not_stop_us)
{
    int ends[2];
    char path[32];
    EXPECT(pipe(ends) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    access_t *access = access_open(path, 1);
    EXPECT(access);
    for (int i = 0; i < 5000; i++)
        access_line(access, 1000, "case.Get", "GET", 200, 1234, 10, "0123456789abcdef");
    access_flush(access);
    access_close(&access);
    close(ends[0]);
    close(ends[1]);
}

TEST(off_is_silent_and_a_wrong_path_is_told)
{
    access_t *access = access_open("off", 1);
    EXPECT(access);
    access_line(access, 1, "r", "GET", 500, 1, 1, "");
    access_flush(access);
    access_close(&access);
    EXPECT(!access_open("/nonexistent/folder/log", 1));
}
