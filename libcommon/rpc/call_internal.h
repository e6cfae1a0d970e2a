/* call_internal.h - what rpc knows of a call beyond what a handler sees.
 *
 * The runtime around a handler is the same in a service, a unit test and a
 * simulator; where they differ is the ops table: who is asked, where random
 * bytes come from, whether a call may wait. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "call.h"
#include "ledger.h"
#include "metrics.h"
#include "server.h"

typedef struct {
    /* Sends a request to another service and waits; NULL: may not be asked. */
    status_t (*ask)(void *arg, call_t *call, const char *method, const ProtobufCMessage *in,
                    const ProtobufCMessageDescriptor *out, const ProtobufCMessage **ret);
    void (*random)(void *arg, void *out, size_t size);           /* NULL: the system's */
    bool (*may_wait)(void *arg, call_t *call, uint32_t wait_ms); /* NULL: never */
} call_ops_t;

/* One method of a service: its handler and its contract, found by its name on the bus. */
typedef struct {
    char name[64]; /* "case.GetMetrics" */
    const handler_t *handler;
    const method_t *method; /* "process.GetMetrics" for the methods all services have */
    metric_t *calls[STATUS_UNAUTHENTICATED + 1]; /* made when first needed; bus thread's */
    metric_t *seconds;
    /* What a read costs, so that cheap ones need no reader (server.c); bus thread's, but `asks`. */
    uint32_t reads;   /* how many were measured, up to the few that a verdict needs */
    int32_t read_ns;  /* running mean of the handler's time */
    atomic_bool asks; /* its handler asks other services: never on the bus thread */
} entry_t;

typedef struct {
    const call_ops_t *ops;
    void *ops_arg;
    entry_t *entry;            /* NULL: no such method */
    const uint8_t *ledger_key; /* CRYPTO_KEY_SIZE */
    const ProtobufCMessage *in;
    ProtobufCMessage *out;
    ProtobufCBinaryData request; /* packed, as it came: hashed for once and audit */
    const char *event_source;    /* the inbox key of an event; NULL: not an event */
    int64_t event_seq;
    bool keep_rows;             /* call_refuse() */
    bool waits;                 /* call_wait() said yes */
    bool packed;                /* call_answer_packed(): `answer` is set */
    bool quiet;                 /* nothing worth an audit row: health probes */
    ProtobufCBinaryData answer; /* packed answer or Yw__Status, in the arena */
} internal_t;

static inline internal_t *internal_of(const call_t *call)
{
    return call->internal;
}
