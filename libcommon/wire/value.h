/* value.h - one value of a field from its text; of this folder only. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"

/* Puts the value that `text` means to `at`: numbers (an exponent is fine where the value is
 * whole), true/false, enum names and numbers, base64, RFC 3339 for a Timestamp, text
 * as it is.  NULL when done, else "type", "range", "unknown" (enum name), "utf8", "memory". */
const char *value_set(const ProtobufCFieldDescriptor *field, void *at, const char *text,
                      size_t size, arena_t *arena);

/* After the value was put in its place: says that it is there (oneof case, proto2 presence). */
void value_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Room for any one value. */
typedef union {
    uint64_t number;
    void *pointer;
    ProtobufCBinaryData bytes;
} value_t;

/* Whether two values are the same. */
bool value_equal(const ProtobufCFieldDescriptor *field, const void *a, const void *b);

/* Whether it is not the zero value. */
bool value_some(ProtobufCType type, const void *at);
