/* link.h - one end of the bus in a process: the socket, and nobody else touches it.
 *
 * A link joins one or several brokers as worker (a service), as asker (gateway, yw), or both.
 * It says READY, answers heartbeats, finds out that a broker died or was restarted and
 * joins again, and gives whole messages.  One thread owns it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "frame.h"

typedef struct link link_t;

typedef struct {
    const char *const *endpoints;     /* brokers, NULL ends the list: "ipc:///run/…/broker" or "tcp://…" */
    const char *service;              /* worker for this service; NULL: asks only */
    uint16_t window;                  /* calls it will hold at once */
    /* CURVE for tcp endpoints, all Z85; NULL for ipc. */
    const char *server_key, *public_key, *secret_key;
} link_options_t;

/* A part that owns its bytes; freed by link_message_free() or taken by link_send(). */
typedef struct { unsigned char opaque[64]; } link_part_t;

typedef struct {
    frame_t frame;
    int broker;                       /* index of the broker it came from: ANSWERs go back there */
    const void *meta;  size_t meta_size;      /* point into the parts below */
    const void *body;  size_t body_size;
    link_part_t parts[2];
} link_message_t;

status_t link_open(const link_options_t *options, link_t **ret, char *error, size_t error_size);
/* Says BYE, lingers at most a second. */
void link_close(link_t **self);

/* File descriptor to poll for reading (edge-triggered: drain with link_receive() until it
 * gives false after every wake-up and after every send). */
int link_fd(const link_t *self);

/* The next CALL, ANSWER or CANCEL for us; false: nothing now.  Heartbeats and broken frames are dealt with inside. */
bool link_receive(link_t *self, link_message_t *ret);
void link_message_free(link_message_t *message);

/* Heartbeats and joining again; call it at least each 500 ms. */
void link_tick(link_t *self, int64_t mono_ms);

/* A living broker is connected. */
bool link_alive(const link_t *self);

/* Asks.  `call` must be unique among the asker's open calls.  UNAVAILABLE: no living broker or its
 * pipe is full; nothing was sent.  Bytes are copied. */
status_t link_call(link_t *self, uint64_t call, const char *name, uint32_t timeout_ms,
                   const void *meta, size_t meta_size, const void *body, size_t body_size);
/* Answers a CALL that came from `broker` with its `call` number. */
status_t link_answer(link_t *self, int broker, uint64_t call, status_t status,
                     const void *body, size_t body_size);
void link_cancel(link_t *self, uint64_t call);
/* No more calls for us; answers still go out. */
void link_drain(link_t *self);
