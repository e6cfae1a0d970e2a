/* server.h - a service process: one bus thread, readers, one writer.
 *
 *   bus thread   owns the socket: frames, tokens, rights, rules; hands calls over;
 *                sends answers; heartbeats; pumps the outbox; runs the ticks
 *   readers      each a read-only connection; reads
 *   preparers    the same for prepare halves, which may be slow
 *   writer       the one read-write connection; commits in groups
 *
 * Around each handler the server does what is not the handler's: rights by the
 * contract, rules, once (idempotency), audit, inbox of events, savepoint. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "call.h"
#include "config.h"

struct verify;

typedef struct {
    const char *method; /* "case.Accept" */
    status_t (*run)(call_t *call, const ProtobufCMessage *in, ProtobufCMessage *out);
    status_t (*prepare)(call_t *call, const ProtobufCMessage *in); /* or NULL */
} handler_t;

/* Work that time brings (deemed acceptance, expiry), as a method of the
 * service itself: called with an empty message each `every_ms`, through the same
 * writer, audit and savepoint as any call. */
typedef struct {
    const char *method; /* an internal method, "case.Tick" */
    uint32_t every_ms;
} tick_t;

typedef struct {
    const char *name;          /* "case" */
    const handler_t *handlers; /* generated: case_handlers */
    size_t handler_count;
    const migration_t *migrations; /* generated from schema/: case_migrations */
    size_t migration_count;
    const tick_t *ticks; /* may be NULL */
    size_t tick_count;
    /* Once, before the first call; *ret_context becomes call->context.  May be NULL.
     * The config is checked for unknown names in [name] afterwards. */
    status_t (*open)(config_t *config, store_t *store, void **ret_context);
    void (*close)(void *context);
    /* `--verify` (verify.h): looks through rows that only the service understands.  May be NULL. */
    void (*verify)(config_t *config, struct verify *report);
} service_t;

/* The whole of a service's main(): config file from argv, log, store, bus, until
 * SIGTERM.  Gives the exit status.  Settings under [name]: readers (2), preparers (2),
 * window (256, calls that the broker may send at once). */
int service_main(int argc, char **argv, const service_t *service);

/* --- for unit tests: one handler against a store in memory ------------------ */

typedef struct bench bench_t;

/* Store in memory with the service's migrations, clock standing at 2026-03-02T01:00:00Z. */
bench_t *bench_new(const service_t *service, void *context);
void bench_free(bench_t **self);
/* Runs a method as the server would (rights, rules, prepare, savepoint, once, audit), in the
 * calling thread.  *ret (may be NULL) lives until bench_free(). */
status_t bench_call(bench_t *self, const caller_t *caller, const char *method,
                    const ProtobufCMessage *in, const ProtobufCMessage **ret);
/* The same with an idempotency key. */
status_t bench_call_key(bench_t *self, const caller_t *caller, const char *key, const char *method,
                        const ProtobufCMessage *in, const ProtobufCMessage **ret);
/* What the last bench_call refused with; NULL after success. */
const Yw__Status *bench_failure(const bench_t *self);
void bench_set_now(bench_t *self, int64_t now_ms);
int64_t bench_now(const bench_t *self);
void bench_sql(bench_t *self, const char *sql);
/* First column of the first row. */
int64_t bench_count(bench_t *self, const char *sql);
arena_t *bench_arena(bench_t *self);
/* Answers of other services in tests: called for call_ask(). */
typedef status_t (*bench_ask_t)(void *arg, const char *method, const ProtobufCMessage *in,
                                ProtobufCMessage *out);
void bench_on_ask(bench_t *self, bench_ask_t ask, void *arg);

/* Callers for tests; static. */
extern const caller_t BENCH_ANONYMOUS, BENCH_SERVICE;
caller_t bench_person(const char *id, Yw__Level level);
/* permissions: space separated, must outlive the caller. */
caller_t bench_staff(bench_t *self, const char *id, const char *department,
                     const char *permissions);
caller_t bench_system(const char *id, const char *department);
