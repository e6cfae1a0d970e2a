/* mask.c - messages for logs and for those who need not know. */
#include <string.h>
#include "message.h"
#include "rule.h"
#include "shape.h"
#include "text.h"
#include "value.h"

#define HEAD                3 /* shown of a number at its start ... */
#define TAIL                4 /* ... and at its end */
#define NAME_MAX_CHARACTERS 4 /* longer ones get three stars, whatever their length */

/* Resident ids, mobiles and the like: ASCII letters and digits, long enough to hide some. */
static bool is_number(const char *text, size_t size)
{
    if (size < HEAD + TAIL + 1)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
              text[i] == 'x'))
            return false;
    return true;
}

static bool hides_middle(kind_t kind, const char *text, size_t size)
{
    switch (kind) {
    case KIND_EMAIL:
    case KIND_URL:
    case KIND_DATE:
    case KIND_NAME:
        return false;
    default:
        return is_number(text, size);
    }
}

const char *mask_text(kind_t kind, const char *text, arena_t *arena)
{
    size_t size = strlen(text);
    if (!size)
        return "";
    if (hides_middle(kind, text, size)) {
        char *masked = arena_copy(arena, text, size);
        if (masked)
            memset(masked + HEAD, '*', size - HEAD - TAIL);
        return masked;
    }
    uint32_t code;
    size_t head = text_next(text, &code), length = text_length(text);
    bool is_name = (kind == KIND_LINE || kind == KIND_NONE) && length <= NAME_MAX_CHARACTERS;
    if (code == 0xfffd || length < 2)
        head = 0; /* one character alone would be all of it */
    size_t stars = is_name ? length - (head > 0) : 3;
    return arena_printf(arena, "%.*s%.*s", (int) head, text, (int) stars, "****");
}

static void mask_message(ProtobufCMessage *message, bool all, arena_t *arena, bool *full);

/* A personal value: texts keep a shape, everything else goes. */
static void mask_value(const shape_field_t *shape, void *at, bool personal, arena_t *arena,
                       bool *full)
{
    const char **text = at;
    switch (shape->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (!personal)
            break;
        *text = mask_text(shape->rule->kind, *text, arena);
        if (!*text) {
            *text = "";
            *full = true;
        }
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (personal && shape->is_timestamp)
            *(void **) at = NULL;
        else
            mask_message(*(ProtobufCMessage **) at, personal, arena, full);
        break;
    default:
        if (personal)
            memset(at, 0, shape->width);
    }
}

static void clear_field(ProtobufCMessage *message, const shape_field_t *shape)
{
    const ProtobufCFieldDescriptor *field = shape->field;
    char *quantifier = (char *) message + field->quantifier_offset;
    void *at = message_at(message, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *(size_t *) quantifier = 0;
        memset(at, 0, sizeof(void *));
        return;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *) quantifier = 0;
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
             field->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *) quantifier = 0;
    memset(at, 0, shape->width);
    if (field->type == PROTOBUF_C_TYPE_STRING && !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        *(const char **) at = protobuf_c_empty_string;
}

/* `all`: a message in a personal field, with all it holds. */
static void mask_message(ProtobufCMessage *message, bool all, arena_t *arena, bool *full)
{
    const shape_t *shape = shape_of(message->descriptor);
    message->n_unknown_fields = 0; /* nobody knows what they hold */
    message->unknown_fields = NULL;
    for (size_t i = 0; i < shape->count; i++) {
        const shape_field_t *field = &shape->fields[i];
        bool personal = all || field->rule->flags & RULE_PERSONAL;
        if (!message_has(message, field->field))
            continue;
        if (field->rule->flags & RULE_SECRET) {
            clear_field(message, field);
        } else if (field->field->label == PROTOBUF_C_LABEL_REPEATED) {
            bool masks = !personal || field->field->type == PROTOBUF_C_TYPE_STRING ||
                         (field->field->type == PROTOBUF_C_TYPE_MESSAGE && !field->is_timestamp);
            if (!masks) {
                clear_field(message, field);
                continue;
            }
            size_t count = *(size_t *) ((char *) message + field->field->quantifier_offset);
            char *array = *(char **) message_at(message, field->field);
            for (size_t k = 0; k < count; k++)
                mask_value(field, array + k * field->width, personal, arena, full);
        } else {
            mask_value(field, message_at(message, field->field), personal, arena, full);
        }
    }
}

ProtobufCMessage *rule_masked(const ProtobufCMessage *message, arena_t *arena)
{
    bool full = false;
    ProtobufCMessage *copy = message_copy(message, arena);
    if (copy)
        mask_message(copy, false, arena, &full);
    return full ? NULL : copy;
}
