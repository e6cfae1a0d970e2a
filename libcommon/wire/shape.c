#include "shape.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "message.h"
#include "table.h"
#include "check.h"

#define SHAPES_MAX 4096 /* message types of the platform; a power of two */

/* Open addressing by the descriptor's address; entries are never removed. */
static _Atomic(const shape_t *) shapes[SHAPES_MAX];
static atomic_size_t shape_count;

static const rule_set_t *extra_rules;
static size_t extra_rule_count;

void shape_add_rules(const rule_set_t *sets, size_t count)
{
    extra_rules = sets;
    extra_rule_count = count;
}

/* --- rules by descriptor ---------------------------------------------------- */

static pthread_once_t rules_once = PTHREAD_ONCE_INIT;
static table_t *rules_by_type;

static void index_rules(void)
{
    rules_by_type = table_new(contract_rule_count);
    for (size_t i = 0; i < contract_rule_count; i++)
        CHECK(table_set(rules_by_type, &contract_rules[i].message, sizeof contract_rules[i].message,
                        (void *) &contract_rules[i]));
}

static const rule_t *rules_of(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < extra_rule_count; i++)
        if (extra_rules[i].message == type)
            return extra_rules[i].rules;
    pthread_once(&rules_once, index_rules);
    const rule_set_t *set = table_get(rules_by_type, &type, sizeof type);
    return set ? set->rules : NULL;
}

static const rule_t *rule_named(const rule_t *rules, const char *field)
{
    static const rule_t nothing = {.field = NULL};
    for (const rule_t *rule = rules; rule && rule->field; rule++)
        if (strcmp(rule->field, field) == 0)
            return rule;
    return &nothing;
}

/* --- making one ------------------------------------------------------------- */

size_t shape_width(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    }
    check_failed("known field type", __FILE__, __LINE__, __func__);
}

static const regex_t *compile(const char *pattern)
{
    if (!pattern || !*pattern)
        return NULL;
    char whole[1024];
    CHECK((size_t) snprintf(whole, sizeof whole, "^(%s)$", pattern) < sizeof whole);
    regex_t *regex = xalloc(sizeof *regex);
    CHECK(regcomp(regex, whole, REG_EXTENDED | REG_NOSUB) == 0);
    return regex;
}

/* FNV-1a: names are few and ours, a lookup needs no key against collisions. */
static uint32_t hash_of(const char *name, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) name[i]) * 16777619u;
    return hash;
}

static void add_name(uint16_t *slots, size_t slot_count, const char *name, size_t size,
                     size_t index)
{
    size_t i = hash_of(name, size) & (slot_count - 1);
    while (slots[i] && slots[i] != index + 1)
        i = (i + 1) & (slot_count - 1);
    slots[i] = (uint16_t) (index + 1);
}

static bool is_implicit(const ProtobufCFieldDescriptor *field)
{
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return false;
    return field->label == PROTOBUF_C_LABEL_REPEATED ||
           (field->label == PROTOBUF_C_LABEL_NONE && field->type != PROTOBUF_C_TYPE_MESSAGE);
}

static shape_t *shape_new(const ProtobufCMessageDescriptor *type)
{
    CHECK(type->n_fields <= SHAPE_FIELDS_MAX);
    size_t slot_count = 4;
    while (slot_count < 4u * type->n_fields)
        slot_count *= 2;
    shape_t *self = xalloc(sizeof *self);
    shape_field_t *fields = xalloc(type->n_fields * sizeof *fields);
    uint16_t *slots = xalloc(slot_count * sizeof *slots);
    const rule_t *rules = rules_of(type);
    for (size_t i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        size_t name_size = strlen(field->name);
        char *key = xalloc(name_size + 4);
        key[0] = '"';
        message_camel(field->name, key + 1);
        size_t camel_size = strlen(key + 1);
        key[camel_size + 1] = '"';
        key[camel_size + 2] = ':';
        fields[i] = (shape_field_t){
            .field = field,
            .rule = rule_named(rules, field->name),
            .key = key,
            .key_size = camel_size + 3,
            .name_size = name_size,
            .width = shape_width(field->type),
            .is_timestamp = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                            field->descriptor == &google__protobuf__timestamp__descriptor,
            .implicit = is_implicit(field),
        };
        fields[i].pattern = compile(fields[i].rule->pattern);
        add_name(slots, slot_count, field->name, name_size, i);
        add_name(slots, slot_count, key + 1, camel_size, i);
    }
    *self = (shape_t){type, type->n_fields, fields, slots, slot_count};
    return self;
}

static void shape_drop(shape_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free((char *) self->fields[i].key);
        if (self->fields[i].pattern) {
            regfree((regex_t *) self->fields[i].pattern);
            free((regex_t *) self->fields[i].pattern);
        }
    }
    free((shape_field_t *) self->fields);
    free((uint16_t *) self->slots);
    free(self);
}

/* --- finding ---------------------------------------------------------------- */

const shape_t *shape_of(const ProtobufCMessageDescriptor *type)
{
    size_t i = (size_t) (((uintptr_t) type >> 4) * 0x9e3779b97f4a7c15u >> 52) & (SHAPES_MAX - 1);
    shape_t *made = NULL;
    for (;; i = (i + 1) & (SHAPES_MAX - 1)) {
        const shape_t *there = atomic_load_explicit(&shapes[i], memory_order_acquire);
        if (!there) {
            if (!made) {
                made = shape_new(type);
                CHECK(atomic_fetch_add(&shape_count, 1) < SHAPES_MAX / 4 * 3);
            }
            /* Another thread may take the slot first: then `there` is what it put. */
            if (atomic_compare_exchange_strong(&shapes[i], &there, made))
                return made;
        }
        if (there->type == type) {
            if (made) {
                shape_drop(made);
                atomic_fetch_sub(&shape_count, 1);
            }
            return there;
        }
    }
}

const shape_field_t *shape_find(const shape_t *self, const char *name, size_t size)
{
    size_t i = hash_of(name, size) & (self->slot_count - 1);
    for (; self->slots[i]; i = (i + 1) & (self->slot_count - 1)) {
        const shape_field_t *field = &self->fields[self->slots[i] - 1];
        if ((size == field->key_size - 3 && memcmp(field->key + 1, name, size) == 0) ||
            (size == field->name_size && memcmp(field->field->name, name, size) == 0))
            return field;
    }
    return NULL;
}
