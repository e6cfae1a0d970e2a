/* method.h - what the contract says of each method, as data.
 *
 * protoc-gen-yw writes these tables from proto/; nobody else makes a method_t.
 * The service (rpc/server), the gateway (routes), the rights test and openapi.json
 * all come from the same entry. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { VERB_NONE, VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE } verb_t;

/* Who may call: bits that add up. */
enum {
    MAY_PUBLIC = 1,   /* anyone */
    MAY_PERSON = 2,   /* a person at method->level or above */
    MAY_STAFF = 4,    /* staff holding method->permission ("staff": any) */
    MAY_SYSTEM = 8,   /* department systems; the broker checks the grant */
    MAY_INTERNAL = 16 /* our own processes */
};

enum {
    METHOD_WRITES = 1,     /* runs on the writer in a transaction */
    METHOD_PREPARES = 2,   /* has a prepare half on a reader */
    METHOD_IDEMPOTENT = 4, /* may be repeated without a key */
    METHOD_AUDITED = 8,    /* a read that leaves an audit row */
    METHOD_WAITS = 16,     /* may wait for a change */
    METHOD_UPLOAD = 32,    /* body is the bytes of a file, in parts */
    METHOD_DOWNLOAD = 64,
    METHOD_CREATED = 128, /* success is 201 */
    METHOD_PAGED = 256
};

typedef struct {
    const char *service; /* "case" */
    const char *name;    /* "case.Accept", the name on the bus */
    const ProtobufCMessageDescriptor *in;
    const ProtobufCMessageDescriptor *out;
    verb_t verb;            /* VERB_NONE: not on the edge */
    const char *path;       /* "/api/v1/cases/{id}:accept" */
    unsigned may;           /* MAY_ bits */
    int level;              /* Yw__Level, for MAY_PERSON */
    const char *permission; /* for MAY_STAFF, else NULL */
    unsigned flags;         /* METHOD_ bits */
    uint32_t timeout_ms;
    uint32_t cache_seconds;
    const char *on; /* event consumed, "catalog.ItemPublished", or NULL */
} method_t;

/* One event and who consumes it; the table is in build/gen/topics.c. */
typedef struct {
    const char *topic; /* "catalog.ItemPublished" */
    const ProtobufCMessageDescriptor *message;
    const char *key;                    /* field that orders it */
    const method_t *const *subscribers; /* method_count entries */
    size_t subscriber_count;
} topic_t;

/* Generated (build/gen/contract.c): every method and topic of the platform. */
extern const method_t *const contract_methods[];
extern const size_t contract_method_count;
extern const topic_t contract_topics[];
extern const size_t contract_topic_count;

const method_t *contract_method(const char *name); /* or NULL */
/* What answers to this name on the bus: "case.GetMetrics" is process.GetMetrics, which every
 * service answers about itself; or NULL. */
const method_t *contract_method_of(const char *bus_name);
const topic_t *contract_topic(const ProtobufCMessageDescriptor *message); /* or NULL */
