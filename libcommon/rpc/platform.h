/* platform.h - what every process of the platform reads from [platform].
 *
 *   run_dir   sockets and pid files, mode 0700            default "run"
 *   data_dir  databases                                   default "data"
 *   key_dir   keys, mode 0700                             default DATA_DIR/keys
 *   broker_count  of brokers on this host, 1 to 8         default 1
 *   brokers   endpoints, space separated                  default "ipc://RUN_DIR/broker", then
 *                                                         "ipc://RUN_DIR/broker-2" … as many
 *   log       debug, info, warn or error                  default "info"
 *   starter   folder of starter data                      default "deploy/starter"
 *
 * Relative folders are taken from where the process was started. */
#pragma once
#include <stddef.h>
#include "config.h"
#include "log.h"

#define PLATFORM_BROKERS_MAX 8

typedef struct {
    const char *run_dir;
    const char *data_dir;
    const char *key_dir;
    const char *starter;
    int broker_count;
    const char *own_brokers[PLATFORM_BROKERS_MAX]; /* where the first, second … of this host listens */
    const char *brokers[PLATFORM_BROKERS_MAX + 1]; /* NULL ends the list */
    log_level_t log_level;
} platform_t;

/* Loads the file (NULL: the environment alone) and reads [platform]; makes the folders.  A
 * fault is written to stderr and ends the process with 2.  What *ret points to is the config's. */
config_t *platform_load(const char *config_path, platform_t *ret);

/* Whoever started us waits for this (a descriptor in YIWANG_READY_FD): we serve. */
void platform_ready(void);

/* KEY_DIR, for what reads keys before there is a platform_t; kept by the config. */
const char *platform_key_dir(config_t *config);

/* "DIR/NAME"; the caller frees it, or keeps it as long as the process lives. */
char *platform_path(const char *dir, const char *name);
