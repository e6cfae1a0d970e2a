/* lanes_test.c - who is chosen, and the queue. */
#include "lanes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"

static open_call_t waiting(size_t bytes)
{
    waiting_t *kept = calloc(1, sizeof *kept);
    kept->bytes = bytes;
    return (open_call_t){.number = 1, .waiting = kept};
}

TEST(lane_chooses_the_most_credit)
{
    lanes_t *lanes = lanes_new();
    lane_t *lane = lanes_add(lanes, "case", 4);
    EXPECT(lane && lanes_find(lanes, "case.Get", 4) == lane && !lanes_find(lanes, "cases", 5));
    peer_t a = {.window = 10, .held = 4}, b = {.window = 10, .held = 3},
           c = {.window = 100, .draining = true};
    EXPECT(!lane_choose(lane));
    EXPECT(lane_join(lane, &a) && lane_join(lane, &b) && lane_join(lane, &c));
    EXPECT(lane_choose(lane) == &b);
    b.held = 10;
    EXPECT(lane_choose(lane) == &a);
    a.held = 12; /* more than its window, after a rejoin */
    EXPECT(!lane_choose(lane));
    c.draining = false;
    EXPECT(lane_choose(lane) == &c);
    c.gone = true;
    EXPECT(!lane_choose(lane));
    lane_leave(lane, &b);
    EXPECT(!b.lane && lane->worker_count == 2);
    lane_leave(lane, &a);
    lane_leave(lane, &c);
    lanes_remove(lanes, &lane);
    EXPECT(!lanes_find(lanes, "case", 4));
    lanes_free(&lanes);
}

TEST(lane_queue_keeps_order_and_sizes)
{
    lane_t lane = {.name = "case"};
    open_call_t calls[3] = {waiting(10), waiting(20), waiting(30)};
    for (int i = 0; i < 3; i++)
        lane_put(&lane, &calls[i]);
    EXPECT(lane.waiting == 3 && lane.bytes == 60 && lane.first == &calls[0]);
    lane_take(&lane, &calls[1]); /* from the middle */
    EXPECT(lane.waiting == 2 && lane.bytes == 40);
    EXPECT(lane.first == &calls[0] && calls[0].next == &calls[2] && lane.last == &calls[2]);
    lane_put(&lane, &calls[1]);
    lane_take(&lane, &calls[0]);
    EXPECT(lane.first == &calls[2]);
    lane_take(&lane, &calls[1]); /* the last */
    EXPECT(lane.last == &calls[2]);
    lane_take(&lane, &calls[2]);
    EXPECT(!lane.first && !lane.last && lane.waiting == 0 && lane.bytes == 0);
    for (int i = 0; i < 3; i++)
        free(calls[i].waiting);
}

TEST(lanes_have_limits)
{
    lanes_t *lanes = lanes_new();
    char name[LANE_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    EXPECT(!lanes_add(lanes, name, LANE_NAME_MAX + 1));
    EXPECT(lanes_add(lanes, name, LANE_NAME_MAX));
    for (int i = 1; i < LANES_MAX; i++) {
        int size = snprintf(name, sizeof name, "s%d", i);
        EXPECT(lanes_add(lanes, name, (size_t) size));
    }
    EXPECT(!lanes_add(lanes, "more", 4));

    lane_t *lane = lanes_find(lanes, "s1", 2);
    static peer_t workers[LANE_WORKERS_MAX + 1];
    for (int i = 0; i < LANE_WORKERS_MAX; i++)
        EXPECT(lane_join(lane, &workers[i]));
    EXPECT(!lane_join(lane, &workers[LANE_WORKERS_MAX]));
    lanes_free(&lanes);
}
