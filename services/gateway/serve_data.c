#include "serve_private.h"

#include "clock.h"

#define ENTRIES_MAX 500  /* of a list that becomes a repeated field */
#define OPTIONAL_MS 2500 /* what a page can do without does not keep people waiting */

/* --- values into messages ------------------------------------------------------------------- */

/* Down "applicant.mobile" to the message that holds the last name. */
static ProtobufCMessage *descend(const page_bind_t *bind, ProtobufCMessage *message, arena_t *arena)
{
    for (size_t i = 0; i + 1 < bind->depth; i++) {
        const ProtobufCFieldDescriptor *field = bind->fields[i];
        ProtobufCMessage **inner = message_at(message, field);
        if (!message_has(message, field)) {
            *inner = message_new(field->descriptor, arena);
            if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
                memcpy((char *) message + field->quantifier_offset, &field->id, sizeof field->id);
        }
        if (!*inner)
            return NULL;
        message = *inner;
    }
    return message;
}

/* NULL, or a code as message_set_text() gives. */
static const char *set_text(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            const char *text, size_t size, arena_t *arena)
{
    if (!size)
        return NULL;
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const char *name = page_enum_name(field->descriptor, text);
        if (name)
            text = name, size = strlen(name);
    }
    return message_set_text(message, field, text, size, arena);
}

static const char *set_datum(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                             datum_t value, arena_t *arena)
{
    if (value.kind == DATUM_LIST) {
        const char *code = NULL;
        if (value.count > ENTRIES_MAX)
            return "range";
        for (uint32_t i = 0; i < value.count && !code; i++)
            code = set_datum(message, field, datum_at(value, i), arena);
        return code;
    }
    if (!datum_is_set(value))
        return NULL;
    const char *text = datum_plain(value, arena);
    return text ? set_text(message, field, text, strlen(text), arena) : "memory";
}

const char *serve_text(const page_text_t *text, const datum_t *slots, bool encode, arena_t *arena)
{
    datum_t root = datum_record(slots);
    buffer_t out = buffer_new(64u << 10);
    for (size_t i = 0; i < text->count; i++) {
        if (text->pieces[i].text) {
            buffer_text(&out, text->pieces[i].text);
            continue;
        }
        const char *value = datum_plain(datum_follow(&text->pieces[i].path, root), arena);
        if (value && encode)
            value = address_encode(value, strlen(value), arena);
        buffer_text(&out, value ? value : "");
    }
    const char *copy = out.full ? NULL : arena_copy(arena, out.data ? out.data : "", out.size);
    buffer_free(&out);
    return copy;
}

static const char *bind_one(const page_bind_t *bind, const datum_t *slots,
                            ProtobufCMessage *message, arena_t *arena)
{
    const ProtobufCFieldDescriptor *field = bind->fields[bind->depth - 1];
    if (bind->value.count == 1 && !bind->value.pieces[0].text) {
        datum_t value = datum_follow(&bind->value.pieces[0].path, datum_record(slots));
        if (!datum_is_set(value))
            return NULL; /* an empty value leaves the field out */
        message = descend(bind, message, arena);
        return message ? set_datum(message, field, value, arena) : "memory";
    }
    const char *text = serve_text(&bind->value, slots, false, arena);
    if (!text || !(message = descend(bind, message, arena)))
        return "memory";
    return set_text(message, field, text, strlen(text), arena);
}

static bool is_of_path(const page_bind_t *bind)
{
    for (size_t i = 0; i < bind->value.count; i++)
        if (!bind->value.pieces[i].text && bind->value.pieces[i].path.count &&
            bind->value.pieces[i].path.steps[0].slot == PAGE_SLOT_PATH)
            return true;
    return false;
}

static const char *camel(const char *name, arena_t *arena)
{
    char *out = arena_text(arena, name);
    if (out)
        message_camel(name, out);
    return out ? out : name;
}

static void add_fault(faults_t *faults, arena_t *arena, const ProtobufCFieldDescriptor *field,
                      const ProtobufCMessageDescriptor *type, const char *code)
{
    const rule_t *rule = rule_of(type, field->name);
    faults_add(faults, arena, camel(field->name, arena), code, "%s不正确",
               rule && rule->label ? rule->label : "参数");
}

bool serve_bind(const page_bind_t *binds, size_t count, const datum_t *slots, arena_t *arena,
                ProtobufCMessage *message, faults_t *faults, bool *ret_path)
{
    size_t before = faults->count;
    for (size_t i = 0; i < count; i++) {
        const char *code = bind_one(&binds[i], slots, message, arena);
        if (!code)
            continue;
        *ret_path = *ret_path || is_of_path(&binds[i]);
        add_fault(faults, arena, binds[i].fields[binds[i].depth - 1], binds[i].type, code);
    }
    return faults->count == before;
}

/* query.*: every parameter that names a field which is not given otherwise. */
static void bind_query(serve_t *self, const page_call_t *call, ProtobufCMessage *message,
                       faults_t *faults)
{
    arena_t *arena = self->exchange->arena;
    for (size_t i = 0; i < self->parameter_count; i++) {
        const parameter_t *one = &self->parameters[i];
        const ProtobufCFieldDescriptor *field =
            message_field(message->descriptor, one->name, one->name_size);
        if (!field || field->type == PROTOBUF_C_TYPE_MESSAGE)
            continue;
        bool bound = false;
        for (size_t j = 0; j < call->bind_count; j++)
            bound = bound || (call->binds[j].depth == 1 && call->binds[j].fields[0] == field);
        const char *code = bound ? NULL : set_text(message, field, one->value, one->size, arena);
        if (code)
            add_fault(faults, arena, field, message->descriptor, code);
    }
}

/* What a rule finds in a value of the path is a page that does not exist. */
static bool fault_of_path(const page_call_t *call, const faults_t *faults, arena_t *arena)
{
    for (size_t i = 0; i < call->bind_count; i++) {
        if (!is_of_path(&call->binds[i]) || call->binds[i].depth != 1)
            continue;
        const char *name = camel(call->binds[i].fields[0]->name, arena);
        for (size_t j = 0; j < faults->count; j++)
            if (text_equal(faults->faults[j].field, name))
                return true;
    }
    return false;
}

static problem_t fill(serve_t *self, const page_call_t *call, faults_t *faults,
                      ProtobufCMessage **ret)
{
    arena_t *arena = self->exchange->arena;
    ProtobufCMessage *message = message_new(call->method->in, arena);
    bool of_path = false;
    if (!message)
        return PROBLEM_BUSY;
    serve_bind(call->binds, call->bind_count, self->slots, arena, message, faults, &of_path);
    if (call->all_query)
        bind_query(self, call, message, faults);
    if (!faults->count)
        rule_check(message, arena, faults);
    if (faults->count)
        return of_path || fault_of_path(call, faults, arena) ? PROBLEM_NOT_FOUND : PROBLEM_INVALID;
    *ret = message;
    return PROBLEM_NONE;
}

/* --- waves of calls ------------------------------------------------------------------------------ */

static void advance(serve_t *self);

void serve_cancel_calls(serve_t *self)
{
    ask_cancel(&self->session_ask);
    for (size_t i = 0; i < PAGE_DATA_MAX; i++)
        if (self->calls[i].state == CALL_ASKED)
            ask_cancel(&self->calls[i].ask);
    self->asked = 0;
}

void serve_release(serve_t *self)
{
    for (size_t i = 0; i < PAGE_DATA_MAX; i++)
        memo_release(&self->calls[i].memo);
}

static void fail(serve_t *self, serve_call_t *call, problem_t problem, const reply_t *reply)
{
    call->state = CALL_FAILED;
    if (self->page->data[call->at].optional || self->failed)
        return;
    self->failed = true;
    self->problem = problem;
    self->failure = (reply_t){STATUS_OK, NULL, 0};
    if (!reply)
        return;
    self->failure.status = reply->status;
    self->failure.body = arena_copy(self->exchange->arena, reply->body, reply->size);
    self->failure.size = self->failure.body ? reply->size : 0;
}

/* The answer, unpacked: for the next ones, too, where the contract allows that. */
static const ProtobufCMessage *remember(serve_call_t *call, const reply_t *reply)
{
    exchange_t *exchange = call->serve->exchange;
    const method_t *method = call->serve->page->data[call->at].method;
    /* NULL in a message is no body, but NULL for the memory is none at all. */
    const void *body = reply->body ? reply->body : "";
    if (method->cache_seconds)
        call->memo = memo_put(exchange->lane->memo, method, call->ask.request, body, reply->size,
                              clock_mono_ms());
    if (call->memo)
        return memo_message(call->memo);
    return message_unpack(method->out, exchange->arena, reply->body, reply->size);
}

static void answered(ask_t *ask, const reply_t *reply)
{
    serve_call_t *call = (serve_call_t *) ((char *) ask - offsetof(serve_call_t, ask));
    serve_t *self = call->serve;
    const page_call_t *data = &self->page->data[call->at];
    const ProtobufCMessage *message = NULL;
    self->asked--;
    if (reply->status == STATUS_OK)
        message = remember(call, reply);
    if (message) {
        call->state = CALL_DONE;
        self->slots[data->slot] = datum_message(message);
    } else if (reply->status == STATUS_OK) {
        fail(self, call, PROBLEM_INTERNAL, NULL);
    } else {
        if (reply->status == STATUS_NOT_FOUND && data->optional && data->method->cache_seconds)
            call->memo = memo_put(self->exchange->lane->memo, data->method, ask->request, NULL, 0,
                                  clock_mono_ms());
        fail(self, call, PROBLEM_NONE, reply);
    }
    advance(self);
}

static void start(serve_t *self, serve_call_t *call)
{
    exchange_t *exchange = self->exchange;
    const page_call_t *data = &self->page->data[call->at];
    faults_t faults; /* 2 kB: not worth clearing */
    ProtobufCMessage *message = NULL;
    faults.count = 0;
    if (data->conditional &&
        (!data->condition.count ||
         !datum_is_set(datum_follow(&data->condition.pieces[0].path, datum_record(self->slots))))) {
        call->state = CALL_SKIPPED;
        return;
    }
    problem_t problem = fill(self, data, &faults, &message);
    if (problem != PROBLEM_NONE) {
        fail(self, call, problem, NULL);
        if (!data->optional && problem == PROBLEM_INVALID)
            exchange->faults = faults;
        return;
    }
    call->ask = (ask_t){.exchange = exchange,
                        .method = data->method->name,
                        .meta = exchange->meta,
                        .request = message_pack(message, exchange->arena),
                        .timeout_ms = data->optional && data->method->timeout_ms > OPTIONAL_MS
                                          ? OPTIONAL_MS
                                          : data->method->timeout_ms,
                        .repeatable = true,
                        .done = answered};
    if (!call->ask.request.data) {
        fail(self, call, PROBLEM_BUSY, NULL);
        return;
    }
    if (data->method->cache_seconds)
        call->memo =
            memo_find(exchange->lane->memo, data->method, call->ask.request, clock_mono_ms());
    if (call->memo && (memo_message(call->memo) || data->optional)) {
        call->state = memo_message(call->memo) ? CALL_DONE : CALL_FAILED;
        self->slots[data->slot] = datum_message(memo_message(call->memo));
        return;
    }
    memo_release(&call->memo);
    call->state = CALL_ASKED;
    self->asked++;
    ask_start(&call->ask);
}

/* What it is made of is there, or will not come. */
static bool ready(const serve_t *self, const page_call_t *call)
{
    for (size_t i = 0; i < self->page->data_count; i++)
        if (call->needs & 1u << i && self->calls[i].state < CALL_DONE)
            return false;
    return true;
}

static bool start_some(serve_t *self)
{
    bool any = false;
    for (size_t i = 0; i < self->page->data_count && !self->failed; i++) {
        serve_call_t *call = &self->calls[i];
        if (!(self->wanted & 1u << i) || call->state != CALL_NEW ||
            !ready(self, &self->page->data[i]))
            continue;
        any = true;
        start(self, call);
    }
    return any;
}

static void answer_failure(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    reply_t failure = self->failure;
    serve_cancel_calls(self);
    if (self->problem != PROBLEM_NONE)
        exchange_problem(exchange, self->problem);
    else if (failure.status == STATUS_UNAUTHENTICATED && self->page->who != PAGE_PUBLIC)
        serve_to_login(self);
    else
        exchange_refusal(exchange, &failure);
}

/* Answers may come while calls are started (refused at once): they find us advancing. */
static void advance(serve_t *self)
{
    if (self->advancing)
        return;
    self->advancing = true;
    while (start_some(self))
        continue;
    self->advancing = false;
    if (self->failed)
        answer_failure(self);
    else if (!self->asked)
        self->loaded(self);
}

static uint32_t with_needs(const serve_t *self, uint32_t wanted)
{
    for (uint32_t before = 0; before != wanted;) {
        before = wanted;
        for (size_t i = 0; i < self->page->data_count; i++)
            if (wanted & 1u << i)
                wanted |= self->page->data[i].needs;
    }
    return wanted;
}

void serve_load(serve_t *self, uint32_t wanted, void (*loaded)(serve_t *))
{
    exchange_t *exchange = self->exchange;
    const char *key = exchange->idempotency_key;
    self->wanted |= with_needs(self, wanted);
    self->loaded = loaded;
    self->failed = false;
    exchange->idempotency_key = "";
    bool packed = exchange_meta(exchange);
    exchange->idempotency_key = key;
    if (packed)
        advance(self);
    else
        exchange_problem(exchange, PROBLEM_BUSY);
}

/* --- a file through the session ----------------------------------------------------------------------- */

void serve_file(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const page_call_t *call = &self->page->file_call;
    if (!serve_names(self)) {
        exchange_problem(exchange, PROBLEM_BUSY);
        return;
    }
    problem_t problem = fill(self, call, &exchange->faults, &exchange->in);
    if (problem == PROBLEM_NONE && !exchange_meta(exchange))
        problem = PROBLEM_BUSY;
    if (problem != PROBLEM_NONE) {
        exchange_problem(exchange, problem);
        return;
    }
    exchange->method = call->method;
    exchange->method_name = call->method->name;
    exchange->timeout_ms = call->method->timeout_ms;
    exchange->repeatable = true;
    transfer_download(exchange);
}
