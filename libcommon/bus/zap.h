/* zap.h - who may connect over CURVE: our answer to libzmq's question (27/ZAP).
 *
 * libzmq without a ZAP handler accepts any client key (measured), so the handler
 * is made before anything binds, and tested to answer.  It is a REP socket on
 * inproc://zeromq.zap.01 which the owner's thread polls like any other. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "status.h"

typedef struct zap zap_t;

/* Decides: true lets the Z85 key in; user_id (97 bytes) becomes the connection's "User-Id". */
typedef bool (*zap_decide_t)(void *arg, const char *public_key_z85, char user_id[97]);

/* `zmq_context` is the void * of libzmq; one handler per context. */
status_t zap_open(void *zmq_context, zap_decide_t decide, void *arg, zap_t **ret);
void zap_close(zap_t **self);
void *zap_socket(zap_t *self);          /* for zmq_poll */
void zap_handle(zap_t *self);           /* answers all that wait */
uint64_t zap_refused(const zap_t *self);
