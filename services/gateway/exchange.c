#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "edge.h"
#include "json.h"
#include "lane.h"
#include "message.h"
#include "serve.h"
#include "text.h"

/* --- beginning: trace, rate, route --------------------------------------------------- */

static void hex64(uint64_t value, char *out)
{
    for (int i = 15; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

static bool all_hex(const char *text, size_t size)
{
    bool zero = true;
    for (size_t i = 0; i < size; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
        zero = zero && text[i] == '0';
    }
    return !zero;
}

/* W3C Trace Context: "00-<trace 32>-<parent 16>-<flags 2>"; what is not one is ignored. */
static bool trace_taken(span_t header, char trace_id[33])
{
    if (header.size < 55 || memcmp(header.data, "ff", 2) == 0 || header.data[2] != '-' ||
        header.data[35] != '-' || header.data[52] != '-')
        return false;
    if (header.size > 55 && (memcmp(header.data, "00", 2) == 0 || header.data[55] != '-'))
        return false;
    if (!all_hex(header.data + 3, 32) || !all_hex(header.data + 36, 16))
        return false;
    memcpy(trace_id, header.data + 3, 32);
    return true;
}

static void begin_trace(exchange_t *self)
{
    char flags[2] = {'0', '1'};
    if (trace_taken(self->headers.traceparent, self->trace_id)) {
        flags[1] = self->headers.traceparent.data[54] & 1 ? '1' : '0';
    } else {
        hex64(lane_random(self->lane), self->trace_id);
        hex64(lane_random(self->lane) | 1, self->trace_id + 16);
    }
    memcpy(self->traceparent, "00-", 3);
    memcpy(self->traceparent + 3, self->trace_id, 32);
    self->traceparent[35] = '-';
    hex64(lane_random(self->lane) | 1, self->traceparent + 36);
    self->traceparent[52] = '-';
    memcpy(self->traceparent + 53, flags, 2);
}

static void answer_options(exchange_t *self)
{
    char allow[64];
    bool any = span_is(self->path, "*");
    unsigned verbs =
        routes_find(self->lane->routes, VERB_NONE, self->path).verbs | serve_verbs(self);
    if (!verbs && !any) {
        exchange_problem(self, PROBLEM_NOT_FOUND);
        return;
    }
    route_allow(any ? ~1u : verbs, allow);
    edge_header(self, "allow", arena_text(self->arena, allow));
    exchange_bytes(self, 204, NULL, "no-store", "", 0);
}

static void answer_method(exchange_t *self)
{
    char allow[64];
    route_allow(self->match.verbs, allow);
    edge_header(self, "allow", arena_text(self->arena, allow));
    exchange_problem(self, PROBLEM_METHOD);
}

void exchange_begin(exchange_t *self, problem_t problem)
{
    lane_t *lane = self->lane;
    begin_trace(self);
    if (problem != PROBLEM_NONE) {
        exchange_problem(self, problem);
        return;
    }

    bool counted = !self->loopback || lane->settings->rate_loopback;
    if (counted && !limit_take(lane->limit, &self->limit_key, clock_mono_ms())) {
        exchange_problem(self, PROBLEM_RATE);
        return;
    }
    if (self->path.size + self->query.size > EXCHANGE_URI_MAX) {
        exchange_problem(self, PROBLEM_URI_TOO_LONG);
        return;
    }
    if (span_is(self->verb_text, "OPTIONS")) {
        answer_options(self);
        return;
    }
    self->verb = route_verb(self->verb_text, &self->head);
    if (serve_page(self))
        return;
    self->match = routes_find(lane->routes, self->verb, self->path);
    if (self->match.route)
        self->match.route->serve(self);
    else if (self->match.verbs)
        answer_method(self);
    else
        exchange_problem(self, PROBLEM_NOT_FOUND);
}

/* --- asking a service ---------------------------------------------------------------- */

bool exchange_meta(exchange_t *self)
{
    Yw__Meta meta = YW__META__INIT;
    meta.token = self->signed_token;
    meta.idempotency_key = self->idempotency_key;
    meta.traceparent = self->traceparent;
    meta.address = self->address;
    self->meta = message_pack(&meta.base, self->arena);
    return self->meta.data != NULL;
}

static void asked(ask_t *ask, const reply_t *reply)
{
    ask->exchange->replied(ask->exchange, reply);
}

void exchange_ask(exchange_t *self)
{
    self->ask = (ask_t){.exchange = self,
                        .method = self->method_name,
                        .meta = self->meta,
                        .request = self->request,
                        .timeout_ms = self->timeout_ms,
                        .repeatable = self->repeatable,
                        .done = asked};
    ask_start(&self->ask);
}

/* --- answers ------------------------------------------------------------------------- */

void exchange_finish(exchange_t *self, int status, const char *media_type, const void *data,
                     size_t size)
{
    edge_header(self, "x-trace-id", self->trace_id);
    edge_send(self, status, media_type, data, size);
}

static void answer_error(exchange_t *self, int http, uint32_t retry_s)
{
    if (self->out.full) {
        /* Even the error does not fit: cannot be, because its parts have limits. */
        buffer_clear(&self->out);
    }
    if (retry_s)
        edge_header(self, "retry-after", arena_printf(self->arena, "%u", retry_s));
    if (http == 401)
        edge_header(self, "www-authenticate", "Bearer realm=\"yiwang\"");
    edge_header(self, "cache-control", "no-store");
    exchange_finish(self, http, "application/problem+json; charset=utf-8", self->out.data,
                    self->out.size);
}

void exchange_problem(exchange_t *self, problem_t problem)
{
    if (serve_problem(self, problem_http(problem), problem_code(problem), problem_detail(problem),
                      problem_retry_s(problem)))
        return;
    buffer_clear(&self->out);
    problem_print(problem, problem == PROBLEM_INVALID ? &self->faults : NULL, self->trace_id,
                  &self->out);
    answer_error(self, problem_http(problem), problem_retry_s(problem));
}

/* A status without a body was made by the bus or by ourselves. */
problem_t exchange_problem_of(status_t status)
{
    switch (status) {
    case STATUS_UNAVAILABLE:
        return PROBLEM_UNAVAILABLE;
    case STATUS_DEADLINE_EXCEEDED:
        return PROBLEM_DEADLINE;
    case STATUS_RESOURCE_EXHAUSTED:
        return PROBLEM_BUSY;
    case STATUS_UNAUTHENTICATED:
        return PROBLEM_SIGN_IN;
    case STATUS_PERMISSION_DENIED:
        return PROBLEM_FORBIDDEN;
    case STATUS_NOT_FOUND:
        return PROBLEM_NOT_FOUND;
    case STATUS_INVALID_ARGUMENT:
        return PROBLEM_TOO_LARGE; /* link_call(): past a frame */
    default:
        return PROBLEM_INTERNAL;
    }
}

void exchange_refusal(exchange_t *self, const reply_t *reply)
{
    Yw__Status *status = NULL;
    if (reply->size)
        status = (Yw__Status *) message_unpack(&yw__status__descriptor, self->arena, reply->body,
                                               reply->size);
    if (!status) {
        exchange_problem(self, exchange_problem_of(reply->status));
        return;
    }
    status->status = reply->status; /* what the frame says counts */
    exchange_status(self, status);
}

void exchange_status(exchange_t *self, const Yw__Status *status)
{
    uint32_t retry_s = (status->retry_after_ms + 999) / 1000;
    if (!retry_s && status->status == STATUS_UNAVAILABLE)
        retry_s = problem_retry_s(PROBLEM_UNAVAILABLE);
    if (!retry_s && status->status == STATUS_RESOURCE_EXHAUSTED)
        retry_s = problem_retry_s(PROBLEM_RATE);
    int http = status_http((status_t) status->status);
    if (serve_problem(self, http, status->code, status->message, retry_s))
        return;
    buffer_clear(&self->out);
    problem_print_status(status, self->trace_id, &self->out);
    answer_error(self, http, retry_s);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128) a * b;
    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

/* 64 bits that differ when the bodies differ: a multiply-fold over four lanes of 8 bytes, which
 * a processor does side by side.  Not for security: who can choose a body gains nothing from two
 * that look the same. */
uint64_t exchange_digest(const void *data, size_t size)
{
    static const uint64_t keys[4] = {0xD6E8FEB86659FD93u, 0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu,
                                     0x8EBC6AF09C88C6E3u};
    const unsigned char *bytes = data;
    uint64_t lanes[4] = {size, 1, 2, 3}, words[4];
    for (; size >= sizeof words; bytes += sizeof words, size -= sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int i = 0; i < 4; i++)
            lanes[i] = fold(lanes[i] ^ words[i], keys[i]);
    }
    memset(words, 0, sizeof words);
    memcpy(words, bytes, size);
    for (int i = 0; i < 4; i++)
        lanes[i] = fold(lanes[i] ^ words[i], keys[i]);
    return fold(fold(lanes[0], lanes[1] | 1) ^ lanes[2], fold(lanes[3], keys[0]) | 1);
}

/* RFC 9110, 13.1.2: weak comparison with a list. */
bool exchange_has_tag(span_t header, const char *etag)
{
    const char *opaque = etag + 2; /* behind W/ */
    while (header.size) {
        span_t one = span_trim(span_cut(header, ',', &header));
        if (span_is(one, "*"))
            return true;
        if (one.size > 2 && memcmp(one.data, "W/", 2) == 0)
            one = span(one.data + 2, one.size - 2);
        if (span_is(one, opaque))
            return true;
    }
    return false;
}

bool exchange_etag(exchange_t *self, const void *data, size_t size, char out[24])
{
    memcpy(out, "W/\"", 3);
    hex64(exchange_digest(data, size), out + 3);
    memcpy(out + 19, "\"", 2);
    return exchange_has_tag(self->headers.if_none_match, out);
}

static const char *cache_of(exchange_t *self)
{
    uint32_t seconds = self->method->cache_seconds;
    if (!seconds || self->verb != VERB_GET)
        return "no-store";
    return arena_printf(self->arena, "public, max-age=%u", seconds);
}

void exchange_bytes(exchange_t *self, int status, const char *media_type, const char *cache,
                    const void *data, size_t size)
{
    edge_header(self, "cache-control", cache);
    if (self->verb == VERB_GET && status == 200) {
        char etag[24];
        bool same = exchange_etag(self, data, size, etag);
        edge_header(self, "etag", arena_copy(self->arena, etag, 20));
        if (same) {
            exchange_finish(self, 304, NULL, "", 0);
            return;
        }
    }
    exchange_finish(self, status, media_type, data, size);
}

void exchange_message(exchange_t *self, const ProtobufCMessage *message)
{
    buffer_clear(&self->out);
    /* With defaults: the shape of an answer is always the same, so that a client need not
     * know what an absent field means. */
    json_print(message, true, &self->out);
    if (self->out.full) {
        exchange_problem(self, PROBLEM_INTERNAL);
        return;
    }
    bool created = self->method->flags & METHOD_CREATED;
    exchange_bytes(self, created ? 201 : 200, "application/json; charset=utf-8", cache_of(self),
                   self->out.data, self->out.size);
}

/* --- the end ------------------------------------------------------------------------- */

static void observe(exchange_t *self)
{
    int64_t us = clock_mono_us() - self->started_us;
    const route_t *route = self->match.route;
    int status = self->status ? self->status : 499; /* the client left; nginx' number */
    if (route) {
        metric_observe_us(route->seconds, us);
        metric_t *class = status / 100 < 6 ? route->classes[status / 100] : NULL;
        if (class)
            metric_add(class, 1);
    }
    access_line(self->lane->access, clock_now_ms(), route ? route->name : "-",
                self->head ? "HEAD" : route_verb_name(self->verb), status, us, self->sent_bytes,
                self->trace_id);
}

void exchange_cancel(exchange_t *self)
{
    ask_cancel(&self->ask);
    serve_cancel(self);
    for (size_t i = 0; i < self->question_count; i++)
        pending_cancel(self->lane->pending, self->questions[i].ticket);
    self->question_count = 0;
}

void exchange_end(exchange_t *self)
{
    self->transport = NULL;
    exchange_cancel(self);
    observe(self);
    serve_end(self); /* its routes with it */
    lane_exchange_done(self->lane, self);
}
