/* link.h - one end of the bus in a process: the socket, and nobody else touches it.
 *
 * A link joins one or several brokers as worker (a service), as asker (gateway, yw), or both.
 * It says READY, sends heartbeats, finds out that a broker died or was restarted and
 * joins again, and gives whole messages.  One thread owns it.
 *
 * What a user of it must keep:
 *   - A worker answers each CALL exactly once: every ANSWER gives the broker one credit back.
 *     After a broker was restarted a worker may for a while hold more than its window.
 *   - An asker keeps its own list of open calls, with deadlines and the broker each went to.
 *     When link_receive() gives a BYE from broker N, no call open there will be answered: whether
 *     they happened is not known (UNAVAILABLE, "worker_lost").
 *
 * Start:  link_open, then link_receive/link_tick until link_alive, or link_wait.
 * Stop:   link_drain, go on until link_drained and all answers are out, link_close. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "frame.h"

#define LINK_BROKERS_MAX  8
#define LINK_OPEN_MAX     65536 /* calls asked of one broker and not answered */
#define LINK_HEARTBEAT_MS 1000
#define LINK_SILENCE_MS   4000 /* nothing heard for so long: the broker is dead */

typedef struct link link_t;

typedef struct {
    /* Brokers, NULL ends the list: "ipc:///run/…/broker" or "tcp://…". */
    const char *const *endpoints;
    const char *service; /* worker for this service; NULL: asks only */
    uint16_t window;     /* calls it will hold at once */
    /* CURVE for tcp endpoints, all Z85; NULL for ipc. */
    const char *server_key, *public_key, *secret_key;
} link_options_t;

/* A part that owns its bytes; freed by link_message_free(). */
typedef struct {
    _Alignas(void *) unsigned char opaque[64];
} link_part_t;

/* Not to be copied by assignment, because small parts live inside: link_message_move(). */
typedef struct {
    frame_t frame;
    int broker; /* index of the broker it came from: ANSWERs go back there */
    const void *meta;
    size_t meta_size; /* point into the parts below */
    const void *body;
    size_t body_size;
    link_part_t parts[2];
} link_message_t;

/* `mono_ms` is clock_mono_ms(), here and in link_tick(): the link's only clock.
 * INVALID_ARGUMENT with a sentence in `error`: an endpoint or key that libzmq does not take. */
status_t link_open(const link_options_t *options, int64_t mono_ms, link_t **ret, char *error,
                   size_t error_size);
/* Says BYE, lingers at most a second. */
void link_close(link_t **self);

/* File descriptor to poll for reading, the same for the link's whole life.  It tells of edges: drain
 * with link_receive() until it gives false after every wake-up and after every turn that sent. */
int link_fd(const link_t *self);

/* The next CALL or CANCEL (worker), ANSWER or BYE (asker) for us; false: nothing now.  Heartbeats,
 * joining and broken frames are dealt with inside.  A CANCEL is advice: the call is still to be
 * answered.  A BYE is given to workers, too: answers to the calls held from that broker lead nowhere. */
bool link_receive(link_t *self, link_message_t *ret);
void link_message_free(link_message_t *message);
void link_message_move(link_message_t *to, link_message_t *from);

/* Heartbeats and joining again; call it at least each 500 ms. */
void link_tick(link_t *self, int64_t mono_ms);

/* A living broker is connected. */
bool link_alive(const link_t *self);
/* Waits until one is; gives link_alive().  Blocks: for programs that start, or have no call open
 * (a BYE not yet received is forgotten). */
bool link_wait(link_t *self, uint32_t timeout_ms);

/* Asks.  `call` must be unique among the asker's open calls.  UNAVAILABLE: no living broker, or
 * LINK_OPEN_MAX calls open; nothing was sent.  INVALID_ARGUMENT: name, meta or body past their
 * limits.  Bytes are copied.  *ret_broker (may be NULL): where it went. */
status_t link_call(link_t *self, uint64_t call, const char *name, uint32_t timeout_ms,
                   const void *meta, size_t meta_size, const void *body, size_t body_size,
                   int *ret_broker);
/* Answers a CALL that came from `broker` with its `call` number.  A body past FRAME_BODY_MAX becomes
 * INTERNAL without a body.  UNAVAILABLE: that broker is gone, nobody waits. */
status_t link_answer(link_t *self, int broker, uint64_t call, status_t status, const void *body,
                     size_t body_size);
/* Nobody waits for `call` any more: no ANSWER will come, or one that was on its way. */
void link_cancel(link_t *self, int broker, uint64_t call);

/* No more calls for us; answers still go out. */
void link_drain(link_t *self);
/* After link_drain(): every living broker has said that its last CALL is sent. */
bool link_drained(const link_t *self);

/* Frames that were none of ours. */
uint64_t link_malformed(const link_t *self);
