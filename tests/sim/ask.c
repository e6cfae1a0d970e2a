/* ask.c - see ask.h. */
#include "ask.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "books.h"
#include "clock.h"
#include "message.h"
#include "net.h"
#include "platform_sim.h"
#include "yiwang/envelope.pb-c.h"
#include "yiwang/status.pb-c.h"

#define OPS_MAX 4096
/* The broker answers at the latest half a second after the time is up, and looks each 50 ms; then
 * there is the way there and back. */
#define LATE_MS 650
/* A broken connection is found after four seconds of silence and a beat. */
#define SILENT_MS 6500

static op_t ops[OPS_MAX];
static size_t count;
static uint32_t tries, waiting;

size_t op_count(void)
{
    return count;
}

op_t *op_at(size_t index)
{
    return &ops[index];
}

op_t *op_find(const char *caller, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ops[i].key, key) == 0 && strcmp(ops[i].caller, caller) == 0)
            return &ops[i];
    return NULL;
}

uint32_t ask_tries(void)
{
    return tries;
}

uint32_t ask_waiting(void)
{
    return waiting;
}

static uint64_t hash_of(const void *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* --- the connection --------------------------------------------------------------------------- */

void ask_open(person_t *self)
{
    static char server_key[CURVE_KEY_SIZE] = "0000000000000000000000000000000000000000";
    const char *endpoints[] = {self->is_system ? DEPARTMENT_ENDPOINT : LOCAL_ENDPOINT, NULL};
    link_options_t options = {.endpoints = endpoints};
    char error[128];
    if (self->is_system) {
        options.server_key = server_key;
        options.public_key = self->curve.public_key;
        options.secret_key = self->curve.secret_key;
    }
    self->call = (chance() >> 20) + 1; /* a new process counts from elsewhere */
    if (link_open(&options, clock_mono_ms(), &self->link, error, sizeof error) != STATUS_OK)
        broken("simulator", "%s", error);
    if (!self->arena)
        self->arena = arena_new(64u << 20);
}

void ask_close(person_t *self)
{
    link_close(&self->link);
}

/* --- one try ------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t call;
    int broker;
    bool open;
} sent_t;

/* Takes what came; true: `ret` is the answer to one of the two calls.  *lost: the broker went. */
static bool receive(person_t *self, sent_t sent[2], link_message_t *ret, bool *lost)
{
    while (link_receive(self->link, ret)) {
        if (ret->frame.command == COMMAND_BYE)
            *lost = true;
        for (int i = 0; ret->frame.command == COMMAND_ANSWER && i < 2; i++)
            if (sent[i].open && sent[i].call == ret->frame.call) {
                sent[i].open = false;
                return true;
            }
        if (ret->frame.command == COMMAND_ANSWER)
            for (int i = 0; i < 2; i++)
                if (sent[i].call == ret->frame.call)
                    broken("one answer for each call", "%s got a second answer to call %llu",
                           self->name, (unsigned long long) ret->frame.call);
        link_message_free(ret);
    }
    return false;
}

static void read_answer(person_t *self, const char *method, const link_message_t *message,
                        reply_t *ret)
{
    const method_t *contract = contract_method_of(method);
    ret->status = message->frame.status;
    ret->code = NULL;
    const void *body = arena_copy(self->arena, message->body, message->body_size);
    if (ret->status == STATUS_OK) {
        ret->out = message_unpack(contract->out, self->arena, body, message->body_size);
        if (!ret->out)
            broken("answers are whole", "%s: %s: not the type of the contract", self->name, method);
    } else {
        const Yw__Status *failure = (const Yw__Status *) message_unpack(
            &yw__status__descriptor, self->arena, body, message->body_size);
        ret->code = failure ? failure->code : "?";
        if (!failure || failure->status != (int) ret->status)
            broken("answers are whole", "%s: %s: a refusal without its status", self->name, method);
    }
}

static bool sends(person_t *self, const char *method, uint32_t timeout_ms, ProtobufCBinaryData meta,
                  ProtobufCBinaryData body, sent_t *ret)
{
    ret->call = ++self->call;
    ret->open = link_call(self->link, ret->call, method, timeout_ms, meta.data, meta.len, body.data,
                          body.len, &ret->broker) == STATUS_OK;
    say("asks %s, call %llu, %u ms", method, (unsigned long long) ret->call % 10000, timeout_ms);
    return ret->open;
}

/* The answer of a key that was answered before must be the same, byte by byte. */
static void compare_answer(const person_t *self, const char *method, op_t *op,
                           const link_message_t *message)
{
    if (!op || message->frame.status != STATUS_OK ||
        contract_method_of(method)->flags & METHOD_UPLOAD)
        return;
    uint64_t hash = hash_of(message->body, message->body_size);
    if (op->state == OP_DONE && (op->answer_hash != hash || op->answer_size != message->body_size))
        broken("a key has one answer", "%s: %s key %s was answered otherwise before", self->name,
               method, op->key);
    op->answer_hash = hash;
    op->answer_size = message->body_size;
}

static status_t try_it(person_t *self, const char *method, op_t *op, const ProtobufCMessage *in,
                       uint32_t timeout_ms, reply_t *ret)
{
    Yw__Meta meta = YW__META__INIT;
    sent_t sent[2] = {0};
    link_message_t message;
    bool lost = false;

    tries++;
    if (op)
        meta.idempotency_key = op->key;
    meta.token.data = self->token;
    meta.token.len = self->token_size;
    if (self->as_service)
        meta.service = "yw";
    meta.address = "10.0.0.1";
    meta.traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    ProtobufCBinaryData packed_meta = message_pack(&meta.base, self->arena);
    ProtobufCBinaryData body = message_pack(in, self->arena);

    ret->status = STATUS_UNAVAILABLE;
    ret->code = "not_sent";
    uint32_t disturbed = net_disturbed(self->process);
    if (!link_wait(self->link, timeout_ms) ||
        !sends(self, method, timeout_ms, packed_meta, body, &sent[0]))
        return ret->status;
    bool expired = self->token_size && self->expires_ms && world_wall_ms() >= self->expires_ms;
    int64_t asked_ms = clock_mono_ms(), until_ms = asked_ms + timeout_ms;
    int broker_life = platform_process(BROKER)->life;
    bool hasty = op && one_in(12); /* sends it twice, as two gateways would */
    if (hasty)
        sends(self, method, timeout_ms, packed_meta, body, &sent[1]);
    waiting++;
    ret->code = "lost";
    bool answered = false;
    while (!answered && !lost) {
        link_tick(self->link, clock_mono_ms());
        if (receive(self, sent, &message, &lost)) {
            compare_answer(self, method, op, &message);
            read_answer(self, method, &message, ret);
            link_message_free(&message);
            if (expired && ret->status == STATUS_OK &&
                !(contract_method_of(method)->may & MAY_PUBLIC))
                broken("rights are looked at", "%s: %s with a token past its time", self->name,
                       method);
            answered = true;
            break;
        }
        int64_t late_ms = clock_mono_ms() - until_ms;
        /* Nothing was disturbed: then the broker owes an answer. */
        if (late_ms > LATE_MS + net_weather.latency_us * 40 / 1000 &&
            disturbed == net_disturbed(self->process) &&
            net_stalled_until_us(self->process) < asked_ms * 1000 &&
            broker_life == platform_process(BROKER)->life && platform_process(BROKER)->alive &&
            platform_process(BROKER)->frozen_us < asked_ms * 1000)
            broken("no call without an answer", "%s: %s has none %lld ms after its time",
                   self->name, method, (long long) late_ms);
        if (late_ms > SILENT_MS + 31000)
            broken("no call without an answer", "%s: %s: neither answer nor BYE", self->name,
                   method);
        struct pollfd fd = {.fd = link_fd(self->link), .events = POLLIN};
        poll(&fd, 1, 250);
        /* Impatient people leave. */
        if (late_ms > 0 && one_in(4)) {
            ret->status = STATUS_DEADLINE_EXCEEDED;
            ret->code = "left";
            break;
        }
    }
    for (int i = 0; i < 2; i++)
        if (sent[i].open && !lost) {
            link_cancel(self->link, sent[i].broker, sent[i].call);
            sent[i].open = false;
        }
    waiting--;
    /* What was sent may be carried out as long as its time runs. */
    if (op && (!answered || hasty || ret->status == STATUS_UNAVAILABLE ||
               ret->status == STATUS_DEADLINE_EXCEEDED)) {
        int64_t until_us = world_us() + (timeout_ms + 2000) * MS_US;
        if (until_us > op->unsure_until_us)
            op->unsure_until_us = until_us;
    }
    return ret->status;
}

status_t ask_once(person_t *self, const char *method, const char *key, const ProtobufCMessage *in,
                  uint32_t timeout_ms, reply_t *ret)
{
    (void) key;
    *ret = (reply_t){0};
    return try_it(self, method, NULL, in, timeout_ms, ret);
}

/* --- until it is settled ---------------------------------------------------------------------------- */

static bool settles(const reply_t *reply)
{
    return reply->status != STATUS_UNAVAILABLE && reply->status != STATUS_DEADLINE_EXCEEDED &&
           reply->status != STATUS_CANCELLED &&
           !(reply->status == STATUS_RESOURCE_EXHAUSTED &&
             strcmp(reply->code, "too_many_calls") == 0);
}

void ask_otherwise(person_t *self, const op_t *op, const char *method, const ProtobufCMessage *in)
{
    reply_t reply = {0};
    op_t copy = *op;
    copy.state = OP_OPEN;
    for (int round = 0; round < 3; round++) {
        try_it(self, method, &copy, in, 2000, &reply);
        say("%s %s otherwise -> %s", method, op->key, status_name(reply.status));
        if (reply.status == STATUS_OK)
            broken("a key has one answer", "%s: key %s does another request, too", self->name,
                   op->key);
        if (reply.status == STATUS_FAILED_PRECONDITION || reply.status == STATUS_UNAUTHENTICATED)
            return;
        if (settles(&reply))
            broken("a key has one answer", "%s: key %s with another request: %s %s", self->name,
                   op->key, status_name(reply.status), reply.code);
    }
}

static void check_status(const person_t *self, const char *method, const reply_t *reply)
{
    switch (reply->status) {
    case STATUS_UNKNOWN:
    case STATUS_INTERNAL:
    case STATUS_DATA_LOSS:
    case STATUS_UNIMPLEMENTED:
        broken("no refusal of the wrong kind", "%s: %s: %s %s", self->name, method,
               status_name(reply->status), reply->code);
    case STATUS_FAILED_PRECONDITION:
        if (strcmp(reply->code, "idempotency_key_reused") == 0)
            broken("a key has one answer", "%s: %s: the key is said to be used for another request",
                   self->name, method);
        break;
    default:
        break;
    }
}

static const char *caller_of(const person_t *self, char out[64])
{
    if (self->is_system)
        snprintf(out, 64, "system:%s", self->id);
    else if (self->as_service)
        snprintf(out, 64, "service:yw");
    else if (!self->token_size)
        snprintf(out, 64, "anonymous");
    else
        snprintf(out, 64, "%s:%s", self->department[0] ? "staff" : "person", self->id);
    return out;
}

static op_t *op_new(person_t *self, const char *method)
{
    if (count == OPS_MAX)
        broken("simulator", "more than %d requests", OPS_MAX);
    op_t *op = &ops[count];
    memset(op, 0, sizeof *op);
    count++;
    caller_of(self, op->caller);
    /* Keys are their callers': those who are known use the same ones as others do. */
    if (strcmp(op->caller, "anonymous") == 0)
        snprintf(op->key, sizeof op->key, "n%zu-%s", count, self->process->name);
    else
        snprintf(op->key, sizeof op->key, "k%u", ++self->keys);
    op->method = contract_method_of(method)->name;
    return op;
}

static void run(person_t *self, const char *method, op_t *op, const ProtobufCMessage *in,
                reply_t *ret)
{
    uint32_t most_ms = contract_method_of(method)->timeout_ms;
    for (int round = 0;; round++) {
        /* The first tries may be in a hurry. */
        uint32_t timeout_ms = round < 3 && one_in(3) ? 50 + below(600) : 1000 + below(most_ms);
        if (timeout_ms > most_ms && most_ms)
            timeout_ms = most_ms;
        try_it(self, method, op, in, timeout_ms, ret);
        say("%s %s -> %s%s%s", method, op ? op->key : "", status_name(ret->status),
            ret->code ? " " : "", ret->code ? ret->code : "");
        check_status(self, method, ret);
        if (ret->status == STATUS_UNAUTHENTICATED && self->sign_in && self->token_size &&
            strcmp(ret->code, "token_expired") == 0) {
            self->token_size = 0;
            while (!self->sign_in(self))
                fiber_sleep_ms(500);
            continue;
        }
        if (settles(ret))
            return;
        if (round > 400)
            broken("no call without an answer", "%s: %s was tried %d times", self->name, method,
                   round);
        if (one_in(15)) { /* the client itself was restarted */
            ask_close(self);
            fiber_sleep_ms(between(10, 300));
            ask_open(self);
        }
        fiber_sleep_ms(between(10, round < 10 ? 400 : 1500));
    }
}

reply_t ask(person_t *self, const char *method, const ProtobufCMessage *in)
{
    reply_t ret = {0};
    unsigned flags = contract_method_of(method)->flags;
    bool keyed = flags & METHOD_WRITES && !(flags & METHOD_UPLOAD);
    ret.op = keyed ? op_new(self, method) : NULL;
    run(self, method, ret.op, in, &ret);
    op_t *op = ret.op;
    if (op) {
        op->status = ret.status;
        op->state = ret.status == STATUS_OK ? OP_DONE : OP_REFUSED;
        op->unsure = ret.status != STATUS_OK && op->unsure_until_us != 0;
        op->answered_us = world_us();
        if (op->state == OP_DONE)
            books_acknowledged(op);
    }
    return ret;
}

void ask_again(person_t *self, const op_t *op, const char *method, const ProtobufCMessage *in)
{
    reply_t reply = {0};
    run(self, method, (op_t *) op, in, &reply);
    if (reply.status != STATUS_OK && strcmp(reply.code, "token_expired") != 0)
        broken("a key has one answer", "%s: %s key %s was done and is now refused: %s %s",
               self->name, method, op->key, status_name(reply.status), reply.code);
}
