/* lanes.c - see lanes.h. */
#include "lanes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "table.h"

struct lanes {
    table_t *by_name;
};

lanes_t *lanes_new(void)
{
    lanes_t *self = xalloc(sizeof *self);
    self->by_name = table_new(LANES_MAX);
    return self;
}

void lanes_free(lanes_t **self)
{
    if (!*self)
        return;
    size_t cursor = 0;
    for (lane_t *lane; (lane = table_each((*self)->by_name, &cursor));)
        free(lane);
    table_free(&(*self)->by_name);
    free(*self);
    *self = NULL;
}

lane_t *lanes_find(const lanes_t *self, const char *name, size_t size)
{
    return table_get(self->by_name, name, size);
}

/* Metrics are never freed, so they are made when a worker comes, not for any name asked for. */
static void make_metrics(lane_t *lane)
{
    char labels[LANE_NAME_MAX + 16];
    snprintf(labels, sizeof labels, "service=\"%s\"", lane->name);
    lane->calls = metric_counter("yiwang_bus_calls_total", labels, "Calls passed on to workers.");
    lane->seconds = metric_histogram("yiwang_bus_call_seconds", labels,
                                     "Time from a call's arrival at the broker to its answer.");
    lane->waiting_gauge =
        metric_gauge("yiwang_bus_queue_calls", labels, "Calls that wait for credit.");
    lane->bytes_gauge =
        metric_gauge("yiwang_bus_queue_bytes", labels, "Size of the calls that wait.");
    lane->workers_gauge = metric_gauge("yiwang_bus_workers", labels, "Workers of the service.");
}

lane_t *lanes_add(lanes_t *self, const char *name, size_t size)
{
    if (size > LANE_NAME_MAX || table_size(self->by_name) == LANES_MAX)
        return NULL;
    lane_t *lane = xalloc(sizeof *lane);
    memcpy(lane->name, name, size);
    CHECK(table_set(self->by_name, name, size, lane));
    return lane;
}

lane_t *lanes_each(const lanes_t *self, size_t *cursor)
{
    return table_each(self->by_name, cursor);
}

void lanes_remove(lanes_t *self, lane_t **lane)
{
    CHECK((*lane)->worker_count == 0 && !(*lane)->first);
    CHECK(table_remove(self->by_name, (*lane)->name, strlen((*lane)->name)) == *lane);
    free(*lane);
    *lane = NULL;
}

bool lane_join(lane_t *self, peer_t *worker)
{
    if (self->worker_count == LANE_WORKERS_MAX)
        return false;
    if (!self->calls)
        make_metrics(self);
    self->workers[self->worker_count++] = worker;
    worker->lane = self;
    return true;
}

void lane_leave(lane_t *self, peer_t *worker)
{
    size_t i = 0;
    while (self->workers[i] != worker)
        CHECK(++i < self->worker_count);
    self->workers[i] = self->workers[--self->worker_count];
    worker->lane = NULL;
}

peer_t *lane_choose(const lane_t *self)
{
    peer_t *best = NULL;
    uint32_t most = 0;
    for (size_t i = 0; i < self->worker_count; i++) {
        uint32_t credit = peer_credit(self->workers[i]);
        if (credit > most) {
            most = credit;
            best = self->workers[i];
        }
    }
    return best;
}

void lane_put(lane_t *self, open_call_t *call)
{
    CHECK(call->waiting && !call->next && !call->previous);
    call->previous = self->last;
    if (self->last)
        self->last->next = call;
    else
        self->first = call;
    self->last = call;
    self->waiting++;
    self->bytes += call->waiting->bytes;
}

void lane_take(lane_t *self, open_call_t *call)
{
    CHECK(call->waiting && self->waiting > 0);
    if (call->previous)
        call->previous->next = call->next;
    else
        self->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        self->last = call->previous;
    call->next = call->previous = NULL;
    self->waiting--;
    self->bytes -= call->waiting->bytes;
}
