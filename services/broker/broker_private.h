/* broker_private.h - what broker.c and own.c share. */
#pragma once
#include <zmq.h>
#include "broker.h"
#include "calls.h"
#include "grants.h"
#include "lanes.h"
#include "metrics.h"
#include "peers.h"
#include "refusal.h"
#include "zap.h"

struct broker {
    const broker_options_t *options;
    void *context;
    door_t local, department; /* department.socket is NULL without that door */
    char department_endpoint[256];
    zap_t *zap;
    int zap_fd;
    peers_t *peers;
    calls_t *calls;
    lanes_t *lanes;
    grants_t *grants;        /* NULL: not fetched yet */
    bool fetching;           /* our own call for them is open */
    bool fetch_again;        /* they changed meanwhile */
    size_t gone;             /* peers to forget at the end of this turn */
    int64_t now_us, wall_ms; /* of this turn */
    int64_t started_ms, next_sweep_ms, next_beat_ms, next_keys_ms;
    bool awake; /* do not sleep before the next turn */
    bool stopping;
    struct {
        metric_t *refused[REFUSAL_COUNT];
        metric_t *malformed, *unheard, *dropped, *late, *keys_failed;
        metric_t *peers, *open_calls, *keys, *zap_refused;
    } metrics;
};

/* --- broker.c */

/* Takes `body`. */
void peer_answer(broker_t *self, peer_t *peer, uint64_t call, status_t status, zmq_msg_t *body);
void peer_say(broker_t *self, peer_t *peer, const frame_t *frame);
/* To be forgotten at the end of the turn. */
void peer_gone(broker_t *self, peer_t *peer);
/* It may stay connected, but is a stranger again and what it asked is cancelled. */
void peer_send_away(broker_t *self, peer_t *peer);
bool lane_add_worker(broker_t *self, const char *name, peer_t *peer);

/* Opens a call and passes it on or lets it wait; takes meta and body on success.  `asker` NULL: the
 * broker itself, answered through own_answered(). */
status_t broker_ask(broker_t *self, peer_t *asker, const char *sender, const frame_t *frame,
                    zmq_msg_t *meta, zmq_msg_t *body, refusal_t *ret_refusal);

/* --- own.c: the broker's own methods, its own call, its metrics */

void own_metrics(broker_t *self);
void own_lane_gauges(const lane_t *lane);
/* Answers "broker.…"; false: no such method. */
bool own_call(broker_t *self, peer_t *peer, const frame_t *frame);
/* Asks identity for the table of keys, unless a call is open. */
void own_fetch_keys(broker_t *self);
/* Our call to identity came back. */
void own_answered(broker_t *self, status_t status, const void *body, size_t size);
