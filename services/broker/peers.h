/* peers.h - who is connected to the broker.
 *
 * A peer is one connection: a worker, an asker or both.  libzmq names connections
 * itself (5 bytes, the first 0); names that peers choose are not taken, so nobody can take
 * another's.  A peer is made by its first frame and gone when it says BYE, when its
 * connection is gone, or after a silence. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "curve.h"
#include "frame.h"

#define PEER_IDENTITY_SIZE 5

/* A socket peers come in by. */
typedef struct {
    void *socket;    /* ROUTER; NULL: not open */
    int fd;          /* its ZMQ_FD */
    bool department; /* tcp with CURVE: askers only, with grants */
} door_t;

struct lane;

typedef struct peer {
    door_t *door;
    uint8_t identity[PEER_IDENTITY_SIZE];
    uint64_t instance; /* running number, for people */
    int64_t heard_ms;
    bool joined;       /* said READY */
    bool told;         /* was answered BYE since */
    bool gone;         /* will be forgotten at the end of this turn */
    bool draining;     /* worker: no more calls */
    bool left;         /* has heard that we stop: asks nothing more of us */
    struct lane *lane; /* worker: what it takes calls from; else NULL */
    uint16_t window;   /* worker: calls it will hold */
    uint32_t held; /* worker: calls sent to it and not answered; may pass window after a rejoin */
    uint32_t serving;         /* worker: those of them that somebody still waits for */
    uint32_t asked;           /* asker: its open calls */
    uint32_t malformed;       /* frames of it that were none */
    char key[CURVE_KEY_SIZE]; /* department: from the connection */
} peer_t;

typedef struct peers peers_t;

peers_t *peers_new(size_t limit);
void peers_free(peers_t **self);

peer_t *peers_find(const peers_t *self, const door_t *door,
                   const uint8_t identity[PEER_IDENTITY_SIZE]);
/* NULL: the limit is reached. */
peer_t *peers_add(peers_t *self, door_t *door, const uint8_t identity[PEER_IDENTITY_SIZE]);
/* The last one takes its place: walk downwards when removing. */
void peers_remove(peers_t *self, peer_t **peer);

size_t peers_count(const peers_t *self);
peer_t *peers_at(const peers_t *self, size_t index);

/* Calls a worker would take now; 0 for one that drains. */
uint32_t peer_credit(const peer_t *peer);
