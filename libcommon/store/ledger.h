/* ledger.h - the tables that every service has, kept by the runtime in the handler's transaction.
 *
 *   once     idempotency key + caller + method + request hash -> the stored answer; never expires
 *   inbox    events consumed: (source, method, seq), inserted first, in the effect's transaction
 *   outbox   events to tell; deliveries: which subscriber still waits for which
 *   audit    who did what when to what with which outcome, each row with the hash of the one before
 *
 * Their schema is migration 0000 of every service, added by store_open(). */
#pragma once
#include "store.h"

/* Looks a key of a caller up.  NOT_FOUND: new.  OK: done before, with the same request: *ret is
 * the answer.  FAILED_PRECONDITION: done before with another method or request. */
status_t once_find(store_t *store, const char *key, const char *caller, const char *method,
                   const uint8_t request_hash[32], arena_t *arena, ProtobufCBinaryData *ret);
status_t once_put(store_t *store, const char *key, const char *caller, const char *method,
                  const uint8_t request_hash[32], const void *answer, size_t answer_size,
                  int64_t now_ms);

/* OK: new.  ALREADY_EXISTS: its effect is committed.  Each consuming method counts for itself. */
status_t inbox_put(store_t *store, const char *source, int64_t seq, const char *method,
                   int64_t now_ms);

/* An event and one delivery per subscriber ("case.OnItemPublished"); *ret_seq its number, never
 * used again; 0 without subscribers: then nothing is kept. */
status_t outbox_put(store_t *store, const char *topic, const char *key, const void *body,
                    size_t size, const char *const *subscribers, size_t subscriber_count,
                    int64_t now_ms, int64_t *ret_seq);

typedef struct {
    int64_t seq;
    const char *subscriber;
    const char *topic;
    const char *key;
    ProtobufCBinaryData body;
    int attempts;
} delivery_t;

#define OUTBOX_PARK_AFTER                                                                          \
    12 /* attempts; pauses double from 100 ms to 60 s, or 2 s while it is away */

/* What is due now: the first open delivery of each (subscriber, key), not parked, at most
 * `limit`, the oldest first.  Several keys go side by side, one key in order.  What is in flight
 * stays due until done or failed, so ask for that many more. */
status_t outbox_due(store_t *store, int64_t now_ms, size_t limit, arena_t *arena, delivery_t **ret,
                    size_t *ret_count);
/* The subscriber has committed it.  Told twice is fine. */
status_t outbox_done(store_t *store, int64_t seq, const char *subscriber);
/* It failed: again after a growing pause.  Only a refusal (`counts`) counts towards parking; a
 * subscriber that is away is simply tried again for ever. */
status_t outbox_failed(store_t *store, int64_t seq, const char *subscriber, bool counts,
                       const char *error, int64_t now_ms);
/* When the next delivery is due; INT64_MAX: none; 0 (look now) when the database cannot say. */
int64_t outbox_next_ms(store_t *store);
/* Parked deliveries, and giving one another chance (NOT_FOUND: that one is not parked). */
int64_t outbox_parked(store_t *store);
status_t outbox_unpark(store_t *store, int64_t seq, const char *subscriber, int64_t now_ms);

typedef struct {
    int64_t at_ms;
    const char *method;
    const char *caller; /* "person:01J…", "staff:…", "system:…", "service:case" */
    const char *address;
    const char *concerns; /* id of what it was about, or "" */
    const char *trace;
    uint8_t request_hash[32];
    status_t outcome;
} audit_row_t;

status_t audit_put(store_t *store, const audit_row_t *row);
/* Walks the chain; *ret_bad_seq is the first row that does not fit (a gap before it included),
 * 0 when all do.  Rows cut off at the end leave a chain that fits: whoever must notice that keeps
 * the hash of the last row elsewhere. */
status_t audit_verify(store_t *store, int64_t *ret_rows, int64_t *ret_bad_seq);
/* The end of the chain: number and hash of the last row; 0 and zeros without one. */
status_t audit_last(store_t *store, int64_t *ret_seq, uint8_t ret_hash[32]);
