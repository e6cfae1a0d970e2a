/* yw.h - the operator's one command, and what its parts share.
 *
 * Each command is a file with one function and a row in the table of main.c. */
#pragma once
#include "arena.h"
#include "client.h"
#include "config.h"
#include "platform.h"

typedef struct {
    const char *config_path;
    config_t *config;
    platform_t platform;
    client_t *client;    /* NULL until yw_client() */
    arena_t *arena;      /* of the whole run */
    const char *program; /* path of this executable */
} yw_t;

typedef int (*command_run_t)(yw_t *self, int argc, char **argv); /* gives the exit status */

int up_run(yw_t *self, int argc, char **argv);
int start_run(yw_t *self, int argc, char **argv);
int stop_run(yw_t *self, int argc, char **argv);
int restart_run(yw_t *self, int argc, char **argv);
int status_run(yw_t *self, int argc, char **argv);
int doctor_run(yw_t *self, int argc, char **argv);
int init_run(yw_t *self, int argc, char **argv);
int metrics_run(yw_t *self, int argc, char **argv);
int key_run(yw_t *self, int argc, char **argv);
int import_run(yw_t *self, int argc, char **argv);
int starter_run(yw_t *self, int argc, char **argv);
int trace_run(yw_t *self, int argc, char **argv);
int parked_run(yw_t *self, int argc, char **argv);
int backup_run(yw_t *self, int argc, char **argv);
int restore_run(yw_t *self, int argc, char **argv);
int verify_run(yw_t *self, int argc, char **argv);

/* --- shared (main.c) ------------------------------------------------------------ */

/* Asks over the bus as the operator; NULL after writing what went wrong to stderr. */
const ProtobufCMessage *yw_ask(yw_t *self, const char *method, const ProtobufCMessage *in,
                               uint32_t timeout_ms);
/* The same without a word: the caller looks at the status. */
status_t yw_try(yw_t *self, const char *method, const ProtobufCMessage *in, uint32_t timeout_ms,
                const ProtobufCMessage **ret, const Yw__Status **ret_failure);

/* A whole file in the arena, at most `limit` bytes; NULL after writing why to stderr. */
char *yw_read_file(yw_t *self, const char *path, size_t limit, size_t *ret_size);

/* Asks one broker, by its place in platform.brokers: for what is a broker's own, and for whether a
 * process is reached at all while one of several brokers is away. */
status_t yw_try_at(yw_t *self, size_t broker, const char *method, const ProtobufCMessage *in,
                   uint32_t timeout_ms, const ProtobufCMessage **ret,
                   const Yw__Status **ret_failure);

/* Makes the keys that every platform needs, where they do not exist yet (init.c). */
bool keys_ensure(yw_t *self);

/* Processes that `up` runs, in the order of their start: broker first, gateway last. */
#define PROCESSES_MAX 16
size_t yw_processes(yw_t *self, const char *ret[PROCESSES_MAX]);
/* Those of them between broker and gateway, which answer process.proto. */
size_t yw_services(yw_t *self, const char *ret[PROCESSES_MAX]);

/* 1 for "broker", 2 for "broker-2" …; 0: no broker. */
int yw_broker_number(const char *process);
/* It works: asked over the bus or by HTTPS, not looked at from outside. */
bool yw_healthy(yw_t *self, const char *process);

/* The supervisor's process id from RUN_DIR/yw.pid when it lives, else 0. */
int yw_supervisor(yw_t *self);
/* Under `yw up`, or under somebody else (containers): a broker answers. */
bool yw_running(yw_t *self);
int yw_gateway_port(yw_t *self);

/* The value of option NAME ("--department") taken out of argv; NULL when not given. */
const char *yw_option(int *argc, char **argv, const char *name);
bool yw_flag(int *argc, char **argv, const char *name);
