#include "call.h"

#include <stdarg.h>
#include <string.h>

#include "call_internal.h"
#include "check.h"
#include "crypto.h"
#include "rights.h"
#include "text.h"

static Yw__Status *failure_new(call_t *call, status_t status, const char *code, const char *message)
{
    Yw__Status *self = (Yw__Status *) message_new(&yw__status__descriptor, call->arena);
    if (!self)
        return NULL;
    self->status = status;
    self->code = code;
    self->message = message ? message : "";
    return self;
}

static status_t fail(call_t *call, status_t status, const char *code, const char *field,
                     const char *format, va_list args)
{
    CHECK(status != STATUS_OK);
    const char *message = arena_vprintf(call->arena, format, args);
    call->failure = failure_new(call, status, code, message);
    if (!call->failure || !field)
        return status;

    Yw__Violation *violation =
        (Yw__Violation *) message_new(&yw__violation__descriptor, call->arena);
    Yw__Violation **list = ARRAY(call->arena, Yw__Violation *, 1);
    if (violation && list) {
        violation->field = arena_text(call->arena, field);
        violation->code = code;
        violation->message = message ? message : "";
        list[0] = violation;
        call->failure->violations = list;
        call->failure->n_violations = 1;
    }
    return status;
}

status_t call_fail(call_t *call, status_t status, const char *code, const char *field,
                   const char *message, ...)
{
    va_list args;
    va_start(args, message);
    fail(call, status, code, field, message, args);
    va_end(args);
    return status;
}

status_t call_refuse(call_t *call, status_t status, const char *code, const char *field,
                     const char *message, ...)
{
    va_list args;
    va_start(args, message);
    fail(call, status, code, field, message, args);
    va_end(args);
    internal_of(call)->keep_rows = true;
    return status;
}

void call_retry_after(call_t *call, uint32_t ms)
{
    if (call->failure)
        call->failure->retry_after_ms = ms;
}

void call_fault(call_t *call, const char *field, const char *code, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    const char *text = arena_vprintf(call->arena, message, args);
    va_end(args);
    if (!call->faults)
        call->faults = arena_alloc(call->arena, sizeof *call->faults);
    if (call->faults)
        faults_add(call->faults, call->arena, field, code, "%s", text ? text : "");
}

status_t call_faulty(call_t *call)
{
    if (!call->faults || call->faults->count == 0)
        return STATUS_OK;
    call->failure = failure_new(
        call, STATUS_INVALID_ARGUMENT, "invalid",
        call->faults->count == 1 ? call->faults->faults[0].message
                                 : arena_printf(call->arena, "有 %zu 处需要修改，请按提示逐项更正",
                                                call->faults->count));
    if (!call->failure)
        return STATUS_INVALID_ARGUMENT;

    size_t n = call->faults->count;
    Yw__Violation **list = ARRAY(call->arena, Yw__Violation *, n);
    if (!list)
        return STATUS_INVALID_ARGUMENT;
    for (size_t i = 0; i < n; i++) {
        list[i] = (Yw__Violation *) message_new(&yw__violation__descriptor, call->arena);
        if (!list[i])
            return STATUS_INVALID_ARGUMENT;
        list[i]->field = call->faults->faults[i].field;
        list[i]->code = call->faults->faults[i].code;
        list[i]->message = call->faults->faults[i].message;
    }
    call->failure->violations = list;
    call->failure->n_violations = n;
    return STATUS_INVALID_ARGUMENT;
}

status_t call_not_found(call_t *call, const char *what)
{
    return call_fail(call, STATUS_NOT_FOUND, "not_found", NULL, "没有找到%s，请核对后再试", what);
}

bool call_permitted(const call_t *call, const char *permission)
{
    return rights_permitted(call->caller.token, permission);
}

void call_concerns(call_t *call, const char *id)
{
    call->concerns = id;
}

const char *call_id(call_t *call)
{
    char id[IDS_SIZE];
    uint8_t random[10];
    call_random(call, random, sizeof random);
    ids_make(call->now_ms, random, id);
    return arena_text(call->arena, id);
}

void call_random(call_t *call, void *out, size_t size)
{
    internal_t *internal = internal_of(call);
    if (internal->ops->random)
        internal->ops->random(internal->ops_arg, out, size);
    else
        crypto_random(out, size);
}

status_t call_event(call_t *call, const ProtobufCMessage *event)
{
    CHECK(call->method->flags & METHOD_WRITES || call->method->on);
    const topic_t *topic = contract_topic(event->descriptor);
    CHECK(topic);
    const ProtobufCFieldDescriptor *field =
        message_field(event->descriptor, topic->key, strlen(topic->key));
    CHECK(field && field->type == PROTOBUF_C_TYPE_STRING);
    const char *key = *(const char *const *) message_at(event, field);

    ProtobufCBinaryData body = message_pack(event, call->arena);
    if (!body.data)
        return STATUS_RESOURCE_EXHAUSTED;
    const char **subscribers = ARRAY(call->arena, const char *, topic->subscriber_count);
    if (!subscribers)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < topic->subscriber_count; i++)
        subscribers[i] = topic->subscribers[i]->name;

    int64_t seq;
    return outbox_put(call->store, topic->topic, key, body.data, body.len, subscribers,
                      topic->subscriber_count, call->now_ms, &seq);
}

status_t call_apart(call_t *call, status_t (*step)(call_t *call, void *arg), void *arg)
{
    status_t status = store_savepoint(call->store);
    if (status != STATUS_OK)
        return status;
    status = step(call, arg);
    if (status == STATUS_OK)
        return store_release(call->store);
    if (!store_in_transaction(call->store))
        return STATUS_UNAVAILABLE;
    store_rollback_to(call->store);
    call->failure = NULL;
    internal_of(call)->keep_rows = false;
    return status;
}

void call_answer_packed(call_t *call, ProtobufCBinaryData packed)
{
    internal_of(call)->answer = packed;
    internal_of(call)->packed = true;
}

bool call_wait(call_t *call, uint32_t wait_ms)
{
    CHECK(call->method->flags & METHOD_WAITS);
    internal_t *internal = internal_of(call);
    if (!internal->ops->may_wait || !internal->ops->may_wait(internal->ops_arg, call, wait_ms))
        return false;
    internal->waits = true;
    return true;
}

status_t call_ask(call_t *call, const char *method, const ProtobufCMessage *in,
                  const ProtobufCMessageDescriptor *out, const ProtobufCMessage **ret)
{
    internal_t *internal = internal_of(call);
    CHECK(internal->ops->ask);
    return internal->ops->ask(internal->ops_arg, call, method, in, out, ret);
}
