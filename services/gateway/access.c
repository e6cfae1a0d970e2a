#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "check.h"
#include "clock.h"
#include "metrics.h"
#include "text.h"

#define BUFFER_BYTES (64u << 10) /* a turn of the loop makes less; what is more is dropped */
#define PIPE_WRITE   4096        /* POSIX: a pipe that is writable takes PIPE_BUF at once */

struct access {
    int fd;    /* -1: off */
    bool pipe; /* or a socket or terminal: might block */
    uint32_t sample, count;
    buffer_t lines;
    metric_t *dropped;
};

access_t *access_open(const char *target, uint32_t sample)
{
    access_t *self = xalloc(sizeof *self);
    struct stat stat;
    if (text_equal(target, "off"))
        self->fd = -1;
    else if (text_equal(target, "-"))
        self->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        self->fd = open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (self->fd < 0 && !text_equal(target, "off")) {
        int error = errno;
        free(self);
        errno = error;
        return NULL;
    }
    self->pipe = self->fd >= 0 && (fstat(self->fd, &stat) != 0 || !S_ISREG(stat.st_mode));
    self->sample = sample;
    self->lines = buffer_new(BUFFER_BYTES);
    self->dropped = metric_counter("yiwang_access_lines_dropped_total", "",
                                   "Lines of the access log that nobody took in time.");
    return self;
}

void access_close(access_t **self)
{
    if (!*self)
        return;
    access_flush(*self);
    if ((*self)->fd >= 0)
        close((*self)->fd);
    buffer_free(&(*self)->lines);
    free(*self);
    *self = NULL;
}

void access_line(access_t *self, int64_t now_ms, const char *route, const char *verb, int status,
                 int64_t us, uint64_t bytes, const char *trace)
{
    char at[CLOCK_RFC3339_SIZE] = "";
    if (self->fd < 0)
        return;
    if (++self->count < self->sample && status < 500)
        return;
    if (self->count >= self->sample)
        self->count = 0;
    if (self->lines.size + 512 > BUFFER_BYTES)
        access_flush(self);
    if (self->lines.size + 512 > BUFFER_BYTES) {
        metric_add(self->dropped, 1);
        return;
    }
    clock_format(now_ms, at);
    /* Route names and trace ids are ours: nothing to escape. */
    buffer_printf(&self->lines,
                  "{\"ts\":\"%s\",\"route\":\"%s\",\"verb\":\"%s\",\"status\":%d,"
                  "\"ms\":%lld.%03lld,\"bytes\":%llu,\"trace\":\"%s\"}\n",
                  at, route, verb, status, (long long) (us / 1000), (long long) (us % 1000),
                  (unsigned long long) bytes, trace);
}

/* Up to the last line end within `most` bytes. */
static size_t whole_lines(const buffer_t *lines, size_t most)
{
    if (lines->size <= most)
        return lines->size;
    const char *end = memrchr(lines->data, '\n', most);
    return end ? (size_t) (end - lines->data) + 1 : 0;
}

void access_flush(access_t *self)
{
    while (self->lines.size) {
        struct pollfd poll_fd = {.fd = self->fd, .events = POLLOUT};
        if (self->pipe && (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLOUT)))
            return;
        size_t size = whole_lines(&self->lines, self->pipe ? PIPE_WRITE : BUFFER_BYTES);
        ssize_t wrote = write(self->fd, self->lines.data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            metric_add(self->dropped, 1);
            buffer_clear(&self->lines);
            return;
        }
        self->lines.size -= (size_t) wrote;
        memmove(self->lines.data, self->lines.data + wrote, self->lines.size);
    }
}
