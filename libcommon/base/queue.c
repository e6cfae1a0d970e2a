#include "queue.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

/* The eventfd is written and read under the mutex, together with what it
 * stands for: readable if and only if size > 0 or closed.
 *
 * Wake-ups cost more than all else here, so there is one for the first node only; who is woken and
 * leaves something wakes the next.  Must hold: size > 0 and waiting > 0 only while one is on its way. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    queue_node_t *head, **tail;
    size_t size;
    size_t limit;   /* 0: none */
    size_t waiting; /* threads in pthread_cond_wait */
    bool closed;
    int fd; /* -1: none */
};

queue_t *queue_new(size_t limit, bool with_fd)
{
    queue_t *self = xalloc(sizeof *self);
    /* Adaptive: the lock is held for so short a time that spinning is cheaper than sleeping. */
    pthread_mutexattr_t adaptive;
    CHECK(pthread_mutexattr_init(&adaptive) == 0);
    CHECK(pthread_mutexattr_settype(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP) == 0);
    CHECK(pthread_mutex_init(&self->mutex, &adaptive) == 0);
    pthread_mutexattr_destroy(&adaptive);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&self->filled, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    self->tail = &self->head;
    self->limit = limit;
    self->fd = -1;
    if (with_fd) {
        self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        CHECK(self->fd >= 0);
    }
    return self;
}

void queue_free(queue_t **self)
{
    if (!*self)
        return;
    CHECK((*self)->size == 0);
    if ((*self)->fd >= 0)
        close((*self)->fd);
    pthread_cond_destroy(&(*self)->filled);
    pthread_mutex_destroy(&(*self)->mutex);
    free(*self);
    *self = NULL;
}

static void raise_fd(queue_t *self)
{
    uint64_t one = 1;
    if (self->fd >= 0)
        CHECK(write(self->fd, &one, sizeof one) == sizeof one);
}

static void lower_fd(queue_t *self)
{
    uint64_t count;
    if (self->fd >= 0)
        CHECK(read(self->fd, &count, sizeof count) == sizeof count);
}

bool queue_put(queue_t *self, queue_node_t *node)
{
    pthread_mutex_lock(&self->mutex);
    bool taken = !self->closed && (!self->limit || self->size < self->limit);
    bool first = taken && self->size == 0;
    if (taken) {
        node->next = NULL;
        *self->tail = node;
        self->tail = &node->next;
        self->size++;
        if (first)
            raise_fd(self);
    }
    bool wake = first && self->waiting;
    pthread_mutex_unlock(&self->mutex);
    /* Behind the lock, so that the woken one does not at once wait for it. */
    if (wake)
        pthread_cond_signal(&self->filled);
    return taken;
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec deadline;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &deadline) == 0);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    return deadline;
}

/* Holding the mutex: until there is something, the queue is closed or time is up. */
static void wait_filled(queue_t *self, int timeout_ms)
{
    if (self->size || self->closed || timeout_ms == 0)
        return;
    struct timespec deadline = {0};
    if (timeout_ms > 0)
        deadline = deadline_in(timeout_ms);
    int error = 0;
    self->waiting++;
    while (!self->size && !self->closed && error != ETIMEDOUT)
        error = timeout_ms < 0 ? pthread_cond_wait(&self->filled, &self->mutex)
                               : pthread_cond_timedwait(&self->filled, &self->mutex, &deadline);
    self->waiting--;
}

queue_node_t *queue_take_many(queue_t *self, size_t max, int timeout_ms)
{
    CHECK(max > 0);
    pthread_mutex_lock(&self->mutex);
    wait_filled(self, timeout_ms);
    queue_node_t *first = self->head;
    if (first) {
        queue_node_t *last = first;
        size_t count = 1;
        while (count < max && last->next) {
            last = last->next;
            count++;
        }
        self->head = last->next;
        last->next = NULL;
        self->size -= count;
        if (!self->head) {
            self->tail = &self->head;
            if (!self->closed)
                lower_fd(self);
        }
    }
    bool wake = self->size && self->waiting;
    pthread_mutex_unlock(&self->mutex);
    if (wake)
        pthread_cond_signal(&self->filled);
    return first;
}

queue_node_t *queue_take(queue_t *self, int timeout_ms)
{
    return queue_take_many(self, 1, timeout_ms);
}

void queue_close(queue_t *self)
{
    pthread_mutex_lock(&self->mutex);
    if (!self->closed) {
        self->closed = true;
        if (!self->size)
            raise_fd(self);
        pthread_cond_broadcast(&self->filled);
    }
    pthread_mutex_unlock(&self->mutex);
}

size_t queue_size(queue_t *self)
{
    pthread_mutex_lock(&self->mutex);
    size_t size = self->size;
    pthread_mutex_unlock(&self->mutex);
    return size;
}

int queue_fd(const queue_t *self)
{
    return self->fd;
}
