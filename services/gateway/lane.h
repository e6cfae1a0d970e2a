/* lane.h - one thread of the gateway: an event loop, its connections and its link to the bus.
 *
 * Lanes share the settings, the routes and the metrics, which are read-only or atomic;
 * everything else is a lane's own, so there is no lock between them. */
#pragma once
#include <stdatomic.h>
#include "access.h"
#include "exchange.h"
#include "gzip.h"
#include "limit.h"
#include "memo.h"
#include "pending.h"
#include "route.h"
#include "session.h"
#include "serve.h"
#include "settings.h"
#include "shelf.h"

struct edge;

typedef struct lane {
    const settings_t *settings;
    const routes_t *routes;
    shelf_t *shelf;
    page_set_t *pages; /* held; NULL: none */
    unsigned pages_number;
    struct page_sessions *page_sessions;
    memo_t *memo;
    struct qr_memory *qr;
    gzip_t *gzip;
    buffer_t scratch; /* a page before it is packed */
    /* What stands in a page until tokens of forms and keys are put there: random texts. */
    char token_place[SERVE_TOKEN_SIZE], key_place[PAGE_KEY_SIZE];
    int number; /* 0 ... threads - 1 */
    pending_t *pending;
    limit_t *limit;
    sessions_t *sessions;
    access_t *access;
    struct edge *edge;
    exchange_t *open; /* list */
    exchange_t *spare;
    size_t open_count, spare_count;
    size_t open_max;
    uint64_t random[2]; /* trace ids; not for secrets */
    bool draining;
} lane_t;

/* The routes of the contract and of the gateway itself. */
routes_t *lane_routes(void);

/* Starts a thread; NULL: `error` says why (a port in use, no link). */
typedef struct lane_thread lane_thread_t;
lane_thread_t *lane_start(const settings_t *settings, const routes_t *routes, shelf_t *shelf,
                          void *tls, int number, char *error, size_t error_size);
/* Asks it to finish: no new connections, answers carry Connection: close, at most 10 s. */
void lane_stop(lane_thread_t *self);
/* Waits for its end and frees it. */
void lane_join(lane_thread_t **self);

/* For the edge. */
exchange_t *lane_exchange(lane_t *self); /* NULL: too many */
void lane_exchange_done(lane_t *self, exchange_t *exchange);
uint64_t lane_random(lane_t *self);
