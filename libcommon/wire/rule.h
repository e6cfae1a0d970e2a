/* rule.h - field rules: what the contract demands of a message beyond its types.
 *
 * The tables are generated; rule_check() interprets them.  It also checks what
 * protobuf-c lets through: UTF-8 of every text (a NUL inside is refused) and
 * unknown enum numbers.  All faults are collected, up to RULE_FAULTS_MAX, each
 * with the JSON path of its field and a Chinese sentence. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "status.h"

#define RULE_FAULTS_MAX 100

/* Same numbers as yiwang.Kind in proto/yiwang/options.proto. */
typedef enum {
    KIND_NONE,
    KIND_ID,
    KIND_RESIDENT_ID,
    KIND_CREDIT_CODE,
    KIND_MOBILE,
    KIND_BASE_CODE,
    KIND_IMPL_CODE,
    KIND_ITEM_CODE,
    KIND_DIVISION,
    KIND_DATE,
    KIND_EMAIL,
    KIND_PHONE,
    KIND_CURVE_KEY,
    KIND_LINE,
    KIND_NAME,
    KIND_URL
} kind_t;

enum { RULE_REQUIRED = 1, RULE_SECRET = 2, RULE_PERSONAL = 4, RULE_ANY_ENUM = 8 };

typedef struct {
    const char *field; /* proto name, NULL ends the table */
    const char *label; /* Chinese, or NULL */
    unsigned flags;
    uint32_t min_len, max_len;
    int64_t min, max;
    uint32_t max_items;
    kind_t kind;
    const char *pattern;
} rule_t;

/* Rules of a message, in the order of its descriptor's fields. */
typedef struct {
    const ProtobufCMessageDescriptor *message;
    const rule_t *rules;
} rule_set_t;

/* Chinese names of enum values: "已受理".  Ends with {NULL}. */
typedef struct {
    const ProtobufCEnumDescriptor *type;
    const char *const *labels; /* one per descriptor->values entry, NULL: none */
} label_set_t;

/* Generated (build/gen/rules.c). */
extern const rule_set_t contract_rules[];
extern const size_t contract_rule_count;
extern const label_set_t contract_labels[];
extern const size_t contract_label_count;

typedef struct {
    const char *field;   /* "materials[2].name" */
    const char *code;    /* "required", "too_long", "check_digit", ...: static */
    const char *message; /* Chinese */
} fault_t;

typedef struct {
    fault_t faults[RULE_FAULTS_MAX];
    size_t count;
} faults_t;

/* Adds one; past the maximum it is dropped.  Texts are copied to the arena. */
void faults_add(faults_t *self, arena_t *arena, const char *field, const char *code,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* True when the message keeps all rules of its type and of what it contains.  What is
 * absent (empty, zero) breaks no rule but "required", which means nothing on the members of a
 * oneof.  Codes: "required", "too_short", "too_long", "too_many", "range", "pattern",
 * "unknown" (enum), "utf8", "depth", and those of kind_check(). */
bool rule_check(const ProtobufCMessage *message, arena_t *arena, faults_t *faults);

/* The rule of a field (proto or JSON name), NULL when it has none.  O(1) amortised:
 * looked up once per descriptor. */
const rule_t *rule_of(const ProtobufCMessageDescriptor *message, const char *field);

/* Chinese label of an enum value; its name when it has none; "" for an unknown number. */
const char *label_of(const ProtobufCEnumDescriptor *type, int value);

/* One text against one kind.  NULL when right, else a static code ("length",
 * "alphabet", "division", "date", "check_digit", "level", "type", "format", "control"), and *message a static Chinese sentence saying what to do.
 * Also used for the form fields of items, which are data. */
const char *kind_check(kind_t kind, const char *text, const char **message);

/* A message with what is secret removed and what is personal masked
 * (张*, 110***********002X, 138****1234; numbers, bytes and times go), as a copy in
 * the arena.  NULL past its limit. */
ProtobufCMessage *rule_masked(const ProtobufCMessage *message, arena_t *arena);

/* Masks one text: names (to 4 characters) keep the first, numbers of 8 and more letters
 * and digits the first 3 and last 4, anything else the first before "***".  NULL past
 * the arena's limit. */
const char *mask_text(kind_t kind, const char *text, arena_t *arena);
