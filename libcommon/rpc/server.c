#include "server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "crypto.h"
#include "process.h"
#include "server_internal.h"
#include "verify.h"

#define READS_MAX 4096 /* queued calls; the window keeps it far below */
#define PREPARES_MAX                                                                               \
    64 /* slow halves: past a second of waiting, "busy" is the better answer,                      \
        * and they must not take the whole window from the reads */
#define WRITES_MAX      4096
#define DRAIN_AT_ONCE   256 /* messages taken before looking at the rest */
#define PARKED_PAUSE_MS 50  /* between two runs of the waiting calls */
#define TICK_TIMEOUT_MS 60000

/* A read this cheap costs less than to hand it to a reader and back, two wake-ups in all. */
#define CHEAP_READ_NS  50000
#define READS_MEASURED 32 /* before a method is believed to be cheap */

/* --- tickets ---------------------------------------------------------------------- */

static ticket_t *ticket_new(server_t *self)
{
    ticket_t *ticket = self->free_tickets;
    if (ticket) {
        self->free_tickets = ticket->next;
        self->free_count--;
    } else {
        ticket = xalloc(sizeof *ticket);
        ticket->arena = arena_new(CALL_ARENA_BYTES_MAX);
    }
    arena_t *arena = ticket->arena;
    memset(ticket, 0, sizeof *ticket);
    ticket->arena = arena;
    ticket->call.arena = arena;
    ticket->server = self;
    ticket->tick = -1;
    ticket->born_us = clock_mono_us();
    self->in_hand++;
    return ticket;
}

static void ticket_free(server_t *self, ticket_t *ticket)
{
    if (ticket->from_bus)
        link_message_free(&ticket->message);
    self->in_hand--;
    if (self->free_count < FREE_TICKETS_MAX) {
        arena_reset(ticket->arena);
        ticket->next = self->free_tickets;
        self->free_tickets = ticket;
        self->free_count++;
        return;
    }
    arena_free(&ticket->arena);
    free(ticket);
}

void server_finish(ticket_t *ticket)
{
    CHECK(queue_put(ticket->server->done, &ticket->job.node));
}

static bool is_late(const ticket_t *ticket)
{
    return clock_mono_ms() >= ticket->deadline_ms;
}

static void ticket_fail(ticket_t *ticket, status_t status)
{
    ticket->status = status;
    ticket->phase = PHASE_DONE;
    dispatch_failure(&ticket->call, status);
}

/* --- writer's half ------------------------------------------------------------------ */

static status_t ticket_run(job_t *job, store_t *store)
{
    ticket_t *ticket = (ticket_t *) job;
    bool keep = false;

    if (ticket->phase == PHASE_AUDIT)
        return dispatch_audit_read(&ticket->call, store, ticket->status);
    if (is_late(ticket)) {
        ticket_fail(ticket, STATUS_DEADLINE_EXCEEDED);
        return STATUS_DEADLINE_EXCEEDED;
    }
    ticket->status = dispatch_write(&ticket->call, store, &keep);
    return keep ? STATUS_OK : ticket->status;
}

static void ticket_ran(job_t *job, status_t status)
{
    ticket_t *ticket = (ticket_t *) job;
    /* The handler was content, the commit was not: nothing happened. */
    if (status != STATUS_OK && ticket->status == STATUS_OK)
        ticket_fail(ticket, status);
    ticket->phase = PHASE_DONE;
    server_finish(ticket);
}

/* True: the writer has it. */
static bool ticket_write(ticket_t *ticket, phase_t phase)
{
    ticket->phase = phase;
    ticket->job.run = ticket_run;
    ticket->job.done = ticket_ran;
    return writer_post(ticket->server->writer, &ticket->job);
}

/* --- readers ------------------------------------------------------------------------ */

typedef struct {
    server_t *server;
    queue_t *queue;
    store_t *store;
} reader_t;

static void ticket_read(ticket_t *ticket, store_t *store)
{
    int64_t began_us = clock_mono_us();
    ticket->status = dispatch_read(&ticket->call, store);
    ticket->read_us = clock_mono_us() - began_us;
    ticket->was_read = true;
}

static void reader_step(ticket_t *ticket, store_t *store)
{
    call_t *call = &ticket->call;

    if (is_late(ticket)) {
        ticket_fail(ticket, STATUS_DEADLINE_EXCEEDED);
        server_finish(ticket);
        return;
    }
    if (ticket->phase == PHASE_PREPARE) {
        ticket->status = dispatch_prepare(call, store);
        if (ticket->status == STATUS_OK && !call->skip) {
            if (ticket_write(ticket, PHASE_WRITE))
                return;
            ticket_fail(ticket, STATUS_UNAVAILABLE);
        }
    } else {
        ticket_read(ticket, store);
        if (internal_of(call)->waits) {
            ticket->phase = PHASE_PARKED;
            server_finish(ticket);
            return;
        }
        if (ticket->status == STATUS_OK && call->method->flags & METHOD_AUDITED) {
            if (ticket_write(ticket, PHASE_AUDIT))
                return;
            ticket_fail(ticket, STATUS_UNAVAILABLE);
        }
    }
    ticket->phase = PHASE_DONE;
    server_finish(ticket);
}

static void *reader_main(void *arg)
{
    reader_t *self = arg;
    for (queue_node_t *node; (node = queue_take(self->queue, -1)) != NULL;)
        reader_step((ticket_t *) node, self->store);
    store_close(&self->store);
    free(self);
    return NULL;
}

/* --- bus thread --------------------------------------------------------------------- */

/* A running mean over about sixteen calls, so that a method that has become slow is noticed. */
static void measure_read(entry_t *entry, int64_t read_us)
{
    int32_t ns = (int32_t) (read_us < 1000000 ? read_us * 1000 : 1000000000);
    entry->read_ns = entry->reads ? entry->read_ns + (ns - entry->read_ns) / 16 : ns;
    if (entry->reads < READS_MEASURED)
        entry->reads++;
}

static void count_call(const ticket_t *ticket)
{
    entry_t *entry = internal_of(&ticket->call)->entry;
    char labels[160];

    if (!entry)
        return; /* a method we do not have: its name is a stranger's word */
    if (!entry->calls[ticket->status]) {
        snprintf(labels, sizeof labels, "method=\"%s\",status=\"%s\"", entry->name,
                 status_name(ticket->status));
        entry->calls[ticket->status] =
            metric_counter("yiwang_calls_total", labels, "Calls answered, by method and status");
    }
    if (!entry->seconds) {
        snprintf(labels, sizeof labels, "method=\"%s\"", entry->name);
        entry->seconds =
            metric_histogram("yiwang_call_seconds", labels, "Time from arrival to answer");
    }
    metric_add(entry->calls[ticket->status], 1);
    metric_observe_us(entry->seconds, clock_mono_us() - ticket->born_us);
    if (ticket->was_read)
        measure_read(entry, ticket->read_us);
}

static void ticket_answer(server_t *self, ticket_t *ticket)
{
    count_call(ticket);
    if (ticket->from_bus) {
        const internal_t *internal = internal_of(&ticket->call);
        link_answer(self->link, ticket->message.broker, ticket->message.frame.call, ticket->status,
                    internal->answer.data, internal->answer.len);
    } else if (ticket->tick >= 0) {
        self->tick_running[ticket->tick] = false;
        if (ticket->status != STATUS_OK)
            log_warn("%s: %s", self->service->ticks[ticket->tick].method,
                     status_name(ticket->status));
    }
    ticket_free(self, ticket);
}

static status_t ticket_open(server_t *self, ticket_t *ticket)
{
    request_t request = {
        .name = ticket->message.frame.name,
        .sender = ticket->message.frame.sender,
        .meta = ticket->message.meta,
        .meta_size = ticket->message.meta_size,
        .body = ticket->message.body,
        .body_size = ticket->message.body_size,
    };
    ticket->status =
        dispatch_open(&self->dispatch, &request, clock_now_ms(), &server_ops, self, &ticket->call);
    return ticket->status;
}

static bool is_cheap(const call_t *call)
{
    const entry_t *entry = internal_of(call)->entry;
    return !(call->method->flags & (METHOD_AUDITED | METHOD_WAITS)) &&
           entry->reads == READS_MEASURED && entry->read_ns < CHEAP_READ_NS &&
           !atomic_load(&entry->asks);
}

/* On the bus thread.  False: the handler wanted to ask another service, which only a reader can;
 * the call is as new again. */
static bool read_at_once(server_t *self, ticket_t *ticket)
{
    ticket_read(ticket, self->bus_store);
    if (!atomic_load(&internal_of(&ticket->call)->entry->asks)) {
        ticket->phase = PHASE_DONE;
        ticket_answer(self, ticket);
        return true;
    }
    arena_reset(ticket->arena);
    ticket->call.arena = ticket->arena;
    CHECK(ticket_open(self, ticket) == STATUS_OK);
    return false;
}

/* Sends an opened call to where it runs. */
static void ticket_start(server_t *self, ticket_t *ticket)
{
    unsigned flags = ticket->call.method->flags;
    bool writes = flags & METHOD_WRITES || ticket->call.method->on;
    bool taken;

    if (!writes && ticket->from_bus && is_cheap(&ticket->call) && read_at_once(self, ticket))
        return;
    if (writes && !internal_of(&ticket->call)->entry->handler->prepare) {
        taken = ticket_write(ticket, PHASE_WRITE);
    } else {
        ticket->phase = writes ? PHASE_PREPARE : PHASE_READ;
        taken = queue_put(writes ? self->prepares.queue : self->reads.queue, &ticket->job.node);
    }
    if (!taken) {
        ticket_fail(ticket, STATUS_UNAVAILABLE);
        ticket_answer(self, ticket);
    }
}

static void take_call(server_t *self, link_message_t *message)
{
    ticket_t *ticket = ticket_new(self);
    ticket->from_bus = true;
    link_message_move(&ticket->message, message);
    ticket->deadline_ms = clock_mono_ms() + message->frame.timeout_ms;
    if (ticket_open(self, ticket) == STATUS_OK)
        ticket_start(self, ticket);
    else
        ticket_answer(self, ticket);
}

/* Whoever waited has left; a call that is already running simply ends. */
static void cancel_parked(server_t *self, const link_message_t *message)
{
    for (ticket_t *ticket = self->parked; ticket; ticket = ticket->next)
        if (ticket->message.broker == message->broker &&
            ticket->message.frame.call == message->frame.call)
            ticket->wait_until_ms = clock_mono_ms();
}

/* True: there may be more.  False: the link was found empty after all we sent, so its fd will tell. */
static bool take_messages(server_t *self)
{
    link_message_t message;

    for (size_t n = 0; n < DRAIN_AT_ONCE; n++) {
        if (!link_receive(self->link, &message))
            return false;
        switch (message.frame.command) {
        case COMMAND_CALL:
            take_call(self, &message);
            break;
        case COMMAND_ANSWER:
            outgoing_answer(self, &message);
            break;
        case COMMAND_BYE:
            outgoing_lost(self, message.broker);
            break;
        case COMMAND_CANCEL:
            cancel_parked(self, &message);
            break;
        default:
            break;
        }
        link_message_free(&message);
    }
    return true;
}

static void park(server_t *self, ticket_t *ticket)
{
    if (self->parked_count >= PARKED_MAX || self->stopping) {
        ticket_fail(ticket, STATUS_UNAVAILABLE);
        ticket_answer(self, ticket);
        return;
    }
    ticket->next = self->parked;
    self->parked = ticket;
    self->parked_count++;
}

/* Runs a waiting call again from its request, so that its memory does not grow with each turn. */
static void unpark(server_t *self, ticket_t *ticket)
{
    arena_reset(ticket->arena);
    ticket->call.arena = ticket->arena;
    if (ticket_open(self, ticket) == STATUS_OK)
        ticket_start(self, ticket);
    else
        ticket_answer(self, ticket);
}

static void wake_parked(server_t *self, int64_t mono_ms)
{
    bool all = self->parked_dirty && mono_ms - self->parked_woken_ms >= PARKED_PAUSE_MS;
    ticket_t *list = self->parked;

    if (!list)
        return;
    self->parked = NULL;
    self->parked_count = 0;
    while (list) {
        ticket_t *ticket = list;
        list = ticket->next;
        if (all || self->stopping || mono_ms >= ticket->wait_until_ms) {
            unpark(self, ticket);
        } else {
            ticket->next = self->parked;
            self->parked = ticket;
            self->parked_count++;
        }
    }
    if (all) {
        self->parked_dirty = false;
        self->parked_woken_ms = mono_ms;
    }
}

static void take_done(server_t *self)
{
    queue_node_t *next = queue_take_many(self->done, SIZE_MAX, 0);
    while (next) {
        job_t *job = (job_t *) next;
        next = next->next; /* the job may be gone at the end of this turn */
        if (pump_is_mine(self, job)) {
            pump_marked(self, job);
            continue;
        }
        ticket_t *ticket = (ticket_t *) job;
        if (ticket->phase == PHASE_PARKED)
            park(self, ticket);
        else
            ticket_answer(self, ticket);
    }
    if (atomic_exchange(&self->committed, false)) {
        self->pump_due_ms = 0;
        self->parked_dirty = true;
    }
}

static void run_ticks(server_t *self, int64_t mono_ms)
{
    caller_t self_caller = BENCH_SERVICE;
    self_caller.id = self->service->name;

    for (size_t i = 0; i < self->service->tick_count && !self->stopping; i++) {
        if (self->tick_running[i] || mono_ms < self->tick_due_ms[i])
            continue;
        const tick_t *tick = &self->service->ticks[i];
        self->tick_due_ms[i] = mono_ms + tick->every_ms;
        ticket_t *ticket = ticket_new(self);
        ticket->tick = (int) i;
        ticket->deadline_ms = mono_ms + TICK_TIMEOUT_MS;
        const method_t *method = contract_method(tick->method);
        CHECK(method);
        ProtobufCMessage *in = message_new(method->in, ticket->arena);
        CHECK(in);
        ticket->status = dispatch_open_as(&self->dispatch, &self_caller, tick->method, in, "",
                                          clock_now_ms(), &server_ops, self, &ticket->call);
        CHECK(ticket->status == STATUS_OK);
        self->tick_running[i] = true;
        ticket_start(self, ticket);
    }
}

static int next_wake_ms(const server_t *self, int64_t mono_ms)
{
    int64_t wait_ms = 250; /* heartbeats, deadlines of what we asked */
    for (size_t i = 0; i < self->service->tick_count; i++)
        if (!self->tick_running[i] && self->tick_due_ms[i] - mono_ms < wait_ms)
            wait_ms = self->tick_due_ms[i] - mono_ms;
    int64_t pump_ms = self->pump_due_ms - clock_now_ms();
    if (pump_ms < wait_ms)
        wait_ms = pump_ms;
    if (self->parked && self->parked_dirty && wait_ms > PARKED_PAUSE_MS)
        wait_ms = PARKED_PAUSE_MS;
    return wait_ms < 1 ? 1 : (int) wait_ms;
}

/* What can be done now; true: there may be more. */
static bool turn(server_t *self)
{
    int64_t mono_ms = clock_mono_ms();
    take_done(self);
    outgoing_take_asks(self);
    run_ticks(self, mono_ms);
    wake_parked(self, mono_ms);
    pump_run(self);
    outgoing_expire(self, mono_ms);
    link_tick(self->link, mono_ms);
    /* Last, because each send may swallow the edge that tells of something to receive. */
    return take_messages(self);
}

static void begin_stop(server_t *self)
{
    if (self->stopping)
        return;
    log_info("stopping: %zu calls in hand", self->in_hand);
    self->stopping = true;
    self->stop_by_ms = clock_mono_ms() + STOP_MS;
    link_drain(self->link);
}

/* Told to stop: calls that the broker sent before it heard so may still come. */
static bool is_busy(const server_t *self)
{
    return self->in_hand > 0 || !link_drained(self->link);
}

static void bus_loop(server_t *self, int signals)
{
    struct pollfd fds[] = {
        {.fd = link_fd(self->link), .events = POLLIN},
        {.fd = queue_fd(self->done), .events = POLLIN},
        {.fd = queue_fd(self->asks), .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    while (!self->stopping || (is_busy(self) && clock_mono_ms() < self->stop_by_ms)) {
        bool more = turn(self);
        if (self->stopping && !is_busy(self))
            return;
        poll(fds, 4, more ? 0 : next_wake_ms(self, clock_mono_ms()));
        if (fds[3].revents & POLLIN) {
            struct signalfd_siginfo info;
            if (read(signals, &info, sizeof info) == sizeof info)
                begin_stop(self);
        }
    }
}

/* --- start and stop --------------------------------------------------------------------- */

void server_facts(struct server *server, process_facts_t *ret)
{
    ret->started_ms = server->started_ms;
    ret->reads_queued =
        (uint32_t) (queue_size(server->reads.queue) + queue_size(server->prepares.queue));
    ret->writes_queued = (uint32_t) writer_queued(server->writer);
}

bool server_hold_writes(struct server *server, uint32_t ms)
{
    return writer_hold(server->writer, ms);
}

bool server_release_writes(struct server *server)
{
    return writer_release(server->writer);
}

static void after_commit(void *arg)
{
    server_t *self = arg;
    atomic_store(&self->committed, true);
}

static _Noreturn void die(const server_t *self, const char *why)
{
    log_error("%s cannot start: %s", self->service->name, why);
    exit(1);
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int64_t setting(server_t *self, const char *name, int64_t fallback, int64_t min, int64_t max)
{
    char full[64];
    snprintf(full, sizeof full, "%s.%s", self->service->name, name);
    return config_int(self->config, full, fallback, min, max);
}

static void open_stores(server_t *self, const char *path)
{
    char error[512];
    store_t *store;

    if (store_open(path, self->service->migrations, self->service->migration_count, &store, error,
                   sizeof error) != STATUS_OK)
        die(self, error);
    if (self->service->open &&
        self->service->open(self->config, store, &self->dispatch.context) != STATUS_OK)
        die(self, "the service's own opening failed");
    const char *unused = config_unused(self->config, self->service->name);
    if (unused)
        die(self, unused);
    if (store_open_reader(path, &self->bus_store, error, sizeof error) != STATUS_OK)
        die(self, error);
    self->writer = writer_new(&store, WRITES_MAX, after_commit, self);
}

/* Threads that take calls from one queue, each with its own read-only connection. */
static void pool_start(server_t *self, pool_t *pool, const char *path, size_t queue_max,
                       size_t count)
{
    char error[512];

    pool->queue = queue_new(queue_max, false);
    pool->count = count;
    for (size_t i = 0; i < count; i++) {
        reader_t *reader = xalloc(sizeof *reader);
        reader->server = self;
        reader->queue = pool->queue;
        if (store_open_reader(path, &reader->store, error, sizeof error) != STATUS_OK)
            die(self, error);
        CHECK(pthread_create(&pool->threads[i], NULL, reader_main, reader) == 0);
    }
}

static void pool_stop(server_t *self, pool_t *pool)
{
    queue_close(pool->queue);
    for (size_t i = 0; i < pool->count; i++) {
        outgoing_take_asks(self);
        pthread_join(pool->threads[i], NULL);
    }
    queue_free(&pool->queue);
}

static void load_key(server_t *self, const char *name, void *out, size_t size)
{
    char *path = platform_path(self->platform.key_dir, name);
    if (crypto_key_load(path, out, size) != STATUS_OK) {
        log_error("%s cannot be read: `yw init` makes the keys of a new platform", path);
        exit(1);
    }
    free(path);
}

static void open_keys(server_t *self)
{
    uint8_t token_key[CRYPTO_SIGN_PUBLIC_SIZE], master[CRYPTO_KEY_SIZE];
    char purpose[64];

    load_key(self, "token.public", token_key, sizeof token_key);
    self->dispatch.tokens = token_cache_new(token_key);
    load_key(self, "master.key", master, sizeof master);
    snprintf(purpose, sizeof purpose, "%s.ledger", self->service->name);
    crypto_derive(master, purpose, self->dispatch.ledger_key);
    crypto_wipe(master, sizeof master);
}

static void server_stop(server_t *self)
{
    pool_stop(self, &self->prepares);
    pool_stop(self, &self->reads);
    writer_free(&self->writer);
    take_done(self);
    link_close(&self->link);
    if (self->service->close)
        self->service->close(self->dispatch.context);
    store_close(&self->bus_store);
    while (self->free_tickets) {
        ticket_t *ticket = self->free_tickets;
        self->free_tickets = ticket->next;
        arena_free(&ticket->arena);
        free(ticket);
    }
    queue_free(&self->done);
    queue_free(&self->asks);
    dispatch_close(&self->dispatch);
}

int service_main(int argc, char **argv, const service_t *service)
{
    char error[512];

    crypto_init();
    if (argc == 4 && strcmp(argv[2], "--verify") == 0)
        return verify_main(service, argv[1], argv[3]);
    if (argc != 2) {
        fprintf(stderr, "usage: %s CONFIG [--verify FILE]\n", argv[0]);
        return 2;
    }
    int signals = block_signals();
    server_t *self = xalloc(sizeof *self);
    self->service = service;
    self->started_ms = clock_now_ms();
    self->bus_thread = pthread_self();
    self->config = platform_load(argv[1], &self->platform);
    log_open(service->name, self->platform.log_level);
    dispatch_init(&self->dispatch, service);
    self->dispatch.server = self;
    open_keys(self);
    CHECK(service->tick_count <= sizeof self->tick_running / sizeof *self->tick_running);

    self->done = queue_new(0, true);
    self->asks = queue_new(SLOTS_MAX, true);
    size_t readers = (size_t) setting(self, "readers", 2, 1, READERS_MAX);
    size_t preparers = (size_t) setting(self, "preparers", 2, 1, READERS_MAX);
    uint16_t window = (uint16_t) setting(self, "window", 256, 1, 4096);
    char *file = xalloc(strlen(service->name) + 4);
    snprintf(file, strlen(service->name) + 4, "%s.db", service->name);
    char *path = platform_path(self->platform.data_dir, file);
    open_stores(self, path);
    pool_start(self, &self->reads, path, READS_MAX, readers);
    pool_start(self, &self->prepares, path, PREPARES_MAX, preparers);

    link_options_t options = {
        .endpoints = self->platform.brokers, .service = service->name, .window = window};
    if (link_open(&options, clock_mono_ms(), &self->link, error, sizeof error) != STATUS_OK)
        die(self, error);
    log_info("ready");
    bus_loop(self, signals);
    if (self->in_hand > 0) {
        log_warn("stopped with %zu calls unfinished", self->in_hand);
        _exit(1); /* threads are inside them: what they use must stay until the end */
    }
    server_stop(self);
    log_info("stopped");
    free(path);
    free(file);
    config_free(&self->config);
    close(signals);
    free(self);
    return 0;
}
