/* yiwang.c - see yiwang.h. */
#include "yiwang.h"
#include <czmq.h>
#include "yiwang/envelope.pb-c.h"
#include "yiwang/status.pb-c.h"

enum { READY = 1, CALL = 2, ANSWER = 3, BYE = 5, HEARTBEAT = 6 };
enum {
    INVALID_ARGUMENT = 3,
    DEADLINE_EXCEEDED = 4,
    INTERNAL = 13,
    UNAVAILABLE = 14,
    UNAUTHENTICATED = 16
};

#define HEADER_MIN     22
#define BODY_BYTES_MAX (4 << 20)
#define NAME_MAX_BYTES 64
#define PAUSE_MS       500 /* before a call is tried again, when the answer does not say */

struct yiwang {
    char *endpoint;
    zcert_t *own, *broker;
    zsock_t *socket; /* DEALER; NULL: not connected */
    uint64_t number; /* of the last call */
    yiwang_error_t error;
};

yiwang_t *yiwang_open(const char *endpoint, const char *key_file, const char *broker_file)
{
    zsys_handler_set(NULL); /* signals are the program's */
    yiwang_t *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->endpoint = strdup(endpoint);
    self->own = zcert_load(key_file);
    self->broker = zcert_load(broker_file);
    if (!self->endpoint || !self->own || !self->broker)
        yiwang_close(&self);
    return self;
}

static void put(uint8_t *out, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        out[bytes] = (uint8_t) value;
        value >>= 8;
    }
}

/* Sends a header, and meta and body when there are any.  False: libzmq gave the connection up,
 * which is how a refused key shows. */
static bool say(yiwang_t *self, uint8_t command, const char *name, uint32_t timeout_ms,
                zframe_t *meta, zframe_t *body)
{
    uint8_t header[HEADER_MIN + NAME_MAX_BYTES] = "YW01";
    size_t name_size = strlen(name);
    header[4] = command;
    put(header + 8, timeout_ms, 4);
    put(header + 12, command == CALL ? self->number : 0, 8);
    header[20] = (uint8_t) name_size;
    memcpy(header + 21, name, name_size);
    zmsg_t *message = zmsg_new();
    zmsg_addmem(message, header, HEADER_MIN + name_size);
    if (meta) {
        zmsg_addmem(message, zframe_data(meta), zframe_size(meta));
        zmsg_addmem(message, zframe_data(body), zframe_size(body));
    }
    bool sent = zmsg_send(&message, self->socket) == 0;
    zmsg_destroy(&message);
    return sent;
}

static void disconnect(yiwang_t *self, int linger_ms)
{
    if (!self->socket)
        return;
    zsock_set_linger(self->socket, linger_ms);
    zsock_destroy(&self->socket);
}

void yiwang_close(yiwang_t **self_p)
{
    yiwang_t *self = *self_p;
    if (!self)
        return;
    if (self->socket)
        say(self, BYE, "", 0, NULL, NULL);
    disconnect(self, 1000);
    zcert_destroy(&self->own);
    zcert_destroy(&self->broker);
    free(self->endpoint);
    free(self);
    *self_p = NULL;
}

static bool connected(yiwang_t *self)
{
    if (self->socket)
        return true;
    self->socket = zsock_new(ZMQ_DEALER);
    if (!self->socket)
        return false;
    zsock_set_linger(self->socket, 0);
    zsock_set_sndtimeo(self->socket, 0);
    zcert_apply(self->own, self->socket);
    zsock_set_curve_serverkey(self->socket, zcert_public_txt(self->broker));
    if (zsock_connect(self->socket, "%s", self->endpoint) != 0)
        disconnect(self, 0);
    return self->socket != NULL;
}

static void fail(yiwang_t *self, int status, const char *code, const char *message)
{
    self->error = (yiwang_error_t){.status = status};
    snprintf(self->error.code, sizeof self->error.code, "%s", code);
    snprintf(self->error.message, sizeof self->error.message, "%s", message);
}

static void refused(yiwang_t *self, zframe_t *body)
{
    Yw__Status *status = (Yw__Status *) protobuf_c_message_unpack(
        &yw__status__descriptor, NULL, zframe_size(body), zframe_data(body));
    if (!status) {
        fail(self, INTERNAL, "answer", "平台的应答无法识别。");
        return;
    }
    fail(self, status->status, status->code, status->message);
    self->error.retry_after_ms = status->retry_after_ms;
    for (size_t i = 0; i < status->n_violations; i++) {
        size_t used = strlen(self->error.message);
        snprintf(self->error.message + used, sizeof self->error.message - used, "\n  %s: %s",
                 status->violations[i]->field, status->violations[i]->message);
    }
    protobuf_c_message_free_unpacked(&status->base, NULL);
}

/* Reads one message.  True: the call has ended, with *ret or an error. */
static bool hear(yiwang_t *self, const ProtobufCMessageDescriptor *out, ProtobufCMessage **ret)
{
    zmsg_t *message = zmsg_recv(self->socket);
    zframe_t *header = message ? zmsg_first(message) : NULL,
             *body = message ? zmsg_last(message) : NULL;
    uint8_t number[8];
    put(number, self->number, 8);
    bool ended = false;
    if (!header || zframe_size(header) < HEADER_MIN ||
        memcmp(zframe_data(header), "YW01", 4) != 0) {
        /* not of this protocol */
    } else if (zframe_data(header)[4] == BYE) {
        disconnect(self, 0);
        fail(self, UNAVAILABLE, "worker_lost", "连接已断开，结果未知。");
        ended = true;
    } else if (zframe_data(header)[4] == ANSWER &&
               memcmp(zframe_data(header) + 12, number, 8) == 0) {
        if (zframe_data(header)[5] != 0)
            refused(self, body);
        else if (!(*ret =
                       protobuf_c_message_unpack(out, NULL, zframe_size(body), zframe_data(body))))
            fail(self, INTERNAL, "answer", "平台的应答无法识别。");
        ended = true;
    }
    zmsg_destroy(&message);
    return ended;
}

/* One attempt; false: self->error says why. */
static ProtobufCMessage *attempt(yiwang_t *self, const char *method, zframe_t *meta, zframe_t *body,
                                 const ProtobufCMessageDescriptor *out, int64_t end_ms)
{
    int64_t left_ms = end_ms - zclock_mono();
    if (!connected(self)) {
        fail(self, INVALID_ARGUMENT, "endpoint", "连接地址有误。");
        return NULL;
    }
    self->number++;
    /* The broker forgets who is silent for 4 s: say hello again. */
    bool said = say(self, READY, "", 0, NULL, NULL) &&
                say(self, CALL, method, left_ms > 1 ? (uint32_t) left_ms : 1, meta, body);

    ProtobufCMessage *answer = NULL;
    zmq_pollitem_t item = {.socket = zsock_resolve(self->socket), .events = ZMQ_POLLIN};
    while (said && zclock_mono() < end_ms + 1000) { /* the platform keeps the deadline */
        if (zmq_poll(&item, 1, 1000) <= 0)
            said = say(self, HEARTBEAT, "", 0, NULL, NULL);
        else if (hear(self, out, &answer))
            return answer;
    }
    disconnect(self, 0); /* nothing of this call shall be sent later */
    if (said)
        fail(self, DEADLINE_EXCEEDED, "no_answer", "平台没有应答：请检查地址、密钥和网络。");
    else
        fail(self, UNAUTHENTICATED, "key_refused",
             "平台不接受本系统的密钥：请检查是否已登记、是否有效。");
    return NULL;
}

static zframe_t *pack(const ProtobufCMessage *message)
{
    zframe_t *frame = zframe_new(NULL, protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, zframe_data(frame));
    return frame;
}

ProtobufCMessage *yiwang_call(yiwang_t *self, const char *method, const ProtobufCMessage *in,
                              const ProtobufCMessageDescriptor *out, const char *key,
                              uint32_t timeout_ms)
{
    int64_t end_ms = zclock_mono() + timeout_ms;
    if (strlen(method) > NAME_MAX_BYTES ||
        protobuf_c_message_get_packed_size(in) > BODY_BYTES_MAX) {
        fail(self, INVALID_ARGUMENT, "too_large", "请求超过 4 MiB，或方法名过长。");
        return NULL;
    }
    zuuid_t *uuid = zuuid_new();
    Yw__Meta fields = YW__META__INIT;
    fields.idempotency_key = key ? key : zuuid_str(uuid);
    zframe_t *meta = pack(&fields.base), *body = pack(in);

    ProtobufCMessage *answer;
    while (!(answer = attempt(self, method, meta, body, out, end_ms)) &&
           self->error.status == UNAVAILABLE) {
        int pause_ms = self->error.retry_after_ms ? (int) self->error.retry_after_ms : PAUSE_MS;
        if (zclock_mono() + pause_ms >= end_ms)
            break;
        zclock_sleep(pause_ms);
    }
    zframe_destroy(&meta);
    zframe_destroy(&body);
    zuuid_destroy(&uuid);
    return answer;
}

const yiwang_error_t *yiwang_error(const yiwang_t *self)
{
    return &self->error;
}
