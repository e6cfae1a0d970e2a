/* json_write.c - messages as JSON: the gateway's hot path.
 *
 * Everything a field costs before its value is known is in its shape: the
 * quoted name with its colon.  What is left is one copy per text. */
#include <google/protobuf/timestamp.pb-c.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "crypto.h"
#include "json.h"
#include "message.h"
#include "shape.h"
#include "value.h"
#include "check.h"

/* --- texts ------------------------------------------------------------------ */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* One of these eight bytes may need an escape: a byte below 0x20, a quote or a backslash
 * shows as a high bit (a borrow may show one too many, plain_run() looks again). */
static bool may_escape(const char *text)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t word, quote, slash;
    memcpy(&word, text, 8);
    quote = word ^ ones * '"';
    slash = word ^ ones * '\\';
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
            ((slash - ones) & ~slash)) &
           highs;
}

/* Bytes at the start that need no escape. */
static size_t plain_run(const char *text, size_t size)
{
    size_t i = 0;
    while (i + 8 <= size && !may_escape(text + i))
        i += 8;
    if (size >= 8 && i + 8 > size && !may_escape(text + size - 8))
        return size; /* the rest, together with some of what was seen already */
    while (i < size && is_plain((unsigned char) text[i]))
        i++;
    return i;
}

static void write_escape(buffer_t *out, unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *form = short_forms; *form; form += 2)
        if ((unsigned char) *form == c) {
            buffer_put(out, (char[]){'\\', form[1]}, 2);
            return;
        }
    static const char hex[] = "0123456789abcdef";
    buffer_put(out, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void json_quote(buffer_t *out, const char *text, size_t size)
{
    size_t run = plain_run(text, size);
    if (run == size) {
        char *to = buffer_reserve(out, size + 2);
        if (!to)
            return;
        to[0] = '"';
        if (size)
            memcpy(to + 1, text, size);
        to[size + 1] = '"';
        out->size += size + 2;
        return;
    }
    buffer_char(out, '"');
    for (size_t i = 0;;) {
        buffer_put(out, text + i, run);
        i += run;
        if (i == size)
            break;
        write_escape(out, (unsigned char) text[i++]);
        run = plain_run(text + i, size - i);
    }
    buffer_char(out, '"');
}

static void write_bytes(buffer_t *out, const ProtobufCBinaryData *value)
{
    size_t size = CRYPTO_BASE64_SIZE(value->len) - 1;
    char *to = value->len > out->limit ? NULL : buffer_reserve(out, size + 2);
    if (!to) {
        out->full = true;
        return;
    }
    to[0] = '"';
    crypto_base64(value->data, value->len, to + 1);
    to[size + 1] = '"';
    out->size += size + 2;
}

/* --- numbers ---------------------------------------------------------------- */

static void write_decimal(buffer_t *out, uint64_t value, bool negative, bool quoted)
{
    char text[24];
    char *at = text + sizeof text;
    if (quoted)
        *--at = '"';
    do
        *--at = (char) ('0' + value % 10);
    while (value /= 10);
    if (negative)
        *--at = '-';
    if (quoted)
        *--at = '"';
    buffer_put(out, at, (size_t) (text + sizeof text - at));
}

static void write_signed(buffer_t *out, int64_t value, bool quoted)
{
    write_decimal(out, value < 0 ? 0 - (uint64_t) value : (uint64_t) value, value < 0, quoted);
}

/* The fewest digits that read back as the same number. */
static void write_real(buffer_t *out, double value, bool is_float)
{
    if (isnan(value) || isinf(value)) {
        buffer_text(out, isnan(value) ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
        return;
    }
    char text[40];
    int least = is_float ? FLT_DIG : DBL_DIG, most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    for (int digits = least; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (is_float ? strtof(text, NULL) == (float) value : strtod(text, NULL) == value)
            break;
    }
    buffer_text(out, text);
}

static void write_timestamp(buffer_t *out, const Google__Protobuf__Timestamp *value)
{
    char text[CLOCK_RFC3339_SIZE];
    bool real = value && value->nanos >= 0 && value->nanos < 1000000000 &&
                value->seconds > INT64_MIN / 1000 && value->seconds < INT64_MAX / 1000 - 1 &&
                clock_format(value->seconds * 1000 + value->nanos / 1000000, text);
    if (!real)
        buffer_text(out, "null"); /* rule_check() refuses such times on their way in */
    else if (value->nanos % 1000000)
        buffer_printf(out, "\"%.19s.%09dZ\"", text, (int) value->nanos);
    else
        json_quote(out, text, sizeof text - 1);
}

/* --- messages --------------------------------------------------------------- */

static void write_message(buffer_t *out, const ProtobufCMessage *message, bool defaults);

static void write_enum(buffer_t *out, const ProtobufCFieldDescriptor *field, int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (value)
        json_quote(out, value->name, strlen(value->name));
    else
        write_signed(out, number, false);
}

static void write_value(buffer_t *out, const shape_field_t *shape, const void *at, bool defaults)
{
    const char *text;
    switch (shape->field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        write_signed(out, *(const int32_t *) at, false);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        write_decimal(out, *(const uint32_t *) at, false, false);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_signed(out, *(const int64_t *) at, true);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_decimal(out, *(const uint64_t *) at, false, true);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_real(out, (double) *(const float *) at, true);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_real(out, *(const double *) at, false);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buffer_text(out, *(const protobuf_c_boolean *) at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, shape->field, *(const int *) at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *) at;
        json_quote(out, text ? text : "", text ? strlen(text) : 0);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(out, at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (shape->is_timestamp)
            write_timestamp(out, *(const Google__Protobuf__Timestamp *const *) at);
        else
            write_message(out, *(const ProtobufCMessage *const *) at, defaults);
        break;
    }
}

static void write_repeated(buffer_t *out, const shape_field_t *shape,
                           const ProtobufCMessage *message, bool defaults)
{
    size_t count = *(const size_t *) ((const char *) message + shape->field->quantifier_offset);
    const char *at = *(char *const *) message_at(message, shape->field);
    buffer_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_char(out, ',');
        write_value(out, shape, at + i * shape->width, defaults);
    }
    buffer_char(out, ']');
}

/* With `defaults`, what has no presence of its own is always written: not
 * messages and not members of a oneof. */
static bool is_written(const ProtobufCMessage *message, const shape_field_t *shape, bool defaults)
{
    return (defaults && shape->implicit) || shape->field->label == PROTOBUF_C_LABEL_REQUIRED ||
           message_has(message, shape->field);
}

static void write_message(buffer_t *out, const ProtobufCMessage *message, bool defaults)
{
    if (!message) { /* a hole in an array of ours */
        buffer_text(out, "{}");
        return;
    }
    const shape_t *shape = shape_of(message->descriptor);
    bool first = true;
    buffer_char(out, '{');
    for (size_t i = 0; i < shape->count && !out->full; i++) {
        const shape_field_t *field = &shape->fields[i];
        if (!is_written(message, field, defaults))
            continue;
        if (!first)
            buffer_char(out, ',');
        first = false;
        buffer_put(out, field->key, field->key_size);
        if (field->field->label == PROTOBUF_C_LABEL_REPEATED)
            write_repeated(out, field, message, defaults);
        else
            write_value(out, field, message_at(message, field->field), defaults);
    }
    buffer_char(out, '}');
}

void json_print(const ProtobufCMessage *message, bool defaults, buffer_t *out)
{
    write_message(out, message, defaults);
}
