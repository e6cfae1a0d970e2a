/* dispatch.h - the steps of a request, in order: what happens around every handler.
 *
 *   dispatch_open      who asks, may he, is the request right       bus thread
 *   dispatch_prepare   the slow half                                reader
 *   dispatch_read      a read and its answer                        reader
 *   dispatch_write     inbox, once, handler, audit                  writer, in a savepoint
 *
 * Each gives the status of the answer; the body is then in
 * internal_of(call)->answer, also for a refusal. */
#pragma once
#include "call_internal.h"
#include "table.h"

/* What came over the bus; all borrowed, must outlive the call. */
typedef struct {
    const char *name;   /* method */
    const char *sender; /* by the broker: "" local, "system:ID:DEPARTMENT" */
    const void *meta;
    size_t meta_size;
    const void *body;
    size_t body_size;
} request_t;

/* What a service has for all its calls; one thread's because of the token cache. */
typedef struct {
    const service_t *service;
    token_cache_t *tokens; /* NULL: no token is ever good */
    void *context;
    struct server *server;
    uint8_t ledger_key[CRYPTO_KEY_SIZE]; /* seals remembered answers, keys request hashes */
    table_t *entries;                    /* method name -> entry_t * */
} dispatch_t;

/* Sets service and handlers; the rest is the caller's to set. */
void dispatch_init(dispatch_t *self, const service_t *service);
void dispatch_close(dispatch_t *self);

/* Fills *call (its arena set by the caller; everything else is overwritten). */
status_t dispatch_open(const dispatch_t *self, const request_t *request, int64_t now_ms,
                       const call_ops_t *ops, void *ops_arg, call_t *call);

/* The same for a caller already known (ticks, unit tests). */
status_t dispatch_open_as(const dispatch_t *self, const caller_t *caller, const char *method,
                          const ProtobufCMessage *in, const char *key, int64_t now_ms,
                          const call_ops_t *ops, void *ops_arg, call_t *call);

status_t dispatch_prepare(call_t *call, store_t *reader);
status_t dispatch_read(call_t *call, store_t *reader);

/* The audit row of a read that has METHOD_AUDITED, on the writer. */
status_t dispatch_audit_read(call_t *call, store_t *store, status_t outcome);

/* *keep is false when the rows of the savepoint must be undone. */
status_t dispatch_write(call_t *call, store_t *store, bool *keep);

/* Makes the answer's body from call->failure (or from the status alone). */
void dispatch_failure(call_t *call, status_t status);

/* "person:01J...", "service:case": how audit and once name a caller; in the arena. */
const char *caller_text(const caller_t *caller, arena_t *arena);
