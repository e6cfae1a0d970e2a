/* verify.h - a service's database looked through from outside, while it runs or where it was backed up.
 *
 *   PROGRAM CONFIG --verify FILE
 *
 * Read only, on one snapshot: pages, indexes and references; the audit chain to its end; then what
 * only the service knows of its rows (service_t.verify): sealed columns open with the keys that are
 * there, files have the bytes that were acknowledged.  Prints a line of what was found and a line for
 * each fault; exits with 1 when there is one. */
#pragma once
#include "server.h"

#define VERIFY_FAULTS_MAX 20 /* told; all are counted */

typedef struct verify {
    const char *service;
    store_t *store;
    arena_t *arena; /* empty it between rows */
    int64_t faults;
} verify_t;

/* So many of them are well: "12 files". */
void verify_found(verify_t *self, int64_t count, const char *what);
void verify_fault(verify_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole of `--verify`; gives the exit status. */
int verify_main(const service_t *service, const char *config_path, const char *database);
