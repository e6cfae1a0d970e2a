/* model.h - the contract as the compiler sees it: what protoc sent, with every
 * name resolved.
 *
 *   protoc ──> Schema__Request ──model_new()──> model_t ──lint──> refusals
 *                                                     └───emit──> files
 *
 * Everything lives as long as the process.  "Short" names are how people and the
 * bus say it: the last part of the package and the name, "case.Accept". */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "schema.pb-c.h"

/* Numbers of FieldDescriptorProto.Type. */
enum {
    TYPE_DOUBLE = 1,
    TYPE_FLOAT,
    TYPE_INT64,
    TYPE_UINT64,
    TYPE_INT32,
    TYPE_FIXED64,
    TYPE_FIXED32,
    TYPE_BOOL,
    TYPE_STRING,
    TYPE_GROUP,
    TYPE_MESSAGE,
    TYPE_BYTES,
    TYPE_UINT32,
    TYPE_ENUM,
    TYPE_SFIXED32,
    TYPE_SFIXED64,
    TYPE_SINT32,
    TYPE_SINT64
};

/* Numbers of yiwang.Transfer and of the yiwang.Level that needs no sign-in. */
enum { TRANSFER_NONE, TRANSFER_UPLOAD, TRANSFER_DOWNLOAD };
enum { LEVEL_ANONYMOUS = 1 };

typedef enum {
    VERB_NONE,
    VERB_GET,
    VERB_POST,
    VERB_PUT,
    VERB_PATCH,
    VERB_DELETE,
    VERB_COUNT
} verb_t;

typedef struct file file_t;
typedef struct message message_t;
typedef struct field field_t;
typedef struct enumeration enumeration_t;
typedef struct service service_t;
typedef struct method method_t;

/* Where something was written and what its comment says. */
typedef struct {
    const char *file;
    int line;            /* from 1; 0: unknown */
    const char *comment; /* leading, else trailing; NULL without */
} place_t;

struct file {
    const Schema__File *proto;
    const char *name;          /* "yiwang/case.proto" */
    const char *package;       /* "yiwang.case" */
    const char *short_package; /* "case" */
    const char *c_package;     /* what protobuf-c uses as the prefix */
    const char *header;        /* "yiwang/case.pb-c.h" */
    bool ours;                 /* protoc was asked for it, not only imported */
    bool vocabulary;           /* defines options: its messages never travel */
};

struct field {
    const Schema__Field *proto;
    const message_t *owner;
    const char *name;      /* "id_number" */
    const char *json;      /* "idNumber" */
    const char *full_name; /* "case.AcceptRequest.id_number" */
    int type;              /* TYPE_ */
    bool repeated;
    const message_t *message;         /* of TYPE_MESSAGE */
    const enumeration_t *enumeration; /* of TYPE_ENUM */
    const Schema__Rule *rule;         /* never NULL: without a rule an empty one */
    const char *oneof;                /* name of the group it is in, or NULL */
    place_t place;
};

struct message {
    const Schema__Message *proto;
    const file_t *file;
    const char *full_name;  /* "yiwang.case.AcceptRequest" */
    const char *short_name; /* "case.AcceptRequest" */
    const char *c_type;     /* "Case__AcceptRequest" */
    const char *c_lower;    /* "case__accept_request", prefix of its descriptor */
    const char *event_key;  /* of events: field that orders them; else NULL */
    bool nested;
    bool is_map;
    bool is_timestamp;
    field_t *fields; /* as declared */
    size_t field_count;
    place_t place;
    int visit; /* mark of a walk: 0 new, 1 under way, 2 done */
};

typedef struct {
    const Schema__EnumValue *proto;
    const char *name;
    int32_t number;
    const char *label; /* Chinese, or NULL */
    place_t place;
} value_t;

struct enumeration {
    const Schema__Enum *proto;
    const file_t *file;
    const char *full_name, *short_name;
    const char *c_lower;
    value_t *values; /* as declared */
    size_t value_count;
    place_t place;
    int visit;
};

struct service {
    const Schema__Service *proto;
    const file_t *file;
    const char *name;  /* "case" */
    const char *label; /* Chinese, or NULL */
    method_t *methods;
    size_t method_count;
    const Schema__ServiceRule *rule; /* never NULL */
    place_t place;
    int visit;
};

struct method {
    const Schema__Method *proto;
    const service_t *service;
    const char *name;       /* "Accept" */
    const char *short_name; /* "case.Accept" */
    const char *c_name;     /* "case_accept" */
    const message_t *in, *out;
    const Schema__Rpc *rpc; /* never NULL */
    verb_t verb;
    const char *path; /* NULL: not on the edge */
    bool writes;      /* said, or because of `on` */
    bool internal;    /* said, or because of `on` */
    place_t place;
};

typedef struct {
    file_t *files;
    size_t file_count;
    message_t *messages; /* also of imported files */
    size_t message_count;
    enumeration_t *enums;
    size_t enum_count;
    service_t *services; /* of our files only */
    size_t service_count;
    const method_t **methods; /* of all services, sorted by short name */
    size_t method_count;
    const message_t **events; /* of our files, sorted by topic */
    size_t event_count;
} model_t;

model_t *model_new(const Schema__Request *request);

/* NULL: there is none. */
const field_t *model_field(const message_t *message, const char *name);
const service_t *model_service(const model_t *self, const char *name);
/* The event of a topic, "catalog.ItemPublished". */
const message_t *model_event(const model_t *self, const char *topic);

/* The value of yiwang.Level. */
const value_t *model_level(const model_t *self, int32_t number);

bool field_is_text(const field_t *field);   /* string or bytes */
bool field_is_number(const field_t *field); /* integer or floating, not bool, not enum */

/* "get", "post" ...; "" for VERB_NONE. */
const char *verb_name(verb_t verb);
/* The verbs that a method names, as bits 1 << verb: lint wants at most one. */
unsigned method_verbs(const Schema__Rpc *rpc);

/* Whether a path variable names this field: "{id}". */
bool path_has_variable(const char *path, const char *name);

/* The fields of a file part, which the edge fills and reads itself. */
bool method_hides(const method_t *method, const field_t *field);
