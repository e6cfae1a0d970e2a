/* static_files.h - the files of gateway.static: style sheet, script, icons, fonts.
 *
 * Read once at start, with a gzip form of what gets smaller by it; after that they do not change
 * (with gateway.develop a new set is read with the pages).  An address has a version made of the
 * content, "/static/site.css?v=9f86d081", and may be kept for a year.  Read-only, shared by lanes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "arena.h"
#include "span.h"

#define STATIC_FILES_MAX 256
#define STATIC_FILE_MAX  (4u << 20)
#define STATIC_BYTES_MAX (32u << 20)

typedef struct {
    const char *name;    /* "site.css", "fonts/x.woff2" */
    const char *address; /* with its version */
    const char *version;
    const char *media_type;
    const char *data;
    size_t size;
    const char *gzip; /* NULL: not worth it */
    size_t gzip_size;
} static_file_t;

typedef struct static_files static_files_t;

/* NULL: `error` has a sentence. */
static_files_t *static_files_load(const char *folder, char *error, size_t error_size);
static_files_t *static_files_hold(static_files_t *self);
void static_files_drop(static_files_t **self);

const static_file_t *static_files_find(const static_files_t *self, span_t name); /* or NULL */
/* "/static/NAME?v=…"; NULL: no such file. */
const char *static_files_address(const static_files_t *self, const char *name);
