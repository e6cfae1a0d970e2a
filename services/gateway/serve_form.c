#include "serve_private.h"

#include <stddef.h>

#include "crypto.h"
#include "rights.h"
#include "yiwang/identity.pb-c.h"

#define LOGOUT_MS    3000
#define SMALL_FORM   (16u << 10) /* of /view and /logout */
#define VIEW_SECONDS (365L * 24 * 3600)

#define AGAIN "页面打开的时间较长，刚才的内容还没有提交。请核对后再提交一次。"
#define COOKIES                                                                                                                  \
    "您的浏览器没有保存本站的 Cookie，内容还没有提交。请在浏览器设置中允许本站使用 Cookie，" \
    "再提交一次。"
#define BACK "您已登录。刚才填写的内容还在，还没有提交，请核对后再提交。"

/* --- reading ------------------------------------------------------------------------------- */

static const page_form_t *form_of(const page_t *page, const char *name)
{
    for (size_t i = 0; name && i < page->form_count; i++)
        if (text_equal(page->forms[i].name, name))
            return &page->forms[i];
    return NULL;
}

/* Before it is known which form it is: as much as the largest of the page may have. */
static size_t text_max(const page_t *page)
{
    size_t most = SMALL_FORM;
    for (size_t i = 0; i < page->form_count; i++) {
        size_t one = form_text_max(page->forms[i].method->in);
        most = one > most ? one : most;
    }
    return most;
}

static const char *first_typed(const form_pairs_t *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (text_equal(pairs->pairs[i].name, name))
            return pairs->pairs[i].value;
    return NULL;
}

static bool is_key(const char *text)
{
    size_t size = text ? strlen(text) : 0;
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return size == PAGE_KEY_SIZE - 1;
}

/* Two `_post`: the form that stands there, and the one its button calls. */
static problem_t read_form(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const page_t *page = self->page;
    problem_t problem = form_read(exchange->headers.content_type, exchange->body, text_max(page),
                                  exchange->arena, &self->pairs);
    if (problem != PROBLEM_NONE)
        return problem;
    const char *name = form_typed(self->pairs, "_post");
    self->form = !name && page->form_count == 1 ? &page->forms[0] : form_of(page, name);
    self->standing = name ? form_of(page, first_typed(self->pairs, "_post")) : self->form;
    if (!self->form || !self->standing)
        return PROBLEM_MALFORMED;
    const char *key = form_typed(self->pairs, "_key");
    self->key = is_key(key) ? key : "";
    self->carry = form_typed(self->pairs, "_carry");
    if (self->carry && strlen(self->carry) > SERVE_CARRY_MAX)
        self->carry = NULL;
    return PROBLEM_NONE;
}

static bool signs_in(const page_form_t *form)
{
    return form->sign == PAGE_SIGN_IN_PERSON || form->sign == PAGE_SIGN_IN_STAFF;
}

/* --- the page again -------------------------------------------------------------------------- */

/* What is wrong with the whole is the first line of the summary. */
static void refuse(serve_t *self, int http, const char *code, const char *sentence)
{
    exchange_t *exchange = self->exchange;
    self->status = http;
    self->code = code;
    self->refusal = sentence;
    if (!exchange->faults.count)
        faults_add(&exchange->faults, exchange->arena, "", "refused", "%s", sentence);
    serve_show(self);
}

static void refuse_problem(serve_t *self, problem_t problem)
{
    if (problem_retry_s(problem))
        edge_header(self->exchange, "retry-after",
                    arena_printf(self->exchange->arena, "%u", problem_retry_s(problem)));
    refuse(self, problem_http(problem), problem_code(problem), problem_detail(problem));
}

/* What is wrong with a file is shown where it was chosen. */
static void point_to_file(serve_t *self)
{
    static const char *const names[] = {"fileName", "mediaType", "size", "offset", "data", "last"};
    faults_t *faults = &self->exchange->faults;
    for (size_t i = 0; i < faults->count; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (text_equal(faults->faults[i].field, names[j]))
                faults->faults[i].field = self->form->files;
}

/* The session ended while the form was filled in. */
static bool is_over(const serve_t *self, const Yw__Status *status)
{
    static const char *const codes[] = {"sign_in", "token_expired", "token_invalid"};
    if (signs_in(self->form))
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (text_equal(status->code, codes[i]))
            return true;
    return false;
}

static void refused(serve_t *self, const reply_t *reply)
{
    exchange_t *exchange = self->exchange;
    Yw__Status *status = NULL;
    if (reply->size)
        status = (Yw__Status *) message_unpack(&yw__status__descriptor, exchange->arena,
                                               reply->body, reply->size);
    if (!status) {
        refuse_problem(self, exchange_problem_of(reply->status));
        return;
    }
    if (reply->status == STATUS_UNAUTHENTICATED && is_over(self, status)) {
        serve_to_login(self);
        return;
    }
    if (status->retry_after_ms)
        edge_header(exchange, "retry-after",
                    arena_printf(exchange->arena, "%u", (status->retry_after_ms + 999) / 1000));
    form_refused(self->tree, status, exchange->arena, &exchange->faults);
    if (self->form->files)
        point_to_file(self);
    int http = status_http(reply->status);
    refuse(self, http, status->code,
           text_empty(status->message) ? problem_title(http) : status->message);
}

/* --- after signing in: what waited ---------------------------------------------------------------- */

/* False: nothing waited, or it is not a form of ours. */
static bool resume(serve_t *self)
{
    static const char type[] = "application/x-www-form-urlencoded";
    exchange_t *exchange = self->exchange;
    form_pairs_t *pairs = NULL;
    const char *carry = self->carry;
    if (!carry || form_read(SPAN(type), span_text(carry), SERVE_CARRY_MAX, exchange->arena,
                            &pairs) != PROBLEM_NONE)
        return false;
    const char *to = form_typed(pairs, "_to");
    if (!address_local(to))
        return false;
    span_t query;
    route_match_t match = page_find(self->set, VERB_GET, span_cut(span_text(to), '?', &query));
    const page_t *page = match.route ? match.route->owner : NULL;
    if (!page || !page->html || page->file_set || page->as != self->as)
        return false;
    const char *name = form_typed(pairs, "_post");
    if (!serve_turn_to(self, page, &match, to))
        return false;
    self->standing = form_of(page, first_typed(pairs, "_post"));
    self->form = form_of(page, name);
    if (!self->standing && page->form_count == 1)
        self->standing = &page->forms[0];
    self->pairs = self->standing ? pairs : NULL;
    self->stayed = NULL;
    self->carry = NULL;
    self->key = "";
    self->notice = BACK;
    self->status = 200;
    exchange->faults.count = 0;
    if (serve_may(self))
        serve_show(self);
    return true;
}

/* --- done --------------------------------------------------------------------------------------------- */

/* Signing in goes to where it was asked for. */
static const char *next_of(serve_t *self)
{
    const char *typed = form_typed(self->pairs, "next");
    if (address_local(typed))
        return typed;
    for (size_t i = 0; i < self->parameter_count; i++)
        if (text_equal(self->parameters[i].name, "next") &&
            address_local(self->parameters[i].value))
            return self->parameters[i].value;
    return NULL;
}

static const char *then_of(serve_t *self, const ProtobufCMessage *answer)
{
    arena_t *arena = self->exchange->arena;
    const page_text_t *then = &self->form->then;
    const datum_t *names = serve_then_names(self, answer);
    if (!names)
        return NULL;
    /* "{query.next}" is a whole path; what stands inside a path is encoded. */
    bool whole = then->count && !then->pieces[0].text;
    const char *path = serve_text(then, names, !whole, arena);
    return address_local(path) ? path : "/";
}

static void stay(serve_t *self, const ProtobufCMessage *answer)
{
    self->stayed = answer;
    self->key = "";
    self->exchange->faults.count = 0;
    serve_show(self);
}

/* identity has marked the session as one of pages. */
static void signed_in(serve_t *self)
{
    const char *path;
    if (!self->exchange->token) {
        refuse_problem(self, PROBLEM_UNAVAILABLE);
        return;
    }
    serve_set_session(self);
    if (resume(self))
        return;
    path = next_of(self);
    if (!path)
        path = then_of(self, self->answer);
    serve_redirect(self->exchange, path ? path : "/");
}

static void done(serve_t *self, const ProtobufCMessage *answer)
{
    const page_form_t *form = self->form;
    const char *path = NULL;
    self->answer = answer;
    if (signs_in(form)) {
        serve_sign_in(self, form->sign == PAGE_SIGN_IN_STAFF ? PAGE_AS_STAFF : PAGE_AS_PERSON,
                      answer, signed_in);
        return;
    }
    if (form->sign != PAGE_SIGN_NONE)
        serve_sign_out(self, form->sign == PAGE_SIGN_OUT_STAFF ? PAGE_AS_STAFF : PAGE_AS_PERSON);
    if (form->stay) {
        stay(self, answer);
        return;
    }
    path = then_of(self, answer);
    if (form->keep && path)
        serve_flash_put(self, path, answer);
    serve_redirect(self->exchange, path ? path : "/");
}

static void replied(exchange_t *exchange, const reply_t *reply)
{
    serve_t *self = exchange->serve;
    const ProtobufCMessage *answer = NULL;
    if (reply->status != STATUS_OK) {
        refused(self, reply);
        return;
    }
    answer = message_unpack(exchange->method->out, exchange->arena, reply->body, reply->size);
    if (answer)
        done(self, answer);
    else
        refuse_problem(self, PROBLEM_INTERNAL);
}

/* --- files, one after the other ---------------------------------------------------------------------- */

static void send_file(serve_t *self);

static void uploaded(exchange_t *exchange, problem_t problem, const reply_t *reply)
{
    serve_t *self = exchange->serve;
    if (!reply) {
        point_to_file(self);
        refuse_problem(self, problem);
        return;
    }
    if (reply->status == STATUS_OK) {
        self->file_at++;
        for (; self->file_at < self->pairs->file_count; self->file_at++)
            if (text_equal(self->pairs->files[self->file_at].input, self->form->files)) {
                send_file(self);
                return;
            }
    }
    replied(exchange, reply);
}

static bool set_text(serve_t *self, const char *name, span_t value, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field || field->type != PROTOBUF_C_TYPE_STRING || !value.size ||
        message_has(message, field))
        return true;
    return !message_set_text(message, field, value.data, value.size, self->exchange->arena);
}

static void send_file(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const form_file_t *file = &self->pairs->files[self->file_at];
    span_t ignored;
    exchange->in = message_copy(self->message, exchange->arena);
    exchange->file = file->data;
    exchange->faults.count = 0;
    exchange->uploaded = uploaded;
    if (!exchange->in ||
        !set_text(self, "media_type", span_trim(span_cut(file->media_type, ';', &ignored)),
                  exchange->in)) {
        refuse_problem(self, PROBLEM_FILE);
    } else if (!set_text(self, "file_name", file->name, exchange->in)) {
        faults_add(&exchange->faults, exchange->arena, self->form->files, "utf8",
                   "文件名不是有效的文本，请改名后再上传");
        refuse_problem(self, PROBLEM_INVALID);
    } else if (file->data.size == 0 || file->data.size > EXCHANGE_FILE_MAX) {
        faults_add(&exchange->faults, exchange->arena, self->form->files, "size",
                   "文件为空或超过20 MB，请重新选择");
        refuse_problem(self, PROBLEM_INVALID);
    } else {
        transfer_send(exchange);
    }
}

static void send_files(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    for (self->file_at = 0; self->file_at < self->pairs->file_count; self->file_at++)
        if (text_equal(self->pairs->files[self->file_at].input, self->form->files)) {
            exchange->repeatable = true; /* by offset */
            send_file(self);
            return;
        }
    faults_add(&exchange->faults, exchange->arena, self->form->files, "required", "请选择文件");
    refuse_problem(self, PROBLEM_INVALID);
}

/* --- calling --------------------------------------------------------------------------------------------- */

static void hash_text(crypto_hash_t *hash, const char *text)
{
    crypto_hash_add(hash, text, strlen(text) + 1);
}

/* The key of the form and what was typed into it: sent twice it is one request; changed after "back"
 * it is another, although the page had its key from before. */
static const char *call_key(serve_t *self)
{
    crypto_hash_t hash;
    uint8_t bytes[CRYPTO_HASH_SIZE];
    char *text = arena_alloc(self->exchange->arena, CRYPTO_HEX_SIZE(16));
    if (!*self->key || !text || signs_in(self->form) || self->form->files)
        return "";
    crypto_hash_start(&hash);
    hash_text(&hash, self->key);
    hash_text(&hash, self->form->name);
    for (size_t i = 0; i < self->pairs->count; i++) {
        const form_pair_t *pair = &self->pairs->pairs[i];
        if (text_equal(pair->name, "_token") || text_equal(pair->name, "_key"))
            continue;
        hash_text(&hash, pair->name);
        crypto_hash_add(&hash, pair->value, pair->size + 1);
    }
    crypto_hash_end(&hash, bytes);
    crypto_hex(bytes, 16, text);
    return text;
}

static bool fill(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const page_form_t *form = self->form;
    form_plan_t plan = {.binds = form->binds,
                        .bind_count = form->bind_count,
                        .files = form->files,
                        .lenient = form != self->standing};
    bool of_path = false;
    self->message = message_new(form->method->in, exchange->arena);
    if (!self->message)
        return false;
    bool good = serve_bind(form->binds, form->bind_count, self->slots, exchange->arena,
                           self->message, &exchange->faults, &of_path);
    good &= form_fill(&plan, self->pairs, exchange->arena, self->message, &exchange->faults,
                      &self->tree);
    /* Of an upload the parts are checked, when name and size are known. */
    if (!form->files)
        good &= form_check(self->tree, self->message, exchange->arena, &exchange->faults);
    return good;
}

static void call(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const method_t *method = exchange->method = self->form->method;
    if (!fill(self)) {
        refuse_problem(self, self->tree ? PROBLEM_INVALID : PROBLEM_TOO_LARGE);
        return;
    }
    exchange->idempotency_key = call_key(self);
    exchange->method_name = method->name;
    exchange->timeout_ms = method->timeout_ms;
    exchange->replied = replied;
    exchange->repeatable = !(method->flags & METHOD_WRITES) || method->flags & METHOD_IDEMPOTENT ||
                           *exchange->idempotency_key;
    if (!exchange_meta(exchange)) {
        refuse_problem(self, PROBLEM_BUSY);
        return;
    }
    if (self->form->files) {
        send_files(self);
        return;
    }
    exchange->request = message_pack(self->message, exchange->arena);
    if (exchange->request.data)
        exchange_ask(exchange);
    else
        refuse_problem(self, PROBLEM_TOO_LARGE);
}

/* --- the steps of a form ------------------------------------------------------------------------------------ */

void serve_post(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    if (!serve_origin_good(exchange)) {
        exchange_problem(exchange, PROBLEM_CROSS_SITE);
        return;
    }
    problem_t problem = read_form(self);
    if (problem != PROBLEM_NONE) {
        self->pairs = NULL;
        self->form = self->standing = NULL;
        exchange_problem(exchange, problem);
        return;
    }
    if (!serve_may(self))
        return; /* the session is over: the login page has what was typed */
    if (!serve_names(self)) {
        exchange_problem(exchange, PROBLEM_PATH);
        return;
    }
    if (!serve_token_good(self, form_typed(self->pairs, "_token"))) {
        /* Of another session, or of before our key changed: people can press the button again. */
        self->notice = self->visitor.size || self->secret.size ? AGAIN : COOKIES;
        self->status = 403;
        self->code = "token_form";
        serve_show(self);
        return;
    }
    serve_load(self, self->form->needs, call);
}

/* --- forms that need no page ------------------------------------------------------------------------------------ */

static bool read_small(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    problem_t problem = PROBLEM_CROSS_SITE;
    if (serve_origin_good(exchange))
        problem = form_read(exchange->headers.content_type, exchange->body, SMALL_FORM,
                            exchange->arena, &self->pairs);
    if (problem == PROBLEM_NONE && !serve_token_good(self, form_typed(self->pairs, "_token")))
        problem = PROBLEM_FORM_TOKEN;
    if (problem != PROBLEM_NONE)
        exchange_problem(exchange, problem);
    return problem == PROBLEM_NONE;
}

void serve_view(serve_t *self)
{
    if (!read_small(self))
        return;
    bool elder = text_equal(form_typed(self->pairs, "view"), "elder");
    const char *next = form_typed(self->pairs, "next");
    serve_set_cookie(self->exchange, COOKIE_VIEW, elder ? "elder" : "", elder ? VIEW_SECONDS : -1);
    serve_redirect(self->exchange, next ? next : "/");
}

static void logged_out(exchange_t *exchange, const reply_t *reply)
{
    serve_t *self = exchange->serve;
    /* Whoever could not be asked: the session would go on, and the person must know. */
    if (reply && reply->status != STATUS_OK && reply->status != STATUS_UNAUTHENTICATED) {
        exchange_refusal(exchange, reply);
        return;
    }
    page_as_t as = self->as;
    serve_sign_out(self, as);
    serve_redirect(exchange, as == PAGE_AS_STAFF ? serve_login_path(as) : "/");
}

void serve_logout(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    if (!read_small(self))
        return;
    if (!exchange->token) {
        logged_out(exchange, NULL);
        return;
    }
    exchange->method_name = "identity.Logout";
    exchange->timeout_ms = LOGOUT_MS;
    exchange->repeatable = true;
    exchange->replied = logged_out;
    exchange->request = (ProtobufCBinaryData){0, NULL};
    if (exchange_meta(exchange))
        exchange_ask(exchange);
    else
        exchange_problem(exchange, PROBLEM_BUSY);
}
