/* exchange.h - one request and its answer, from the first byte to the log line.
 *
 * The steps, in order (exchange.c has them one below the other):
 *   edge.c      reads HTTP, fills the request part, calls exchange_begin()
 *   exchange.c  trace, rate, route
 *   api.c       token, rights, JSON to message, rules, ask the service
 *   transfer.c  the same for files, in parts
 *   local.c     what the gateway answers itself
 *   exchange.c  answers; edge.c sends; exchange_end() logs and gives everything back
 *
 * An exchange is recycled: whoever has answered must not touch it again, because the
 * client may have got the last byte before the call returned. */
#pragma once
#include <netinet/in.h>
#include "arena.h"
#include "ask.h"
#include "buffer.h"
#include "limit.h"
#include "pending.h"
#include "problem.h"
#include "route.h"
#include "span.h"
#include "yiwang/envelope.pb-c.h"

#define EXCHANGE_URI_MAX          8192
#define EXCHANGE_HEADERS_MAX      (32u << 10)
#define EXCHANGE_JSON_MAX         (1u << 20)                        /* body of an API request */
#define EXCHANGE_FILE_MAX         (20u << 20)                       /* a file: 20 MiB */
#define EXCHANGE_BODY_MAX         (EXCHANGE_FILE_MAX + (16u << 10)) /* with multipart around it */
#define EXCHANGE_PART             1048576u                          /* of a file, one call each */
#define EXCHANGE_ANSWER_MAX       (32u << 20) /* JSON of a 4 MiB message may be longer than it */
#define EXCHANGE_TRACEPARENT_SIZE 56

struct lane;

typedef struct exchange exchange_t;
struct exchange {
    struct lane *lane;
    exchange_t *previous, *next; /* the lane's open ones; spare ones by next */

    /* --- the request; spans live as long as the exchange --- */
    void *transport; /* edge.c's; NULL once the client is gone */
    span_t verb_text, path, query, body;
    verb_t verb;
    bool head; /* HEAD: GET without the body */
    bool tls;
    bool loopback;
    struct {
        span_t authorization, content_type, if_none_match, idempotency_key, traceparent;
        span_t accept, accept_encoding, cookie, host, origin, fetch_site; /* of browsers */
    } headers;
    char address[INET6_ADDRSTRLEN];
    limit_key_t limit_key;
    int64_t started_us;

    /* --- what was found out --- */
    char trace_id[33];
    char traceparent[EXCHANGE_TRACEPARENT_SIZE]; /* passed on: our span is the parent */
    route_match_t match;
    const method_t *method; /* that is called: of the route, or of a page */
    const Yw__Token *token; /* NULL: anonymous */
    ProtobufCBinaryData signed_token;
    const char *idempotency_key; /* "" without */
    faults_t faults;

    /* --- asking a service --- */
    ProtobufCMessage *in;
    ProtobufCBinaryData meta, request; /* packed, in the arena */
    const char *method_name;
    uint32_t timeout_ms;
    bool repeatable; /* may be asked again when the service was lost */
    ask_t ask;
    void (*replied)(exchange_t *self, const reply_t *reply);

    /* --- files --- */
    span_t file;   /* upload: the bytes */
    size_t offset; /* of the next part */
    size_t file_size;
    arena_t *part_arena; /* of one part, made when needed */
    bool streaming;      /* headers of a download are out */
    void (*uploaded)(exchange_t *self, problem_t problem, const reply_t *reply);

    struct serve *serve; /* a page's (serve.c), in the arena */

    /* --- questions to several services at once (health) --- */
    struct question {
        exchange_t *exchange;
        const char *service;
        ticket_t ticket;
        bool ok;
    } * questions;
    size_t question_count, question_open;

    /* --- the answer --- */
    arena_t *arena;
    buffer_t out;
    bool page;  /* the answer is one: its own security headers */
    int status; /* 0: not answered */
    size_t sent_bytes;
};

/* From the edge.  `problem`: what is wrong with the HTTP of it already. */
void exchange_begin(exchange_t *self, problem_t problem);
/* The transport is gone: answered, or the client left.  Frees what the exchange holds. */
void exchange_end(exchange_t *self);

/* Nobody waits for what was asked any more. */
void exchange_cancel(exchange_t *self);

/* Asks self->method_name with self->request and self->meta; repeats while that is safe and
 * there is time; then self->replied. */
void exchange_ask(exchange_t *self);
/* Fills self->meta for a call on behalf of the client; false: no memory. */
bool exchange_meta(exchange_t *self);

/* --- answers: the last thing done with an exchange --- */
void exchange_problem(exchange_t *self, problem_t problem);
/* What a service refused with, or what was found in its place. */
void exchange_refusal(exchange_t *self, const reply_t *reply);
void exchange_status(exchange_t *self, const Yw__Status *status);
void exchange_message(exchange_t *self, const ProtobufCMessage *message);
/* Bytes that live as long as the exchange (or for ever). */
void exchange_bytes(exchange_t *self, int status, const char *media_type, const char *cache,
                    const void *data, size_t size);

/* The same without a tag; headers are the caller's. */
void exchange_finish(exchange_t *self, int status, const char *media_type, const void *data,
                     size_t size);
/* What a status says that came without a body. */
problem_t exchange_problem_of(status_t status);

/* 64 bits that differ when the bodies differ; not for security. */
uint64_t exchange_digest(const void *data, size_t size);
/* Whether a list of tags (If-None-Match) has this one; weak comparison. */
bool exchange_has_tag(span_t header, const char *etag);
/* ETag of an answer and whether the client has it; `out` holds 24 bytes. */
bool exchange_etag(exchange_t *self, const void *data, size_t size, char out[24]);

/* --- who serves a route (route_serve_t) --- */
void api_serve(exchange_t *self);
void transfer_upload(exchange_t *self);
/* Sends self->file with self->in by self->method, in parts; then self->uploaded: with the answer to
 * the last part, or the first refusal, or a problem without a reply. */
void transfer_send(exchange_t *self);
void transfer_download(exchange_t *self);
/* Content-Disposition of an attachment of this name. */
const char *transfer_disposition(exchange_t *self, const char *name);
void local_root(exchange_t *self);
void local_health(exchange_t *self);
void local_metrics(exchange_t *self);
void local_openapi(exchange_t *self);
