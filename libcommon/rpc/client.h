/* client.h - asks services over the bus from a program that is none: yw, tests, bench.
 *
 * Blocking, one thread.  The gateway has its own asynchronous edge on bus/link.h;
 * services use call_ask(). */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include "arena.h"
#include "status.h"
#include "yiwang/envelope.pb-c.h"
#include "yiwang/status.pb-c.h"

typedef struct client client_t;

/* `endpoint`: the broker, "ipc:///…/broker" (local, as service `name`). */
status_t client_open(const char *endpoint, const char *name, client_t **ret);
void client_close(client_t **self);

/* `meta` may be NULL.  *ret_failure (may be NULL) is set when the status is not OK;
 * both live in the arena. */
status_t client_ask(client_t *self, const char *method, const Yw__Meta *meta,
                    const ProtobufCMessage *in, uint32_t timeout_ms, arena_t *arena,
                    const ProtobufCMessage **ret, const Yw__Status **ret_failure);
