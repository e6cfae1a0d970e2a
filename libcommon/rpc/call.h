/* call.h - what a handler sees: who asks, what time it is, its database, its memory.
 *
 * A handler is `status_t case_accept(call_t *, const Case__AcceptRequest *,
 * Case__Case *)` and pure: it does no I/O, asks no clock, waits for nobody.
 * So the same object files run in production and in a simulator, and a handler
 * may be run again.  Slow or remote work goes into the method's prepare half,
 * `status_t case_accept_prepare(call_t *, const Case__AcceptRequest *)`, which
 * runs on a reader before the transaction and leaves its result in
 * call->prepared. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "ids.h"
#include "message.h"
#include "method.h"
#include "rule.h"
#include "status.h"
#include "store.h"
#include "token.h"
#include "yiwang/envelope.pb-c.h"
#include "yiwang/status.pb-c.h"

#define CALL_ARENA_BYTES_MAX (64u << 20) /* a 4 MiB message may need 44 MiB unpacked (measured) */

typedef struct {
    Yw__CallerKind kind; /* UNSPECIFIED: anonymous */
    const char *id;      /* account, staff or system id; "" when anonymous */
    Yw__Level level;
    const char *department; /* of staff and systems; "" otherwise */
    const char *name;       /* of staff; "" otherwise */
    const char *session;
    const char *address;    /* where the request came from; "" unknown */
    const Yw__Token *token; /* NULL when there was none */
} caller_t;

struct server;

typedef struct call {
    const method_t *method;
    caller_t caller;
    int64_t now_ms; /* the same through the whole call */
    arena_t *arena; /* lives until the answer was sent */
    store_t *store; /* read-only in reads and prepare halves */
    void *prepared; /* from the prepare half, in the arena */
    bool skip;      /* set by a prepare half: nothing to write, answer with an empty message */
    void *context;  /* what the service gave server_new() */
    const char *idempotency_key; /* "" without */
    const char *traceparent;
    const char *concerns; /* id that the audit row names; set by call_concerns() */
    faults_t *faults;     /* collected by call_fault() */
    Yw__Status *failure;  /* set by call_fail() */
    struct server *server;
    void *internal; /* of rpc/server.c */
} call_t;

/* Refuses a call: gives `status` back, so that a handler ends with it.
 *   code     stable, for programs: "case.version_changed"
 *   field    JSON path of the field at fault, or NULL
 *   message  Chinese sentence for people: what is wrong and what to do */
status_t call_fail(call_t *call, status_t status, const char *code, const char *field,
                   const char *message, ...) __attribute__((format(printf, 5, 6)));

/* The same, but the handler's rows are kept: a wrong password is counted although the
 * login fails.  The answer is not remembered under the idempotency key. */
status_t call_refuse(call_t *call, status_t status, const char *code, const char *field,
                     const char *message, ...) __attribute__((format(printf, 5, 6)));

/* Tells when to come again; after call_fail() or call_refuse(). */
void call_retry_after(call_t *call, uint32_t ms);

/* Collects one fault of a field; call_faulty() then refuses with all of them at once. */
void call_fault(call_t *call, const char *field, const char *code, const char *message, ...)
    __attribute__((format(printf, 4, 5)));
/* STATUS_OK without faults, else INVALID_ARGUMENT "invalid". */
status_t call_faulty(call_t *call);

/* "Not there, or not yours": one answer for both, so that nothing is revealed. */
status_t call_not_found(call_t *call, const char *what);

/* A staff caller holding a permission. */
bool call_permitted(const call_t *call, const char *permission);

/* Names what the call concerned (a case, an account) in its audit row. */
void call_concerns(call_t *call, const char *id);

/* A new id (26 characters, in the arena). */
const char *call_id(call_t *call);
/* Random bytes of the call (seeded in the simulator). */
void call_random(call_t *call, void *out, size_t size);

/* Publishes an event in the call's transaction: `event` is a message with the
 * event_key option.  After commit it goes to its subscribers until each has
 * committed.  Only in handlers of METHOD_WRITES. */
status_t call_event(call_t *call, const ProtobufCMessage *event);

/* The answer is these packed bytes of the method's answer type instead of `out`; they must live
 * in the arena.  For what is stored packed: unpacking it to pack it again would be half the work. */
void call_answer_packed(call_t *call, ProtobufCBinaryData packed);

/* Runs one step of many apart, in a savepoint of its own: when it fails only its rows are undone
 * and the call goes on, so that one bad row of a tick does not hold up all others.  Gives what the
 * step gave; UNAVAILABLE when the whole transaction is lost. */
status_t call_apart(call_t *call, status_t (*step)(call_t *call, void *arg), void *arg);

/* In a METHOD_WAITS handler that has nothing to say yet: the handler is run
 * again after the next commit, or a last time when `wait_ms` have passed since
 * the call came.  Returns true when it may wait: then return STATUS_OK at once. */
bool call_wait(call_t *call, uint32_t wait_ms);

/* Asks another service; generated client calls use it.  Only in prepare halves
 * and reads.  *ret lives in the arena.  Failure: the other's status, with
 * call->failure set. */
status_t call_ask(call_t *call, const char *method, const ProtobufCMessage *in,
                  const ProtobufCMessageDescriptor *out, const ProtobufCMessage **ret);
