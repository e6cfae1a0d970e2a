/* datum.h - values that pages show, and the static types that say what they may be.
 *
 * Two models side by side.  A datum_type_t is known when the gateway starts: it lets a
 * template be checked, so that a name that does not exist is a line of an error and not an
 * empty place on somebody's screen.  A datum_t is what stands there in one request.  A
 * datum is of its static type or DATUM_NONE: absent messages and calls that failed are
 * nothing, and everything read out of nothing is nothing.
 *
 *   type             what                                      value
 *   bool int text    as in the contract                        itself
 *   html             text that is not escaped: made by us      itself
 *   enum             a value of one enum type                  the number
 *   time             google.protobuf.Timestamp                 UTC milliseconds
 *   message          one message type of the contract          borrowed pointer
 *   list             entries of one type                       a repeated field, an array, or a function
 *   record           names known at start, a slot for each     array of values in the same order
 *   map              any names (path.X, typed.FORM.a.b)        a function that looks them up
 *
 * Bytes fields are told as bool: whether there are any.  Values borrow: what they point to
 * lives as long as the request's arena, or longer. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "arena.h"

#define DATUM_STEPS_MAX 8 /* names of one dotted name */

typedef enum {
    DATUM_NONE,
    DATUM_BOOL,
    DATUM_INT,
    DATUM_TEXT,
    DATUM_HTML,
    DATUM_ENUM,
    DATUM_TIME,
    DATUM_MESSAGE,
    DATUM_LIST,
    DATUM_RECORD,
    DATUM_MAP
} datum_kind_t;

/* --- static types ------------------------------------------------------------ */

typedef struct datum_type datum_type_t;

/* One name of a record; a table of them ends with {NULL}. */
typedef struct {
    const char *name;
    const datum_type_t *type;
} datum_name_t;

struct datum_type {
    datum_kind_t kind;
    union {
        const ProtobufCEnumDescriptor *choice;     /* DATUM_ENUM */
        const ProtobufCMessageDescriptor *message; /* DATUM_MESSAGE */
        const datum_type_t *entry;                 /* DATUM_LIST; NULL: known to be empty */
        const datum_name_t *names;                 /* DATUM_RECORD */
        const datum_type_t *value;                 /* DATUM_MAP: what every name leads to */
    };
    /* DATUM_MAP: whether a name may be asked for; NULL: any.  `name` is all that stands
     * behind the dot ("case.review" of session.may.case.review). */
    bool (*knows)(const datum_type_t *self, const char *name, size_t size);
    const void *of_maker; /* for knows(), and whoever made the type */
};

extern const datum_type_t datum_type_none, datum_type_bool, datum_type_int, datum_type_text,
    datum_type_html, datum_type_time;
extern const datum_type_t datum_type_texts; /* list of texts */

/* For types that are static in C (view_*.c):
 *   static const datum_name_t step_names[] = {{"title", &datum_type_text}, {"done", &datum_type_bool}, {0}};
 *   static const datum_type_t step = DATUM_TYPE_RECORD(step_names);
 *   static const datum_type_t steps = DATUM_TYPE_LIST(step); */
#define DATUM_TYPE_RECORD(table)                                                                   \
    {                                                                                              \
        .kind = DATUM_RECORD, .names = (table)                                                     \
    }
#define DATUM_TYPE_LIST(entry_type)                                                                \
    {                                                                                              \
        .kind = DATUM_LIST, .entry = &(entry_type)                                                 \
    }
#define DATUM_TYPE_MESSAGE(descriptor)                                                             \
    {                                                                                              \
        .kind = DATUM_MESSAGE, .message = &(descriptor)                                            \
    }
#define DATUM_TYPE_ENUM(descriptor)                                                                \
    {                                                                                              \
        .kind = DATUM_ENUM, .choice = &(descriptor)                                                \
    }
#define DATUM_TYPE_MAP(value_type)                                                                 \
    {                                                                                              \
        .kind = DATUM_MAP, .value = &(value_type)                                                  \
    }

/* Types made while pages are compiled; they live in that arena.  NULL past its limit. */
const datum_type_t *datum_type_message(const ProtobufCMessageDescriptor *message, arena_t *arena);
const datum_type_t *datum_type_record(const datum_name_t *names, arena_t *arena);
const datum_type_t *datum_type_list(const datum_type_t *entry, arena_t *arena);
/* Of a field of the contract; NULL also when pages do not show such (float, double). */
const datum_type_t *datum_type_field(const ProtobufCFieldDescriptor *field, arena_t *arena);

/* Whether values of `b` may stand where `a` is wanted. */
bool datum_type_same(const datum_type_t *a, const datum_type_t *b);

/* "list of case.Material", for sentences about faults; in the arena. */
const char *datum_type_name(const datum_type_t *self, arena_t *arena);

/* Whether a record or message has this name. */
bool datum_type_knows(const datum_type_t *self, const char *name, size_t size);

/* The place of a name in a record's table, or -1. */
int datum_type_slot(const datum_type_t *record, const char *name, size_t size);

/* --- values ------------------------------------------------------------------ */

typedef struct datum datum_t;
typedef struct datum_map datum_map_t;
typedef struct datum_made datum_made_t;

struct datum {
    uint8_t kind;   /* datum_kind_t */
    uint8_t form;   /* of a list: DATUM_FORM_ */
    uint32_t count; /* entries of a list */
    union {
        bool truth;
        int64_t number;
        int64_t time_ms;
        struct {
            const char *data; /* need not end with 0 */
            size_t size;
        } text; /* DATUM_TEXT and DATUM_HTML */
        struct {
            const ProtobufCEnumDescriptor *type;
            int value;
        } choice;
        const ProtobufCMessage *message;
        const datum_t *slots;   /* DATUM_RECORD: in the order of the type's names */
        const datum_map_t *map; /* DATUM_MAP */
        struct {
            const void *array;
            const ProtobufCFieldDescriptor *field; /* of a repeated field */
        } list;
        const datum_made_t *made; /* of a list made by a function */
    };
};

enum { DATUM_FORM_ARRAY, DATUM_FORM_FIELD, DATUM_FORM_MADE };

/* A map embeds this.  `name` is all that stands behind the dot; of the type's `value` or none. */
struct datum_map {
    datum_t (*find)(const datum_map_t *self, const char *name, size_t size);
};

/* A computed list embeds this; `index` is below the datum's count. */
struct datum_made {
    datum_t (*at)(const datum_made_t *self, size_t index);
};

static inline datum_t datum_none(void)
{
    return (datum_t){.kind = DATUM_NONE};
}

static inline datum_t datum_bool(bool truth)
{
    return (datum_t){.kind = DATUM_BOOL, .truth = truth};
}

static inline datum_t datum_int(int64_t number)
{
    return (datum_t){.kind = DATUM_INT, .number = number};
}

static inline datum_t datum_bytes(const char *data, size_t size)
{
    return (datum_t){.kind = DATUM_TEXT, .text = {data, size}};
}

/* NULL is "". */
static inline datum_t datum_text(const char *text)
{
    return datum_bytes(text ? text : "", text ? strlen(text) : 0);
}

/* Must be well-formed and escaped already: nobody escapes it again. */
static inline datum_t datum_html(const char *data, size_t size)
{
    return (datum_t){.kind = DATUM_HTML, .text = {data, size}};
}

static inline datum_t datum_enum(const ProtobufCEnumDescriptor *type, int value)
{
    return (datum_t){.kind = DATUM_ENUM, .choice = {type, value}};
}

/* 0 is absent. */
static inline datum_t datum_time(int64_t utc_ms)
{
    return utc_ms ? (datum_t){.kind = DATUM_TIME, .time_ms = utc_ms} : datum_none();
}

/* NULL is none. */
static inline datum_t datum_message(const ProtobufCMessage *message)
{
    return message ? (datum_t){.kind = DATUM_MESSAGE, .message = message} : datum_none();
}

static inline datum_t datum_record(const datum_t *slots)
{
    return (datum_t){.kind = DATUM_RECORD, .slots = slots};
}

static inline datum_t datum_map(const datum_map_t *map)
{
    return (datum_t){.kind = DATUM_MAP, .map = map};
}

static inline datum_t datum_array(const datum_t *entries, size_t count)
{
    return (datum_t){.kind = DATUM_LIST,
                     .form = DATUM_FORM_ARRAY,
                     .count = (uint32_t) count,
                     .list = {entries, NULL}};
}

static inline datum_t datum_made(const datum_made_t *made, size_t count)
{
    return (datum_t){
        .kind = DATUM_LIST, .form = DATUM_FORM_MADE, .count = (uint32_t) count, .made = made};
}

/* The value of any field: a list when it is repeated, none when it is an absent message, a
 * member of a oneof that is not set, or a time of 0. */
datum_t datum_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Entry of a list; none past its end. */
datum_t datum_at(datum_t list, size_t index);

/* The entries behind the first `skip`.  False: past the arena's limit. */
bool datum_rest(datum_t list, size_t skip, arena_t *arena, datum_t *ret);

/* Whether it is set: not false, 0, "", the enum's 0, none, or an empty list. */
bool datum_is_set(datum_t self);

/* What a machine reads, as message_set_text() takes it: true, digits, enum names in full, RFC
 * 3339; "" of none, lists and messages.  In the arena (or borrowed); NULL past its limit. */
const char *datum_plain(datum_t self, arena_t *arena);

/* --- dotted names ------------------------------------------------------------ */

/* One dot of a name: out of a message by its field, out of a record by its slot, out of a map
 * by all that is left of the name. */
typedef struct {
    datum_kind_t kind; /* DATUM_MESSAGE, DATUM_RECORD or DATUM_MAP: what it steps out of */
    uint32_t size;     /* of name */
    union {
        struct {
            const ProtobufCMessageDescriptor *type; /* compared when it is followed */
            const ProtobufCFieldDescriptor *field;
        } message;
        size_t slot;
        const char *name;
    };
} datum_step_t;

/* "case.summary.state", resolved against a type once and followed in each request. */
typedef struct {
    const datum_step_t *steps;
    size_t count;
    const datum_type_t *type; /* what it leads to */
} datum_path_t;

/* Resolves "a.b.c" from `from` (a record, map or message); all of it lives in the arena.  NULL
 * when done; else why not, a sentence in the arena: "case.CaseDetail has no field `sate`". */
const char *datum_path(const datum_type_t *from, const char *name, size_t size, arena_t *arena,
                       datum_path_t *ret);

/* None when anything on the way is absent. */
datum_t datum_follow(const datum_path_t *path, datum_t from);
datum_t datum_follow_at(const datum_path_t *path, const datum_t *from); /* without copying it */
