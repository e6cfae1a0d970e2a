#include "log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "text.h"
#include "check.h"

/* A line fits into PIPE_BUF, so one write(2) to a pipe is not torn apart by
 * the lines of other processes. */
#define LINE_MAX_BYTES    4096
#define MESSAGE_MAX_BYTES 3000
#define TAIL_BYTES        160 /* room kept for the trace and the end */
#define NAME_SIZE         32
#define TRACE_SIZE        64

static char service_name[NAME_SIZE] = "-";
static log_level_t least_level = LOG_INFO;
static _Thread_local char trace[TRACE_SIZE];

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_open(const char *service, log_level_t least)
{
    text_copy(service_name, sizeof service_name, service);
    least_level = least;
}

void log_trace(const char *trace_id)
{
    text_copy(trace, sizeof trace, trace_id ? trace_id : "");
}

typedef struct {
    char data[LINE_MAX_BYTES];
    size_t size;
} line_t;

static void put(line_t *line, const char *text)
{
    size_t size = strlen(text);
    if (size < sizeof line->data - line->size) {
        memcpy(line->data + line->size, text, size);
        line->size += size;
    }
}

/* Escaped as RFC 8259 demands, invalid bytes as U+FFFD, cut before `end`. */
static void put_escaped(line_t *line, const char *text, size_t end)
{
    uint32_t code;
    for (size_t n; (n = text_next(text, &code)); text += n) {
        char piece[8];
        size_t size;
        if (code == '"' || code == '\\')
            size = (size_t) snprintf(piece, sizeof piece, "\\%c", (char) code);
        else if (code == '\n')
            size = (size_t) snprintf(piece, sizeof piece, "\\n");
        else if (code < 0x20 || code == 0x7f)
            size = (size_t) snprintf(piece, sizeof piece, "\\u%04x", (unsigned) code);
        else
            size = text_put(code, piece);
        if (line->size + size > end)
            return;
        memcpy(line->data + line->size, piece, size);
        line->size += size;
    }
}

static void write_all(const char *data, size_t size)
{
    while (size) {
        ssize_t written = write(STDERR_FILENO, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody to tell */
        data += written;
        size -= (size_t) written;
    }
}

void log_write(log_level_t level, const char *format, ...)
{
    if (level < least_level)
        return;
    int saved = errno;
    char message[MESSAGE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    if (vsnprintf(message, sizeof message, format, args) < 0)
        text_copy(message, sizeof message, format);
    va_end(args);

    char ts[CLOCK_RFC3339_SIZE];
    CHECK(clock_format(clock_now_ms(), ts));
    line_t line = {.size = 0};
    put(&line, "{\"ts\":\"");
    put(&line, ts);
    put(&line, "\",\"level\":\"");
    put(&line, level_names[level <= LOG_ERROR ? level : LOG_ERROR]);
    put(&line, "\",\"service\":\"");
    put_escaped(&line, service_name, NAME_SIZE * 6 + 100);
    put(&line, "\",\"msg\":\"");
    put_escaped(&line, message, sizeof line.data - TAIL_BYTES);
    if (*trace) {
        put(&line, "\",\"trace\":\"");
        put_escaped(&line, trace, sizeof line.data - 8);
    }
    put(&line, "\"}\n");
    write_all(line.data, line.size);
    errno = saved;
}
