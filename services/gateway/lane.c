#include "lane.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "crypto.h"
#include "draw.h"
#include "edge.h"
#include "log.h"
#include "page_session.h"

#define IDLE_MS          200         /* the link wants its tick at least each 500 ms */
#define FLUSH_MS         100         /* lines of the access log are late by this much */
#define STOP_MS          10000       /* open requests get so long at the end */
#define STOP_GRACE_MS    2000        /* kept-alive connections may ask once more */
#define SPARE_MAX        256         /* exchanges kept for reuse: 256 * 10 KiB */
#define SPARE_BUFFER_MAX (64u << 10) /* a larger answer buffer is given back */
#define PAGE_GZIP_LEVEL  4           /* half a millisecond for 100 kB; 9 takes four times that */
#define ARENA_MAX        (64u << 20) /* a 4 MiB message may need 44 MiB unpacked (measured) */

struct lane_thread {
    lane_t lane;
    pthread_t thread;
    int fd_stop;
};

routes_t *lane_routes(void)
{
    static const struct {
        const char *pattern;
        route_serve_t serve;
    } own[] = {
        {"/", local_root},
        {"/healthz", local_health},
        {"/metrics", local_metrics},
        {"/api/openapi.json", local_openapi},
    };
    routes_t *routes = routes_new();
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        routes_add(routes, VERB_GET, own[i].pattern, own[i].pattern, NULL, own[i].serve);
    for (size_t i = 0; i < contract_method_count; i++) {
        const method_t *method = contract_methods[i];
        if (method->verb == VERB_NONE || !(method->may & (MAY_PUBLIC | MAY_PERSON | MAY_STAFF)))
            continue;
        /* A part is repeated by its offset, not by a key (transfer.c). */
        CHECK(!(method->flags & METHOD_UPLOAD) || method->flags & METHOD_IDEMPOTENT);
        routes_add(routes, method->verb, method->path, method->name, method, api_serve);
    }
    return routes;
}

/* --- exchanges ----------------------------------------------------------------------- */

static exchange_t *exchange_new(void)
{
    exchange_t *self = xalloc(sizeof *self);
    self->arena = arena_new(ARENA_MAX);
    self->out = buffer_new(EXCHANGE_ANSWER_MAX);
    return self;
}

static void exchange_free(exchange_t *self)
{
    arena_free(&self->arena);
    arena_free(&self->part_arena);
    buffer_free(&self->out);
    free(self);
}

exchange_t *lane_exchange(lane_t *self)
{
    if (self->open_count >= self->open_max)
        return NULL;
    exchange_t *exchange = self->spare;
    if (exchange) {
        self->spare = exchange->next;
        self->spare_count--;
    } else {
        exchange = exchange_new();
    }
    exchange->lane = self;
    exchange->previous = NULL;
    exchange->next = self->open;
    if (self->open)
        self->open->previous = exchange;
    self->open = exchange;
    self->open_count++;
    exchange->started_us = clock_mono_us();
    exchange->idempotency_key = "";
    return exchange;
}

void lane_exchange_done(lane_t *self, exchange_t *exchange)
{
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        self->open = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    self->open_count--;

    if (self->spare_count == SPARE_MAX) {
        exchange_free(exchange);
        return;
    }
    arena_t *arena = exchange->arena;
    buffer_t out = exchange->out;
    arena_reset(arena);
    arena_free(&exchange->part_arena);
    if (out.capacity > SPARE_BUFFER_MAX)
        buffer_free(&out);
    else
        buffer_clear(&out);
    memset(exchange, 0, sizeof *exchange);
    exchange->arena = arena;
    exchange->out = out;
    exchange->next = self->spare;
    self->spare = exchange;
    self->spare_count++;
}

/* xoroshiro128+ (Blackman, Vigna): quick, and different in each lane and process. */
uint64_t lane_random(lane_t *self)
{
    uint64_t a = self->random[0], b = self->random[1], sum = a + b;
    b ^= a;
    self->random[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
    self->random[1] = b << 37 | b >> 27;
    return sum;
}

/* --- the loop ------------------------------------------------------------------------ */

static bool finished(const lane_t *self, int64_t drained_ms)
{
    if (drained_ms >= STOP_MS)
        return true;
    return !self->open_count && (!edge_connections(self->edge) || drained_ms >= STOP_GRACE_MS);
}

/* Exchanges under way hold the set they began with. */
static void look_for_pages(lane_t *self)
{
    unsigned number = shelf_number(self->shelf);
    if (number == self->pages_number)
        return;
    page_set_drop(&self->pages);
    self->pages = shelf_hold(self->shelf);
    self->pages_number = number;
}

static void run(lane_t *self)
{
    int64_t flushed_ms = 0, stop_ms = 0;
    /* What is done outside edge_run() may leave finished writes that only the next turn
     * sees: then it must not sleep (libh2o keeps them in a list of its own).  And the bus is
     * drained last: whatever we send to it may swallow the wake-up for what has come. */
    bool more = false;
    for (;;) {
        edge_run(self->edge, more ? 0 : pending_next_ms(self->pending, clock_mono_ms(), IDLE_MS));
        int64_t now_ms = clock_mono_ms();
        more = pending_tick(self->pending, now_ms) > 0;
        more |= edge_tick(self->edge, now_ms) > 0;
        sessions_tick(self->sessions, now_ms);
        look_for_pages(self);
        more |= pending_drain(self->pending) > 0;
        if (now_ms - flushed_ms >= FLUSH_MS) {
            flushed_ms = now_ms;
            access_flush(self->access);
        }
        if (edge_stopping(self->edge) && !self->draining) {
            self->draining = true;
            stop_ms = now_ms;
            edge_drain(self->edge);
        }
        if (self->draining && finished(self, now_ms - stop_ms)) {
            if (self->open_count)
                log_warn("lane %d stops with %zu requests open", self->number, self->open_count);
            return;
        }
    }
}

static void lane_close(lane_t *self)
{
    edge_free(&self->edge); /* its connections end their exchanges */
    page_sessions_free(&self->page_sessions);
    memo_free(&self->memo);
    qr_memory_free(&self->qr);
    gzip_free(&self->gzip);
    buffer_free(&self->scratch);
    page_set_drop(&self->pages);
    sessions_free(&self->sessions);
    pending_free(&self->pending);
    access_close(&self->access);
    limit_free(&self->limit);
    while (self->spare) {
        exchange_t *next = self->spare->next;
        exchange_free(self->spare);
        self->spare = next;
    }
}

static void make_places(lane_t *self)
{
    uint8_t random[32];
    char text[CRYPTO_BASE64_SIZE(sizeof random)];
    crypto_random(random, sizeof random);
    crypto_base64url(random, sizeof random, text);
    memcpy(self->token_place, text, SERVE_TOKEN_SIZE);
    crypto_hex(random, (PAGE_KEY_SIZE - 1) / 2, self->key_place);
}

static bool lane_open(lane_thread_t *thread, void *tls, char *error, size_t error_size)
{
    lane_t *self = &thread->lane;
    const settings_t *settings = self->settings;
    link_options_t options = {.endpoints = settings->platform.brokers};
    link_t *link;

    crypto_random(self->random, sizeof self->random);
    self->open_max = settings->requests / settings->threads + 1;
    self->limit = limit_new(settings->rate, settings->burst);
    self->access = access_open(settings->access_log, settings->access_sample);
    if (!self->access) {
        snprintf(error, error_size, "access log '%s' cannot be opened: %s", settings->access_log,
                 strerror(errno));
        return false;
    }
    if (link_open(&options, clock_mono_ms(), &link, error, error_size) != STATUS_OK)
        return false;
    self->pending = pending_new(&link, self->open_max + 64); /* and our own questions */
    self->pages_number = shelf_number(self->shelf);
    self->pages = shelf_hold(self->shelf);
    self->page_sessions = page_sessions_new();
    self->memo = memo_new();
    self->qr = qr_memory_new();
    make_places(self);
    self->gzip = gzip_new(PAGE_GZIP_LEVEL);
    self->scratch = buffer_new(EXCHANGE_ANSWER_MAX);
    self->sessions =
        sessions_new(settings->has_token_key ? settings->token_key : NULL, self->pending);
    self->edge = edge_new(self, tls, pending_fd(self->pending), thread->fd_stop, error, error_size);
    return self->edge != NULL;
}

static void *thread_main(void *arg)
{
    lane_thread_t *thread = arg;
    run(&thread->lane);
    lane_close(&thread->lane);
    return NULL;
}

lane_thread_t *lane_start(const settings_t *settings, const routes_t *routes, shelf_t *shelf,
                          void *tls, int number, char *error, size_t error_size)
{
    lane_thread_t *self = xalloc(sizeof *self);
    self->lane.settings = settings;
    self->lane.routes = routes;
    self->lane.shelf = shelf;
    self->lane.number = number;
    self->fd_stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(self->fd_stop >= 0);
    if (!lane_open(self, tls, error, error_size)) {
        lane_close(&self->lane);
        close(self->fd_stop);
        free(self);
        return NULL;
    }
    CHECK(pthread_create(&self->thread, NULL, thread_main, self) == 0);
    return self;
}

void lane_stop(lane_thread_t *self)
{
    uint64_t one = 1;
    CHECK(write(self->fd_stop, &one, sizeof one) == sizeof one);
}

void lane_join(lane_thread_t **self)
{
    CHECK(pthread_join((*self)->thread, NULL) == 0);
    close((*self)->fd_stop);
    free(*self);
    *self = NULL;
}
