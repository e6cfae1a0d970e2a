/* lanes.h - a service as the broker sees it: calls that wait, workers that take them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "calls.h"
#include "metrics.h"
#include "peers.h"

#define LANES_MAX        128
#define LANE_WORKERS_MAX 64
#define LANE_NAME_MAX    32

typedef struct lane {
    char name[LANE_NAME_MAX + 1];
    peer_t *workers[LANE_WORKERS_MAX];
    size_t worker_count;
    open_call_t *first, *last; /* waiting, oldest first */
    uint32_t waiting;          /* their number, <= queue_calls */
    uint64_t bytes;            /* and size, <= queue_bytes */
    int64_t hopeless_ms;       /* without a worker: from then on nobody waits */
    metric_t *calls, *seconds, *waiting_gauge, *bytes_gauge, *workers_gauge;
} lane_t;

typedef struct lanes lanes_t;

lanes_t *lanes_new(void);
void lanes_free(lanes_t **self);

lane_t *lanes_find(const lanes_t *self, const char *name, size_t size);
/* NULL: the name is too long or there are LANES_MAX. */
lane_t *lanes_add(lanes_t *self, const char *name, size_t size);
lane_t *lanes_each(const lanes_t *self, size_t *cursor);
/* Forgets one without workers and without calls. */
void lanes_remove(lanes_t *self, lane_t **lane);

/* False: too many workers. */
bool lane_join(lane_t *self, peer_t *worker);
void lane_leave(lane_t *self, peer_t *worker);
/* The worker with the most credit; NULL: none has any. */
peer_t *lane_choose(const lane_t *self);

/* The call, which has call->waiting set, goes to the end; or comes out from anywhere. */
void lane_put(lane_t *self, open_call_t *call);
void lane_take(lane_t *self, open_call_t *call);
