/* zap.h - who may connect over CURVE: our answer to libzmq's question (27/ZAP).
 *
 * libzmq without a ZAP handler accepts any client key (measured), so the handler
 * is made before anything binds, and tested to answer.  It is a REP socket on
 * inproc://zeromq.zap.01 which the owner's thread polls like any other. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "status.h"

#define ZAP_KEY_SIZE 41 /* Z85 text of a CURVE key and its 0 */

typedef struct zap zap_t;

/* Decides about a key, in zap_handle(): true lets it in, and the key itself becomes the connection's
 * "User-Id".  A refused client (400) is told and does not try again by itself.  Whoever cannot decide
 * yet does not call zap_handle(): the client's handshake waits, and after ZMQ_HANDSHAKE_IVL it tries
 * again.  (300, "try again", is not better: libzmq 4.3.4 often leaves that connection to the same
 * timer, measured.) */
typedef bool (*zap_decide_t)(void *arg, const char public_key_z85[ZAP_KEY_SIZE]);

/* `zmq_context` is the void * of libzmq; one handler per context, else UNAVAILABLE. */
status_t zap_open(void *zmq_context, zap_decide_t decide, void *arg, zap_t **ret);
void zap_close(zap_t **self);
void *zap_socket(zap_t *self); /* for zmq_poll */
/* Answers all that wait, at most 64; true: there may be more. */
bool zap_handle(zap_t *self);
uint64_t zap_refused(const zap_t *self);
