#include "rule.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "message.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "value.h"
#include "check.h"

#define PATH_SIZE        201              /* yiwang.Violation.field holds 200 */
#define PATTERN_TEXT_MAX 10000            /* bytes that a regular expression is tried on */
#define TIMESTAMP_MIN    (-62135596800LL) /* 0001-01-01T00:00:00Z, as protobuf has it */
#define TIMESTAMP_MAX    253402300799LL   /* 9999-12-31T23:59:59Z */

void faults_add(faults_t *self, arena_t *arena, const char *field, const char *code,
                const char *format, ...)
{
    if (self->count >= RULE_FAULTS_MAX)
        return;
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(arena, format, args);
    va_end(args);
    field = arena_text(arena, field);
    /* No room left to say it well: say it all the same. */
    self->faults[self->count++] =
        (fault_t){field ? field : "", code, message ? message : "内容不正确，请检查后重试"};
}

/* --- walking ---------------------------------------------------------------- */

/* Where we are; on the stack, text only for a fault. */
typedef struct path {
    const struct path *up;
    const shape_field_t *shape;
    long index; /* -1: not an element */
} path_t;

typedef struct {
    arena_t *arena;
    faults_t *faults;
    size_t count; /* of faults, also those that found no room */
} checker_t;

static void path_append(const path_t *path, char out[PATH_SIZE], size_t *size)
{
    if (!path)
        return;
    path_append(path->up, out, size);
    char piece[160];
    int length = snprintf(piece, sizeof piece, "%s%.*s", path->up ? "." : "",
                          (int) path->shape->key_size - 3, path->shape->key + 1);
    if (path->index >= 0 && length >= 0 && (size_t) length < sizeof piece)
        length += snprintf(piece + length, sizeof piece - (size_t) length, "[%ld]", path->index);
    size_t room = PATH_SIZE - 1 - *size;
    size_t take = (size_t) length < room ? (size_t) length : room;
    memcpy(out + *size, piece, take);
    *size += take;
}

#define FAULT(self, path, code, ...)                                                               \
    do {                                                                                           \
        char field_[PATH_SIZE];                                                                    \
        path_text((path), field_);                                                                 \
        (self)->count++;                                                                           \
        faults_add((self)->faults, (self)->arena, field_, (code), __VA_ARGS__);                    \
    } while (0)

static void path_text(const path_t *path, char out[PATH_SIZE])
{
    size_t size = 0;
    path_append(path, out, &size);
    out[size] = 0;
}

static const char *label_or(const rule_t *rule, const char *fallback)
{
    return text_empty(rule->label) ? fallback : rule->label;
}

/* --- one value -------------------------------------------------------------- */

static void check_length(checker_t *self, const path_t *path, size_t length, bool is_text)
{
    const rule_t *rule = path->shape->rule;
    const char *label = label_or(rule, "内容"), *unit = is_text ? "个字" : "字节";
    if (rule->min_len && length < rule->min_len)
        FAULT(self, path, "too_short", "%s至少%u%s，请补充", label, rule->min_len, unit);
    else if (rule->max_len && length > rule->max_len)
        FAULT(self, path, "too_long", "%s不能超过%u%s，请缩短", label, rule->max_len, unit);
}

static void check_text(checker_t *self, const path_t *path, const char *text)
{
    const rule_t *rule = path->shape->rule;
    size_t size = strlen(text), faults = self->count;
    if (!text_is_utf8(text, size)) {
        FAULT(self, path, "utf8", "%s含有无法识别的字符，请重新填写", label_or(rule, "内容"));
        return;
    }
    /* A character is 1 to 4 bytes: most texts need no counting. */
    if (rule->min_len || (rule->max_len && size > rule->max_len))
        check_length(self, path, text_length(text), true);
    if (self->count > faults)
        return;
    const char *message = NULL;
    const char *code = kind_check(rule->kind, text, &message);
    if (code)
        FAULT(self, path, code, "%s", message);
    else if (path->shape->pattern &&
             (size > PATTERN_TEXT_MAX || regexec(path->shape->pattern, text, 0, NULL, 0) != 0))
        FAULT(self, path, "pattern", "%s格式不正确，请按要求填写", label_or(rule, "内容"));
}

static void check_enum(checker_t *self, const path_t *path, int number)
{
    const rule_t *rule = path->shape->rule;
    if (!(rule->flags & RULE_ANY_ENUM) &&
        !protobuf_c_enum_descriptor_get_value(path->shape->field->descriptor, number))
        FAULT(self, path, "unknown", "%s不是有效的选项，请重新选择", label_or(rule, "内容"));
}

static void check_timestamp(checker_t *self, const path_t *path,
                            const Google__Protobuf__Timestamp *time)
{
    if (time->seconds < TIMESTAMP_MIN || time->seconds > TIMESTAMP_MAX || time->nanos < 0 ||
        time->nanos > 999999999)
        FAULT(self, path, "range", "%s不是有效的时间，请核对", label_or(path->shape->rule, "内容"));
}

/* No upper end when max < min: { min: 1 } alone means "at least 1". */
static void check_range(checker_t *self, const path_t *path, bool below, bool above)
{
    const rule_t *rule = path->shape->rule;
    bool open = rule->max < rule->min;
    if (!below && (open || !above))
        return;
    const char *label = label_or(rule, "数值");
    if (open)
        FAULT(self, path, "range", "%s不能小于%lld，请核对", label, (long long) rule->min);
    else
        FAULT(self, path, "range", "%s应在%lld到%lld之间，请核对", label, (long long) rule->min,
              (long long) rule->max);
}

static void check_signed(checker_t *self, const path_t *path, int64_t value)
{
    const rule_t *rule = path->shape->rule;
    check_range(self, path, value<rule->min, value> rule->max);
}

static void check_unsigned(checker_t *self, const path_t *path, uint64_t value)
{
    const rule_t *rule = path->shape->rule;
    check_range(self, path, rule->min > 0 && value < (uint64_t) rule->min,
                rule->max < 0 || value > (uint64_t) rule->max);
}

static void check_real(checker_t *self, const path_t *path, double value)
{
    const rule_t *rule = path->shape->rule;
    /* Written so that NaN is outside. */
    check_range(self, path, !(value >= (double) rule->min), !(value <= (double) rule->max));
}

static void check_number(checker_t *self, const path_t *path, const void *at)
{
    const rule_t *rule = path->shape->rule;
    if (!rule->min && !rule->max)
        return;
    switch (path->shape->field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        check_signed(self, path, *(const int32_t *) at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        check_signed(self, path, *(const int64_t *) at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        check_unsigned(self, path, *(const uint32_t *) at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        check_unsigned(self, path, *(const uint64_t *) at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        check_real(self, path, (double) *(const float *) at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        check_real(self, path, *(const double *) at);
        break;
    default:
        break;
    }
}

static void check_message(checker_t *self, const ProtobufCMessage *message, const path_t *path,
                          int depth);

static void check_value(checker_t *self, const path_t *path, const void *at, int depth)
{
    const char *text;
    switch (path->shape->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *) at;
        check_text(self, path, text ? text : "");
        break;
    case PROTOBUF_C_TYPE_BYTES:
        check_length(self, path, ((const ProtobufCBinaryData *) at)->len, false);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        check_enum(self, path, *(const int *) at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (path->shape->is_timestamp)
            check_timestamp(self, path, *(const Google__Protobuf__Timestamp *const *) at);
        else
            check_message(self, *(const ProtobufCMessage *const *) at, path, depth + 1);
        break;
    default:
        check_number(self, path, at);
    }
}

/* --- fields and messages ---------------------------------------------------- */

static void missing(checker_t *self, const path_t *path)
{
    const ProtobufCFieldDescriptor *field = path->shape->field;
    bool chosen = field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BOOL;
    FAULT(self, path, "required", "请%s%s",
          chosen                                 ? "选择"
          : field->type == PROTOBUF_C_TYPE_BYTES ? "提供"
                                                 : "填写",
          label_or(path->shape->rule, "此项"));
}

static void check_repeated(checker_t *self, const ProtobufCMessage *message, path_t *path,
                           int depth)
{
    const shape_field_t *shape = path->shape;
    size_t count = *(const size_t *) ((const char *) message + shape->field->quantifier_offset);
    const char *array = *(char *const *) message_at(message, shape->field);
    uint32_t most = shape->rule->max_items;
    if (most && count > most) {
        FAULT(self, path, "too_many", "%s最多%u项，请减少", label_or(shape->rule, "内容"), most);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        path->index = (long) i;
        check_value(self, path, array + i * shape->width, depth);
        if (self->count >= RULE_FAULTS_MAX)
            return; /* nobody reads more */
    }
}

static void check_message(checker_t *self, const ProtobufCMessage *message, const path_t *up,
                          int depth)
{
    if (depth > SHAPE_DEPTH_MAX) {
        FAULT(self, up, "depth", "嵌套层数过多");
        return;
    }
    const shape_t *shape = shape_of(message->descriptor);
    for (size_t i = 0; i < shape->count && self->count < RULE_FAULTS_MAX; i++) {
        path_t path = {up, &shape->fields[i], -1};
        const ProtobufCFieldDescriptor *field = path.shape->field;
        bool is_member = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
        if (!message_has(message, field)) {
            /* Of a oneof another member may be set: there nothing is missing. */
            if (path.shape->rule->flags & RULE_REQUIRED && !is_member)
                missing(self, &path);
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            check_repeated(self, message, &path, depth);
        } else {
            check_value(self, &path, message_at(message, field), depth);
        }
    }
}

bool rule_check(const ProtobufCMessage *message, arena_t *arena, faults_t *faults)
{
    checker_t self = {arena, faults, 0};
    check_message(&self, message, NULL, 1);
    return self.count == 0;
}

/* --- looking up ------------------------------------------------------------- */

const rule_t *rule_of(const ProtobufCMessageDescriptor *message, const char *field)
{
    const shape_field_t *found = shape_find(shape_of(message), field, strlen(field));
    return found && found->rule->field ? found->rule : NULL;
}

static pthread_once_t labels_once = PTHREAD_ONCE_INIT;
static table_t *labels_by_type;

static void index_labels(void)
{
    labels_by_type = table_new(contract_label_count);
    for (size_t i = 0; i < contract_label_count; i++)
        CHECK(table_set(labels_by_type, &contract_labels[i].type, sizeof contract_labels[i].type,
                        (void *) &contract_labels[i]));
}

const char *label_of(const ProtobufCEnumDescriptor *type, int value)
{
    pthread_once(&labels_once, index_labels);
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (!known)
        return "";
    const label_set_t *set = table_get(labels_by_type, &type, sizeof type);
    const char *label = set ? set->labels[known - type->values] : NULL;
    return label ? label : known->name;
}
