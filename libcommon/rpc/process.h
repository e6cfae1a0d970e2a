/* process.h - the methods every service answers about itself (proto/yiwang/process.proto).
 *
 * On the bus they bear the service's name: "case.GetMetrics". */
#pragma once
#include "server.h"

extern const handler_t process_handlers[];
extern const size_t process_handler_count;

/* What a server tells about itself for CheckHealth. */
typedef struct {
    int64_t started_ms;
    uint32_t reads_queued;
    uint32_t writes_queued;
} process_facts_t;

/* Of the writer (writer_hold, writer_release). */
bool server_hold_writes(struct server *server, uint32_t ms);
bool server_release_writes(struct server *server);
void server_facts(struct server *server, process_facts_t *ret);
