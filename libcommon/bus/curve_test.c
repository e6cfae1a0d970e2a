/* curve_test.c - key files: made, read, refused. */
#include "curve.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static char folder[64], path[128], public_path[160];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/curve_test_XXXXXX");
    EXPECT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/a.curve", folder);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(public_path);
    EXPECT(rmdir(folder) == 0);
}

TEST(curve_keys_come_back_from_their_files)
{
    make_folder();
    curve_t keys, loaded, public_only;
    curve_make(&keys);
    umask(077); /* as the broker runs */
    EXPECT(curve_save(path, &keys) == STATUS_OK);
    EXPECT(curve_load(path, &loaded) == STATUS_OK);
    EXPECT(memcmp(&keys, &loaded, sizeof keys) == 0);
    EXPECT(curve_load(public_path, &public_only) == STATUS_OK);
    EXPECT(strcmp(public_only.public_key, keys.public_key) == 0);
    EXPECT(public_only.secret_key[0] == 0);

    struct stat info;
    EXPECT(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    EXPECT(stat(public_path, &info) == 0 && (info.st_mode & 0777) == 0644);
    remove_folder();
}

TEST(curve_never_over_an_existing_key)
{
    make_folder();
    curve_t keys, others, loaded;
    curve_make(&keys);
    curve_make(&others);
    EXPECT(curve_save(path, &keys) == STATUS_OK);
    EXPECT(curve_save(path, &others) != STATUS_OK);
    EXPECT(curve_load(path, &loaded) == STATUS_OK);
    EXPECT(strcmp(loaded.public_key, keys.public_key) == 0);
    remove_folder();
}

TEST(curve_refuses_what_others_may_read_or_is_no_key)
{
    make_folder();
    curve_t keys, loaded = {.public_key = "untouched"};
    EXPECT(curve_load(path, &loaded) == STATUS_NOT_FOUND);
    curve_make(&keys);
    EXPECT(curve_save(path, &keys) == STATUS_OK);
    EXPECT(chmod(path, 0644) == 0);
    EXPECT(curve_load(path, &loaded) == STATUS_FAILED_PRECONDITION);

    static const char *const BAD[] = {"", "curve\n", "curve\n public-key = \"short\"\n",
                                      "curve\n public-key \"\"\n", "public-key ="};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        FILE *file = fopen(public_path, "w");
        EXPECT(file && fputs(BAD[i], file) >= 0 && fclose(file) == 0);
        EXPECT(curve_load(public_path, &loaded) == STATUS_FAILED_PRECONDITION);
    }
    EXPECT(strcmp(loaded.public_key, "untouched") == 0);
    remove_folder();
}
