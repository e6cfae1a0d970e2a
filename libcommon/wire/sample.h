/* sample.h - a message with a field of each type and rules of each sort, for
 * tests and fuzzers; what protoc-c would write for
 *
 *   enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; COLOR_BLUE = 5; }
 *   message Part { string name = 1; int32 count = 2; string secret = 3; repeated Leaf leaves = 4; }
 *   message Leaf { string text = 1; Timestamp seen_at = 2; }
 *   message Sample { ... }
 */
#pragma once
#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include "rule.h"
#include "shape.h"

typedef struct {
    ProtobufCMessage base;
    const char *text;
    Google__Protobuf__Timestamp *seen_at;
} leaf_t;

typedef struct {
    ProtobufCMessage base;
    const char *name;
    int32_t count;
    const char *secret;
    size_t n_leaves;
    leaf_t **leaves;
} part_t;

typedef struct {
    ProtobufCMessage base;
    const char *name;
    const char *id_number;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    float f32;
    double f64;
    protobuf_c_boolean flag;
    ProtobufCBinaryData data;
    int color;
    part_t *part;
    size_t n_parts;
    part_t **parts;
    size_t n_texts;
    const char **texts;
    size_t n_numbers;
    int64_t *numbers;
    size_t n_colors;
    int *colors;
    Google__Protobuf__Timestamp *made_at;
    size_t n_times;
    Google__Protobuf__Timestamp **times;
    const char *code;
    uint32_t choice_case;
    union {
        const char *choice_text;
        int32_t choice_number;
        part_t *choice_part;
    };
    const char *password;
    size_t n_blobs;
    ProtobufCBinaryData *blobs;
} sample_t;

/* clang-format off: tables, and macros that make them */
static const ProtobufCEnumValue color_values[] = {{"COLOR_UNSPECIFIED", "COLOR_UNSPECIFIED", 0},
                                                  {"COLOR_RED", "COLOR_RED", 1},
                                                  {"COLOR_BLUE", "COLOR_BLUE", 5}};
static const ProtobufCEnumValueIndex color_names[] = {
    {"COLOR_BLUE", 2}, {"COLOR_RED", 1}, {"COLOR_UNSPECIFIED", 0}};
static const ProtobufCIntRange color_ranges[] = {{0, 0}, {5, 2}, {0, 3}};
static const ProtobufCEnumDescriptor color_descriptor = {PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
                                                         "test.Color",
                                                         "Color",
                                                         "Color",
                                                         "test",
                                                         3,
                                                         color_values,
                                                         3,
                                                         color_names,
                                                         2,
                                                         color_ranges,
                                                         NULL,
                                                         NULL,
                                                         NULL,
                                                         NULL};

#define ONE(type, id, name, kind, sub, zero)                                                       \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##kind, 0, offsetof(type, name), sub,    \
            zero, 0, 0, NULL, NULL                                                                 \
    }
#define MANY(type, id, name, kind, sub, flags)                                                     \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_REPEATED, PROTOBUF_C_TYPE_##kind, offsetof(type, n_##name),    \
            offsetof(type, name), sub, NULL, flags, 0, NULL, NULL                                  \
    }
#define MEMBER(type, id, name, kind, sub)                                                          \
    {                                                                                              \
#name, id, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_##kind, offsetof(type, choice_case),     \
            offsetof(type, name), sub, NULL, PROTOBUF_C_FIELD_FLAG_ONEOF, 0, NULL, NULL            \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DESCRIPTOR(T, name)                                                                        \
    static void init_##T(ProtobufCMessage *message)                                                \
    {                                                                                              \
        T empty = {.base = {.descriptor = &T##_descriptor}};                                       \
        for (size_t i = 0; i < COUNT(T##_fields); i++)                                             \
            if (T##_fields[i].type == PROTOBUF_C_TYPE_STRING &&                                    \
                T##_fields[i].label == PROTOBUF_C_LABEL_NONE && !T##_fields[i].flags)              \
                *(const char **) ((char *) &empty + T##_fields[i].offset) =                        \
                    protobuf_c_empty_string;                                                       \
        *(T *) message = empty;                                                                    \
    }                                                                                              \
    static const ProtobufCIntRange T##_ranges[] = {{1, 0}, {0, COUNT(T##_fields)}};                \
    static const ProtobufCMessageDescriptor T##_descriptor = {                                     \
        PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,                                                      \
        "test." name,                                                                              \
        name,                                                                                      \
        name,                                                                                      \
        "test",                                                                                    \
        sizeof(T),                                                                                 \
        COUNT(T##_fields),                                                                         \
        T##_fields,                                                                                \
        NULL,                                                                                      \
        1,                                                                                         \
        T##_ranges,                                                                                \
        init_##T,                                                                                  \
        NULL,                                                                                      \
        NULL,                                                                                      \
        NULL};

static const ProtobufCMessageDescriptor leaf_t_descriptor, part_t_descriptor, sample_t_descriptor;

static const ProtobufCFieldDescriptor leaf_t_fields[] = {
    ONE(leaf_t, 1, text, STRING, NULL, &protobuf_c_empty_string),
    ONE(leaf_t, 2, seen_at, MESSAGE, &google__protobuf__timestamp__descriptor, NULL),
};
DESCRIPTOR(leaf_t, "Leaf")

static const ProtobufCFieldDescriptor part_t_fields[] = {
    ONE(part_t, 1, name, STRING, NULL, &protobuf_c_empty_string),
    ONE(part_t, 2, count, INT32, NULL, NULL),
    ONE(part_t, 3, secret, STRING, NULL, &protobuf_c_empty_string),
    MANY(part_t, 4, leaves, MESSAGE, &leaf_t_descriptor, 0),
};
DESCRIPTOR(part_t, "Part")

static const ProtobufCFieldDescriptor sample_t_fields[] = {
    ONE(sample_t, 1, name, STRING, NULL, &protobuf_c_empty_string),
    ONE(sample_t, 2, id_number, STRING, NULL, &protobuf_c_empty_string),
    ONE(sample_t, 3, i32, INT32, NULL, NULL),
    ONE(sample_t, 4, i64, INT64, NULL, NULL),
    ONE(sample_t, 5, u32, UINT32, NULL, NULL),
    ONE(sample_t, 6, u64, UINT64, NULL, NULL),
    ONE(sample_t, 7, f32, FLOAT, NULL, NULL),
    ONE(sample_t, 8, f64, DOUBLE, NULL, NULL),
    ONE(sample_t, 9, flag, BOOL, NULL, NULL),
    ONE(sample_t, 10, data, BYTES, NULL, NULL),
    ONE(sample_t, 11, color, ENUM, &color_descriptor, NULL),
    ONE(sample_t, 12, part, MESSAGE, &part_t_descriptor, NULL),
    MANY(sample_t, 13, parts, MESSAGE, &part_t_descriptor, 0),
    MANY(sample_t, 14, texts, STRING, NULL, 0),
    MANY(sample_t, 15, numbers, INT64, NULL, PROTOBUF_C_FIELD_FLAG_PACKED),
    MANY(sample_t, 16, colors, ENUM, &color_descriptor, PROTOBUF_C_FIELD_FLAG_PACKED),
    ONE(sample_t, 17, made_at, MESSAGE, &google__protobuf__timestamp__descriptor, NULL),
    MANY(sample_t, 18, times, MESSAGE, &google__protobuf__timestamp__descriptor, 0),
    ONE(sample_t, 19, code, STRING, NULL, &protobuf_c_empty_string),
    MEMBER(sample_t, 20, choice_text, STRING, NULL),
    MEMBER(sample_t, 21, choice_number, INT32, NULL),
    MEMBER(sample_t, 22, choice_part, MESSAGE, &part_t_descriptor),
    ONE(sample_t, 23, password, STRING, NULL, &protobuf_c_empty_string),
    MANY(sample_t, 24, blobs, BYTES, NULL, 0),
};
DESCRIPTOR(sample_t, "Sample")
/* clang-format on */

static const rule_t leaf_rules[] = {
    {.field = "text", .max_len = 5},
    {.field = NULL},
};
static const rule_t part_rules[] = {
    {.field = "name", .label = "材料名称", .flags = RULE_REQUIRED, .max_len = 4, .kind = KIND_LINE},
    {.field = "count", .min = 1, .max = 99},
    {.field = "secret", .flags = RULE_SECRET},
    {.field = "leaves", .max_items = 2},
    {.field = NULL},
};
static const rule_t sample_rules[] = {
    {.field = "name",
     .label = "姓名",
     .flags = RULE_REQUIRED | RULE_PERSONAL,
     .min_len = 2,
     .max_len = 10,
     .kind = KIND_LINE},
    {.field = "id_number", .label = "身份证号", .flags = RULE_PERSONAL, .kind = KIND_RESIDENT_ID},
    {.field = "i32", .min = -5, .max = 5},
    {.field = "i64", .min = 1},
    {.field = "u64", .min = 10, .max = 20},
    {.field = "f64", .min = 0, .max = 1},
    {.field = "data", .min_len = 2, .max_len = 4},
    {.field = "color", .label = "颜色"},
    {.field = "parts", .label = "材料", .max_items = 3},
    {.field = "texts", .flags = RULE_PERSONAL, .max_items = 3, .kind = KIND_MOBILE},
    {.field = "numbers", .flags = RULE_PERSONAL, .min = 0, .max = 9},
    {.field = "colors", .flags = RULE_ANY_ENUM},
    {.field = "code", .label = "代码", .max_len = 6, .pattern = "[A-Z]{2}|[0-9]+"},
    {.field = "choice_text", .flags = RULE_REQUIRED | RULE_PERSONAL, .max_len = 3},
    {.field = "choice_number", .flags = RULE_REQUIRED, .min = 1, .max = 3},
    {.field = "choice_part", .flags = RULE_PERSONAL},
    {.field = "password", .flags = RULE_SECRET},
    {.field = NULL},
};
static const rule_set_t sample_rule_sets[] = {{&leaf_t_descriptor, leaf_rules},
                                              {&part_t_descriptor, part_rules},
                                              {&sample_t_descriptor, sample_rules}};

/* Before a sample is used. */
__attribute__((constructor)) static void add_sample_rules(void)
{
    shape_add_rules(sample_rule_sets, COUNT(sample_rule_sets));
}
