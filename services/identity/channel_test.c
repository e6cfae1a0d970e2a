#include <fcntl.h>
#include "fixture.h"

/* Each message is one line of JSON that only the owner may read, whatever is in the text. */
TEST(channel_file_writes_lines)
{
    fixture_t f = fixture_new();
    static const char text[] = "第一行\n\"引号\" \\ 与\t制表";
    char path[128];
    struct stat info;
    EXPECT(f.identity->sms->send(f.identity->sms, ZHANG_MOBILE, "先", bench_now(f.bench)) ==
           STATUS_OK);
    EXPECT(f.identity->sms->send(f.identity->sms, ZHANG_MOBILE, text, bench_now(f.bench)) ==
           STATUS_OK);
    EXPECT(text_equal(fixture_sms(&f, ZHANG_MOBILE), text));
    snprintf(path, sizeof path, "%s/messages.jsonl", f.folder);
    EXPECT(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    fixture_free(&f);
}

/* The file has a ceiling: past it, it becomes .old and a new one begins. */
TEST(channel_file_is_turned_over)
{
    fixture_t f = fixture_new();
    char path[128], old[144];
    struct stat info;
    snprintf(path, sizeof path, "%s/messages.jsonl", f.folder);
    snprintf(old, sizeof old, "%s.old", path);
    EXPECT(f.identity->sms->send(f.identity->sms, ZHANG_MOBILE, "先", 0) == STATUS_OK);
    EXPECT(truncate(path, CHANNEL_FILE_BYTES_MAX + 1) == 0);
    EXPECT(f.identity->sms->send(f.identity->sms, ZHANG_MOBILE, "后", 0) == STATUS_OK);
    EXPECT(stat(path, &info) == 0 && info.st_size < 200);
    EXPECT(stat(old, &info) == 0 && info.st_size > CHANNEL_FILE_BYTES_MAX);
    remove(old);
    fixture_free(&f);
}

/* A folder that is gone is "try again", not a crash and not "sent". */
TEST(channel_file_fails)
{
    channel_t *channel = channel_file_new("/nonexistent/folder/messages.jsonl");
    EXPECT(channel->send(channel, ZHANG_MOBILE, "文", 0) == STATUS_UNAVAILABLE);
    channel_free(&channel);
    EXPECT(!channel);
}
