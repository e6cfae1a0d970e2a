/* calls.h - the open calls of the broker: a table of fixed size.
 *
 * A call is open from the moment it is taken until it is answered, cancelled or its asker is
 * gone.  It waits in a lane (waiting != NULL) or is with a worker (worker != NULL).
 *
 * Towards workers it has a number of the broker's own, place + running number, never
 * given twice: an answer that comes too late finds nothing.  The running number starts at
 * random, so that answers to a broker's former life find nothing either. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>
#include "frame.h"
#include "peers.h"

/* What is kept of a call while it waits for a worker. */
typedef struct {
    char name[FRAME_NAME_MAX + 1];
    char sender[FRAME_SENDER_MAX + 1];
    zmq_msg_t meta, body;
    size_t bytes;
} waiting_t;

typedef struct open_call {
    uint64_t number;   /* what workers see; 0: a free place */
    peer_t *asker;     /* NULL: the broker itself */
    uint64_t asked_as; /* the asker's number */
    struct lane *lane;
    peer_t *worker;     /* NULL while it waits */
    waiting_t *waiting; /* NULL once it is with a worker */
    int64_t taken_us;
    int64_t deadline_ms;
    struct open_call *next, *previous; /* in the lane's queue */
    uint32_t next_same;                /* chain of the hash of (asker, asked_as): place + 1 */
    uint32_t next_free;                /* place + 1 */
} open_call_t;

typedef struct calls calls_t;

calls_t *calls_new(size_t limit);
void calls_free(calls_t **self);

/* NULL: the table is full. */
open_call_t *calls_open(calls_t *self, peer_t *asker, uint64_t asked_as);
/* Frees the place and what waits in it; it must be out of its lane's queue. */
void calls_close(calls_t *self, open_call_t *call);

open_call_t *calls_find(const calls_t *self, uint64_t number);
open_call_t *calls_find_asked(const calls_t *self, const peer_t *asker, uint64_t asked_as);

size_t calls_count(const calls_t *self);
/* Walks all open calls: *cursor starts at 0; NULL at the end.  Closing any is allowed. */
open_call_t *calls_each(const calls_t *self, size_t *cursor);
