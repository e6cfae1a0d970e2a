/* server_internal.h - the parts of a running service and which thread owns what.
 *
 *   bus thread   link, tickets' free list, parked, slots, ticks, pump
 *   any thread   the queues, the writer's queue, `committed`
 *
 * A ticket is one call on its way through the process.  It is in exactly one
 * place at a time (a queue, the parked list, a thread's hands), so it has no lock. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include "client.h"
#include "dispatch.h"
#include "link.h"
#include "metrics.h"
#include "platform.h"
#include "queue.h"
#include "writer.h"

#define READERS_MAX      16
#define PARKED_MAX       1024  /* waiting calls (call_wait) */
#define SLOTS_MAX        1024  /* our own calls to others that are open: asks and deliveries */
#define DELIVERIES_MAX   64    /* events on their way at once */
#define STOP_MS          10000 /* what is in hand may take so long when we are told to stop */
#define FREE_TICKETS_MAX 64    /* kept with their arenas */

typedef enum {
    PHASE_PREPARE,
    PHASE_READ,
    PHASE_WRITE,
    PHASE_AUDIT,
    PHASE_PARKED,
    PHASE_DONE
} phase_t;

typedef struct server server_t;

typedef struct ticket {
    job_t job; /* first: its node is the ticket's in every queue */
    server_t *server;
    arena_t *arena;
    call_t call;
    link_message_t message; /* from_bus: what came, freed after the answer */
    bool from_bus;
    int tick; /* index of the tick it is, or -1 */
    phase_t phase;
    status_t status;
    int64_t born_us;
    int64_t read_us; /* was_read: of the handler */
    bool was_read;
    int64_t deadline_ms;   /* monotonic */
    int64_t wait_until_ms; /* of a parked one */
    struct ticket *next;   /* in the free or parked list */
} ticket_t;

/* A question of one of our threads to another service; lives on the asker's stack. The bus
 * thread always completes it, at the latest when its time is up. */
typedef struct {
    queue_node_t node;
    const char *method;
    ProtobufCBinaryData meta, body;
    uint32_t timeout_ms;
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool done;
    status_t status;
    arena_t *arena; /* of the asking call: the answer is copied there */
    ProtobufCBinaryData answer;
} ask_t;

/* An event on its way to one subscriber. */
typedef struct {
    job_t job; /* ticks it off, or notes the failure */
    enum { DELIVERY_FREE, DELIVERY_SENT, DELIVERY_MARKING } state;
    int64_t seq;
    char subscriber[FRAME_NAME_MAX + 1];
    status_t status;
    bool counts; /* refused, not merely away */
    char error[200];
    int64_t now_ms;
    server_t *server;
} flight_t;

/* An open call of ours. */
typedef struct {
    uint32_t generation;
    bool used;
    ask_t *ask; /* or */
    flight_t *flight;
    int broker;
    int64_t deadline_ms;
} slot_t;

typedef struct {
    queue_t *queue;
    pthread_t threads[READERS_MAX];
    size_t count;
} pool_t;

struct server {
    const service_t *service;
    platform_t platform;
    config_t *config;
    dispatch_t dispatch;
    link_t *link;
    pthread_t bus_thread;
    writer_t *writer;
    pool_t reads, prepares; /* apart, so that slow halves (password hashes) hold up no read */
    queue_t *done, *asks;
    store_t *bus_store; /* the bus thread's reader: due events, cheap reads */
    int64_t started_ms;

    ticket_t *free_tickets;
    size_t free_count;
    ticket_t *parked;
    size_t parked_count;
    size_t in_hand; /* tickets that are not free */
    int64_t parked_woken_ms;
    bool parked_dirty; /* something was committed since they last ran */

    slot_t slots[SLOTS_MAX];
    size_t slot_next, slots_used;
    flight_t flights[DELIVERIES_MAX];
    int64_t pump_due_ms; /* wall clock; 0: now */

    int64_t tick_due_ms[16];
    bool tick_running[16];

    atomic_bool committed; /* the writer changed something */
    bool stopping;
    int64_t stop_by_ms;
};

/* server.c */
void server_finish(ticket_t *ticket); /* any thread: to the bus thread */

/* outgoing.c: asks and slots */
extern const call_ops_t server_ops;
bool outgoing_send(server_t *self, ask_t *ask, flight_t *flight, const char *method,
                   uint32_t timeout_ms, ProtobufCBinaryData meta, ProtobufCBinaryData body);
void outgoing_answer(server_t *self, const link_message_t *message);
void outgoing_expire(server_t *self, int64_t mono_ms);
void outgoing_lost(server_t *self, int broker);
void outgoing_take_asks(server_t *self);

/* pump.c */
void pump_run(server_t *self);
void pump_answered(flight_t *flight, status_t status, ProtobufCBinaryData body);
bool pump_is_mine(const server_t *self, const job_t *job);
void pump_marked(server_t *self, job_t *job);
