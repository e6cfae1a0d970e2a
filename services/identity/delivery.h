/* delivery.h - what is on its way out through a channel.
 *
 * A handler queues rows; the tick DeliverMessages sends what is due in its prepare half (which
 * may wait) and records how it went in its write half.  A crash between the two sends again: at
 * least once.  A text that could not be sent is tried DELIVERY_TRIES_MAX times with growing
 * pauses, then given up and shown as failed. */
#pragma once
#include "identity.h"

#define DELIVERY_TRIES_MAX      6
#define DELIVERY_BATCH_MAX      256 /* at most, each 200 ms: a thousand a second */
#define DELIVERY_SENDING_MS_MAX 500 /* a slow channel ends the batch, not the tick's deadline */

typedef struct {
    const char *message_id; /* of the inbox; NULL: a code */
    const char *mobile;
    const char *text;
    int64_t expires_at; /* later it is not worth sending */
    bool suppressed;    /* keep the row, send nothing */
} outgoing_t;

status_t delivery_queue(call_t *call, const outgoing_t *outgoing);

/* What was sent and is not yet recorded, between one tick and the next. */
deliverer_t *deliverer_new(void);
void deliverer_free(deliverer_t **self);
