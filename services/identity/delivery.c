#include "delivery.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "clock.h"
#include "log.h"
#include "metrics.h"

#define PAUSE_MS 1000 /* before the second try; four times as long before each further one */

/* How one sending went. */
typedef struct {
    char id[IDS_SIZE];
    int64_t attempts; /* before it: the row moves on from there once */
    status_t status;
} outcome_t;

/* `outcomes` are filled by a prepare half and forgotten by the next one that sees them
 * recorded.  If the write half between failed (full disk), they are recorded then, not sent
 * again. */
struct deliverer {
    pthread_mutex_t lock;
    outcome_t outcomes[DELIVERY_BATCH_MAX];
    size_t count;
    metric_t *sent;
    metric_t *failed;
};

deliverer_t *deliverer_new(void)
{
    deliverer_t *self = xalloc(sizeof *self);
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    self->sent = metric_counter("yiwang_messages_sent_total", "channel=\"sms\"",
                                "Texts handed over to a channel");
    self->failed = metric_counter("yiwang_messages_failed_total", "channel=\"sms\"",
                                  "Attempts that a channel refused");
    return self;
}

void deliverer_free(deliverer_t **self)
{
    if (*self)
        pthread_mutex_destroy(&(*self)->lock);
    free(*self);
    *self = NULL;
}

/* --- queueing ------------------------------------------------------------------ */

status_t delivery_queue(call_t *call, const outgoing_t *outgoing)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    const char *id = call_id(call);
    query_t *row = query(
        call->store,
        "INSERT INTO deliveries (id, message_id, recipient, text, state, attempts, due_at,"
        " expires_at, created_at, error) VALUES (:id, :message_id, :recipient, :text, :state, 0, :now,"
        " :expires_at, :now, '')");
    query_text(row, "id", id);
    query_text(row, "message_id", outgoing->message_id);
    secrets_bind(secrets, row, "recipient", SEAL_DELIVERY_RECIPIENT, id, outgoing->mobile,
                 call->arena);
    secrets_bind(secrets, row, "text", SEAL_DELIVERY_TEXT, id, outgoing->text, call->arena);
    query_int(row, "state",
              outgoing->suppressed ? IDENTITY__DELIVERY_STATE__DELIVERY_STATE_SUPPRESSED
                                   : IDENTITY__DELIVERY_STATE__DELIVERY_STATE_WAITING);
    query_int(row, "now", call->now_ms);
    query_int(row, "expires_at", outgoing->expires_at);
    return query_done(row);
}

/* --- sending: the prepare half ---------------------------------------------------- */

typedef struct {
    outcome_t outcomes[DELIVERY_BATCH_MAX];
    size_t count;
} plan_t;

static status_t still_waits(call_t *call, const outcome_t *outcome, bool *ret)
{
    query_t *row = query(call->store, "SELECT 1 FROM deliveries WHERE id = :id AND state = 1"
                                      " AND attempts = :attempts");
    query_text(row, "id", outcome->id);
    query_int(row, "attempts", outcome->attempts);
    *ret = query_next(row);
    return query_done(row);
}

/* Forgets the outcomes that are in the database. */
static status_t forget_recorded(call_t *call, deliverer_t *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        bool waits;
        status_t status = still_waits(call, &self->outcomes[i], &waits);
        if (status != STATUS_OK)
            return status;
        if (waits)
            self->outcomes[kept++] = self->outcomes[i];
    }
    self->count = kept;
    return STATUS_OK;
}

static status_t send_one(call_t *call, query_t *row, const char *id)
{
    const identity_t *identity = identity_of(call);
    if (query_get_int(row, "expires_at") <= call->now_ms)
        return STATUS_DEADLINE_EXCEEDED;
    const char *to = secrets_column(&identity->secrets, row, "recipient", SEAL_DELIVERY_RECIPIENT,
                                    id, call->arena);
    const char *text =
        secrets_column(&identity->secrets, row, "text", SEAL_DELIVERY_TEXT, id, call->arena);
    if (!to || !text)
        return STATUS_DATA_LOSS;
    return identity->sms->send(identity->sms, to, text, call->now_ms);
}

static status_t send_due(call_t *call, deliverer_t *self)
{
    query_t *due = query(
        call->store,
        "SELECT id, recipient, text, attempts, expires_at FROM deliveries WHERE state = 1 AND due_at <= :now"
        " ORDER BY due_at, id LIMIT :max");
    query_int(due, "now", call->now_ms);
    query_int(due, "max", DELIVERY_BATCH_MAX);
    int64_t end_ms = clock_mono_ms() + DELIVERY_SENDING_MS_MAX;
    while (self->count < DELIVERY_BATCH_MAX && clock_mono_ms() < end_ms && query_next(due)) {
        outcome_t *outcome = &self->outcomes[self->count];
        const char *id = query_get_text(due, "id", call->arena);
        CHECK(id && strlen(id) < sizeof outcome->id);
        memcpy(outcome->id, id, strlen(id) + 1);
        outcome->attempts = query_get_int(due, "attempts");
        outcome->status = send_one(call, due, id);
        metric_add(outcome->status == STATUS_OK ? self->sent : self->failed, 1);
        self->count++;
    }
    return query_done(due);
}

status_t identity_deliver_messages_prepare(call_t *call, const Yw__Empty *in)
{
    (void) in;
    deliverer_t *self = identity_of(call)->deliverer;
    plan_t *plan = arena_alloc(call->arena, sizeof *plan);
    if (!plan)
        return STATUS_RESOURCE_EXHAUSTED;

    /* One tick at a time: a second one would send the same rows. */
    pthread_mutex_lock(&self->lock);
    status_t status = forget_recorded(call, self);
    if (status == STATUS_OK && self->count == 0)
        status = send_due(call, self);
    memcpy(plan->outcomes, self->outcomes, self->count * sizeof *self->outcomes);
    plan->count = self->count;
    pthread_mutex_unlock(&self->lock);

    call->prepared = plan;
    call->skip = status == STATUS_OK && plan->count == 0;
    return status;
}

/* --- recording: the write half ------------------------------------------------------ */

/* Sent or given up: nothing of the text stays. */
static status_t record_end(call_t *call, const outcome_t *outcome)
{
    bool sent = outcome->status == STATUS_OK;
    query_t *row =
        query(call->store,
              "UPDATE deliveries SET state = :state, attempts = attempts + 1, sent_at = :sent_at,"
              " recipient = x'', text = x'', error = :error WHERE id = :id AND state = 1"
              " AND attempts = :attempts");
    query_text(row, "id", outcome->id);
    query_int(row, "attempts", outcome->attempts);
    query_int(row, "state",
              sent ? IDENTITY__DELIVERY_STATE__DELIVERY_STATE_SENT
                   : IDENTITY__DELIVERY_STATE__DELIVERY_STATE_FAILED);
    if (sent)
        query_int(row, "sent_at", call->now_ms);
    else
        query_null(row, "sent_at");
    query_text(row, "error", sent ? "" : status_name(outcome->status));
    return query_done(row);
}

static status_t record_retry(call_t *call, const outcome_t *outcome)
{
    query_t *row =
        query(call->store,
              "UPDATE deliveries SET attempts = attempts + 1, due_at = :due_at, error = :error"
              " WHERE id = :id AND state = 1 AND attempts = :attempts");
    query_text(row, "id", outcome->id);
    query_int(row, "attempts", outcome->attempts);
    query_int(row, "due_at", call->now_ms + ((int64_t) PAUSE_MS << 2 * outcome->attempts));
    query_text(row, "error", status_name(outcome->status));
    return query_done(row);
}

static status_t record(call_t *call, const outcome_t *outcome)
{
    if (outcome->status != STATUS_OK)
        log_warn("delivery %s: attempt %lld failed: %s", outcome->id,
                 (long long) outcome->attempts + 1, status_name(outcome->status));
    bool again =
        outcome->status == STATUS_UNAVAILABLE && outcome->attempts + 1 < DELIVERY_TRIES_MAX;
    return again ? record_retry(call, outcome) : record_end(call, outcome);
}

status_t identity_deliver_messages(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in;
    (void) out;
    const plan_t *plan = call->prepared;
    for (size_t i = 0; i < plan->count; i++) {
        status_t status = record(call, &plan->outcomes[i]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
