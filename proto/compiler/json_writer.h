/* json_writer.h - writes JSON, indented, member by member.
 *
 *   json_open(w, NULL, '{');
 *   json_text(w, "openapi", "3.1.0");
 *   json_close(w);
 *
 * `name` is the member's name inside an object and NULL inside an array or at the top. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "buffer.h"

enum { JSON_WRITER_DEPTH_MAX = 32 };

typedef struct {
    buffer_t *out;
    int depth;
    bool started[JSON_WRITER_DEPTH_MAX]; /* something stands at this depth already */
    char closing[JSON_WRITER_DEPTH_MAX];
} json_writer_t;

json_writer_t json_writer_new(buffer_t *out);

/* '{' or '['; json_close() writes the other half. */
void json_open(json_writer_t *self, const char *name, char bracket);
void json_close(json_writer_t *self);

void json_text(json_writer_t *self, const char *name, const char *text); /* NULL text: null */
void json_int(json_writer_t *self, const char *name, int64_t value);
void json_bool(json_writer_t *self, const char *name, bool value);
