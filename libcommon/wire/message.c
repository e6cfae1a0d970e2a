#include "message.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <string.h>
#include "clock.h"
#include "shape.h"
#include "text.h"
#include "value.h"
#include "check.h"

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: all that RFC 3339 can write. */
#define TIMESTAMP_MS_MIN (-62135596800000LL)
#define TIMESTAMP_MS_MAX 253402300799999LL

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *type, arena_t *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    if (message)
        protobuf_c_message_init(type, message);
    return message;
}

/* --- unpacking and packing -------------------------------------------------- */

static size_t read_varint(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && at + i < end; i++) {
        value |= (uint64_t) (at[i] & 0x7f) << (7 * i);
        if (!(at[i] & 0x80)) {
            *ret = value;
            return i + 1;
        }
    }
    return 0;
}

/* What protobuf-c does not look for: a NUL inside a text, which C would take
 * for its end, and messages nested so deep that unpacking eats the stack. */
static bool is_sound(const ProtobufCMessageDescriptor *type, const uint8_t *at, size_t size,
                     int depth)
{
    if (depth > SHAPE_DEPTH_MAX)
        return false;
    if (size == 0)
        return true; /* and `at` may be NULL, to which C lets nobody add even 0 */
    const uint8_t *end = at + size;
    while (at < end) {
        uint64_t tag, length;
        size_t n = read_varint(at, end, &tag);
        if (!n || tag > UINT32_MAX || tag >> 3 == 0) /* field numbers are 1 to 2^29 - 1 */
            return false;
        at += n;
        switch (tag & 7) {
        case PROTOBUF_C_WIRE_TYPE_VARINT:
            n = read_varint(at, end, &length);
            if (!n)
                return false;
            at += n;
            break;
        case PROTOBUF_C_WIRE_TYPE_64BIT:
        case PROTOBUF_C_WIRE_TYPE_32BIT:
            n = (tag & 7) == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
            if ((size_t) (end - at) < n)
                return false;
            at += n;
            break;
        case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
            n = read_varint(at, end, &length);
            if (!n || length > (size_t) (end - at) - n)
                return false;
            at += n;
            const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(type, (unsigned) (tag >> 3));
            if (field && field->type == PROTOBUF_C_TYPE_STRING && memchr(at, 0, length))
                return false;
            if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                !is_sound(field->descriptor, at, length, depth + 1))
                return false;
            at += length;
            break;
        default:
            return false;
        }
    }
    return true;
}

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void keep(void *arena, void *memory)
{
    (void) arena;
    (void) memory;
}

ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *type, arena_t *arena,
                                 const void *data, size_t size)
{
    ProtobufCAllocator allocator = {.alloc = take, .free = keep, .allocator_data = arena};
    if (!is_sound(type, data, size, 1))
        return NULL;
    return protobuf_c_message_unpack(type, &allocator, size, data);
}

ProtobufCBinaryData message_pack(const ProtobufCMessage *message, arena_t *arena)
{
    ProtobufCBinaryData packed = {.len = protobuf_c_message_get_packed_size(message)};
    packed.data = arena_alloc(arena, packed.len);
    if (packed.data)
        protobuf_c_message_pack(message, packed.data);
    else
        packed.len = 0;
    return packed;
}

ProtobufCMessage *message_copy(const ProtobufCMessage *message, arena_t *arena)
{
    ProtobufCBinaryData packed = message_pack(message, arena);
    return packed.data ? message_unpack(message->descriptor, arena, packed.data, packed.len) : NULL;
}

/* --- fields ----------------------------------------------------------------- */

void message_camel(const char *name, char *out)
{
    bool upper = false;
    for (; *name; name++) {
        if (*name == '_') {
            upper = true;
        } else {
            *out++ = upper && *name >= 'a' && *name <= 'z' ? (char) (*name - 'a' + 'A') : *name;
            upper = false;
        }
    }
    *out = 0;
}

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              const char *name, size_t size)
{
    const shape_field_t *found = shape_find(shape_of(type), name, size);
    return found ? found->field : NULL;
}

void *message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *) message + field->offset;
}

static void *quantifier(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *) message + field->quantifier_offset;
}

bool message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *at = message_at(message, field);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *) quantifier(message, field) == field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *) quantifier(message, field) > 0;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
        field->type != PROTOBUF_C_TYPE_MESSAGE)
        return *(const protobuf_c_boolean *) quantifier(message, field);
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) /* proto2: NULL or the default is absent */
        return *(void *const *) at && *(const void *const *) at != field->default_value;
    return value_some(field->type, at);
}

/* A repeated field gets a new array each time: what is there may be anybody's. */
static const char *append_text(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                               const char *text, size_t size, arena_t *arena)
{
    size_t *count = quantifier(message, field), width = shape_width(field->type);
    char *array = arena_alloc(arena, (*count + 1) * width);
    if (!array)
        return "memory";
    if (*count)
        memcpy(array, *(char **) message_at(message, field), *count * width);
    const char *fault = value_set(field, array + *count * width, text, size, arena);
    if (fault)
        return fault;
    *(char **) message_at(message, field) = array;
    ++*count;
    return NULL;
}

const char *message_set_text(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                             const char *text, size_t size, arena_t *arena)
{
    /* What an HTML form says of a checkbox. */
    if (field->type == PROTOBUF_C_TYPE_BOOL && size == 1 && (*text == '0' || *text == '1'))
        return message_set_text(message, field, *text == '1' ? "true" : "false",
                                *text == '1' ? 4 : 5, arena);
    if (field->type == PROTOBUF_C_TYPE_BOOL && size == 2 && memcmp(text, "on", 2) == 0)
        return message_set_text(message, field, "true", 4, arena);

    const char *fault;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        fault = append_text(message, field, text, size, arena);
    } else if (!size && field->type != PROTOBUF_C_TYPE_STRING) {
        return NULL; /* a number left empty is not given */
    } else {
        /* Set beside first: a member of a oneof shares its place with others. */
        value_t value = {0};
        fault = value_set(field, &value, text, size, arena);
        if (!fault) {
            memcpy(message_at(message, field), &value, shape_width(field->type));
            value_mark(message, field);
        }
    }
    return fault && strcmp(fault, "unknown") == 0 ? "type" : fault;
}

/* --- google.protobuf.Timestamp ---------------------------------------------- */

Google__Protobuf__Timestamp *timestamp_make(arena_t *arena, int64_t ms)
{
    if (ms == 0)
        return NULL;
    Google__Protobuf__Timestamp *self = (Google__Protobuf__Timestamp *) message_new(
        &google__protobuf__timestamp__descriptor, arena);
    if (!self)
        return NULL;
    self->seconds = ms / 1000 - (ms % 1000 < 0);
    self->nanos = (int32_t) (ms - self->seconds * 1000) * 1000000;
    return self;
}

int64_t timestamp_ms(const Google__Protobuf__Timestamp *self)
{
    if (!self)
        return 0;
    if (self->seconds < TIMESTAMP_MS_MIN / 1000)
        return TIMESTAMP_MS_MIN;
    if (self->seconds > TIMESTAMP_MS_MAX / 1000)
        return TIMESTAMP_MS_MAX;
    return self->seconds * 1000 + self->nanos / 1000000;
}
