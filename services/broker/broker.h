/* broker.h - passes calls from askers to workers and answers back.  docs/bus.md is the protocol.
 *
 * It reads headers, never bodies; keeps nothing on disk; owns two sockets ("doors"), one for
 * the processes of this host (ipc, a folder of mode 0700) and one for departments' systems (tcp
 * with CURVE).  One thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "curve.h"
#include "status.h"

typedef struct broker broker_t;

typedef struct {
    const char *local_endpoint;      /* "ipc:///…/broker" */
    const char *department_endpoint; /* "tcp://ADDRESS:PORT"; NULL or "": no department door */
    const curve_t *keys;             /* of the department door */
    uint32_t calls_max;              /* open calls in all */
    uint32_t peers_max;
    uint32_t department_calls_max; /* open calls of one department connection */
    uint32_t queue_calls;          /* waiting calls per service */
    uint64_t queue_bytes;
    uint32_t heartbeat_ms; /* dead after four of them without a frame */
    uint32_t absent_ms;    /* calls wait so long for a service without workers */
    uint32_t start_ms;     /* after our start for services not yet seen */
    uint32_t stop_ms;      /* for open calls after broker_run() was told to stop */
    uint32_t keys_ms;      /* between two looks at identity's key table */
} broker_options_t;

/* The values the platform runs with; endpoints and keys are left to the caller. */
extern const broker_options_t BROKER_DEFAULTS;

/* Binds.  `options` and what it points to are borrowed for the broker's life.  Failure: `error` says which
 * endpoint and why. */
status_t broker_open(const broker_options_t *options, broker_t **ret, char *error,
                     size_t error_size);
void broker_close(broker_t **self);

/* Works until `stop_fd` is readable, then takes no more calls, waits until the open ones are
 * answered or stop_ms have passed, says BYE to all and returns. */
void broker_run(broker_t *self, int stop_fd);

/* What the department door is bound to ("" without one): for ports chosen by the system. */
const char *broker_department_endpoint(const broker_t *self);
