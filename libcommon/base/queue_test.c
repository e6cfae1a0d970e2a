#include "queue.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include "clock.h"
#include "test.h"

typedef struct {
    queue_node_t node; /* first, so a node is its thing */
    int producer, number;
} thing_t;

static bool readable(queue_t *queue)
{
    struct pollfd fd = {.fd = queue_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

TEST(first_in_first_out_up_to_the_limit)
{
    queue_t *queue = queue_new(2, false);
    thing_t a, b, c;
    EXPECT(queue_fd(queue) == -1);
    EXPECT(queue_put(queue, &a.node) && queue_put(queue, &b.node));
    EXPECT(!queue_put(queue, &c.node) && queue_size(queue) == 2);
    EXPECT(queue_take(queue, -1) == &a.node);
    EXPECT(queue_put(queue, &c.node));
    EXPECT(queue_take(queue, 0) == &b.node && queue_take(queue, 0) == &c.node);
    EXPECT(!queue_take(queue, 0) && queue_size(queue) == 0);
    queue_free(&queue);
    EXPECT(!queue);
    queue_free(&queue);
}

TEST(takes_many_as_a_list)
{
    queue_t *queue = queue_new(0, true);
    thing_t things[5];
    for (int i = 0; i < 5; i++)
        EXPECT(queue_put(queue, &things[i].node));
    queue_node_t *list = queue_take_many(queue, 3, 0);
    EXPECT(list == &things[0].node && list->next == &things[1].node);
    EXPECT(list->next->next == &things[2].node && !list->next->next->next);
    EXPECT(queue_size(queue) == 2 && readable(queue));
    list = queue_take_many(queue, 3, 0);
    EXPECT(list == &things[3].node && !list->next->next && !readable(queue));
    queue_free(&queue);
}

TEST(waits_no_longer_than_told)
{
    queue_t *queue = queue_new(0, false);
    int64_t before = clock_mono_ms();
    EXPECT(!queue_take(queue, 30));
    int64_t waited = clock_mono_ms() - before;
    EXPECT(waited >= 29 && waited < 5000);
    queue_free(&queue);
}

TEST(the_fd_is_readable_while_it_holds_something_or_is_closed)
{
    queue_t *queue = queue_new(0, true);
    thing_t a, b;
    EXPECT(!readable(queue));
    EXPECT(queue_put(queue, &a.node) && readable(queue));
    EXPECT(queue_put(queue, &b.node) && queue_take(queue, 0) && readable(queue));
    EXPECT(queue_take(queue, 0) && !readable(queue));
    EXPECT(queue_put(queue, &a.node));
    queue_close(queue);
    queue_close(queue);
    EXPECT(readable(queue) && !queue_put(queue, &b.node));
    EXPECT(queue_take(queue, -1) == &a.node && readable(queue));
    EXPECT(!queue_take(queue, -1) && readable(queue));
    queue_free(&queue);
}

static void *close_soon(void *queue)
{
    struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    queue_close(queue);
    return NULL;
}

TEST(closing_wakes_who_waits)
{
    queue_t *queue = queue_new(0, false);
    pthread_t thread;
    pthread_create(&thread, NULL, close_soon, queue);
    EXPECT(!queue_take(queue, -1));
    pthread_join(thread, NULL);
    queue_free(&queue);
}

#define PRODUCERS 4
#define THINGS    5000

static queue_t *shared;
static thing_t things[PRODUCERS][THINGS];
static _Atomic int seen[PRODUCERS][THINGS];
static _Atomic int disorder;

static void *produce(void *argument)
{
    int producer = (int) (intptr_t) argument;
    for (int i = 0; i < THINGS; i++) {
        things[producer][i] = (thing_t){.producer = producer, .number = i};
        while (!queue_put(shared, &things[producer][i].node))
            sched_yield();
    }
    return NULL;
}

static void *consume(void *with_poll)
{
    int last[PRODUCERS] = {-1, -1, -1, -1};
    for (;;) {
        if (with_poll) {
            struct pollfd fd = {.fd = queue_fd(shared), .events = POLLIN};
            if (poll(&fd, 1, 10000) != 1)
                disorder++; /* things are there, but it sleeps: a lost wake-up */
        }
        queue_node_t *list = queue_take_many(shared, 7, with_poll ? 0 : -1);
        if (!list && (!with_poll || !queue_put(shared, NULL)))
            return NULL;
        for (; list; list = list->next) {
            thing_t *thing = (thing_t *) list;
            if (thing->number <= last[thing->producer])
                disorder++;
            last[thing->producer] = thing->number;
            seen[thing->producer][thing->number]++;
        }
    }
}

static void run_many(bool with_poll, int consumers)
{
    shared = queue_new(64, true);
    disorder = 0;
    pthread_t producer[PRODUCERS], consumer[4];
    for (int i = 0; i < consumers; i++)
        pthread_create(&consumer[i], NULL, consume, with_poll ? &shared : NULL);
    for (intptr_t i = 0; i < PRODUCERS; i++)
        pthread_create(&producer[i], NULL, produce, (void *) i);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producer[i], NULL);
    queue_close(shared);
    for (int i = 0; i < consumers; i++)
        pthread_join(consumer[i], NULL);
    bool once = true;
    for (int i = 0; i < PRODUCERS; i++)
        for (int k = 0; k < THINGS; k++)
            once = once && atomic_exchange(&seen[i][k], 0) == 1;
    EXPECT(once);
    EXPECT(disorder == 0);
    queue_free(&shared);
}

TEST(many_producers_one_taker_that_polls)
{
    run_many(true, 1);
}

TEST(many_producers_many_takers)
{
    run_many(false, 3);
}
