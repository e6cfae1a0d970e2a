/* log.h - one JSON line per event on stderr, for programs; base and wire never log.
 *
 *   {"ts":"...Z","level":"info","service":"case","msg":"...","trace":"..."}
 *
 * Never pass a secret or personal field: log ids. */
#pragma once

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level_t;

/* Once, in main: the name in each line and the least level written. */
void log_open(const char *service, log_level_t least);

void log_write(log_level_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The trace id that log lines of this thread carry until set again; NULL: none. */
void log_trace(const char *trace_id);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
