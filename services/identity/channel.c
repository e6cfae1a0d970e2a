#include "channel.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "buffer.h"
#include "check.h"
#include "clock.h"
#include "json.h"

/* Longest line: a text of 4000 characters, each escaped. */
#define LINE_BYTES_MAX 65536

typedef struct {
    channel_t base; /* first member */
    char *path;
    char *old_path;
} channel_file_t;

static void file_close(channel_t *base)
{
    channel_file_t *self = (channel_file_t *) base;
    free(self->path);
    free(self->old_path);
    free(self);
}

static void print_line(buffer_t *out, const char *to, const char *text, int64_t now_ms)
{
    char at[CLOCK_RFC3339_SIZE] = "";
    clock_format(now_ms, at);
    buffer_printf(out, "{\"at\":\"%s\",\"to\":", at);
    json_quote(out, to, strlen(to));
    buffer_text(out, ",\"text\":");
    json_quote(out, text, strlen(text));
    buffer_text(out, "}\n");
}

/* One write() per line, so a reader never sees half of one that fitted. */
static status_t file_send(channel_t *base, const char *to, const char *text, int64_t now_ms)
{
    channel_file_t *self = (channel_file_t *) base;
    struct stat info;
    if (stat(self->path, &info) == 0 && info.st_size > CHANNEL_FILE_BYTES_MAX &&
        rename(self->path, self->old_path) != 0)
        return STATUS_UNAVAILABLE;

    buffer_t line = buffer_new(LINE_BYTES_MAX);
    print_line(&line, to, text, now_ms);
    status_t status = line.full ? STATUS_INVALID_ARGUMENT : STATUS_UNAVAILABLE;
    int fd = line.full ? -1 : open(self->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (write(fd, line.data, line.size) == (ssize_t) line.size)
            status = STATUS_OK;
        close(fd);
    }
    buffer_free(&line);
    return status;
}

channel_t *channel_file_new(const char *path)
{
    channel_file_t *self = xalloc(sizeof *self);
    size_t size = strlen(path) + sizeof ".old";
    self->base = (channel_t){"file", file_send, file_close};
    self->path = xstrdup(path);
    self->old_path = xalloc(size);
    snprintf(self->old_path, size, "%s.old", path);
    return &self->base;
}

void channel_free(channel_t **self)
{
    if (*self)
        (*self)->close(*self);
    *self = NULL;
}
