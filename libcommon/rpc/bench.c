/* bench.c - a service's handlers in one thread on a store in memory, for unit tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dispatch.h"

/* Monday 2026-03-02 09:00 in Shanghai. */
#define BENCH_NOW_MS      1772413200000LL
#define BENCH_ARENA_BYTES (256u << 20)

struct bench {
    dispatch_t dispatch;
    store_t *store;
    arena_t *arena;
    int64_t now_ms;
    call_t call;
    status_t status;
    bench_ask_t ask;
    void *ask_arg;
};

const caller_t BENCH_ANONYMOUS = {
    .kind = YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED,
    .level = YW__LEVEL__LEVEL_ANONYMOUS,
    .id = "",
    .department = "",
    .name = "",
    .session = "",
    .address = "192.0.2.1",
};

const caller_t BENCH_SERVICE = {
    .kind = YW__CALLER_KIND__CALLER_KIND_SERVICE,
    .id = "test",
    .department = "",
    .name = "",
    .session = "",
    .address = "",
};

caller_t bench_person(const char *id, Yw__Level level)
{
    /* One token for each level, so that a caller needs no memory of its own. */
    static Yw__Token tokens[YW__LEVEL__LEVEL_HIGH + 1];
    caller_t caller = BENCH_ANONYMOUS;

    tokens[level] = (Yw__Token) YW__TOKEN__INIT;
    tokens[level].kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    tokens[level].level = level;
    caller.token = &tokens[level];
    caller.kind = YW__CALLER_KIND__CALLER_KIND_PERSON;
    caller.id = id;
    caller.level = level;
    caller.session = "session-of-test";
    return caller;
}

caller_t bench_system(const char *id, const char *department)
{
    caller_t caller = BENCH_ANONYMOUS;
    caller.kind = YW__CALLER_KIND__CALLER_KIND_SYSTEM;
    caller.id = id;
    caller.department = department;
    return caller;
}

caller_t bench_staff(bench_t *self, const char *id, const char *department, const char *permissions)
{
    caller_t caller = BENCH_ANONYMOUS;
    Yw__Token *token = (Yw__Token *) message_new(&yw__token__descriptor, self->arena);
    const char **list = ARRAY(self->arena, const char *, 64);
    char *rest = arena_text(self->arena, permissions);

    for (char *word = strsep(&rest, " "); word && token->n_permissions < 64;
         word = strsep(&rest, " "))
        if (*word)
            list[token->n_permissions++] = word;
    token->permissions = (void *) list;
    token->kind = YW__CALLER_KIND__CALLER_KIND_STAFF;
    token->subject = id;
    token->department = department;
    token->name = id;
    caller.kind = token->kind;
    caller.id = id;
    caller.name = id;
    caller.department = department;
    caller.session = "session-of-test";
    caller.token = token;
    return caller;
}

static status_t ask(void *arg, call_t *call, const char *method, const ProtobufCMessage *in,
                    const ProtobufCMessageDescriptor *out, const ProtobufCMessage **ret)
{
    bench_t *self = arg;
    if (!self->ask)
        return STATUS_UNAVAILABLE;
    ProtobufCMessage *answer = message_new(out, call->arena);
    status_t status = self->ask(self->ask_arg, method, in, answer);
    if (status == STATUS_OK)
        *ret = answer;
    return status;
}

static const call_ops_t bench_ops = {.ask = ask};

bench_t *bench_new(const service_t *service, void *context)
{
    char error[512];
    bench_t *self = xalloc(sizeof *self);

    crypto_init();
    dispatch_init(&self->dispatch, service);
    self->dispatch.context = context;
    self->arena = arena_new(BENCH_ARENA_BYTES);
    self->now_ms = BENCH_NOW_MS;
    status_t status = store_open(":memory:", service->migrations, service->migration_count,
                                 &self->store, error, sizeof error);
    if (status != STATUS_OK)
        fprintf(stderr, "bench: %s\n", error);
    CHECK(status == STATUS_OK);
    return self;
}

void bench_free(bench_t **self)
{
    store_close(&(*self)->store);
    arena_free(&(*self)->arena);
    dispatch_close(&(*self)->dispatch);
    free(*self);
    *self = NULL;
}

static status_t write(bench_t *self)
{
    bool keep = false;

    CHECK(store_begin(self->store) == STATUS_OK);
    CHECK(store_savepoint(self->store) == STATUS_OK);
    status_t status = dispatch_write(&self->call, self->store, &keep);
    if (keep)
        CHECK(store_release(self->store) == STATUS_OK);
    else
        store_rollback_to(self->store);
    CHECK(store_commit(self->store) == STATUS_OK);
    return status;
}

static status_t run(bench_t *self)
{
    const method_t *method = self->call.method;

    if (!(method->flags & METHOD_WRITES) && !method->on)
        return dispatch_read(&self->call, self->store);
    if (internal_of(&self->call)->entry->handler->prepare) {
        status_t status = dispatch_prepare(&self->call, self->store);
        if (status != STATUS_OK || self->call.skip)
            return status;
    }
    return write(self);
}

status_t bench_call_key(bench_t *self, const caller_t *caller, const char *key, const char *method,
                        const ProtobufCMessage *in, const ProtobufCMessage **ret)
{
    self->call.arena = self->arena;
    self->status = dispatch_open_as(&self->dispatch, caller, method, in, key, self->now_ms,
                                    &bench_ops, self, &self->call);
    if (self->status == STATUS_OK)
        self->status = run(self);
    if (self->status == STATUS_OK && ret) {
        ProtobufCBinaryData answer = internal_of(&self->call)->answer;
        *ret = message_unpack(self->call.method->out, self->arena, answer.data, answer.len);
        CHECK(*ret);
    }
    return self->status;
}

status_t bench_call(bench_t *self, const caller_t *caller, const char *method,
                    const ProtobufCMessage *in, const ProtobufCMessage **ret)
{
    return bench_call_key(self, caller, "", method, in, ret);
}

const Yw__Status *bench_failure(const bench_t *self)
{
    if (self->status == STATUS_OK)
        return NULL;
    ProtobufCBinaryData answer = internal_of(&self->call)->answer;
    return (const Yw__Status *) message_unpack(&yw__status__descriptor, self->arena, answer.data,
                                               answer.len);
}

void bench_set_now(bench_t *self, int64_t now_ms)
{
    self->now_ms = now_ms;
}

int64_t bench_now(const bench_t *self)
{
    return self->now_ms;
}

void bench_sql(bench_t *self, const char *sql)
{
    CHECK(store_exec(self->store, sql) == STATUS_OK);
}

int64_t bench_count(bench_t *self, const char *sql)
{
    return store_number(self->store, sql);
}

arena_t *bench_arena(bench_t *self)
{
    return self->arena;
}

void bench_on_ask(bench_t *self, bench_ask_t ask_function, void *arg)
{
    self->ask = ask_function;
    self->ask_arg = arg;
}
