#include "edge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "lane.h"
#include "listen.h"
#include "log.h"
#include "serve.h"

/* --- limits -------------------------------------------------------------------------- */

#define HANDSHAKE_MS 10000
#define REQUEST_MS   300000      /* the whole of a request, 20 MiB over 70 kB/s */
#define IDLE_MS      60000       /* a kept-alive connection without a request */
#define FIRST_MS     10000       /* a request may take so long ... */
#define RATE_BYTES_S 4096        /* ... and then must have come at this rate */
#define SEND_MS      30000       /* an answer may stand still for so long ... */
#define SEND_BYTES_S 16384       /* ... and then must be taken at this rate */
#define LEFT_MS      1000        /* then we look whether the client is still there */
#define TICK_MS      50          /* bodies of a fast network grow by some MiB in this time */
#define LARGE_BYTES  (64u << 10) /* input below this is not counted as an upload */
#define ACCEPT_BATCH 64          /* connections taken in one turn */
#define LINGERS_MAX  64          /* refused bodies that are read to their end */
#define LINGER_MS    3000
#define LINGER_BYTES (64u << 20)

/* --- structures ---------------------------------------------------------------------- */

typedef struct peer { /* a connection, from accept to close */
    struct peer *previous, *next;
    edge_t *edge;
    h2o_socket_t *socket;
    exchange_t *exchange; /* the request being served, NULL: reading or idle */
    char address[INET6_ADDRSTRLEN];
    limit_key_t limit_key;
    bool loopback;
    bool tls;
    int linger_fd;      /* the connection, for when h2o has closed it; -1 */
    bool cut;           /* shut down by us: h2o will see the end */
    bool reading;       /* a request has begun to come in */
    int64_t since_ms;   /* idle, reading or being served since */
    int64_t sending_ms; /* h2o got the last piece of the answer; 0: none */
    size_t sending_bytes;
} peer_t;

typedef struct {
    h2o_accept_ctx_t accept;
    h2o_socket_t *socket; /* NULL: this port is off */
    bool tls;
    edge_t *edge;
} listener_t;

typedef struct { /* a closed connection whose client still sends */
    int fd;
    int64_t until_ms;
    size_t bytes;
} linger_t;

struct edge {
    lane_t *lane;
    h2o_globalconf_t config; /* each lane its own: max_request_entity_size changes */
    h2o_context_t context;
    listener_t listeners[2];
    h2o_socket_t *bus, *stop;
    peer_t *peers;
    size_t peer_count, peer_max;
    linger_t lingers[LINGERS_MAX];
    size_t linger_count;
    uint64_t uploads_bytes; /* bodies that h2o holds */
    uint64_t answers_bytes; /* answers that clients have not taken yet */
    uint64_t memory_max;    /* of each of the two */
    bool uploads_full;
    bool answering; /* inside our own h2o_start_response() */
    bool stopping;
    int64_t ticked_ms;
    metric_t *connections, *refused, *uploads;
};

typedef struct { /* an answer in parts */
    h2o_generator_t generator;
    exchange_t *exchange;
    void (*proceed)(exchange_t *);
} stream_t;

/* h2o keeps its loop and its recycled memory until the process ends (h2o#1256, #1609). */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WITH_LSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(WITH_LSAN)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:h2o_evloop_create\nleak:h2o_mem_alloc_recycle\nleak:h2o_hostinfo\n"
           "leak:h2o_multithread\nleak:h2o_config_init\n";
}
#endif

static span_t span_of(h2o_iovec_t iovec)
{
    return span(iovec.base, iovec.len);
}

static edge_t *edge_of(h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(edge_t, context, req->conn->ctx);
}

static peer_t *peer_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

/* --- answers ------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Unknown";
    }
}

/* Names and values that live for ever. */
static void add_header(h2o_req_t *req, const char *name, size_t name_size, const char *value,
                       size_t value_size)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, name_size, 0, NULL, value,
                          value_size);
}

/* Everything of a page comes from here: no inline style or script, no frame around it, forms go
 * nowhere else. */
#define PAGE_CSP                                                                                   \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "              \
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "                   \
    "frame-ancestors 'none'"

/* What every answer says (OWASP secure headers).  Outside of pages nothing is to be shown by a
 * browser.  Pages tell their own forms where they come from: with "no-referrer" these would be
 * sent with "Origin: null". */
static void add_security(h2o_req_t *req, bool tls, bool page)
{
#define ADD(name, value) add_header(req, H2O_STRLIT(name), H2O_STRLIT(value))
    ADD("x-content-type-options", "nosniff");
    ADD("x-frame-options", "DENY");
    if (page) {
        ADD("content-security-policy", PAGE_CSP);
        ADD("referrer-policy", "same-origin");
        ADD("cross-origin-opener-policy", "same-origin");
        ADD("permissions-policy", "camera=(), geolocation=(), microphone=()");
    } else {
        ADD("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
        ADD("referrer-policy", "no-referrer");
    }
    ADD("cross-origin-resource-policy", "same-origin");
    if (tls)
        ADD("strict-transport-security", "max-age=31536000; includeSubDomains");
#undef ADD
}

void edge_header(exchange_t *exchange, const char *name, const char *value)
{
    if (value)
        add_header(exchange->transport, name, strlen(name), value, strlen(value));
}

/* Status line and headers; the body's size SIZE_MAX: the status has none. */
static h2o_req_t *answer_head(exchange_t *exchange, int status, const char *media_type, size_t size)
{
    h2o_req_t *req = exchange->transport;
    CHECK(req && exchange->status == 0); /* answered once */
    if (media_type)
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, media_type,
                       strlen(media_type));
    add_security(req, exchange->tls, exchange->page);
    req->res.status = status;
    req->res.reason = reason_of(status);
    req->res.content_length = status == 204 || status == 304 ? SIZE_MAX : size;
    if (exchange->lane->draining)
        req->http1_is_persistent = 0;
    exchange->status = status;
    return req;
}

static void answer_start(h2o_req_t *req, h2o_generator_t *generator)
{
    edge_t *edge = edge_of(req);
    edge->answering = true;
    h2o_start_response(req, generator);
    edge->answering = false;
}

static void answer_moves(h2o_req_t *req, size_t size)
{
    peer_t *peer = peer_of(req);
    peer->sending_ms = clock_mono_ms();
    peer->sending_bytes = size;
}

void edge_send(exchange_t *exchange, int status, const char *media_type, const void *body,
               size_t size)
{
    static h2o_generator_t nothing_follows = {NULL, NULL};
    h2o_req_t *req = answer_head(exchange, status, media_type, size);
    h2o_iovec_t data = h2o_iovec_init(body, size);
    bool bare = exchange->head || size == 0 || req->res.content_length == SIZE_MAX;
    exchange->sent_bytes = bare ? 0 : size;
    answer_moves(req, exchange->sent_bytes);
    answer_start(req, &nothing_follows);
    h2o_send(req, &data, bare ? 0 : 1, H2O_SEND_STATE_FINAL);
}

static void stream_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    stream_t *stream = H2O_STRUCT_FROM_MEMBER(stream_t, generator, generator);
    answer_moves(req, 0);
    stream->proceed(stream->exchange);
}

void edge_stream(exchange_t *exchange, int status, const char *media_type, size_t total,
                 void (*proceed)(exchange_t *))
{
    h2o_req_t *req = answer_head(exchange, status, media_type, total);
    stream_t *stream = h2o_mem_alloc_pool(&req->pool, sizeof *stream);
    *stream = (stream_t){{stream_proceed, NULL}, exchange, proceed};
    answer_start(req, &stream->generator);
}

void edge_stream_part(exchange_t *exchange, const void *data, size_t size, bool last)
{
    h2o_req_t *req = exchange->transport;
    h2o_iovec_t part = h2o_iovec_init(data, size);
    exchange->sent_bytes += size;
    answer_moves(req, size);
    h2o_send(req, &part, 1, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

void edge_stream_abort(exchange_t *exchange)
{
    h2o_req_t *req = exchange->transport;
    req->http1_is_persistent = 0;
    h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
}

/* --- answers that h2o makes itself: bad chunks, bodies past the limit, Expect -------- */

typedef struct {
    h2o_ostream_t super;
    h2o_iovec_t body;
} replace_t;

static void replace_send(h2o_ostream_t *super, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                         h2o_send_state_t state)
{
    replace_t *self = H2O_STRUCT_FROM_MEMBER(replace_t, super, super);
    (void) bufs, (void) count;
    h2o_ostream_send_next(super, req, &self->body, 1, state);
}

static problem_t problem_of(const edge_t *edge, int status)
{
    switch (status) {
    case 413:
        return edge->uploads_full ? PROBLEM_UPLOADS : PROBLEM_TOO_LARGE;
    case 417:
        return PROBLEM_EXPECTATION;
    case 400:
        return PROBLEM_MALFORMED;
    default:
        return PROBLEM_INTERNAL;
    }
}

/* Closing a connection with unread bytes resets it, and the client never sees why.  h2o closes at
 * once, so we keep the connection by a second descriptor and read on for a while. */
static void linger_prepare(peer_t *peer)
{
    if (peer->linger_fd < 0)
        peer->linger_fd = fcntl(h2o_socket_get_fd(peer->socket), F_DUPFD_CLOEXEC, 3);
}

static void linger_start(edge_t *self, int fd)
{
    if (fd < 0)
        return;
    shutdown(fd, SHUT_WR);
    if (self->linger_count == LINGERS_MAX)
        close(fd);
    else
        self->lingers[self->linger_count++] = (linger_t){fd, clock_mono_ms() + LINGER_MS, 0};
}

static bool linger_ends(linger_t *self, int64_t now_ms)
{
    char ignored[65536];
    for (;;) {
        ssize_t size = recv(self->fd, ignored, sizeof ignored, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
            return true;
        if (size < 0)
            return now_ms >= self->until_ms;
        self->bytes += (size_t) size;
        if (self->bytes > LINGER_BYTES)
            return true;
    }
}

static void linger_tick(edge_t *self, int64_t now_ms)
{
    for (size_t i = 0; i < self->linger_count;) {
        if (linger_ends(&self->lingers[i], now_ms)) {
            close(self->lingers[i].fd);
            self->lingers[i] = self->lingers[--self->linger_count];
        } else {
            i++;
        }
    }
}

static span_t header_of(const h2o_req_t *req, const char *name)
{
    for (size_t i = 0; i < req->headers.size; i++)
        if (span_is(span_of(*req->headers.entries[i].name), name))
            return span_of(req->headers.entries[i].value);
    return span("", 0);
}

/* They come as plain text in English: say it as all our errors are said. */
static void replace_answer(h2o_req_t *req, problem_t problem, h2o_ostream_t **slot)
{
    buffer_t text = buffer_new(4096);
    bool html = serve_wants_html(span_of(req->path), header_of(req, "accept"));
    if (html)
        serve_print_bare(problem_http(problem), problem_detail(problem), "", &text);
    else
        problem_print(problem, NULL, "", &text);
    replace_t *self = (replace_t *) h2o_add_ostream(req, sizeof *self, slot);
    self->super.do_send = replace_send;
    self->body = h2o_strdup(&req->pool, text.data, text.size);
    buffer_free(&text);

    memset(&req->res.headers, 0, sizeof req->res.headers);
    const char *type =
        html ? "text/html; charset=utf-8" : "application/problem+json; charset=utf-8";
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
    add_header(req, H2O_STRLIT("cache-control"), H2O_STRLIT("no-store"));
    if (problem_retry_s(problem))
        add_header(req, H2O_STRLIT("retry-after"), H2O_STRLIT("5"));
    add_security(req, peer_of(req)->tls, html);
    req->res.status = problem_http(problem);
    req->res.reason = reason_of(req->res.status);
    req->res.content_length = self->body.len;
    req->http1_is_persistent = 0;
    linger_prepare(peer_of(req));
}

static void on_setup_stream(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    edge_t *edge = edge_of(req);
    (void) filter;
    if (!edge->answering) {
        metric_add(edge->refused, 1);
        replace_answer(req, problem_of(edge, req->res.status), slot);
        slot = &(*slot)->next;
    }
    h2o_setup_next_ostream(req, slot);
}

/* --- requests ------------------------------------------------------------------------ */

/* The request is over, however: answered, or the client left.  Called when its memory goes. */
static void on_request_gone(void *memory)
{
    exchange_t *exchange = *(exchange_t **) memory;
    h2o_req_t *req = exchange->transport;
    peer_t *peer = peer_of(req);
    peer->exchange = NULL;
    peer->reading = false;
    peer->since_ms = clock_mono_ms();
    peer->sending_ms = 0;
    exchange_end(exchange);
}

/* False: more bytes than any client of ours needs (h2o itself takes 400 KiB). */
static bool read_headers(const h2o_req_t *req, exchange_t *exchange, span_t *forwarded)
{
    size_t bytes = 0;
    const struct {
        const char *name;
        span_t *value;
    } wanted[] = {
        {"authorization", &exchange->headers.authorization},
        {"content-type", &exchange->headers.content_type},
        {"if-none-match", &exchange->headers.if_none_match},
        {"idempotency-key", &exchange->headers.idempotency_key},
        {"traceparent", &exchange->headers.traceparent},
        {"accept", &exchange->headers.accept},
        {"accept-encoding", &exchange->headers.accept_encoding},
        {"cookie", &exchange->headers.cookie},
        {"origin", &exchange->headers.origin},
        {"sec-fetch-site", &exchange->headers.fetch_site},
        {"x-forwarded-for", forwarded},
    };
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *header = &req->headers.entries[i];
        bytes += header->name->len + header->value.len;
        for (size_t j = 0; j < sizeof wanted / sizeof *wanted; j++)
            if (span_is(span_of(*header->name), wanted[j].name)) {
                *wanted[j].value = span_of(header->value);
                break;
            }
    }
    return bytes <= EXCHANGE_HEADERS_MAX;
}

/* Two lengths, or a length and chunks: proxies disagree about them, so nobody may send them
 * (RFC 9112, 6.3: request smuggling).  h2o has put the names in lower case where they stand. */
static bool one_length(const h2o_buffer_t *input)
{
    static const char names[2][20] = {"\ncontent-length:", "\ntransfer-encoding:"};
    const char *bytes = input->bytes;
    size_t size = input->size, found = 0;
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    const char *bare = memmem(bytes, end ? (size_t) (end - bytes) : size, "\n\n", 2);
    size = bare ? (size_t) (bare - bytes) : end ? (size_t) (end - bytes) : size;
    for (size_t i = 0; i < 2; i++) {
        const char *at = bytes;
        while ((at = memmem(at, size - (size_t) (at - bytes), names[i], strlen(names[i])))) {
            found++;
            at++;
        }
    }
    return found <= 1;
}

static void set_address(exchange_t *exchange, const peer_t *peer, span_t forwarded)
{
    memcpy(exchange->address, peer->address, sizeof exchange->address);
    exchange->limit_key = peer->limit_key;
    exchange->loopback = peer->loopback;
    if (!exchange->loopback || !exchange->lane->settings->forwarded || !forwarded.size)
        return;

    /* A front end on this host: its last word is who came to it. */
    const char *comma = memrchr(forwarded.data, ',', forwarded.size);
    if (comma)
        forwarded = span(comma + 1, (size_t) (forwarded.data + forwarded.size - comma - 1));
    forwarded = span_trim(forwarded);
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char text[INET6_ADDRSTRLEN];
    if (forwarded.size >= sizeof text)
        return;
    memcpy(text, forwarded.data, forwarded.size);
    text[forwarded.size] = 0;
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        exchange->limit_key = limit_key((struct sockaddr *) &in);
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        exchange->limit_key = limit_key((struct sockaddr *) &in6);
    else
        return;
    memcpy(exchange->address, text, sizeof exchange->address);
    exchange->loopback = false;
}

/* No exchange is left: the one answer that is made without. */
static void answer_overload(h2o_req_t *req)
{
    static h2o_generator_t nothing_follows = {NULL, NULL};
    edge_t *edge = edge_of(req);
    buffer_t text = buffer_new(4096);
    problem_print(PROBLEM_BUSY, NULL, "", &text);
    h2o_iovec_t body = h2o_strdup(&req->pool, text.data, text.size);
    buffer_free(&text);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/problem+json; charset=utf-8"));
    add_header(req, H2O_STRLIT("retry-after"), H2O_STRLIT("1"));
    add_security(req, peer_of(req)->tls, false);
    req->res.status = 503;
    req->res.reason = reason_of(503);
    req->res.content_length = body.len;
    metric_add(edge->refused, 1);
    answer_moves(req, body.len);
    answer_start(req, &nothing_follows);
    h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    edge_t *edge = edge_of(req);
    peer_t *peer = peer_of(req);
    span_t forwarded = {NULL, 0};
    (void) handler;

    exchange_t *exchange = lane_exchange(edge->lane);
    if (!exchange) {
        answer_overload(req);
        return 0;
    }
    exchange_t **hold = h2o_mem_alloc_shared(&req->pool, sizeof *hold, on_request_gone);
    *hold = exchange;
    exchange->transport = req;
    peer->exchange = exchange;
    peer->since_ms = clock_mono_ms();
    peer->sending_ms = 0;

    exchange->tls = peer->tls;
    exchange->verb_text = span_of(req->method);
    exchange->path = span_of(req->path);
    if (req->query_at != SIZE_MAX) {
        exchange->path.size = req->query_at;
        exchange->query =
            span(req->path.base + req->query_at + 1, req->path.len - req->query_at - 1);
    }
    exchange->body = span_of(req->entity);
    exchange->headers.host = span_of(req->authority);
    problem_t problem = PROBLEM_NONE;
    if (!read_headers(req, exchange, &forwarded))
        problem = PROBLEM_HEADERS;
    else if (req->entity.base && !one_length(peer->socket->input))
        problem = PROBLEM_LENGTH;
    set_address(exchange, peer, forwarded);
    if (problem != PROBLEM_NONE)
        req->http1_is_persistent = 0;
    exchange_begin(exchange, problem);
    return 0;
}

/* --- connections --------------------------------------------------------------------- */

static void on_peer_close(void *data)
{
    peer_t *peer = data;
    edge_t *edge = peer->edge;
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        edge->peers = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    edge->peer_count--;
    metric_add(edge->connections, -1);
    linger_start(edge, peer->linger_fd);
    free(peer);
}

static void peer_address(peer_t *peer, h2o_socket_t *socket)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr *address = (struct sockaddr *) &storage;
    h2o_socket_getpeername(socket, address);
    peer->limit_key = limit_key(address);
    const uint8_t *bytes = peer->limit_key.bytes;
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *in6 = &((struct sockaddr_in6 *) address)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(in6)) {
            inet_ntop(AF_INET6, in6, peer->address, sizeof peer->address);
            peer->loopback = IN6_IS_ADDR_LOOPBACK(in6);
            return;
        }
    }
    inet_ntop(AF_INET, bytes + 12, peer->address, sizeof peer->address);
    peer->loopback = bytes[12] == 127;
}

static void peer_open(listener_t *listener, h2o_socket_t *socket)
{
    edge_t *edge = listener->edge;
    peer_t *peer = xalloc(sizeof *peer);
    peer->edge = edge;
    peer->socket = socket;
    peer->linger_fd = -1;
    peer->tls = listener->tls;
    peer->since_ms = clock_mono_ms();
    peer_address(peer, socket);
    peer->next = edge->peers;
    if (edge->peers)
        edge->peers->previous = peer;
    edge->peers = peer;
    edge->peer_count++;
    metric_add(edge->connections, 1);
    socket->on_close.cb = on_peer_close;
    socket->on_close.data = peer;
    h2o_accept(&listener->accept, socket);
}

static void on_accept(h2o_socket_t *socket, const char *error)
{
    listener_t *listener = socket->data;
    edge_t *edge = listener->edge;
    if (error)
        return;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        h2o_socket_t *connection = h2o_evloop_socket_accept(socket);
        if (!connection)
            return;
        if (edge->peer_count < edge->peer_max) {
            peer_open(listener, connection);
        } else {
            metric_add(edge->refused, 1);
            h2o_socket_close(connection);
        }
    }
}

/* h2o sees the end of the connection in its next turn and closes it; a connection that h2o is not
 * reading (its request is with us) is seen when the answer is written. */
static void peer_cut(peer_t *peer)
{
    if (!peer->cut)
        shutdown(h2o_socket_get_fd(peer->socket), SHUT_RDWR);
    peer->cut = true;
}

/* Whether a client was given more time than `bytes` need at `rate` a second, after some grace. */
static bool too_slow(int64_t passed_ms, int64_t grace_ms, int64_t rate, size_t bytes)
{
    return passed_ms > grace_ms && (passed_ms - grace_ms) * rate / 1000 > (int64_t) bytes;
}

/* HTTP/1 does not notice that a client left while its request is with us. */
static bool peer_left(const peer_t *peer)
{
    struct pollfd poll_fd = {.fd = h2o_socket_get_fd(peer->socket), .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Gives up a request whose client is gone; how many answers were made. */
static size_t peer_abandon(peer_t *peer)
{
    exchange_t *exchange = peer->exchange;
    peer_cut(peer);
    exchange_cancel(exchange);
    edge_send(exchange, 499, NULL, NULL, 0);
    return 1;
}

/* An answer is on its way out and h2o holds its bytes. */
static bool is_taking(const peer_t *peer)
{
    return peer->exchange && peer->sending_ms && !peer->cut && h2o_socket_is_writing(peer->socket);
}

static size_t peer_tick(peer_t *peer, int64_t now_ms)
{
    const exchange_t *exchange = peer->exchange;
    int64_t passed_ms = now_ms - peer->since_ms;
    if (peer->cut)
        return 0;
    if (exchange && peer->sending_ms) {
        /* An answer leaves; between two parts of a file the service has its own deadline. */
        if (!is_taking(peer))
            return 0;
        peer->edge->answers_bytes += peer->sending_bytes;
        if (too_slow(now_ms - peer->sending_ms, SEND_MS, SEND_BYTES_S, peer->sending_bytes))
            peer_cut(peer);
        return 0;
    }
    if (exchange)
        return passed_ms > LEFT_MS && peer_left(peer) ? peer_abandon(peer) : 0;

    size_t bytes = peer->socket->input->size;
    if (bytes && !peer->reading) {
        peer->reading = true;
        peer->since_ms = now_ms;
    } else if (bytes == 0 && passed_ms > (peer->edge->lane->draining ? LEFT_MS : IDLE_MS)) {
        peer_cut(peer);
    } else if (bytes && too_slow(passed_ms, FIRST_MS, RATE_BYTES_S, bytes)) {
        peer_cut(peer);
    }
    return 0;
}

/* --- memory of bodies and answers ---------------------------------------------------- */

/* h2o gathers a whole body before it tells us.  So we look how much it holds: near the limit new
 * large bodies are refused by their Content-Length (503, see problem_of); past it those that have
 * sent least are cut, so that the others can finish. */
static void limit_uploads(edge_t *self)
{
    while (self->uploads_bytes > self->memory_max) {
        peer_t *least = NULL;
        for (peer_t *peer = self->peers; peer; peer = peer->next)
            if (!peer->exchange && !peer->cut && peer->socket->input->size > LARGE_BYTES &&
                (!least || peer->socket->input->size < least->socket->input->size))
                least = peer;
        if (!least)
            break;
        self->uploads_bytes -= least->socket->input->size;
        metric_add(self->refused, 1);
        peer_cut(least);
    }
    self->uploads_full = self->uploads_bytes + EXCHANGE_BODY_MAX > self->memory_max;
    self->config.max_request_entity_size =
        self->uploads_full ? EXCHANGE_JSON_MAX : EXCHANGE_BODY_MAX;
}

/* An answer is kept until its client has taken it: past the limit who takes longest is cut. */
static void limit_answers(edge_t *self)
{
    while (self->answers_bytes > self->memory_max) {
        peer_t *oldest = NULL;
        for (peer_t *peer = self->peers; peer; peer = peer->next)
            if (is_taking(peer) && peer->sending_bytes > LARGE_BYTES &&
                (!oldest || peer->sending_ms < oldest->sending_ms))
                oldest = peer;
        if (!oldest)
            break;
        self->answers_bytes -= oldest->sending_bytes;
        metric_add(self->refused, 1);
        peer_cut(oldest);
    }
}

size_t edge_tick(edge_t *self, int64_t mono_ms)
{
    size_t answers = 0;
    if (mono_ms - self->ticked_ms < TICK_MS)
        return 0;
    self->ticked_ms = mono_ms;
    self->uploads_bytes = self->answers_bytes = 0;
    for (peer_t *peer = self->peers, *next; peer; peer = next) {
        next = peer->next; /* an answer may close its connection at once */
        if (peer->socket->input->size > LARGE_BYTES && !peer->cut)
            self->uploads_bytes += peer->socket->input->size;
        answers += peer_tick(peer, mono_ms);
    }
    limit_uploads(self);
    limit_answers(self);
    linger_tick(self, mono_ms);
    metric_set(self->uploads, (int64_t) self->uploads_bytes);
    return answers;
}

/* --- the loop ------------------------------------------------------------------------ */

/* Only a wake-up: the lane drains the bus after every turn. */
static void on_bus(h2o_socket_t *socket, const char *error)
{
    (void) socket, (void) error;
}

static void on_stop(h2o_socket_t *socket, const char *error)
{
    edge_t *self = socket->data;
    (void) error;
    self->stopping = true;
    h2o_socket_read_stop(socket);
}

/* The supervisor's, which all lanes share; else our own.  The first lane tries its own alone before,
 * because a second gateway on the same port would otherwise go unnoticed and take half of the
 * requests. */
static int listener_socket(const lane_t *lane, const char *name, const char *address, uint16_t port,
                           char *error, size_t error_size)
{
    int inherited = listen_inherited(name);
    if (inherited >= 0)
        return fcntl(inherited, F_DUPFD_CLOEXEC, LISTEN_FIRST + LISTEN_MAX);
    if (lane->number == 0) {
        int alone = listen_open(address, port, false, error, error_size);
        if (alone < 0)
            return -1;
        close(alone);
    }
    return listen_open(address, port, true, error, error_size);
}

static bool listener_open(edge_t *self, listener_t *listener, void *tls, const char *address,
                          uint16_t port, char *error, size_t error_size)
{
    int fd = listener_socket(self->lane, tls ? "tls" : "plain", address, port, error, error_size);
    if (fd < 0)
        return false;
    listener->edge = self;
    listener->tls = tls != NULL;
    listener->accept.ctx = &self->context;
    listener->accept.hosts = self->config.hosts;
    listener->accept.ssl_ctx = tls;
    listener->socket = h2o_evloop_socket_create(self->context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->socket->data = listener;
    h2o_socket_read_start(listener->socket, on_accept);
    return true;
}

/* A descriptor that only wakes the loop up. */
static h2o_socket_t *watch(edge_t *self, int fd, h2o_socket_cb callback)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* h2o closes what it owns */
    CHECK(copy >= 0);
    h2o_socket_t *socket =
        h2o_evloop_socket_create(self->context.loop, copy, H2O_SOCKET_FLAG_DONT_READ);
    socket->data = self;
    h2o_socket_read_start(socket, callback);
    return socket;
}

static void configure(edge_t *self)
{
    h2o_config_init(&self->config);
    self->config.server_name = h2o_iovec_init("", 0); /* nobody's business */
    self->config.max_request_entity_size = EXCHANGE_BODY_MAX;
    self->config.handshake_timeout = HANDSHAKE_MS;
    self->config.http1.req_timeout = REQUEST_MS;
    self->config.http1.upgrade_to_http2 = 0;
    h2o_iovec_t any = h2o_iovec_init(H2O_STRLIT("default"));
    h2o_pathconf_t *path = &h2o_config_register_host(&self->config, any, 65535)->fallback_path;
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_create_filter(path, sizeof(h2o_filter_t))->on_setup_ostream = on_setup_stream;
    /* A body stays in memory (limit_uploads) and never becomes a file in /tmp. */
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
}

edge_t *edge_new(struct lane *lane, void *tls, int fd_bus, int fd_stop, char *error,
                 size_t error_size)
{
    const settings_t *settings = lane->settings;
    edge_t *self = xalloc(sizeof *self);
    self->lane = lane;
    self->peer_max = settings->connections / settings->threads + 1;
    self->memory_max = settings->memory_bytes / settings->threads;
    self->connections = metric_gauge("yiwang_http_connections", "", "Open connections.");
    self->refused = metric_counter("yiwang_http_refused_total", "",
                                   "Connections and requests refused before they had a route.");
    self->uploads = metric_gauge("yiwang_http_upload_bytes", "",
                                 "Memory of large request bodies (of the lane that looked last).");
    configure(self);
    h2o_context_init(&self->context, h2o_evloop_create(), &self->config);
    self->bus = watch(self, fd_bus, on_bus);
    self->stop = watch(self, fd_stop, on_stop);
    if ((settings->port && !listener_open(self, &self->listeners[0], tls, settings->bind,
                                          settings->port, error, error_size)) ||
        (settings->plain_port && !listener_open(self, &self->listeners[1], NULL, "127.0.0.1",
                                                settings->plain_port, error, error_size))) {
        edge_free(&self);
        return NULL;
    }
    return self;
}

void edge_run(edge_t *self, int wait_ms)
{
    h2o_evloop_run(self->context.loop, wait_ms);
}

bool edge_stopping(const edge_t *self)
{
    return self->stopping;
}

size_t edge_connections(const edge_t *self)
{
    return self->peer_count;
}

void edge_drain(edge_t *self)
{
    for (size_t i = 0; i < 2; i++) {
        if (!self->listeners[i].socket)
            continue;
        on_accept(self->listeners[i].socket, NULL); /* who has come already is served */
        h2o_socket_close(self->listeners[i].socket);
        self->listeners[i].socket = NULL;
    }
    self->context.shutdown_requested = 1;
}

void edge_free(edge_t **self_p)
{
    edge_t *self = *self_p;
    if (!self)
        return;
    edge_drain(self);
    for (peer_t *peer = self->peers; peer; peer = peer->next)
        peer_cut(peer);
    /* They see their end within a few turns; who is still waiting for a service is abandoned. */
    for (int turn = 0; self->peers && turn < 100; turn++) {
        for (peer_t *peer = self->peers, *next; peer; peer = next) {
            next = peer->next;
            if (peer->exchange && !peer->sending_ms)
                peer_abandon(peer);
        }
        h2o_evloop_run(self->context.loop, turn < 3 ? 0 : 10);
    }
    linger_tick(self, INT64_MAX);
    h2o_socket_close(self->bus);
    h2o_socket_close(self->stop);
    h2o_evloop_run(self->context.loop, 0);
    h2o_context_dispose(&self->context);
    h2o_config_dispose(&self->config);
    free(self);
    *self_p = NULL;
}
