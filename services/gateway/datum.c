#include "datum.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "message.h"
#include "text.h"

const datum_type_t datum_type_none = {.kind = DATUM_NONE};
const datum_type_t datum_type_bool = {.kind = DATUM_BOOL};
const datum_type_t datum_type_int = {.kind = DATUM_INT};
const datum_type_t datum_type_text = {.kind = DATUM_TEXT};
const datum_type_t datum_type_html = {.kind = DATUM_HTML};
const datum_type_t datum_type_time = {.kind = DATUM_TIME};
const datum_type_t datum_type_texts = DATUM_TYPE_LIST(datum_type_text);

/* --- static types ------------------------------------------------------------ */

static const datum_type_t *keep_type(datum_type_t type, arena_t *arena)
{
    datum_type_t *self = arena_alloc(arena, sizeof *self);
    if (self)
        *self = type;
    return self;
}

const datum_type_t *datum_type_message(const ProtobufCMessageDescriptor *message, arena_t *arena)
{
    return keep_type((datum_type_t){.kind = DATUM_MESSAGE, .message = message}, arena);
}

const datum_type_t *datum_type_record(const datum_name_t *names, arena_t *arena)
{
    return keep_type((datum_type_t){.kind = DATUM_RECORD, .names = names}, arena);
}

const datum_type_t *datum_type_list(const datum_type_t *entry, arena_t *arena)
{
    return keep_type((datum_type_t){.kind = DATUM_LIST, .entry = entry}, arena);
}

static bool is_timestamp(const ProtobufCFieldDescriptor *field)
{
    return field->descriptor == &google__protobuf__timestamp__descriptor;
}

/* Of one value of a field; NULL for what pages do not show. */
static const datum_type_t *type_of_value(const ProtobufCFieldDescriptor *field, arena_t *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return NULL;
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_BYTES:
        return &datum_type_bool;
    case PROTOBUF_C_TYPE_STRING:
        return &datum_type_text;
    case PROTOBUF_C_TYPE_ENUM:
        return keep_type((datum_type_t){.kind = DATUM_ENUM, .choice = field->descriptor}, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        return is_timestamp(field) ? &datum_type_time
                                   : datum_type_message(field->descriptor, arena);
    default:
        return &datum_type_int;
    }
}

const datum_type_t *datum_type_field(const ProtobufCFieldDescriptor *field, arena_t *arena)
{
    const datum_type_t *value = type_of_value(field, arena);
    if (!value || field->label != PROTOBUF_C_LABEL_REPEATED)
        return value;
    return value == &datum_type_text ? &datum_type_texts : datum_type_list(value, arena);
}

bool datum_type_same(const datum_type_t *a, const datum_type_t *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind)
        return false;
    switch (a->kind) {
    case DATUM_ENUM:
        return a->choice == b->choice;
    case DATUM_MESSAGE:
        return a->message == b->message;
    case DATUM_LIST:
        return !a->entry || !b->entry || datum_type_same(a->entry, b->entry);
    case DATUM_RECORD:
        return a->names == b->names;
    case DATUM_MAP:
        return a->value == b->value;
    default:
        return true;
    }
}

/* "yiwang.case.State" is "case.State" to those who write pages. */
static const char *contract_name(const char *name)
{
    return text_starts(name, "yiwang.") ? name + strlen("yiwang.") : name;
}

const char *datum_type_name(const datum_type_t *self, arena_t *arena)
{
    static const char *const names[] = {
        [DATUM_NONE] = "nothing", [DATUM_BOOL] = "a bool",     [DATUM_INT] = "a number",
        [DATUM_TEXT] = "a text",  [DATUM_HTML] = "HTML",       [DATUM_TIME] = "a time",
        [DATUM_MAP] = "a map",    [DATUM_RECORD] = "a record", [DATUM_LIST] = "a list",
    };
    switch (self->kind) {
    case DATUM_ENUM:
        return contract_name(self->choice->name);
    case DATUM_MESSAGE:
        return self->message ? contract_name(self->message->name) : "a message";
    case DATUM_LIST:
        if (!self->entry)
            break;
        const char *list = arena_printf(arena, "a list of %s", datum_type_name(self->entry, arena));
        return list ? list : "a list";
    default:
        break;
    }
    return names[self->kind];
}

int datum_type_slot(const datum_type_t *record, const char *name, size_t size)
{
    for (int i = 0; record->names[i].name; i++)
        if (strlen(record->names[i].name) == size && memcmp(record->names[i].name, name, size) == 0)
            return i;
    return -1;
}

/* Fields go by their JSON name only: one name for one thing. */
static const ProtobufCFieldDescriptor *field_named(const ProtobufCMessageDescriptor *type,
                                                   const char *name, size_t size)
{
    return memchr(name, '_', size) ? NULL : message_field(type, name, size);
}

bool datum_type_knows(const datum_type_t *self, const char *name, size_t size)
{
    if (self->kind == DATUM_MESSAGE)
        return field_named(self->message, name, size);
    return self->kind == DATUM_RECORD && datum_type_slot(self, name, size) >= 0;
}

/* --- values ------------------------------------------------------------------ */

static datum_t time_of(const Google__Protobuf__Timestamp *time)
{
    return time ? datum_time(timestamp_ms(time)) : datum_none();
}

/* One value of a field, where it lies. */
static datum_t value_at(const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return datum_int(*(const int32_t *) at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return datum_int(*(const uint32_t *) at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return datum_int(*(const int64_t *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return datum_bool(*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return datum_bool(((const ProtobufCBinaryData *) at)->len > 0);
    case PROTOBUF_C_TYPE_STRING:
        return datum_text(*(const char *const *) at);
    case PROTOBUF_C_TYPE_ENUM:
        return datum_enum(field->descriptor, *(const int *) at);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (is_timestamp(field))
            return time_of(*(const Google__Protobuf__Timestamp *const *) at);
        return datum_message(*(const ProtobufCMessage *const *) at);
    default:
        return datum_none();
    }
}

/* Bytes from one entry of a repeated field to the next. */
static size_t width(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return sizeof(uint64_t);
    }
}

datum_t datum_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *at = (const char *) message + field->offset;
    const void *quantifier = (const char *) message + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return (datum_t){.kind = DATUM_LIST,
                         .form = DATUM_FORM_FIELD,
                         .count = (uint32_t) * (const size_t *) quantifier,
                         .list = {*(const void *const *) at, field}};
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && *(const uint32_t *) quantifier != field->id)
        return datum_none();
    return value_at(field, at);
}

datum_t datum_at(datum_t list, size_t index)
{
    if (list.kind != DATUM_LIST || index >= list.count)
        return datum_none();
    switch (list.form) {
    case DATUM_FORM_FIELD:
        return value_at(list.list.field,
                        (const char *) list.list.array + index * width(list.list.field->type));
    case DATUM_FORM_MADE:
        return list.made->at(list.made, index);
    default:
        return ((const datum_t *) list.list.array)[index];
    }
}

bool datum_rest(datum_t list, size_t skip, arena_t *arena, datum_t *ret)
{
    if (list.kind != DATUM_LIST || skip >= list.count) {
        *ret = datum_array(NULL, 0);
        return true;
    }
    size_t count = list.count - skip;
    if (list.form == DATUM_FORM_FIELD) {
        *ret = list;
        ret->list.array = (const char *) list.list.array + skip * width(list.list.field->type);
        ret->count = (uint32_t) count;
        return true;
    }
    if (list.form == DATUM_FORM_ARRAY) {
        *ret = datum_array((const datum_t *) list.list.array + skip, count);
        return true;
    }
    datum_t *entries = ARRAY(arena, datum_t, count);
    if (!entries)
        return false;
    for (size_t i = 0; i < count; i++)
        entries[i] = datum_at(list, skip + i);
    *ret = datum_array(entries, count);
    return true;
}

bool datum_is_set(datum_t self)
{
    switch ((datum_kind_t) self.kind) {
    case DATUM_NONE:
        return false;
    case DATUM_BOOL:
        return self.truth;
    case DATUM_INT:
        return self.number != 0;
    case DATUM_TEXT:
    case DATUM_HTML:
        return self.text.size > 0;
    case DATUM_ENUM:
        return self.choice.value != 0;
    case DATUM_LIST:
        return self.count > 0;
    case DATUM_TIME:
    case DATUM_MESSAGE:
    case DATUM_RECORD:
    case DATUM_MAP:
        return true;
    }
    return false;
}

const char *datum_plain(datum_t self, arena_t *arena)
{
    char time[CLOCK_RFC3339_SIZE];
    const ProtobufCEnumValue *value;
    switch ((datum_kind_t) self.kind) {
    case DATUM_BOOL:
        return self.truth ? "true" : "false";
    case DATUM_INT:
        return arena_printf(arena, "%" PRId64, self.number);
    case DATUM_TEXT:
    case DATUM_HTML:
        return arena_copy(arena, self.text.data, self.text.size);
    case DATUM_ENUM:
        value = protobuf_c_enum_descriptor_get_value(self.choice.type, self.choice.value);
        return value ? value->name : arena_printf(arena, "%d", self.choice.value);
    case DATUM_TIME:
        return clock_format(self.time_ms, time) ? arena_text(arena, time) : "";
    default:
        return "";
    }
}

/* --- dotted names ------------------------------------------------------------ */

static const char *sentence(const char *text)
{
    return text ? text : "no memory";
}

static const char *step_from_message(const datum_type_t *from, const char *name, size_t size,
                                     arena_t *arena, datum_step_t *step, const datum_type_t **ret)
{
    const ProtobufCFieldDescriptor *field = field_named(from->message, name, size);
    if (!field)
        return sentence(arena_printf(arena, "%s has no field `%.*s`",
                                     contract_name(from->message->name), (int) size, name));
    *step = (datum_step_t){.kind = DATUM_MESSAGE, .message = {from->message, field}};
    *ret = datum_type_field(field, arena);
    return *ret ? NULL
                : sentence(arena_printf(arena, "`%.*s` is of a type that pages do not show",
                                        (int) size, name));
}

static const char *step_from_record(const datum_type_t *from, const char *name, size_t size,
                                    arena_t *arena, datum_step_t *step, const datum_type_t **ret)
{
    int slot = datum_type_slot(from, name, size);
    if (slot < 0)
        return sentence(arena_printf(arena, "there is no name `%.*s`", (int) size, name));
    *step = (datum_step_t){.kind = DATUM_RECORD, .slot = (size_t) slot};
    *ret = from->names[slot].type;
    return NULL;
}

static const char *step_from_map(const datum_type_t *from, const char *name, size_t size,
                                 arena_t *arena, datum_step_t *step, const datum_type_t **ret)
{
    if (from->knows && !from->knows(from, name, size))
        return sentence(arena_printf(arena, "there is no name `%.*s`", (int) size, name));
    *step = (datum_step_t){
        .kind = DATUM_MAP, .size = (uint32_t) size, .name = arena_copy(arena, name, size)};
    *ret = from->value;
    return step->name ? NULL : "no memory";
}

/* Takes the first name of `name`, all of it from a map, and says how long that was. */
static const char *take_step(const datum_type_t *from, const char *name, size_t *size,
                             arena_t *arena, datum_step_t *step, const datum_type_t **ret)
{
    if (from->kind == DATUM_MAP)
        return step_from_map(from, name, *size, arena, step, ret);
    const char *dot = memchr(name, '.', *size);
    if (dot)
        *size = (size_t) (dot - name);
    if (from->kind == DATUM_MESSAGE)
        return step_from_message(from, name, *size, arena, step, ret);
    if (from->kind == DATUM_RECORD)
        return step_from_record(from, name, *size, arena, step, ret);
    return sentence(
        arena_printf(arena, "%s has no `%.*s` in it%s", datum_type_name(from, arena), (int) *size,
                     name, from->kind == DATUM_LIST ? ": enter its entries by a section" : ""));
}

const char *datum_path(const datum_type_t *from, const char *name, size_t size, arena_t *arena,
                       datum_path_t *ret)
{
    datum_step_t steps[DATUM_STEPS_MAX];
    size_t count = 0, at = 0;
    for (;;) {
        size_t length = size - at;
        if (count == DATUM_STEPS_MAX)
            return "the name has too many dots";
        const char *why = take_step(from, name + at, &length, arena, &steps[count++], &from);
        if (why)
            return why;
        at += length;
        if (at == size)
            break;
        at++; /* the dot */
    }
    datum_step_t *kept = ARRAY(arena, datum_step_t, count);
    if (!kept)
        return "no memory";
    memcpy(kept, steps, count * sizeof *kept);
    *ret = (datum_path_t){kept, count, from};
    return NULL;
}

/* A value of another type than was checked is nothing: it could only be misread. */
/* By address, and the last step straight into what is returned: a value that was just written in
 * parts is slow to read as a whole (the processor waits for the stores), and pages do little else. */
static datum_t follow_step(const datum_step_t *step, const datum_t *from)
{
    if (from->kind != step->kind)
        return datum_none();
    switch (step->kind) {
    case DATUM_MESSAGE:
        return from->message->descriptor == step->message.type
                   ? datum_field(from->message, step->message.field)
                   : datum_none();
    case DATUM_RECORD:
        return from->slots[step->slot];
    default:
        return from->map->find(from->map, step->name, step->size);
    }
}

datum_t datum_follow_at(const datum_path_t *path, const datum_t *from)
{
    datum_t value;
    if (!path->count)
        return *from;
    for (size_t i = 0; i + 1 < path->count; i++) {
        value = follow_step(&path->steps[i], from);
        from = &value;
    }
    return follow_step(&path->steps[path->count - 1], from);
}

datum_t datum_follow(const datum_path_t *path, datum_t from)
{
    return datum_follow_at(path, &from);
}
