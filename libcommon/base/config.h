/* config.h - settings of a process: a file of `name = value` lines.
 *
 * Sections in brackets prefix their names: [gateway] port = 8443 is
 * "gateway.port".  '#' starts a comment, at the start of a line or after a
 * blank.  An environment variable YIWANG_GATEWAY_PORT wins over the file.  A
 * name that the file sets twice and a line that is not understood are errors;
 * a name that nobody asked for is found by config_unused() at start and is an
 * error too, so typos are. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "status.h"

typedef struct config config_t;

/* `error` gets a sentence with file and line.  A NULL path: only the environment.
 * NOT_FOUND: no such file; INVALID_ARGUMENT: a line that is not understood.
 * Meant for main, before there are threads. */
status_t config_load(const char *path, config_t **ret, char *error, size_t error_size);
void config_free(config_t **self);

/* Borrowed until config_free(); `fallback` when not set. */
const char *config_text(config_t *self, const char *name, const char *fallback);

/* Outside [min, max] or not a number: writes to stderr and exits with 2. */
int64_t config_int(config_t *self, const char *name, int64_t fallback, int64_t min, int64_t max);
bool config_bool(config_t *self, const char *name, bool fallback);

/* Takes a text from malloc(), such as a default that was put together: it lives as long as the settings.
 * Borrowed until config_free(). */
char *config_keep(config_t *self, char *text);

/* A name under "section." (or its variable, "YIWANG_GATEWAY_PROT") that was set
 * but never asked for, or NULL.  Borrowed until the next call. */
const char *config_unused(config_t *self, const char *section);
