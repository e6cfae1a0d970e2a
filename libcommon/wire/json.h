/* json.h - the proto3 JSON mapping by reflection, and a plain JSON reader.
 *
 * https://protobuf.dev/programming-guides/json/ : lowerCamelCase names (both
 * accepted), 64-bit numbers as strings (both accepted), enums by name (number
 * accepted), bytes in base64, google.protobuf.Timestamp as RFC 3339.  Refused,
 * each with the path of the field: unknown names, wrong types, two members of a
 * oneof, a name given twice, more than JSON_DEPTH_MAX levels, invalid UTF-8,
 * \u0000, lone surrogates, numbers out of range, anything after the value. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include "arena.h"
#include "buffer.h"
#include "rule.h"

#define JSON_DEPTH_MAX 32

/* Fields already set in *message (from the path of a URL) stay and may not be
 * given again with another value.  False: `faults` says what and where; the
 * code is one of "json", "type", "unknown", "range", "utf8", "depth", "duplicate", "memory". */
bool json_parse(const char *text, size_t size, arena_t *arena, ProtobufCMessage *message,
                faults_t *faults);

/* Compact JSON, fields in the order of the proto.  With `defaults`, fields
 * that are zero are written too (the mapping's "always print fields with no presence").  The
 * caller looks at out->full. */
void json_print(const ProtobufCMessage *message, bool defaults, buffer_t *out);

/* A quoted and escaped JSON string. */
void json_quote(buffer_t *out, const char *text, size_t size);

/* --- any JSON, as a tree in an arena: imports, rules of forms --------------- */

typedef enum {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT
} json_kind_t;

typedef struct json json_t;
struct json {
    json_kind_t kind;
    const char *name; /* member name inside an object */
    const char *text; /* JSON_TEXT: unescaped; JSON_NUMBER: as written */
    json_t *child;    /* first element or member */
    json_t *next;
};

/* NULL: *error is a static English word and *at the byte. */
const json_t *json_read(const char *text, size_t size, arena_t *arena, const char **error,
                        size_t *at);
const json_t *json_member(const json_t *object, const char *name); /* or NULL */

/* A tree into a message, as json_parse(). `path` prefixes the faults' fields. */
bool json_to_message(const json_t *tree, arena_t *arena, ProtobufCMessage *message,
                     const char *path, faults_t *faults);
