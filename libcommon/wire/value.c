#include "value.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "crypto.h"
#include "message.h"
#include "shape.h"
#include "text.h"
#include "check.h"

#define NUMBER_MAX 400 /* digits of a number; more is nobody's number */

static bool is_digits(const char *text, size_t size)
{
    size_t i = size && text[0] == '-';
    if (i == size)
        return false;
    for (; i < size; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static bool equals(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

/* strtod() also takes hexadecimal, "inf" and leading blanks: look first. */
static const char *read_double(const char *text, size_t size, double *ret)
{
    char copy[NUMBER_MAX + 1];
    if (size > NUMBER_MAX)
        return "range";
    if (equals(text, size, "NaN") || equals(text, size, "Infinity") ||
        equals(text, size, "-Infinity")) {
        *ret = text[0] == 'N' ? NAN : text[0] == '-' ? -INFINITY : INFINITY;
        return NULL;
    }
    memcpy(copy, text, size);
    copy[size] = 0;
    if (!size || copy[strspn(copy, "0123456789+-.eE")] || strlen(copy) != size || copy[0] == '+')
        return "type";
    char *end;
    double value = strtod(copy, &end);
    if (*end || end == copy)
        return "type";
    if (isinf(value))
        return "range";
    *ret = value;
    return NULL;
}

/* 64 bits with a sign, or without when `is_unsigned`. */
static const char *read_integer(const char *text, size_t size, bool is_unsigned, uint64_t *ret)
{
    if (!is_digits(text, size)) {
        /* 1e3 and 5.0 are whole numbers, too; beyond 2^53 they would not be exact. */
        double value;
        const char *fault = read_double(text, size, &value);
        if (fault)
            return fault;
        if (!isfinite(value) || value != floor(value))
            return "type";
        if (fabs(value) > 9007199254740992.0 || (is_unsigned && value < 0))
            return "range";
        *ret = (uint64_t) (int64_t) value;
        return NULL;
    }
    bool negative = text[0] == '-';
    uint64_t value = 0;
    for (size_t i = negative; i < size; i++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t) (text[i] - '0'), &value))
            return "range";
    if (is_unsigned ? negative && value : value > (uint64_t) INT64_MAX + negative)
        return "range";
    *ret = negative ? 0 - value : value;
    return NULL;
}

static const char *set_int32(void *at, const char *text, size_t size)
{
    uint64_t value;
    const char *fault = read_integer(text, size, false, &value);
    if (fault)
        return fault;
    if ((int64_t) value < INT32_MIN || (int64_t) value > INT32_MAX)
        return "range";
    *(int32_t *) at = (int32_t) (int64_t) value;
    return NULL;
}

static const char *set_uint32(void *at, const char *text, size_t size)
{
    uint64_t value;
    const char *fault = read_integer(text, size, true, &value);
    if (fault)
        return fault;
    if (value > UINT32_MAX)
        return "range";
    *(uint32_t *) at = (uint32_t) value;
    return NULL;
}

static const char *set_float(void *at, const char *text, size_t size)
{
    double value;
    const char *fault = read_double(text, size, &value);
    if (fault)
        return fault;
    float narrow = (float) value;
    if (isinf(narrow) && !isinf(value))
        return "range";
    *(float *) at = narrow;
    return NULL;
}

static const char *set_enum(const ProtobufCFieldDescriptor *field, void *at, const char *text,
                            size_t size)
{
    char name[128];
    if (is_digits(text, size))
        return set_int32(at, text, size);
    if (size >= sizeof name || memchr(text, 0, size))
        return "unknown";
    memcpy(name, text, size);
    name[size] = 0;
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, name);
    if (!value)
        return "unknown";
    *(int *) at = value->value;
    return NULL;
}

static const char *set_bytes(void *at, const char *text, size_t size, arena_t *arena)
{
    ProtobufCBinaryData value = {.data = arena_alloc(arena, size / 4 * 3 + 3)};
    if (!value.data)
        return "memory";
    if (!crypto_unbase64(text, size, value.data, size / 4 * 3 + 3, &value.len))
        return "type";
    *(ProtobufCBinaryData *) at = value;
    return NULL;
}

static const char *set_timestamp(void *at, const char *text, size_t size, arena_t *arena)
{
    int64_t ms;
    if (!clock_parse(text, size, &ms))
        return "type";
    Google__Protobuf__Timestamp *value = (Google__Protobuf__Timestamp *) message_new(
        &google__protobuf__timestamp__descriptor, arena);
    if (!value)
        return "memory";
    value->seconds = (ms - (ms < 0 ? 999 : 0)) / 1000;
    value->nanos = (int32_t) (ms - value->seconds * 1000) * 1000000;
    *(Google__Protobuf__Timestamp **) at = value;
    return NULL;
}

const char *value_set(const ProtobufCFieldDescriptor *field, void *at, const char *text,
                      size_t size, arena_t *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return set_int32(at, text, size);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return set_uint32(at, text, size);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_integer(text, size, false, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(text, size, true, at);
    case PROTOBUF_C_TYPE_FLOAT:
        return set_float(at, text, size);
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(text, size, at);
    case PROTOBUF_C_TYPE_BOOL:
        if (!equals(text, size, "true") && !equals(text, size, "false"))
            return "type";
        *(protobuf_c_boolean *) at = text[0] == 't';
        return NULL;
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(field, at, text, size);
    case PROTOBUF_C_TYPE_STRING:
        if (!text_is_utf8(text, size))
            return "utf8";
        text = arena_copy(arena, text, size);
        if (!text)
            return "memory";
        *(const char **) at = text;
        return NULL;
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(at, text, size, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field->descriptor == &google__protobuf__timestamp__descriptor)
            return set_timestamp(at, text, size, arena);
        return "type";
    }
    return "type";
}

bool value_equal(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    const ProtobufCBinaryData *x = a, *y = b;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return text_equal(*(const char *const *) a, *(const char *const *) b);
    case PROTOBUF_C_TYPE_BYTES:
        return x->len == y->len && (!x->len || memcmp(x->data, y->data, x->len) == 0);
    case PROTOBUF_C_TYPE_MESSAGE:
        return field->descriptor == &google__protobuf__timestamp__descriptor &&
               timestamp_ms(*(Google__Protobuf__Timestamp *const *) a) ==
                   timestamp_ms(*(Google__Protobuf__Timestamp *const *) b);
    default:
        return memcmp(a, b, shape_width(field->type)) == 0;
    }
}

bool value_some(ProtobufCType type, const void *at)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        return !text_empty(*(const char *const *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *) at)->len > 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(void *const *) at != NULL;
    default:
        return shape_width(type) == 8 ? *(const uint64_t *) at != 0 : *(const uint32_t *) at != 0;
    }
}

void value_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *quantifier = (char *) message + field->quantifier_offset;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *) quantifier = field->id;
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
             field->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *) quantifier = 1;
}
