/* pending.h - what a lane has asked of services and waits for.
 *
 * A fixed table of slots; a ticket is slot + generation, so an answer that comes after
 * its slot was given to somebody else finds nobody.  Deadlines are ours (a heap): HTTP/1
 * has no timer for a handler that never answers.  One thread owns it and its link. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "link.h"
#include "status.h"

typedef struct pending pending_t;
typedef uint64_t ticket_t; /* 0: none */

typedef struct {
    status_t status;
    const void *body; /* borrowed until the callback returns */
    size_t size;      /* 0 with a status that was made here */
} reply_t;

/* Called once per ticket, inside pending_drain() or pending_tick(), unless cancelled before.
 * The ticket is free already: a new one may be asked for at once. */
typedef void (*pending_done_t)(void *owner, const reply_t *reply);

/* Takes the link. */
pending_t *pending_new(link_t **link, size_t slots);
void pending_free(pending_t **self);

/* Asks.  UNAVAILABLE: no living broker; RESOURCE_EXHAUSTED: no slot is free.  *ret on
 * success only.  Bytes are copied. */
status_t pending_ask(pending_t *self, const char *method, uint32_t timeout_ms, const void *meta,
                     size_t meta_size, const void *body, size_t body_size, pending_done_t done,
                     void *owner, ticket_t *ret);

/* A pause: the callback comes with STATUS_OK after `ms`. */
status_t pending_pause(pending_t *self, uint32_t ms, pending_done_t done, void *owner,
                       ticket_t *ret);

/* Nobody waits any more; the service is told.  A ticket that is none any more is fine. */
void pending_cancel(pending_t *self, ticket_t ticket);

/* Gives the answers that have come to their owners; how many.  After every turn of the loop. */
size_t pending_drain(pending_t *self);

/* Deadlines, pauses, heartbeats, a lost broker.  How many callbacks were made. */
size_t pending_tick(pending_t *self, int64_t mono_ms);

/* Milliseconds until the next deadline, at most `most`. */
int pending_next_ms(const pending_t *self, int64_t mono_ms, int most);

size_t pending_open(const pending_t *self);
int pending_fd(const pending_t *self);
bool pending_alive(const pending_t *self);
/* Since when no broker lives; 0 while one does. */
int64_t pending_dead_since_ms(const pending_t *self);
