/* shape.h - what reflection needs of a message type, worked out once; of this folder only.
 *
 * protobuf-c's descriptors know neither JSON names nor our rules.  A shape
 * joins the three.  It is made at the first use of its type, from any thread,
 * and stays for the life of the process; finding it takes no lock. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rule.h"

#define SHAPE_FIELDS_MAX 512 /* of one message */
#define SHAPE_DEPTH_MAX  32  /* messages inside messages */

typedef struct {
    const ProtobufCFieldDescriptor *field;
    const rule_t *rule; /* never NULL: one that demands nothing when there is none */
    const char *key;    /* "\"idNumber\":" */
    size_t key_size;
    size_t name_size;       /* of field->name */
    size_t width;           /* bytes of one value in memory */
    const regex_t *pattern; /* of rule->pattern, anchored; or NULL */
    bool is_timestamp;      /* a google.protobuf.Timestamp */
    bool implicit;          /* has no presence of its own: JSON with defaults always has it */
} shape_field_t;

typedef struct {
    const ProtobufCMessageDescriptor *type;
    size_t count;
    const shape_field_t *fields; /* in the order of the descriptor */
    const uint16_t *slots;       /* index + 1 by hash of either name, 0: empty */
    size_t slot_count;           /* a power of two */
} shape_t;

const shape_t *shape_of(const ProtobufCMessageDescriptor *type);

/* The field with this proto or JSON name, or NULL. */
const shape_field_t *shape_find(const shape_t *self, const char *name, size_t size);

/* Rule sets beside the generated ones: for tests, before their messages are used. */
void shape_add_rules(const rule_set_t *sets, size_t count);

/* Bytes of one value of this type in memory. */
size_t shape_width(ProtobufCType type);
