#include "pending.h"

#include "clock.h"
#include "test.h"

#define SLOTS 4

static pending_t *pending;
static int order[16], count;
static status_t statuses[16];

static void open_all(void)
{
    char error[200];
    link_t *link = NULL;
    const char *nowhere[] = {"ipc:///nonexistent/broker", NULL};
    EXPECT(link_open(&(link_options_t){.endpoints = nowhere}, clock_mono_ms(), &link, error,
                     sizeof error) == STATUS_OK);
    pending = pending_new(&link, SLOTS);
    EXPECT(!link);
    count = 0;
}

static void done(void *owner, const reply_t *reply)
{
    statuses[count] = reply->status;
    order[count++] = *(int *) owner;
}

static int names[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Four pauses in any order end in the order of their times. */
TEST(the_earliest_ends_first)
{
    ticket_t ticket;
    open_all();
    static const uint32_t times[] = {4000, 1000, 3000, 2000};
    int64_t now_ms = clock_mono_ms();
    for (int i = 0; i < 4; i++)
        EXPECT(pending_pause(pending, times[i], done, &names[i], &ticket) == STATUS_OK);
    EXPECT(pending_open(pending) == 4);
    EXPECT(pending_next_ms(pending, now_ms, 5000) <= 1000 + 100);
    EXPECT(pending_next_ms(pending, now_ms, 200) == 200);
    EXPECT(pending_tick(pending, now_ms) == 0);
    EXPECT(pending_tick(pending, now_ms + 2500) == 2);
    EXPECT(count == 2 && order[0] == 1 && order[1] == 3 && statuses[0] == STATUS_OK);
    EXPECT(pending_tick(pending, now_ms + 9000) == 2);
    EXPECT(order[2] == 2 && order[3] == 0 && pending_open(pending) == 0);
    EXPECT(pending_next_ms(pending, now_ms, 200) == 200);
    pending_free(&pending);
}

TEST(a_full_table_refuses)
{
    ticket_t ticket, first = 0;
    open_all();
    for (int i = 0; i < SLOTS; i++) {
        EXPECT(pending_pause(pending, 1000, done, &names[i], &ticket) == STATUS_OK);
        first = first ? first : ticket;
    }
    EXPECT(pending_pause(pending, 1, done, &names[4], &ticket) == STATUS_RESOURCE_EXHAUSTED);
    pending_cancel(pending, first);
    EXPECT(pending_pause(pending, 1, done, &names[5], &ticket) == STATUS_OK);
    pending_free(&pending);
}

/* A ticket whose slot belongs to somebody else by now cancels nothing. */
TEST(an_old_ticket_is_nobodys)
{
    ticket_t old, ticket;
    open_all();
    EXPECT(pending_pause(pending, 10, done, &names[0], &old) == STATUS_OK);
    pending_cancel(pending, old);
    pending_cancel(pending, old);
    EXPECT(pending_open(pending) == 0);
    EXPECT(pending_pause(pending, 10, done, &names[1], &ticket) == STATUS_OK);
    pending_cancel(pending, old);
    pending_cancel(pending, 0);
    pending_cancel(pending, ~UINT64_C(0));
    EXPECT(pending_open(pending) == 1);
    EXPECT(pending_tick(pending, clock_mono_ms() + 100) == 1 && order[0] == 1);
    pending_free(&pending);
}

TEST(without_a_broker_a_call_fails_at_once)
{
    ticket_t ticket = 77;
    open_all();
    EXPECT(pending_ask(pending, "case.Get", 1000, NULL, 0, NULL, 0, done, &names[0], &ticket) ==
           STATUS_UNAVAILABLE);
    EXPECT(ticket == 77 && count == 0 && pending_open(pending) == 0);
    EXPECT(!pending_alive(pending) && pending_dead_since_ms(pending) > 0);
    pending_free(&pending);
}

/* Cancelling from the middle keeps the heap in order. */
TEST(random_pauses_and_cancels)
{
    uint32_t seed = 12345;
    ticket_t tickets[SLOTS] = {0};
    open_all();
    int64_t now_ms = clock_mono_ms();
    for (int round = 0; round < 2000; round++) {
        seed = seed * 1664525 + 1013904223;
        int i = (int) (seed >> 8) % SLOTS;
        pending_cancel(pending, tickets[i]);
        EXPECT(pending_pause(pending, seed >> 20, done, &names[i], &tickets[i]) == STATUS_OK);
    }
    count = 0;
    size_t open = pending_open(pending), ended = 0;
    for (int64_t ms = 0; ms <= 5000; ms += 10)
        ended += pending_tick(pending, now_ms + ms);
    EXPECT(open == ended && (int) ended == count && pending_open(pending) == 0);
    pending_free(&pending);
}
