/* writer.h - one thread that owns the read-write connection and commits in groups.
 *
 * It takes what has queued (at most WRITER_BATCH_MAX), runs each job in a savepoint,
 * commits once, then tells all.  No timer: while it commits the next batch gathers. */
#pragma once
#include "queue.h"
#include "store.h"

#define WRITER_BATCH_MAX 64

typedef struct job job_t;
struct job {
    queue_node_t node; /* first member */
    /* In the transaction, within a savepoint.  Not OK: its rows are undone, nobody else's. */
    status_t (*run)(job_t *self, store_t *store);
    /* After the commit (or its failure: UNAVAILABLE), on the writer thread; must not wait. */
    void (*done)(job_t *self, status_t status);
    status_t status; /* of run(); the writer's */
};

typedef struct writer writer_t;

/* Takes the store over.  `after` (may be NULL) is called on the writer thread after each
 * commit that changed something, before its jobs are told. */
writer_t *writer_new(store_t **store, size_t queue_limit, void (*after)(void *arg), void *arg);
/* False: full or closing; the job stays the caller's. */
bool writer_post(writer_t *self, job_t *job) __attribute__((warn_unused_result));
size_t writer_queued(writer_t *self);
/* From any thread: waits until the batch in hand is committed and told, and lets no other begin for
 * `ms` or until writer_release(); jobs queue meanwhile.  False: held already, or the batch takes
 * longer than `ms`. */
bool writer_hold(writer_t *self, uint32_t ms) __attribute__((warn_unused_result));
/* True: nothing was written since writer_hold(); false: its time was over before. */
bool writer_release(writer_t *self);
/* Finishes what is queued, checkpoints, closes the store. */
void writer_free(writer_t **self);
