/* net.h - the bus of the simulation: as much of libzmq as the link and the broker use.
 *
 * A DEALER has one connection to the ROUTER that is bound to its endpoint.  What is sent arrives in
 * order and later; messages of different senders overtake each other.  A connection may break
 * (what was on its way is lost, either side finds out) or stall (silence).  The descriptor of a
 * socket tells of edges, and whoever sends or receives takes the edge, as with libzmq. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "world.h"

typedef struct {
    uint32_t latency_us;  /* at most, usually far less */
    uint32_t break_every; /* one break in so many messages; 0: none */
    uint32_t stall_every; /* the same for stalls */
    uint32_t stall_ms_max;
} net_weather_t;

extern net_weather_t net_weather;

void net_deliver(void);    /* what is due now arrives */
int64_t net_next_us(void); /* when the next thing will happen */
void net_process_gone(process_t *process);
uint32_t net_breaks(void);
/* How often connections of this process were disturbed (broken or stalled). */
uint32_t net_disturbed(const process_t *process);
/* Until when connections that it made stall. */
int64_t net_stalled_until_us(const process_t *process);
/* Messages that wait to be read by a process; the longest they ever were. */
uint32_t net_unread(const process_t *process);
