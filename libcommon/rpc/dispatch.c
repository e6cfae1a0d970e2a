#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crypto.h"
#include "process.h"
#include "rights.h"
#include "text.h"

/* --- the table of handlers ---------------------------------------------------- */

/* More than any service will ever have. */
#define HANDLERS_MAX 1024

static void add_entry(dispatch_t *self, const handler_t *handler)
{
    entry_t *entry = xalloc(sizeof *entry);
    int size = snprintf(entry->name, sizeof entry->name, "%s%s", self->service->name,
                        strchr(handler->method, '.'));
    CHECK(size > 0 && (size_t) size < sizeof entry->name);
    entry->handler = handler;
    entry->method = contract_method(handler->method);
    CHECK(entry->method);
    CHECK(table_set(self->entries, entry->name, (size_t) size, entry));
}

void dispatch_init(dispatch_t *self, const service_t *service)
{
    memset(self, 0, sizeof *self);
    self->service = service;
    self->entries = table_new(HANDLERS_MAX);
    for (size_t i = 0; i < service->handler_count; i++)
        add_entry(self, &service->handlers[i]);
    for (size_t i = 0; i < process_handler_count; i++)
        add_entry(self, &process_handlers[i]);
}

void dispatch_close(dispatch_t *self)
{
    size_t cursor = 0;
    for (entry_t *entry; (entry = table_each(self->entries, &cursor)) != NULL;)
        free(entry);
    table_free(&self->entries);
    if (self->tokens)
        token_cache_free(&self->tokens);
}

const char *caller_text(const caller_t *caller, arena_t *arena)
{
    static const char *const names[] = {"anonymous", "person", "staff", "system", "service"};
    if (caller->kind == YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED)
        return "anonymous";
    const char *text = arena_printf(arena, "%s:%s", names[caller->kind], caller->id);
    return text ? text : "";
}

/* --- opening: who, may he, is it right ------------------------------------------ */

/* No memory is left for the call: what it sent was too large once unpacked. */
static status_t refuse_size(call_t *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too_large", NULL,
                     "提交的内容过大，请精简后再试");
}

/* "system:ID:DEPARTMENT" from the broker. */
static status_t caller_of_sender(call_t *call, const char *sender)
{
    const char *id = sender + strlen("system:");
    const char *colon = strchr(id, ':');
    if (!text_starts(sender, "system:") || !colon)
        return call_fail(call, STATUS_UNAUTHENTICATED, "sender", NULL, "无法识别调用方");
    call->caller.kind = YW__CALLER_KIND__CALLER_KIND_SYSTEM;
    call->caller.id = arena_copy(call->arena, id, (size_t) (colon - id));
    call->caller.department = arena_text(call->arena, colon + 1);
    return call->caller.id && call->caller.department ? STATUS_OK : refuse_size(call);
}

static status_t caller_of_token(const dispatch_t *self, call_t *call,
                                ProtobufCBinaryData signed_token)
{
    Yw__Token *token = NULL;
    token_state_t state = TOKEN_BAD;

    if (self->tokens)
        state = token_verify(self->tokens, signed_token.data, signed_token.len, call->now_ms,
                             call->arena, &token);
    if (state == TOKEN_BAD)
        return call_fail(call, STATUS_UNAUTHENTICATED, "token_invalid", NULL,
                         "登录凭证无效，请重新登录");
    if (state == TOKEN_EXPIRED)
        return call_fail(call, STATUS_UNAUTHENTICATED, "token_expired", NULL,
                         "登录已过期，请重新登录");

    /* Systems and services are known by their connection, never by a token. */
    if (token->kind != YW__CALLER_KIND__CALLER_KIND_PERSON &&
        token->kind != YW__CALLER_KIND__CALLER_KIND_STAFF)
        return call_fail(call, STATUS_UNAUTHENTICATED, "token_invalid", NULL,
                         "登录凭证无效，请重新登录");
    call->caller.kind = token->kind;
    call->caller.id = token->subject;
    call->caller.level = token->level;
    call->caller.department = token->department;
    call->caller.name = token->name;
    call->caller.session = token->session;
    call->caller.token = token;
    return STATUS_OK;
}

static const caller_t NOBODY = {
    .kind = YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED,
    .level = YW__LEVEL__LEVEL_ANONYMOUS,
    .id = "",
    .department = "",
    .name = "",
    .session = "",
    .address = "",
};

static status_t open_caller(const dispatch_t *self, const request_t *request, call_t *call)
{
    internal_t *internal = internal_of(call);
    Yw__Meta *meta = (Yw__Meta *) message_unpack(&yw__meta__descriptor, call->arena, request->meta,
                                                 request->meta_size);
    if (!meta || !rule_check(&meta->base, call->arena, call->faults))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "meta", NULL, "请求的附加信息有误");

    call->idempotency_key = meta->idempotency_key;
    call->traceparent = meta->traceparent;
    if (!text_empty(request->sender))
        return caller_of_sender(call, request->sender);

    call->caller.address = meta->address;
    if (meta->token.len)
        return caller_of_token(self, call, meta->token);
    if (!text_empty(meta->service)) {
        call->caller.kind = YW__CALLER_KIND__CALLER_KIND_SERVICE;
        call->caller.id = meta->service;
        if (!text_empty(meta->event_source)) {
            internal->event_source = meta->event_source;
            internal->event_seq = meta->event_seq;
        }
    }
    return STATUS_OK;
}

static status_t open_method(const dispatch_t *self, const char *name, call_t *call)
{
    entry_t *entry = table_get(self->entries, name, strlen(name));
    if (!entry)
        return call_fail(call, STATUS_UNIMPLEMENTED, "unknown_method", NULL, "没有这个方法：%s",
                         name);
    internal_of(call)->entry = entry;
    call->method = entry->method;
    return STATUS_OK;
}

static status_t open_rights(call_t *call)
{
    right_t right = rights_of(call->method, call->caller.kind, call->caller.token);
    if (right == RIGHT_GRANTED)
        return STATUS_OK;
    const right_refusal_t *refusal = rights_refusal(right);
    const char *level = label_of(&yw__level__descriptor, call->method->level);
    return call_fail(call, refusal->status, refusal->code, NULL, refusal->message, level);
}

static status_t open_request(call_t *call)
{
    internal_t *internal = internal_of(call);
    const method_t *method = call->method;

    internal->in =
        message_unpack(method->in, call->arena, internal->request.data, internal->request.len);
    if (!internal->in)
        return arena_used(call->arena) > CALL_ARENA_BYTES_MAX / 2
                   ? refuse_size(call)
                   : call_fail(call, STATUS_INVALID_ARGUMENT, "malformed", NULL,
                               "请求内容无法解析");
    if (!rule_check(internal->in, call->arena, call->faults))
        return call_faulty(call);
    if (method->on && !internal->event_source)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "event", NULL, "事件缺少来源");
    return STATUS_OK;
}

static void open_blank(const dispatch_t *self, int64_t now_ms, const call_ops_t *ops, void *ops_arg,
                       call_t *call)
{
    arena_t *arena = call->arena;
    internal_t *internal = arena_alloc(arena, sizeof *internal);
    faults_t *faults = arena_alloc(arena, sizeof *faults);
    CHECK(internal && faults); /* a fresh arena holds more than these */

    memset(call, 0, sizeof *call);
    call->arena = arena;
    call->internal = internal;
    call->faults = faults;
    call->caller = NOBODY;
    call->now_ms = now_ms;
    call->context = self->context;
    call->server = self->server;
    call->idempotency_key = "";
    call->traceparent = "";
    call->concerns = "";
    internal->ops = ops;
    internal->ops_arg = ops_arg;
    internal->ledger_key = self->ledger_key;
}

status_t dispatch_open(const dispatch_t *self, const request_t *request, int64_t now_ms,
                       const call_ops_t *ops, void *ops_arg, call_t *call)
{
    open_blank(self, now_ms, ops, ops_arg, call);
    internal_t *internal = internal_of(call);
    internal->request.data = (uint8_t *) request->body;
    internal->request.len = request->body_size;

    status_t status = open_method(self, request->name, call);
    if (status == STATUS_OK)
        status = open_caller(self, request, call);
    if (status == STATUS_OK)
        status = open_rights(call);
    if (status == STATUS_OK)
        status = open_request(call);
    if (status != STATUS_OK)
        dispatch_failure(call, status);
    return status;
}

status_t dispatch_open_as(const dispatch_t *self, const caller_t *caller, const char *method,
                          const ProtobufCMessage *in, const char *key, int64_t now_ms,
                          const call_ops_t *ops, void *ops_arg, call_t *call)
{
    open_blank(self, now_ms, ops, ops_arg, call);
    internal_t *internal = internal_of(call);
    internal->request = message_pack(in, call->arena);
    call->caller = *caller;
    call->idempotency_key = key;

    status_t status = open_method(self, method, call);
    if (status == STATUS_OK && call->method->on) {
        internal->event_source = caller->id;
        crypto_random(&internal->event_seq, sizeof internal->event_seq);
    }
    if (status == STATUS_OK)
        status = open_rights(call);
    if (status == STATUS_OK)
        status = open_request(call);
    if (status != STATUS_OK)
        dispatch_failure(call, status);
    return status;
}

/* --- running ------------------------------------------------------------------------ */

void dispatch_failure(call_t *call, status_t status)
{
    static const char *const sentences[] = {
        [STATUS_CANCELLED] = "请求已取消",
        [STATUS_DEADLINE_EXCEEDED] = "处理超时，请稍后再试",
        [STATUS_NOT_FOUND] = "没有找到您要的内容",
        [STATUS_ALREADY_EXISTS] = "内容已存在，请勿重复提交",
        [STATUS_RESOURCE_EXHAUSTED] = "超出处理能力，请精简内容或稍后再试",
        [STATUS_FAILED_PRECONDITION] = "当前状态不能进行此操作",
        [STATUS_INTERNAL] = "系统内部错误，请稍后再试",
        [STATUS_UNAVAILABLE] = "服务繁忙，请稍后再试",
        [STATUS_UNAUTHENTICATED] = "请先登录",
    };
    static const char *const codes[] = {
        [STATUS_CANCELLED] = "cancelled",
        [STATUS_DEADLINE_EXCEEDED] = "deadline",
        [STATUS_NOT_FOUND] = "not_found",
        [STATUS_ALREADY_EXISTS] = "already_exists",
        [STATUS_RESOURCE_EXHAUSTED] = "too_large",
        [STATUS_FAILED_PRECONDITION] = "failed_precondition",
        [STATUS_INTERNAL] = "internal",
        [STATUS_UNAVAILABLE] = "unavailable",
        [STATUS_UNAUTHENTICATED] = "sign_in",
    };
    const size_t known = sizeof codes / sizeof *codes;
    internal_t *internal = internal_of(call);
    Yw__Status plain = YW__STATUS__INIT;

    if (!call->failure || call->failure->status != (int) status) {
        plain.status = status;
        plain.code = (size_t) status < known && codes[status] ? codes[status] : "failed";
        plain.message =
            (size_t) status < known && sentences[status] ? sentences[status] : "操作未能完成";
        if (status == STATUS_UNAVAILABLE)
            plain.retry_after_ms = 1000;
    }
    const Yw__Status *failure = plain.status ? &plain : call->failure;
    internal->answer = message_pack(&failure->base, call->arena);
}

static status_t answer(call_t *call)
{
    internal_t *internal = internal_of(call);
    if (internal->packed)
        return STATUS_OK;
    internal->answer = message_pack(internal->out, call->arena);
    if (!internal->answer.data && protobuf_c_message_get_packed_size(internal->out) != 0)
        return refuse_size(call);
    return STATUS_OK;
}

static status_t run(call_t *call, store_t *store)
{
    internal_t *internal = internal_of(call);

    call->store = store;
    internal->waits = internal->packed = false;
    internal->out = message_new(call->method->out, call->arena);
    if (!internal->out)
        return refuse_size(call);
    status_t status = internal->entry->handler->run(call, internal->in, internal->out);
    CHECK(!internal->waits || status == STATUS_OK);
    return status;
}

status_t dispatch_prepare(call_t *call, store_t *reader)
{
    internal_t *internal = internal_of(call);
    CHECK(internal->entry->handler->prepare);

    call->store = reader;
    store_snapshot_begin(reader);
    status_t status = internal->entry->handler->prepare(call, internal->in);
    store_snapshot_end(reader);
    if (status != STATUS_OK) {
        dispatch_failure(call, status);
    } else if (call->skip) {
        internal->out = message_new(call->method->out, call->arena);
        status = internal->out ? answer(call) : STATUS_RESOURCE_EXHAUSTED;
    }
    return status;
}

status_t dispatch_read(call_t *call, store_t *reader)
{
    store_snapshot_begin(reader);
    status_t status = run(call, reader);
    store_snapshot_end(reader);
    if (internal_of(call)->waits)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = answer(call);
    if (status != STATUS_OK)
        dispatch_failure(call, status);
    return status;
}

/* --- writing: inbox, once, handler, audit ---------------------------------------------- */

/* Keyed: without the key nobody can try passwords or numbers against a stolen audit trail. */
static void request_hash(const call_t *call, uint8_t hash[CRYPTO_LOOKUP_SIZE])
{
    const internal_t *internal = internal_of(call);
    crypto_lookup(internal->ledger_key, internal->request.data, internal->request.len, hash);
}

/* The trace id of a W3C traceparent "00-<32 hex>-<16 hex>-01"; "" when there is none. */
static const char *trace_id(const call_t *call)
{
    if (strlen(call->traceparent) < 35)
        return "";
    const char *id = arena_copy(call->arena, call->traceparent + 3, 32);
    return id ? id : "";
}

static status_t audit(call_t *call, store_t *store, status_t outcome,
                      const uint8_t hash[CRYPTO_LOOKUP_SIZE])
{
    audit_row_t row = {
        .at_ms = call->now_ms,
        .method = internal_of(call)->entry->name,
        .caller = caller_text(&call->caller, call->arena),
        .address = call->caller.address,
        .concerns = call->concerns ? call->concerns : "",
        .trace = trace_id(call),
        .outcome = outcome,
    };
    memcpy(row.request_hash, hash, CRYPTO_LOOKUP_SIZE);
    return audit_put(store, &row);
}

status_t dispatch_audit_read(call_t *call, store_t *store, status_t outcome)
{
    uint8_t hash[CRYPTO_LOOKUP_SIZE];
    request_hash(call, hash);
    return audit(call, store, outcome, hash);
}

/* Parts of an upload come under one key and are idempotent by their offset. */
static bool uses_once(const call_t *call)
{
    return call->idempotency_key[0] && !(call->method->flags & METHOD_UPLOAD);
}

/* Answers are kept for ever and may hold secrets (a query code, a session's tokens), so they
 * are kept sealed; the context ties each to its key. */
static const char *once_context(const call_t *call)
{
    return arena_printf(call->arena, "once:%s", call->idempotency_key);
}

static status_t once_remember(call_t *call, store_t *store, const char *who, const uint8_t *hash)
{
    internal_t *internal = internal_of(call);
    size_t size = internal->answer.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *sealed = arena_alloc(call->arena, size);
    const char *context = once_context(call);

    if (!sealed || !context)
        return refuse_size(call);
    crypto_seal(internal->ledger_key, context, internal->answer.data, internal->answer.len, sealed);
    return once_put(store, call->idempotency_key, who, internal->entry->name, hash, sealed, size,
                    call->now_ms);
}

static status_t once_recall(call_t *call, store_t *store, const char *who, const uint8_t *hash)
{
    internal_t *internal = internal_of(call);
    ProtobufCBinaryData sealed;
    status_t status = once_find(store, call->idempotency_key, who, internal->entry->name, hash,
                                call->arena, &sealed);
    if (status != STATUS_OK)
        return status;

    size_t size = sealed.len < CRYPTO_SEAL_OVERHEAD ? 0 : sealed.len - CRYPTO_SEAL_OVERHEAD;
    const char *context = once_context(call);
    internal->answer.len = size;
    internal->answer.data = arena_alloc(call->arena, size + 1);
    if (!context || !internal->answer.data)
        return refuse_size(call);
    if (!crypto_open(internal->ledger_key, context, sealed.data, sealed.len, internal->answer.data))
        return STATUS_DATA_LOSS; /* another master key, or the row was altered */
    return STATUS_OK;
}

/* What came before the handler: OK go on; ALREADY_EXISTS: it was done, the answer is there. */
static status_t write_before(call_t *call, store_t *store, const char *who,
                             const uint8_t hash[CRYPTO_LOOKUP_SIZE])
{
    internal_t *internal = internal_of(call);

    if (internal->event_source) {
        status_t status = inbox_put(store, internal->event_source, internal->event_seq,
                                    internal->entry->name, call->now_ms);
        if (status == STATUS_ALREADY_EXISTS)
            internal->answer = (ProtobufCBinaryData){0, NULL};
        return status;
    }
    if (!uses_once(call))
        return STATUS_OK;
    status_t status = once_recall(call, store, who, hash);
    switch (status) {
    case STATUS_OK:
        return STATUS_ALREADY_EXISTS;
    case STATUS_NOT_FOUND:
        return STATUS_OK;
    case STATUS_FAILED_PRECONDITION:
        return call_fail(call, status, "idempotency_key_reused", "Idempotency-Key",
                         "此 Idempotency-Key 已用于另一请求，请换一个新的");
    default:
        return status;
    }
}

/* Takes the handler's rows back; the savepoint is open again for the audit row. */
static bool undo(store_t *store)
{
    store_rollback_to(store);
    return store_savepoint(store) == STATUS_OK;
}

status_t dispatch_write(call_t *call, store_t *store, bool *keep)
{
    internal_t *internal = internal_of(call);
    uint8_t hash[CRYPTO_LOOKUP_SIZE];
    const char *who = caller_text(&call->caller, call->arena);

    *keep = false;
    request_hash(call, hash);
    call->store = store;
    status_t status = write_before(call, store, who, hash);
    if (status == STATUS_ALREADY_EXISTS)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = run(call, store);
    if (status == STATUS_OK)
        status = answer(call);
    if (status == STATUS_OK && uses_once(call))
        status = once_remember(call, store, who, hash);
    if (status != STATUS_OK) {
        dispatch_failure(call, status);
        if (!store_in_transaction(store) || (!internal->keep_rows && !undo(store)))
            return status;
    }

    /* Also what was refused is told, when we know by whom: rows of strangers would
     * let anyone fill the disk. */
    bool known = call->caller.kind != YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED;
    *keep = status == STATUS_OK || internal->keep_rows;
    if (!internal->quiet && (*keep || known)) {
        status_t audited = audit(call, store, status, hash);
        if (audited != STATUS_OK) {
            *keep = false;
            dispatch_failure(call, audited);
            return audited;
        }
        *keep = true;
    }
    return status;
}
