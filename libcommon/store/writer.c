/* writer.c - see writer.h.
 *
 *   take a batch -> BEGIN -> for each job: SAVEPOINT, run, RELEASE or ROLLBACK TO
 *                -> COMMIT -> after() -> tell each job
 *
 * Some errors (disk full, no memory) undo the whole transaction and not only
 * the savepoint.  Then earlier jobs of the batch, which went well, are undone
 * too.  Nobody was told yet, so all are told UNAVAILABLE. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include "check.h"
#include "clock.h"
#include "fault.h"
#include "store_private.h"
#include "writer.h"

struct writer {
    queue_t *queue;
    store_t *store; /* the thread's, until it has ended */
    pthread_t thread;
    void (*after)(void *arg);
    void *arg;
    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t changed;
    bool busy;             /* between taking a batch and the last word about it */
    int64_t held_until_ms; /* monotonic; 0: not held */
};

static job_t *next_job(const job_t *job)
{
    return (job_t *) job->node.next;
}

/* One job in its savepoint; false when the whole batch is lost. */
static bool run_job(store_t *store, job_t *job)
{
    job->status = store_savepoint(store);
    if (job->status != STATUS_OK)
        return store_in_transaction(store);
    job->status = job->run(job, store);
    if (job->status == STATUS_OK)
        job->status = store_release(store);
    if (job->status != STATUS_OK)
        store_rollback_to(store);
    return store_in_transaction(store);
}

/* The whole batch in a transaction; true when what it did is durable. */
static bool run_batch(writer_t *self, job_t *first, bool *ret_changed)
{
    store_t *store = self->store;
    if (store_begin(store) != STATUS_OK)
        return false;
    *ret_changed = false;
    for (job_t *job = first; job; job = next_job(job)) {
        int64_t before = store_total_changes(store);
        if (!run_job(store, job)) {
            store_rollback(store);
            return false;
        }
        *ret_changed |= job->status == STATUS_OK && store_total_changes(store) != before;
    }
    FAULT_POINT("store.before_commit");
    return store_commit(store) == STATUS_OK;
}

/* --- holding --------------------------------------------------------------------- */

static bool is_held(const writer_t *self)
{
    return self->held_until_ms > clock_mono_ms();
}

/* Until something changes, or the hold is over. */
static void wait_change(writer_t *self)
{
    struct timespec until = {.tv_sec = self->held_until_ms / 1000,
                             .tv_nsec = self->held_until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

static void enter(writer_t *self)
{
    pthread_mutex_lock(&self->lock);
    while (is_held(self))
        wait_change(self);
    self->busy = true;
    pthread_mutex_unlock(&self->lock);
}

static void leave(writer_t *self)
{
    pthread_mutex_lock(&self->lock);
    self->busy = false;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

bool writer_hold(writer_t *self, uint32_t ms)
{
    pthread_mutex_lock(&self->lock);
    bool held = !is_held(self);
    if (held) {
        self->held_until_ms = clock_mono_ms() + ms;
        while (self->busy && is_held(self))
            wait_change(self);
        held = !self->busy;
        if (!held)
            self->held_until_ms = 0;
    }
    pthread_mutex_unlock(&self->lock);
    return held;
}

bool writer_release(writer_t *self)
{
    pthread_mutex_lock(&self->lock);
    bool held = is_held(self);
    self->held_until_ms = 0;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return held;
}

/* --- the thread ------------------------------------------------------------------- */

static void *writer_thread(void *arg)
{
    writer_t *self = arg;
    queue_node_t *batch;
    while ((batch = queue_take_many(self->queue, WRITER_BATCH_MAX, -1))) {
        job_t *job = (job_t *) batch;
        enter(self);
        FAULT_POINT("store.before_run");
        bool changed = false;
        bool durable = run_batch(self, job, &changed);
        if (durable)
            FAULT_POINT("store.after_commit");
        /* Before the answers: who takes one must already see that there is something new. */
        if (durable && changed && self->after)
            self->after(self->arg);
        while (job) {
            job_t *next = next_job(job); /* done() may free the job */
            job->done(job, durable ? job->status : STATUS_UNAVAILABLE);
            job = next;
        }
        leave(self);
    }
    return NULL;
}

writer_t *writer_new(store_t **store, size_t queue_limit, void (*after)(void *arg), void *arg)
{
    writer_t *self = xalloc(sizeof *self);
    self->queue = queue_new(queue_limit, false);
    self->store = *store;
    *store = NULL;
    self->after = after;
    self->arg = arg;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);

    /* Signals are read as a file descriptor by the thread that made us. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&self->thread, NULL, writer_thread, self) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self;
}

bool writer_post(writer_t *self, job_t *job)
{
    return queue_put(self->queue, &job->node);
}

size_t writer_queued(writer_t *self)
{
    return queue_size(self->queue);
}

void writer_free(writer_t **self)
{
    if (!*self)
        return;
    writer_t *writer = *self;
    writer_release(writer);
    queue_close(writer->queue);
    CHECK(pthread_join(writer->thread, NULL) == 0);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    queue_free(&writer->queue);
    store_checkpoint(writer->store);
    store_close(&writer->store);
    free(writer);
    *self = NULL;
}
