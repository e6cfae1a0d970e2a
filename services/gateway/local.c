/* local.c - what the gateway answers itself: where things are, health, metrics, the contract.
 *
 * Health asks what works, not what listens: the bus is alive and the broker answers; with
 * ?full=1 every service writes a row and reads it back. */
#include <stdlib.h>

#include "check.h"
#include "edge.h"
#include "exchange.h"
#include "json.h"
#include "lane.h"
#include "message.h"
#include "openapi.h"
#include "text.h"
#include "yiwang/process.pb-c.h"

#define ASK_MS       2000 /* for a look at a service; health itself must be quick */
#define SERVICES_MAX 32

/* --- helpers ------------------------------------------------------------------------- */

/* Loopback and the addresses of gateway.watchers. */
static bool is_watcher(const exchange_t *self)
{
    const settings_t *settings = self->lane->settings;
    if (self->loopback)
        return true;
    for (size_t i = 0; i < settings->watcher_count; i++)
        if (memcmp(&settings->watchers[i], &self->limit_key, sizeof self->limit_key) == 0)
            return true;
    return false;
}

/* The service is asked by the gateway for itself, not for a client. */
static bool own_meta(exchange_t *self)
{
    Yw__Meta meta = YW__META__INIT;
    meta.service = "gateway";
    meta.traceparent = self->traceparent;
    self->meta = message_pack(&meta.base, self->arena);
    return self->meta.data != NULL;
}

/* The services of the contract; those without a process of their own ("process") are none. */
static size_t services(const char *out[SERVICES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < contract_method_count && count < SERVICES_MAX; i++) {
        const char *name = contract_methods[i]->service;
        bool known = text_equal(name, "process") || text_equal(name, "broker");
        for (size_t j = 0; j < count && !known; j++)
            known = text_equal(out[j], name);
        if (!known)
            out[count++] = name;
    }
    return count;
}

/* --- / ------------------------------------------------------------------------------- */

void local_root(exchange_t *self)
{
    static const char text[] =
        "{\"name\":\"yiwang\",\"title\":\"一网 政务服务平台\",\"api\":\"/api/v1/\","
        "\"contract\":\"/api/openapi.json\",\"health\":\"/healthz\"}";
    exchange_bytes(self, 200, "application/json; charset=utf-8", "public, max-age=300", text,
                   sizeof text - 1);
}

void local_openapi(exchange_t *self)
{
    exchange_bytes(self, 200, "application/json; charset=utf-8", "public, max-age=300",
                   openapi_json(), openapi_size());
}

/* --- /healthz ------------------------------------------------------------------------ */

static void health_answer(exchange_t *self, bool ok)
{
    buffer_clear(&self->out);
    buffer_printf(&self->out, "{\"status\":\"%s\"", ok ? "ok" : "unavailable");
    for (size_t i = 0; i < self->question_count; i++)
        buffer_printf(&self->out, "%s\"%s\":\"%s\"%s", i ? "," : ",\"services\":{",
                      self->questions[i].service, self->questions[i].ok ? "ok" : "unavailable",
                      i + 1 == self->question_count ? "}" : "");
    buffer_char(&self->out, '}');
    exchange_bytes(self, ok ? 200 : 503, "application/json; charset=utf-8", "no-store",
                   self->out.data, self->out.size);
}

static void health_answered(void *owner, const reply_t *reply)
{
    struct question *question = owner;
    exchange_t *self = question->exchange;
    question->ticket = 0;
    if (reply->status == STATUS_OK) {
        const Process__Health *health = (const Process__Health *) message_unpack(
            &process__health__descriptor, self->arena, reply->body, reply->size);
        question->ok = health && health->ok;
    }
    if (--self->question_open)
        return;
    bool ok = true;
    for (size_t i = 0; i < self->question_count; i++)
        ok = ok && self->questions[i].ok;
    health_answer(self, ok);
}

/* All at once; the last answer answers the client. */
static void health_full(exchange_t *self)
{
    const char *names[SERVICES_MAX];
    lane_t *lane = self->lane;
    size_t count = services(names);
    self->questions = ARRAY(self->arena, struct question, count);
    if (!self->questions || !own_meta(self)) {
        exchange_problem(self, PROBLEM_BUSY);
        return;
    }
    self->question_count = count;
    self->question_open = count + 1; /* one more, so that the last is asked first */
    for (size_t i = 0; i < count; i++) {
        struct question *question = &self->questions[i];
        question->exchange = self;
        question->service = names[i];
        const char *method = arena_printf(self->arena, "%s.CheckHealth", names[i]);
        status_t status = STATUS_RESOURCE_EXHAUSTED;
        if (method)
            status = pending_ask(lane->pending, method, ASK_MS, self->meta.data, self->meta.len,
                                 NULL, 0, health_answered, question, &question->ticket);
        if (status != STATUS_OK)
            self->question_open--;
    }
    if (--self->question_open == 0)
        health_answer(self, false); /* none could be asked */
}

static void health_replied(exchange_t *self, const reply_t *reply)
{
    health_answer(self, reply->status == STATUS_OK);
}

void local_health(exchange_t *self)
{
    if (!pending_alive(self->lane->pending)) {
        health_answer(self, false);
        return;
    }
    if (span_is(self->query, "full=1") && is_watcher(self)) {
        health_full(self);
        return;
    }
    if (!own_meta(self)) {
        exchange_problem(self, PROBLEM_BUSY);
        return;
    }
    self->method_name = "broker.ListWorkers";
    self->timeout_ms = ASK_MS;
    self->replied = health_replied;
    exchange_ask(self);
}

/* --- /metrics ------------------------------------------------------------------------ */

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void metrics_replied(exchange_t *self, const reply_t *reply)
{
    const Process__Metrics *metrics = NULL;
    if (reply->status != STATUS_OK) {
        exchange_refusal(self, reply);
        return;
    }
    metrics = (const Process__Metrics *) message_unpack(&process__metrics__descriptor, self->arena,
                                                        reply->body, reply->size);
    if (metrics)
        exchange_bytes(self, 200, METRICS_TYPE, "no-store", metrics->text, strlen(metrics->text));
    else
        exchange_problem(self, PROBLEM_INTERNAL);
}

/* "service=case": what that service says of itself. */
static void metrics_of_service(exchange_t *self, span_t wanted)
{
    const char *names[SERVICES_MAX + 1];
    size_t count = services(names);
    names[count++] = "broker";
    for (size_t i = 0; i < count; i++)
        if (span_is(wanted, names[i])) {
            self->method_name = arena_printf(self->arena, "%s.GetMetrics", names[i]);
            self->timeout_ms = ASK_MS;
            self->replied = metrics_replied;
            if (self->method_name && own_meta(self))
                exchange_ask(self);
            else
                exchange_problem(self, PROBLEM_BUSY);
            return;
        }
    exchange_problem(self, PROBLEM_NOT_FOUND);
}

void local_metrics(exchange_t *self)
{
    span_t service;
    if (!is_watcher(self)) {
        exchange_problem(self, PROBLEM_FORBIDDEN);
        return;
    }
    if (span_is(span_cut(self->query, '=', &service), "service")) {
        metrics_of_service(self, service);
        return;
    }
    buffer_clear(&self->out);
    metrics_print(&self->out);
    exchange_bytes(self, 200, METRICS_TYPE, "no-store", self->out.data, self->out.size);
}
