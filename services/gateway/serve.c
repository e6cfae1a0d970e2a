#include "serve_private.h"

#include "clock.h"
#include "rights.h"

#define ROBOTS                                                                                     \
    "User-agent: *\nDisallow: /api/\nDisallow: /console\nDisallow: /my\nDisallow: /login\n"

/* --- a page under way ------------------------------------------------------------------- */

serve_t *serve_new(exchange_t *exchange, page_set_t *held)
{
    serve_t *self = arena_alloc(exchange->arena, sizeof *self);
    if (!self) {
        page_set_drop(&held);
        return NULL;
    }
    self->exchange = exchange;
    self->set = held;
    self->status = 200;
    self->code = self->refusal = self->notice = self->title = self->key = "";
    exchange->serve = self;
    return self;
}

static bool read_parameters(serve_t *self)
{
    arena_t *arena = self->exchange->arena;
    span_t rest = self->query;
    self->parameter_count = 0;
    while (rest.size && self->parameter_count < SERVE_QUERY_MAX) {
        span_t value;
        span_t name = span_cut(span_cut(rest, '&', &rest), '=', &value);
        parameter_t *one = &self->parameters[self->parameter_count];
        if (!name.size)
            continue;
        one->name = transcode_decode(name, true, arena, &one->name_size);
        one->value = transcode_decode(value, true, arena, &one->size);
        if (!one->name || !one->value)
            return false;
        self->parameter_count++;
    }
    return true;
}

bool serve_turn_to(serve_t *self, const page_t *page, const route_match_t *match,
                   const char *action)
{
    self->page = page;
    self->action = action;
    self->path = span_cut(span_text(action), '?', &self->query);
    if (match)
        memcpy(self->values, match->values, sizeof self->values);
    serve_release(self);
    memset(self->calls, 0, sizeof self->calls);
    self->wanted = 0;
    for (size_t i = 0; i < PAGE_DATA_MAX; i++)
        self->calls[i] = (serve_call_t){.serve = self, .at = i};
    self->slots = arena_alloc(self->exchange->arena, (page->slot_count + 1) * sizeof *self->slots);
    return self->slots && read_parameters(self);
}

void serve_cancel(exchange_t *exchange)
{
    if (exchange->serve)
        serve_cancel_calls(exchange->serve);
}

void serve_end(exchange_t *exchange)
{
    if (exchange->serve) {
        serve_release(exchange->serve);
        page_set_drop(&exchange->serve->set);
    }
    exchange->serve = NULL;
}

/* --- who may ------------------------------------------------------------------------------ */

static void refuse(serve_t *self, right_t right, int level)
{
    const right_refusal_t *refusal = rights_refusal(right);
    exchange_t *exchange = self->exchange;
    Yw__Status status = YW__STATUS__INIT;
    status.status = refusal->status;
    status.code = refusal->code;
    status.message =
        arena_printf(exchange->arena, refusal->message, label_of(&yw__level__descriptor, level));
    if (status.message)
        exchange_status(exchange, &status);
    else
        exchange_problem(exchange, PROBLEM_BUSY);
}

static bool holds_any(const page_t *page, const Yw__Token *token)
{
    for (size_t i = 0; i < page->right_count; i++)
        if (rights_permitted(token, page->rights[i]))
            return true;
    return page->right_count == 0;
}

bool serve_may(serve_t *self)
{
    const page_t *page = self->page;
    const Yw__Token *token = self->exchange->token;
    if (page->who == PAGE_PUBLIC)
        return true;
    if (!token && self->session_unknown) {
        exchange_problem(self->exchange, PROBLEM_UNAVAILABLE);
        return false;
    }
    if (!token) {
        serve_to_login(self);
        return false;
    }
    if (page->who == PAGE_PERSON && (int) token->level < page->level) {
        refuse(self, RIGHT_LEVEL, page->level);
        return false;
    }
    if (page->who == PAGE_STAFF && !holds_any(page, token)) {
        refuse(self, RIGHT_DENIED, 0);
        return false;
    }
    return true;
}

/* --- which page ------------------------------------------------------------------------------ */

static void known(serve_t *self)
{
    if (self->exchange->verb == VERB_POST)
        serve_post(self);
    else if (!serve_may(self))
        return;
    else if (self->page->file_set)
        serve_file(self);
    else
        serve_show(self);
}

static void begin(exchange_t *exchange, const route_match_t *match)
{
    const page_t *page = match->route->owner;
    serve_t *self = serve_new(exchange, page_set_hold(exchange->lane->pages));
    const char *action =
        self ? arena_printf(exchange->arena, "%.*s%s%.*s", (int) exchange->path.size,
                            exchange->path.data, exchange->query.size ? "?" : "",
                            (int) exchange->query.size, exchange->query.data)
             : NULL;
    if (!action) {
        exchange_problem(exchange, PROBLEM_BUSY);
        return;
    }
    exchange->match = *match;
    if (!serve_turn_to(self, page, match, action)) {
        exchange_problem(exchange, PROBLEM_PATH);
        return;
    }
    serve_session(self, page->as, known);
}

static void answer_static(exchange_t *exchange, const static_file_t *file, bool versioned)
{
    bool packed = file->gzip && gzip_taken(exchange->headers.accept_encoding);
    const char *tag =
        arena_printf(exchange->arena, "W/\"%s%s\"", file->version, packed ? "-g" : "");
    exchange->page = true;
    edge_header(exchange, "cache-control",
                versioned ? "public, max-age=31536000, immutable" : "public, no-cache");
    edge_header(exchange, "etag", tag);
    if (file->gzip)
        edge_header(exchange, "vary", "accept-encoding");
    if (tag && exchange_has_tag(exchange->headers.if_none_match, tag)) {
        exchange_finish(exchange, 304, NULL, "", 0);
        return;
    }
    if (packed)
        edge_header(exchange, "content-encoding", "gzip");
    exchange_finish(exchange, 200, file->media_type, packed ? file->gzip : file->data,
                    packed ? file->gzip_size : file->size);
}

/* Of the exchange, because the set of pages may change while it is sent. */
static bool serve_static(exchange_t *exchange, span_t name)
{
    page_set_t *set = exchange->lane->pages;
    const static_file_t *file = static_files_find(page_set_statics(set), name);
    if (!file)
        return false;
    if (exchange->verb != VERB_GET) {
        edge_header(exchange, "allow", "GET, HEAD");
        exchange_problem(exchange, PROBLEM_METHOD);
        return true;
    }
    char version[64];
    int size = snprintf(version, sizeof version, "v=%s", file->version);
    bool versioned = (size_t) size == exchange->query.size &&
                     memcmp(exchange->query.data, version, (size_t) size) == 0;
    if (!serve_new(exchange, page_set_hold(set))) {
        exchange_problem(exchange, PROBLEM_BUSY);
        return true;
    }
    answer_static(exchange, file, versioned);
    return true;
}

static bool starts(span_t path, const char *prefix)
{
    size_t size = strlen(prefix);
    return path.size >= size && memcmp(path.data, prefix, size) == 0;
}

/* What browsers ask for by themselves. */
static bool serve_well_known(exchange_t *exchange)
{
    if (span_is(exchange->path, "/favicon.ico"))
        return serve_static(exchange, SPAN("favicon.ico")) ||
               serve_static(exchange, SPAN("emblem.svg"));
    if (!span_is(exchange->path, "/robots.txt"))
        return false;
    if (serve_static(exchange, SPAN("robots.txt")))
        return true;
    exchange_bytes(exchange, 200, "text/plain; charset=utf-8", "public, max-age=86400", ROBOTS,
                   sizeof ROBOTS - 1);
    return true;
}

/* Posts that need no page file. */
static bool serve_own(exchange_t *exchange)
{
    bool view = span_is(exchange->path, "/view");
    bool person = span_is(exchange->path, "/logout");
    bool staff = span_is(exchange->path, "/console/logout");
    if (!view && !person && !staff)
        return false;
    if (exchange->verb != VERB_POST) {
        edge_header(exchange, "allow", "POST");
        exchange_problem(exchange, PROBLEM_METHOD);
        return true;
    }
    serve_t *self = serve_new(exchange, page_set_hold(exchange->lane->pages));
    if (!self) {
        exchange_problem(exchange, PROBLEM_BUSY);
        return true;
    }
    self->action = view ? "/view" : person ? "/logout" : "/console/logout";
    self->path = span_text(self->action);
    /* 长辈模式 is of the browser, not of who is signed in; but both make tokens. */
    serve_session(self,
                  view    ? PAGE_AS_NONE
                  : staff ? PAGE_AS_STAFF
                          : PAGE_AS_PERSON,
                  view ? serve_view : serve_logout);
    return true;
}

unsigned serve_verbs(const exchange_t *exchange)
{
    return exchange->lane->pages ? page_find(exchange->lane->pages, VERB_NONE, exchange->path).verbs
                                 : 0;
}

bool serve_page(exchange_t *exchange)
{
    page_set_t *set = exchange->lane->pages;
    span_t path = exchange->path;
    if (!set || starts(path, "/api/"))
        return false;
    if (starts(path, "/static/"))
        return serve_static(exchange, span(path.data + 8, path.size - 8));
    route_match_t match = page_find(set, exchange->verb, path);
    if (match.route) {
        begin(exchange, &match);
        return true;
    }
    if (serve_own(exchange) || serve_well_known(exchange))
        return true;
    if (!match.verbs)
        return false;
    char allow[64];
    route_allow(match.verbs, allow);
    edge_header(exchange, "allow", arena_text(exchange->arena, allow));
    exchange_problem(exchange, PROBLEM_METHOD);
    return true;
}

/* --- what does not work -------------------------------------------------------------------------- */

/* "text/html" is among what is accepted, and "application/json" is not before it. */
bool serve_wants_html(span_t path, span_t accept)
{
    if (starts(path, "/api/"))
        return false;
    while (accept.size) {
        span_t parameters;
        span_t type = span_trim(span_cut(span_cut(accept, ',', &accept), ';', &parameters));
        if (type.size == 9 && span_starts_nocase(type, "text/html"))
            return true;
        if (type.size == 16 && span_starts_nocase(type, "application/json"))
            return false;
    }
    return false;
}

void serve_print_bare(int http, const char *detail, const char *trace, buffer_t *out)
{
    const char *title = problem_title(http);
    buffer_printf(out,
                  "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                  "<title>%s</title><link rel=\"stylesheet\" href=\"/static/site.css\"></head>\n"
                  "<body><main id=\"main\" class=\"main\"><div class=\"wrap wrap--narrow\">"
                  "<h1>%s</h1><p class=\"lead\">",
                  title, title);
    part_escape_text(out, detail);
    if (http == 413)
        buffer_text(out, "</p><p>一次最多提交20 MB。请返回上一页，把文件压缩或者分几次上传，"
                         "已经保存的内容不会丢。");
    if (*trace)
        buffer_printf(out, "</p><p class=\"muted\">编号 %s", trace);
    buffer_text(out, "</p><p><a href=\"/\">返回首页</a></p></div></main></body></html>\n");
}

/* When even the page of errors cannot be rendered. */
static void answer_bare(exchange_t *exchange, int http, const char *detail)
{
    buffer_clear(&exchange->out);
    serve_print_bare(http, detail, exchange->trace_id, &exchange->out);
    exchange->page = true;
    edge_header(exchange, "cache-control", "no-store");
    exchange_finish(exchange, http, "text/html; charset=utf-8", exchange->out.data,
                    exchange->out.size);
}

static const page_t *error_page(page_set_t *set, span_t path)
{
    const page_t *page = starts(path, "/console") ? page_named(set, "console/error") : NULL;
    return page ? page : page_named(set, "error");
}

bool serve_problem(exchange_t *exchange, int http, const char *code, const char *detail,
                   uint32_t retry_s)
{
    page_set_t *set = exchange->lane->pages;
    serve_t *self = exchange->serve;
    bool page_asked = self && self->page && self->page->html && !exchange->headers.accept.size;
    if (!set || (!serve_wants_html(exchange->path, exchange->headers.accept) && !page_asked))
        return false;
    if (self)
        serve_cancel_calls(self);
    else if (!(self = serve_new(exchange, page_set_hold(set))))
        return false;
    if (retry_s)
        edge_header(exchange, "retry-after", arena_printf(exchange->arena, "%u", retry_s));
    const page_t *page = error_page(self->set, exchange->path);
    if (!self->page)
        self->secret = self->visitor = span("", 0);
    if (!self->visitor.size)
        self->visitor = cookie_get(exchange->headers.cookie, COOKIE_VISITOR);
    self->pairs = NULL;
    self->standing = self->form = NULL;
    self->notice = "";
    self->carry = NULL;
    self->status = http;
    self->code = code;
    self->refusal = text_empty(detail) ? problem_title(http) : detail;
    if (!page || !serve_turn_to(self, page, NULL, "/") || !serve_names(self) || !serve_render(self))
        answer_bare(exchange, http, self->refusal);
    return true;
}
