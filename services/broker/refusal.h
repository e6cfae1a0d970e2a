/* refusal.h - what the broker answers when it does not pass a call on, or lost its worker.
 *
 * To add one: a name here, a row in refusal.c, and a line in docs/bus.md. */
#pragma once
#include <zmq.h>
#include "status.h"

typedef enum {
    REFUSAL_BUSY,        /* the service's queue is full */
    REFUSAL_FULL,        /* the table of open calls is full */
    REFUSAL_NO_SERVICE,  /* nobody does it and nobody did lately */
    REFUSAL_STOPPING,    /* this broker takes no more calls */
    REFUSAL_JOIN_FIRST,  /* CALL without READY, or of a life before */
    REFUSAL_WORKER_LOST, /* it may or may not have happened */
    REFUSAL_DEADLINE,
    REFUSAL_NOT_GRANTED, /* detail: the method */
    REFUSAL_KEY_REVOKED,
    REFUSAL_TOO_MANY, /* open calls of one department's connection */
    REFUSAL_TOO_LARGE,
    REFUSAL_DUPLICATE, /* the asker's number is open already */
    REFUSAL_NO_METHOD, /* detail: the method */
    REFUSAL_INTERNAL,  /* a worker's answer was too large */
    REFUSAL_COUNT
} refusal_t;

status_t refusal_status(refusal_t refusal);
const char *refusal_code(refusal_t refusal);

/* Makes the body, a packed yiwang.Status, in a new message.  `detail` fills in a row that names something. */
void refusal_write(refusal_t refusal, const char *detail, zmq_msg_t *ret);
