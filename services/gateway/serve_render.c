#include "serve_private.h"

#include <stddef.h>

#include "clock.h"
#include "control.h"
#include "log.h"
#include "rights.h"

#define PACK_MIN 1024 /* smaller answers are one packet either way */

/* --- names ------------------------------------------------------------------------------------ */

typedef struct {
    datum_map_t map;
    const serve_t *serve;
} serve_map_t;

static datum_t query_find(const datum_map_t *map, const char *name, size_t size)
{
    const serve_t *self = ((const serve_map_t *) map)->serve;
    for (size_t i = 0; i < self->parameter_count; i++) {
        const parameter_t *one = &self->parameters[i];
        if (one->name_size == size && memcmp(one->name, name, size) == 0)
            return datum_bytes(one->value, one->size);
    }
    return datum_none();
}

static datum_t may_find(const datum_map_t *map, const char *name, size_t size)
{
    const Yw__Token *token = ((const serve_map_t *) map)->serve->exchange->token;
    if (!token || token->kind != YW__CALLER_KIND__CALLER_KIND_STAFF)
        return datum_bool(false);
    if (size == 5 && memcmp(name, "staff", 5) == 0)
        return datum_bool(true);
    for (size_t i = 0; i < token->n_permissions; i++)
        if (page_permission_is(token->permissions[i], name, size))
            return datum_bool(true);
    return datum_bool(false);
}

static datum_t typed_find(const datum_map_t *map, const char *name, size_t size)
{
    const serve_t *self = ((const serve_map_t *) map)->serve;
    const char *copy = self->pairs ? arena_copy(self->exchange->arena, name, size) : NULL;
    const char *value = copy ? form_typed(self->pairs, copy) : NULL;
    return value ? datum_text(value) : datum_none();
}

static datum_t map_of(serve_t *self, datum_t (*find)(const datum_map_t *, const char *, size_t))
{
    serve_map_t *map = arena_alloc(self->exchange->arena, sizeof *map);
    if (!map)
        return datum_none();
    *map = (serve_map_t){{find}, self};
    return datum_map(&map->map);
}

static datum_t *slots_new(serve_t *self, size_t count)
{
    return arena_alloc(self->exchange->arena, count * sizeof(datum_t));
}

static datum_t site_of(serve_t *self)
{
    const site_t *site = &self->exchange->lane->settings->site;
    datum_t *slots = slots_new(self, SITE_SLOTS);
    if (!slots)
        return datum_none();
    slots[SITE_NAME] = datum_text(site->name);
    slots[SITE_REGION] = datum_text(site->region);
    slots[SITE_PHONE] = datum_text(site->phone);
    slots[SITE_THEME] = datum_text(site->theme);
    slots[SITE_EMBLEM] = datum_text(site->emblem);
    slots[SITE_RECORD] = datum_text(site->record);
    return datum_record(slots);
}

/* Host as it was asked; it stands in links and codes of this answer only. */
static const char *address_of(serve_t *self)
{
    const exchange_t *exchange = self->exchange;
    bool tls = exchange->tls || exchange->lane->settings->forwarded;
    return arena_printf(exchange->arena, "%s://%.*s%s", tls ? "https" : "http",
                        (int) exchange->headers.host.size, exchange->headers.host.data,
                        self->action);
}

static datum_t page_of(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    datum_t *slots = slots_new(self, PAGE_NAME_SLOTS);
    const char *path = arena_copy(exchange->arena, self->path.data, self->path.size);
    int64_t now_ms = clock_now_ms();
    int year, month, day;
    if (!slots || !path)
        return datum_none();
    clock_civil(clock_day_of(now_ms), &year, &month, &day);
    slots[PAGE_NAME_PATH] = datum_text(path);
    slots[PAGE_NAME_ADDRESS] = datum_text(address_of(self));
    slots[PAGE_NAME_TITLE] = datum_text(self->title);
    slots[PAGE_NAME_TRACE] = datum_text(exchange->trace_id);
    slots[PAGE_NAME_YEAR] = datum_int(year);
    slots[PAGE_NAME_NOW] = datum_time(now_ms);
    slots[PAGE_NAME_DEVELOP] = datum_bool(exchange->lane->settings->develop);
    slots[PAGE_NAME_DONE] = query_find(&(const serve_map_t){{NULL}, self}.map, "done", 4);
    slots[PAGE_NAME_ELDER] =
        datum_bool(span_is(cookie_get(exchange->headers.cookie, COOKIE_VIEW), "elder"));
    slots[PAGE_NAME_NOTICE] = datum_text(self->notice);
    slots[PAGE_NAME_STATUS] = datum_int(self->status);
    slots[PAGE_NAME_CODE] = datum_text(self->code);
    return datum_record(slots);
}

static datum_t session_of(serve_t *self)
{
    const Yw__Token *token = self->exchange->token;
    datum_t *slots = slots_new(self, SESSION_SLOTS);
    if (!slots)
        return datum_none();
    slots[SESSION_SIGNED_IN] = datum_bool(token != NULL);
    slots[SESSION_ACCOUNT_ID] = datum_text(token ? token->subject : "");
    slots[SESSION_NAME] = datum_text(token ? self->name : "");
    slots[SESSION_LEVEL] = datum_enum(&yw__level__descriptor, token ? (int) token->level : 0);
    slots[SESSION_IS_STAFF] =
        datum_bool(token && token->kind == YW__CALLER_KIND__CALLER_KIND_STAFF);
    slots[SESSION_DEPARTMENT_ID] = datum_text(token ? token->department : "");
    slots[SESSION_MAY] = map_of(self, may_find);
    return datum_record(slots);
}

static datum_t path_of(serve_t *self)
{
    datum_t *slots = slots_new(self, ROUTE_VARIABLES_MAX + 1);
    for (size_t i = 0; slots && self->page->variables[i]; i++) {
        size_t size;
        const char *text = transcode_decode(self->values[i], false, self->exchange->arena, &size);
        if (!text)
            return datum_none();
        slots[i] = datum_bytes(text, size);
    }
    return slots ? datum_record(slots) : datum_none();
}

static datum_t errors_of(serve_t *self)
{
    const faults_t *faults = &self->exchange->faults;
    if (!self->standing && self->status < 400)
        return datum_array(NULL, 0);
    datum_t *list = slots_new(self, faults->count + 1);
    for (size_t i = 0; list && i < faults->count; i++) {
        datum_t *one = slots_new(self, ERROR_SLOTS);
        const char *anchor =
            self->standing
                ? control_anchor(self->standing, faults->faults[i].field, self->exchange->arena)
                : "";
        if (!one || !anchor)
            return datum_array(NULL, 0);
        one[ERROR_FIELD] = datum_text(faults->faults[i].field);
        one[ERROR_MESSAGE] = datum_text(faults->faults[i].message);
        one[ERROR_ANCHOR] = datum_text(anchor);
        list[i] = datum_record(one);
    }
    return list ? datum_array(list, faults->count) : datum_array(NULL, 0);
}

static datum_t stayed_of(serve_t *self)
{
    datum_t *slots = slots_new(self, PAGE_FORMS_MAX + 1);
    for (size_t i = 0; slots && self->stayed && i < self->page->form_count; i++)
        if (&self->page->forms[i] == self->form)
            slots[i] = datum_message(self->stayed);
    return slots ? datum_record(slots) : datum_none();
}

bool serve_names(serve_t *self)
{
    datum_t *slots = self->slots;
    arena_t *arena = self->exchange->arena;
    slots[PAGE_SLOT_SITE] = site_of(self);
    slots[PAGE_SLOT_PAGE] = page_of(self);
    slots[PAGE_SLOT_SESSION] = session_of(self);
    slots[PAGE_SLOT_PATH] = path_of(self);
    slots[PAGE_SLOT_QUERY] = map_of(self, query_find);
    slots[PAGE_SLOT_ERRORS] = errors_of(self);
    slots[PAGE_SLOT_REFUSED] =
        datum_text(self->standing && self->status >= 400 ? self->standing->name : "");
    slots[PAGE_SLOT_REFUSAL] = datum_text(self->refusal);
    slots[PAGE_SLOT_STAYED] = stayed_of(self);
    slots[PAGE_SLOT_TYPED] = datum_none();
    if (self->pairs && self->standing)
        slots[PAGE_SLOT_TYPED] =
            form_typed_datum(self->pairs, self->standing->name, self->standing->method->in, arena);
    if (self->page->flash)
        slots[self->page->flash_slot] =
            datum_message(serve_flash_get(self, self->page->flash_type));
    return slots[PAGE_SLOT_SITE].kind && slots[PAGE_SLOT_PAGE].kind &&
           slots[PAGE_SLOT_SESSION].kind && slots[PAGE_SLOT_PATH].kind;
}

const datum_t *serve_then_names(serve_t *self, const ProtobufCMessage *answer)
{
    datum_t *slots = slots_new(self, THEN_SLOTS);
    if (!slots)
        return NULL;
    slots[THEN_PATH] = self->slots[PAGE_SLOT_PATH];
    slots[THEN_QUERY] = self->slots[PAGE_SLOT_QUERY];
    slots[THEN_SESSION] = session_of(self);
    slots[THEN_ANSWER] = datum_message(answer);
    slots[THEN_TYPED] = map_of(self, typed_find);
    return slots;
}

/* --- after the calls: what is missing, views --------------------------------------------------------- */

static datum_t missing_of(serve_t *self)
{
    const page_t *page = self->page;
    datum_t *list = slots_new(self, PAGE_DATA_MAX + 1);
    size_t count = 0;
    for (size_t i = 0; list && i < page->data_count; i++)
        if (self->calls[i].state == CALL_FAILED)
            list[count++] = datum_text(page->data[i].name);
    if (list && self->session_unknown)
        list[count++] = datum_text("session");
    return datum_array(list, list ? count : 0);
}

static void make_views(serve_t *self)
{
    const page_t *page = self->page;
    for (size_t i = 0; i < page->make_count; i++) {
        const page_make_t *make = &page->makes[i];
        datum_t arguments[VIEW_ARGUMENTS_MAX] = {{0}};
        view_call_t call = {arguments, make->argument_count, self->exchange->arena, clock_now_ms()};
        for (size_t j = 0; j < make->argument_count; j++)
            arguments[j] = make->fixed[j].kind != DATUM_NONE
                               ? make->fixed[j]
                               : datum_follow(&make->arguments[j], datum_record(self->slots));
        self->slots[make->slot] = make->view->make(&call);
    }
}

/* --- out ------------------------------------------------------------------------------------------------ */

/* Where `place` stands first; NULL: nowhere. */
static char *find(const buffer_t *out, const char *place, size_t size)
{
    return out->size ? memmem(out->data, out->size, place, size) : NULL;
}

/* Puts `value` to each place where `place` stands, from `at` on; both are `size` long. */
static void replace(buffer_t *out, char *at, const char *place, const char *value, size_t size)
{
    const char *end = out->data + out->size;
    for (; at; at = memmem(at, (size_t) (end - at), place, size)) {
        memcpy(at, value, size);
        at += size;
    }
}

static void new_key(char out[PAGE_KEY_SIZE])
{
    uint8_t random[(PAGE_KEY_SIZE - 1) / 2];
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, out);
}

typedef struct {
    bool token, key; /* stand in the page */
    uint64_t digest; /* without them */
} rendered_t;

/* Tokens are new in each answer; what they stand in is the same page. */
static void put_tokens(serve_t *self, buffer_t *out, rendered_t *ret)
{
    char token[SERVE_TOKEN_SIZE], key[PAGE_KEY_SIZE];
    const lane_t *lane = self->exchange->lane;
    char *token_at = find(out, lane->token_place, SERVE_TOKEN_SIZE - 1);
    char *key_at = find(out, lane->key_place, PAGE_KEY_SIZE - 1);
    ret->token = token_at;
    ret->key = key_at;
    ret->digest = exchange_digest(out->data, out->size);
    if (token_at) {
        serve_token_make(self, token);
        replace(out, token_at, lane->token_place, token, SERVE_TOKEN_SIZE - 1);
        /* Another visitor's token would not be good for this one. */
        ret->digest ^= exchange_digest(self->visitor.data, self->visitor.size);
    }
    if (key_at) {
        new_key(key);
        replace(out, key_at, lane->key_place, key, PAGE_KEY_SIZE - 1);
    }
}

/* A page of nobody may be kept and asked again by its tag; one with a form brings a key, which
 * must be new; what somebody sees signed in is kept by no browser, unless it has typed text in it
 * that "back" shall bring back. */
static const char *cache_of(const serve_t *self, const rendered_t *rendered)
{
    if (self->status != 200 || self->exchange->verb != VERB_GET)
        return "no-store";
    return self->exchange->token && !rendered->key ? "no-store" : "private, no-cache";
}

static void pack(serve_t *self)
{
    lane_t *lane = self->exchange->lane;
    buffer_t *out = &self->exchange->out;
    if (out->size < PACK_MIN)
        return;
    edge_header(self->exchange, "vary", "accept-encoding, cookie");
    if (!gzip_taken(self->exchange->headers.accept_encoding))
        return;
    buffer_t plain = *out;
    *out = lane->scratch;
    lane->scratch = plain;
    buffer_clear(out);
    if (gzip_pack(lane->gzip, plain.data, plain.size, out)) {
        edge_header(self->exchange, "content-encoding", "gzip");
        return;
    }
    lane->scratch = *out;
    *out = plain;
}

static void answer(serve_t *self, const rendered_t *rendered)
{
    exchange_t *exchange = self->exchange;
    const page_t *page = self->page;
    bool tagged = exchange->verb == VERB_GET && self->status == 200 && !rendered->key &&
                  !exchange->token && page->who == PAGE_PUBLIC;
    exchange->page = true;
    edge_header(exchange, "cache-control", cache_of(self, rendered));
    if (tagged) {
        bool packed =
            exchange->out.size >= PACK_MIN && gzip_taken(exchange->headers.accept_encoding);
        const char *tag = arena_printf(exchange->arena, "W/\"%016llx%s\"",
                                       (unsigned long long) rendered->digest, packed ? "-g" : "");
        edge_header(exchange, "etag", tag);
        if (tag && exchange_has_tag(exchange->headers.if_none_match, tag)) {
            edge_header(exchange, "vary", "accept-encoding, cookie");
            exchange_finish(exchange, 304, NULL, "", 0);
            return;
        }
    }
    if (page->download_set) {
        const char *name = serve_text(&page->download, self->slots, false, exchange->arena);
        edge_header(exchange, "content-disposition",
                    transfer_disposition(exchange, name ? name : "download"));
    }
    pack(self);
    exchange_finish(exchange, self->status, page->type, exchange->out.data, exchange->out.size);
}

static bool render_title(serve_t *self, template_scope_t *scope)
{
    if (!self->page->title)
        return true;
    buffer_t title = buffer_new(4096);
    bool good = !template_render(self->page->title, scope, &title);
    const char *copy =
        good ? arena_copy(self->exchange->arena, title.data ? title.data : "", title.size) : NULL;
    buffer_free(&title);
    if (copy)
        ((datum_t *) self->slots[PAGE_SLOT_PAGE].slots)[PAGE_NAME_TITLE] = datum_text(copy);
    return copy != NULL;
}

bool serve_render(serve_t *self)
{
    exchange_t *exchange = self->exchange;
    const lane_t *lane = exchange->lane;
    rendered_t rendered = {0};
    page_view_t view = {.page = self->page,
                        .action = self->action,
                        .token = lane->token_place,
                        .key = *self->key ? self->key : lane->key_place,
                        .refused = self->standing,
                        .typed = self->pairs,
                        .faults = &exchange->faults,
                        .carry = self->carry,
                        .qr = lane->qr};
    template_scope_t scope = {self->slots, exchange->arena, clock_now_ms(), &view};
    ((datum_t *) self->slots[PAGE_SLOT_PAGE].slots)[PAGE_NAME_MISSING] = missing_of(self);
    buffer_clear(&exchange->out);
    const char *limit = "title";
    if (self->page->body && render_title(self, &scope))
        limit = template_render(self->page->body, &scope, &exchange->out);
    if (limit || exchange->out.full || exchange->out.size > PAGE_ANSWER_MAX) {
        log_error("page %s: passes the limit of %s", self->page->file, limit ? limit : "output");
        buffer_clear(&exchange->out);
        return false;
    }
    put_tokens(self, &exchange->out, &rendered);
    if (*self->key)
        rendered.key = true;
    answer(self, &rendered);
    return true;
}

static void show(serve_t *self)
{
    const page_t *page = self->page;
    exchange_t *exchange = self->exchange;
    make_views(self);
    bool go = page->go_set && exchange->verb == VERB_GET;
    if (go && page->go_conditional)
        go = page->go_condition.count &&
             datum_is_set(
                 datum_follow(&page->go_condition.pieces[0].path, datum_record(self->slots)));
    if (go) {
        const char *path = serve_text(&page->go, self->slots, true, exchange->arena);
        serve_redirect(exchange, path ? path : "/");
        return;
    }
    if (!serve_render(self))
        exchange_problem(exchange, PROBLEM_INTERNAL);
}

void serve_show(serve_t *self)
{
    if (serve_names(self))
        serve_load(self, UINT32_MAX, show);
    else
        exchange_problem(self->exchange, PROBLEM_PATH);
}
