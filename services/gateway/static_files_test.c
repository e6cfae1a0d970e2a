#include "static_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "test.h"
#include "text.h"

static char folder[64];

static void put(const char *name, const char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(text, 1, size, file) == size);
    fclose(file);
}

static void start(void)
{
    char path[80];
    snprintf(folder, sizeof folder, "/tmp/static_test_XXXXXX");
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fonts", folder);
    CHECK(mkdir(path, 0700) == 0);
}

static void end(void)
{
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK(system(command) == 0);
}

static static_files_t *load(void)
{
    char error[512] = "";
    return static_files_load(folder, error, sizeof error);
}

TEST(static_files_are_found_by_name)
{
    static char css[5000];
    memset(css, 'a', sizeof css);
    start();
    put("site.css", css, sizeof css);
    put("small.js", "1", 1);
    put("fonts/a.woff2", css, sizeof css);
    put("README.md", "no", 2);
    put(".hidden.css", "no", 2);
    static_files_t *files = load();
    const static_file_t *file = static_files_find(files, SPAN("site.css"));
    EXPECT(file && file->size == sizeof css && file->gzip && file->gzip_size < 200);
    EXPECT(file && text_equal(file->media_type, "text/css; charset=utf-8"));
    EXPECT(file && text_starts(file->address, "/static/site.css?v=") &&
           text_ends(file->address, file->version));
    EXPECT(text_equal(static_files_address(files, "site.css"), file->address));
    file = static_files_find(files, SPAN("small.js"));
    EXPECT(file && !file->gzip);
    file = static_files_find(files, SPAN("fonts/a.woff2"));
    EXPECT(file && !file->gzip); /* packed already */
    EXPECT(!static_files_find(files, SPAN("README.md")));
    EXPECT(!static_files_find(files, SPAN(".hidden.css")));
    EXPECT(!static_files_find(files, SPAN("../x")) && !static_files_find(files, SPAN("")));
    EXPECT(!static_files_address(files, "nothing.css"));
    static_files_drop(&files);
    end();
}

TEST(static_files_have_a_version_of_their_content)
{
    start();
    put("a.css", "one", 3);
    static_files_t *first = load();
    put("a.css", "two", 3);
    static_files_t *second = load();
    EXPECT(
        !text_equal(static_files_address(first, "a.css"), static_files_address(second, "a.css")));
    static_files_t *held = static_files_hold(first);
    static_files_drop(&first);
    EXPECT(!first && static_files_find(held, SPAN("a.css"))->size == 3);
    static_files_drop(&held);
    static_files_drop(&second);
    end();
}

TEST(static_files_that_cannot_be_read_are_a_fault)
{
    char error[512] = "";
    EXPECT(!static_files_load("/nowhere/at/all", error, sizeof error));
    EXPECT(strstr(error, "/nowhere/at/all"));
}
