/* listen.h - listening sockets that outlive the process that serves them.
 *
 * A supervisor opens the ports and hands them down by systemd's protocol (sd_listen_fds(3):
 * LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, descriptors from 3 on).  So a port is never closed while a
 * server is exchanged or started again: who connects meanwhile waits in the backlog.  Works the
 * same under systemd's socket activation. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LISTEN_FIRST 3 /* the first descriptor that is handed down */
#define LISTEN_MAX   8

/* A non-blocking, close-on-exec socket that listens on an IPv4 or IPv6 address; IPv6 alone, not both.
 * `shared`: SO_REUSEPORT.  -1: `error` has a sentence. */
int listen_open(const char *address, uint16_t port, bool shared, char *error, size_t error_size);

/* In the child, before exec: descriptors `fds` become LISTEN_FIRST … under these names (no ':' in
 * them).  Does nothing with count 0. */
void listen_hand_down(const int fds[], const char *const names[], size_t count);

/* A descriptor of this name that was handed down to us; -1: none.  It stays open for others who ask:
 * duplicate it before it is given to who closes it. */
int listen_inherited(const char *name);
