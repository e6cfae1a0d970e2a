#include "client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "link.h"
#include "message.h"
#include "method.h"

struct client {
    link_t *link;
    const char *name;
    uint64_t call;
};

status_t client_open(const char *endpoint, const char *name, client_t **ret)
{
    char error[256];
    client_t *self = xalloc(sizeof *self);
    const char *endpoints[] = {endpoint, NULL};
    link_options_t options = {.endpoints = endpoints};

    self->name = name;
    if (link_open(&options, clock_mono_ms(), &self->link, error, sizeof error) != STATUS_OK) {
        free(self);
        return STATUS_UNAVAILABLE;
    }
    *ret = self;
    return STATUS_OK;
}

void client_close(client_t **self)
{
    if (!*self)
        return;
    link_close(&(*self)->link);
    free(*self);
    *self = NULL;
}

/* One turn of the link; true when `message` is the answer to `call`. */
static bool receive(client_t *self, uint64_t call, int wait_ms, link_message_t *message, bool *lost)
{
    struct pollfd fd = {.fd = link_fd(self->link), .events = POLLIN};

    link_tick(self->link, clock_mono_ms());
    while (link_receive(self->link, message)) {
        if (message->frame.command == COMMAND_ANSWER && message->frame.call == call)
            return true;
        if (message->frame.command == COMMAND_BYE)
            *lost = true;
        link_message_free(message);
    }
    if (!*lost)
        poll(&fd, 1, wait_ms);
    return false;
}

static status_t read_answer(const link_message_t *message, const ProtobufCMessageDescriptor *out,
                            arena_t *arena, const ProtobufCMessage **ret,
                            const Yw__Status **ret_failure)
{
    status_t status = message->frame.status;
    const ProtobufCMessageDescriptor *type = status == STATUS_OK ? out : &yw__status__descriptor;
    ProtobufCMessage *body = message_unpack(type, arena, message->body, message->body_size);

    if (!body)
        return status == STATUS_OK ? STATUS_INTERNAL : status;
    if (status == STATUS_OK)
        *ret = body;
    else if (ret_failure)
        *ret_failure = (const Yw__Status *) body;
    return status;
}

status_t client_ask(client_t *self, const char *method, const Yw__Meta *meta,
                    const ProtobufCMessage *in, uint32_t timeout_ms, arena_t *arena,
                    const ProtobufCMessage **ret, const Yw__Status **ret_failure)
{
    const method_t *contract = contract_method_of(method);
    CHECK(contract);
    Yw__Meta own = YW__META__INIT;
    int64_t until_ms = clock_mono_ms() + timeout_ms;

    if (ret_failure)
        *ret_failure = NULL;
    own.service = self->name;
    ProtobufCBinaryData packed_meta = message_pack(meta ? &meta->base : &own.base, arena);
    ProtobufCBinaryData body = message_pack(in, arena);
    uint64_t call = ++self->call;

    /* Just opened or the broker just came back: give it the time the call has. */
    link_message_t message;
    bool lost = false;
    int broker;
    if (!link_wait(self->link, timeout_ms))
        return STATUS_UNAVAILABLE;
    status_t sent = link_call(self->link, call, method, timeout_ms, packed_meta.data,
                              packed_meta.len, body.data, body.len, &broker);
    if (sent != STATUS_OK)
        return sent;
    for (int64_t left_ms; (left_ms = until_ms - clock_mono_ms()) > 0;) {
        if (receive(self, call, left_ms < 250 ? (int) left_ms : 250, &message, &lost)) {
            status_t status = read_answer(&message, contract->out, arena, ret, ret_failure);
            link_message_free(&message);
            return status;
        }
        if (lost)
            return STATUS_UNAVAILABLE;
    }
    link_cancel(self->link, broker, call);
    return STATUS_DEADLINE_EXCEEDED;
}
