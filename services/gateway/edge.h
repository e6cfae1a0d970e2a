/* edge.h - HTTP: the only file that knows h2o.
 *
 * libh2o-evloop 2.2.5, HTTP/1.1 only: HTTP/2 stays off because the library predates the
 * answer to Rapid Reset (CVE-2023-44487).  Listeners, connections, their limits and
 * timeouts live here; requests become exchanges and answers become bytes. */
#pragma once
#include "exchange.h"

typedef struct edge edge_t;

/* Opens the ports of lane->settings (shared by SO_REUSEPORT).  `tls` is an SSL_CTX * or
 * NULL; borrowed.  Wakes up for `fd_bus` (dup'ed) and `fd_stop` (taken). */
edge_t *edge_new(struct lane *lane, void *tls, int fd_bus, int fd_stop, char *error,
                 size_t error_size);
void edge_free(edge_t **self);

/* One turn of the loop, waits at most `wait_ms`. */
void edge_run(edge_t *self, int wait_ms);
/* Slow, idle or vanished clients, memory of bodies; each turn, works when it is time.  How many
 * answers it made. */
size_t edge_tick(edge_t *self, int64_t mono_ms);
/* fd_stop was readable. */
bool edge_stopping(const edge_t *self);
/* No new connections; the answers on those that are there say Connection: close. */
void edge_drain(edge_t *self);
size_t edge_connections(const edge_t *self);

/* --- answering (exchange.c, transfer.c) --- */

/* `name` in lower case and static; `value` lives as long as the exchange. */
void edge_header(exchange_t *exchange, const char *name, const char *value);
/* The whole answer at once.  The exchange may be gone when it returns. */
void edge_send(exchange_t *exchange, int status, const char *media_type, const void *body,
               size_t size);
/* Starts an answer of `total` bytes that comes in parts: `proceed` is called when the part
 * before has left. */
void edge_stream(exchange_t *exchange, int status, const char *media_type, size_t total,
                 void (*proceed)(exchange_t *));
void edge_stream_part(exchange_t *exchange, const void *data, size_t size, bool last);
/* Cuts the connection, so that the client sees that something is missing. */
void edge_stream_abort(exchange_t *exchange);
