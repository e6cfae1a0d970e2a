/* api.c - the steps of a JSON call: token, rights, message, rules, service, answer. */
#include "check.h"
#include "clock.h"
#include "edge.h"
#include "exchange.h"
#include "lane.h"
#include "message.h"
#include "rights.h"
#include "text.h"
#include "transcode.h"

#define KEY_MAX 64

/* Who asks.  A wrong token is refused even where none is needed: better than to go on as nobody. */
static problem_t read_token(exchange_t *self)
{
    if (self->headers.authorization.size == 0)
        return PROBLEM_NONE;
    return sessions_check(self->lane->sessions, self->headers.authorization, clock_now_ms(),
                          self->arena, &self->token, &self->signed_token);
}

/* Who may not call is told so before what he sent is looked at: the form of a request is nobody
 * else's business, and it saves the hop.  The service checks again, it does not believe us. */
static bool check_rights(exchange_t *self)
{
    const method_t *method = self->match.route->method;
    Yw__CallerKind kind =
        self->token ? self->token->kind : YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED;
    right_t right = rights_of(method, kind, self->token);
    if (right == RIGHT_GRANTED)
        return true;

    const right_refusal_t *refusal = rights_refusal(right);
    Yw__Status status = YW__STATUS__INIT;
    status.status = refusal->status;
    status.code = refusal->code;
    status.message = arena_printf(self->arena, refusal->message,
                                  label_of(&yw__level__descriptor, method->level));
    if (status.message)
        exchange_status(self, &status);
    else
        exchange_problem(self, PROBLEM_TOO_LARGE);
    return false;
}

/* Printable ASCII, 1 to 64 (draft-ietf-httpapi-idempotency-key-header; quotes are not needed). */
static problem_t read_key(exchange_t *self)
{
    span_t key = self->headers.idempotency_key;
    self->idempotency_key = "";
    if (!key.data)
        return PROBLEM_NONE;
    if (key.size == 0 || key.size > KEY_MAX)
        return PROBLEM_KEY;
    for (size_t i = 0; i < key.size; i++)
        if (key.data[i] < 0x21 || key.data[i] > 0x7e)
            return PROBLEM_KEY;
    self->idempotency_key = arena_copy(self->arena, key.data, key.size);
    return self->idempotency_key ? PROBLEM_NONE : PROBLEM_TOO_LARGE;
}

static problem_t read_message(exchange_t *self)
{
    transcode_t in = {&self->match, self->query, self->body, self->headers.content_type};
    if (!(self->match.route->method->flags & METHOD_UPLOAD) && self->body.size > EXCHANGE_JSON_MAX)
        return PROBLEM_TOO_LARGE;
    return transcode(&in, self->match.route->method->flags & METHOD_UPLOAD, self->arena,
                     &self->faults, &self->in);
}

static void answered(exchange_t *self, const reply_t *reply)
{
    if (reply->status != STATUS_OK) {
        exchange_refusal(self, reply);
        return;
    }
    const ProtobufCMessage *out =
        message_unpack(self->method->out, self->arena, reply->body, reply->size);
    if (out)
        exchange_message(self, out);
    else
        exchange_problem(self, PROBLEM_INTERNAL);
}

static void call_service(exchange_t *self)
{
    self->request = message_pack(self->in, self->arena);
    if (!self->request.data) {
        exchange_problem(self, PROBLEM_TOO_LARGE);
        return;
    }
    self->replied = answered;
    exchange_ask(self);
}

void api_serve(exchange_t *self)
{
    const method_t *method = self->method = self->match.route->method;
    problem_t problem = read_token(self);
    if (problem == PROBLEM_NONE && !check_rights(self))
        return;
    if (problem == PROBLEM_NONE)
        problem = read_key(self);
    if (problem == PROBLEM_NONE)
        problem = read_message(self);
    if (problem == PROBLEM_NONE && !exchange_meta(self))
        problem = PROBLEM_TOO_LARGE;
    if (problem != PROBLEM_NONE) {
        exchange_problem(self, problem);
        return;
    }

    self->method_name = method->name;
    self->timeout_ms = method->timeout_ms;
    self->repeatable = !(method->flags & METHOD_WRITES) || method->flags & METHOD_IDEMPOTENT ||
                       *self->idempotency_key;
    if (method->flags & METHOD_UPLOAD)
        transfer_upload(self);
    else if (method->flags & METHOD_DOWNLOAD)
        transfer_download(self);
    else
        call_service(self);
}
