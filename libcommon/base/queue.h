/* queue.h - hands things from thread to thread.
 *
 * Many may put, one or many take.  Intrusive: the thing embeds a queue_node_t,
 * so a hand-over allocates nothing.  The limit is checked by queue_put(): a
 * full queue refuses at once and the caller answers "busy".  A queue can own
 * an eventfd, so that a thread that polls sockets can wait for it as well. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct queue_node {
    struct queue_node *next;
} queue_node_t;
typedef struct queue queue_t;

/* `limit`: most things it holds, 0 for none.  `with_fd`: has an eventfd. */
queue_t *queue_new(size_t limit, bool with_fd);
void queue_free(queue_t **self); /* must be empty */

/* False when full or closed: the thing stays the caller's. */
bool queue_put(queue_t *self, queue_node_t *node) __attribute__((warn_unused_result));

/* Waits up to timeout_ms (-1: for ever, 0: not); NULL on timeout or when closed and empty. */
queue_node_t *queue_take(queue_t *self, int timeout_ms);

/* Takes up to `max` at once as a list linked by next; waits for the first. */
queue_node_t *queue_take_many(queue_t *self, size_t max, int timeout_ms);

/* No more puts; takers get what is left, then NULL. */
void queue_close(queue_t *self);
size_t queue_size(queue_t *self);

/* Readable while the queue holds something or is closed; -1 without with_fd.
 * The reader need not read it: queue_take() keeps it in step. */
int queue_fd(const queue_t *self);
