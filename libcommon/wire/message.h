/* message.h - walking protobuf-c messages: names, copies, one field from a text.
 *
 * Unpacking is always into an arena: protobuf-c's own allocator lets 1 MiB on
 * the wire ask for 44 MiB (measured), and arena memory needs no free_unpacked. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"

/* A zeroed, initialised message in the arena; NULL past its limit. */
ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *type, arena_t *arena);

/* NULL: not this type, a text with a NUL inside, nested more than 32 deep, or past
 * the arena's limit.  `data` may be NULL when size is 0. */
ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *type, arena_t *arena,
                                 const void *data, size_t size);

/* Packed bytes in the arena; data NULL past its limit. */
ProtobufCBinaryData message_pack(const ProtobufCMessage *message, arena_t *arena);

/* Deep copy through pack and unpack. */
ProtobufCMessage *message_copy(const ProtobufCMessage *message, arena_t *arena);

/* "id_number" -> "idNumber"; `out` as long as `name` at least. */
void message_camel(const char *name, char *out);

/* The field called so in proto or JSON style, or NULL. */
const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              const char *name, size_t size);

/* Where the value is. */
void *message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Whether a field holds something: not its zero value, a set oneof member, an element. */
bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Sets a scalar field (or appends to a repeated one) from text, as in a URL or
 * a form: numbers, true/false/1/0/on, enum names, RFC 3339.  An empty text
 * leaves a singular number, enum, bool or time as it is.  Appending copies the
 * array, so it is for few elements.  NULL when done, else a static code:
 * "type", "range", "utf8", "memory". */
const char *message_set_text(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                             const char *text, size_t size, arena_t *arena);

/* google.protobuf.Timestamp from and to UTC milliseconds; 0 is absent (NULL). */
struct Google__Protobuf__Timestamp;
struct Google__Protobuf__Timestamp *timestamp_make(arena_t *arena, int64_t ms);
int64_t timestamp_ms(const struct Google__Protobuf__Timestamp *self);

/* Array helper for handlers: room for `n` pointers or values in the arena. */
#define ARRAY(arena, type, n) ((type *) arena_alloc((arena), sizeof(type) * ((n) ? (n) : 1)))
