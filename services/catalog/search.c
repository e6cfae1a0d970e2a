#include "search.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "aim.h"
#include "buffer.h"
#include "catalog.svc.h"
#include "check.h"
#include "facet.h"
#include "highlight.h"
#include "pinyin.h"
#include "text.h"

/* --- the index ---------------------------------------------------------------------------- */

enum { WORDS_BYTES_MAX = 32768 };

/* Doublings of popularity: 0 uses 0, 1-2 uses 1, 3-6 uses 2 ... */
static int popularity_step(int64_t popularity)
{
    int step = 0;
    for (uint64_t rest = (uint64_t) popularity + 1; rest > 1; rest >>= 1)
        step++;
    return step;
}

/* A free rowid among the items of equal popularity, behind the last. */
static status_t new_row(call_t *call, int64_t popularity, int64_t *ret)
{
    int64_t low = (int64_t) (62 - popularity_step(popularity)) << 40;
    query_t *q = query(call->store, "SELECT max(search_row) AS last FROM items"
                                    " WHERE search_row >= :low AND search_row < :high");
    query_int(q, "low", low);
    query_int(q, "high", low + (INT64_C(1) << 40));
    *ret = query_next(q) && !query_is_null(q, "last") ? query_get_int(q, "last") + 1 : low;
    return query_done(q);
}

static void put_word(buffer_t *out, const char *text)
{
    if (!text_empty(text)) {
        buffer_text(out, text);
        buffer_char(out, '\n');
    }
}

static const char *finish(buffer_t *out, arena_t *arena)
{
    /* Past the ceiling the rest is not searched: a guide of 32 KiB has said what it is about. */
    const char *text = out->data ? arena_copy(arena, out->data, out->size) : "";
    buffer_free(out);
    return text ? text : "";
}

/* Names people may call it by. */
static const char *names_of(const Catalog__Item *item, arena_t *arena)
{
    buffer_t out = buffer_new(WORDS_BYTES_MAX);
    put_word(&out, item->name);
    put_word(&out, item->short_name);
    for (size_t i = 0; i < item->n_keywords; i++)
        put_word(&out, item->keywords[i]);
    return finish(&out, arena);
}

static const char *words_of(const Catalog__Item *item, const char *called, arena_t *arena)
{
    buffer_t out = buffer_new(WORDS_BYTES_MAX);
    put_word(&out, called);
    put_word(&out, item->main_name);
    put_word(&out, item->department_name);
    for (size_t i = 0; i < item->n_results; i++)
        put_word(&out, item->results[i]->name);
    for (size_t i = 0; i < item->n_materials; i++)
        put_word(&out, item->materials[i]->name);
    for (size_t i = 0; i < item->n_questions; i++)
        put_word(&out, item->questions[i]->question);
    for (size_t i = 0; i < item->n_legal_bases; i++)
        put_word(&out, item->legal_bases[i]->law);
    put_word(&out, item->conditions);
    return finish(&out, arena);
}

/* "sgxk" as "sg gx xk": any part of the initials is found. */
static const char *letter_pairs(const char *letters, const char *between, const char *quote,
                                arena_t *arena)
{
    buffer_t out = buffer_new(WORDS_BYTES_MAX);
    for (; letters[0] && letters[1]; letters++)
        buffer_printf(&out, "%s%s%.2s%s", out.size ? between : "", quote, letters, quote);
    return finish(&out, arena);
}

static status_t forget(call_t *call, int64_t row, const char *facets)
{
    query_t *q = query(call->store, "DELETE FROM item_names WHERE rowid = :row");
    query_int(q, "row", row);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    q = query(call->store, "DELETE FROM item_words WHERE rowid = :row");
    query_int(q, "row", row);
    status = query_done(q);
    return status == STATUS_OK ? facet_count(call, facets, -1) : status;
}

static status_t remember(call_t *call, const Catalog__Item *item, const char *called, int64_t row,
                         const char *facets)
{
    arena_t *arena = call->arena;
    query_t *q = query(call->store, "INSERT INTO item_names(rowid, name, initials, facets)"
                                    " VALUES (:row, :name, :initials, :facets)");
    query_int(q, "row", row);
    query_text(q, "name", store_tokens(called, arena));
    query_text(q, "initials", letter_pairs(pinyin_initials(item->name, arena), " ", "", arena));
    query_text(q, "facets", facets);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    q = query(call->store,
              "INSERT INTO item_words(rowid, words, facets) VALUES (:row, :words, :facets)");
    query_int(q, "row", row);
    query_text(q, "words", store_tokens(words_of(item, called, arena), arena));
    query_text(q, "facets", facets);
    status = query_done(q);
    return status == STATUS_OK ? facet_count(call, facets, 1) : status;
}

static status_t note_row(call_t *call, const char *id, const int64_t *row, const char *called,
                         const char *facets)
{
    query_t *q = query(
        call->store,
        "UPDATE items SET search_row = :row, called = :called, facets = :facets WHERE id = :id");
    query_text(q, "id", id);
    query_text(q, "called", called);
    query_text(q, "facets", facets);
    if (row)
        query_int(q, "row", *row);
    else
        query_null(q, "row");
    return query_done(q);
}

status_t search_put(call_t *call, const Catalog__Item *item, int64_t popularity, bool in_force)
{
    query_t *q = query(call->store, "SELECT search_row, facets FROM items WHERE id = :id");
    query_text(q, "id", item->id);
    bool known = query_next(q) && !query_is_null(q, "search_row");
    int64_t old_row = known ? query_get_int(q, "search_row") : 0;
    const char *old_facets = known ? query_get_text(q, "facets", call->arena) : "";
    status_t status = query_done(q);
    if (status == STATUS_OK && known)
        status = forget(call, old_row, old_facets);
    if (status == STATUS_OK && known)
        status = note_row(call, item->id, NULL, "", "");
    if (status != STATUS_OK || !in_force)
        return status;

    int64_t row;
    const char *facets = facet_tokens(item, call->arena);
    const char *called = names_of(item, call->arena);
    if (!facets)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内容过大，无法保存。");
    status = new_row(call, popularity, &row);
    if (status == STATUS_OK)
        status = remember(call, item, called, row, facets);
    return status == STATUS_OK ? note_row(call, item->id, &row, called, facets) : status;
}

status_t catalog_count_use(call_t *call, const Catalog__ItemUsed *in, Yw__Empty *out)
{
    (void) out;
    query_t *q =
        query(call->store, "UPDATE items SET popularity = popularity + 1 WHERE id = :item_id"
                           " RETURNING popularity, state, version");
    query_text(q, "item_id", in->item_id);
    bool found = query_next(q);
    int64_t popularity = found ? query_get_int(q, "popularity") : 0;
    bool in_force =
        found && query_get_int(q, "version") > 0 && query_get_int(q, "state") != STATE(CANCELLED);
    uint32_t version = found ? (uint32_t) query_get_int(q, "version") : 0;
    status_t status = query_done(q);
    /* An item we do not know (a database restored from yesterday) is no reason to park the event. */
    if (status != STATUS_OK || !in_force ||
        popularity_step(popularity) == popularity_step(popularity - 1))
        return status;
    version_t *loaded = version_load(call, in->item_id, version, &status);
    return loaded ? search_put(call, loaded->item, popularity, true) : status;
}

/* --- candidates ------------------------------------------------------------------------------- */

typedef struct {
    int64_t row;
    double score;
} candidate_t;

typedef struct {
    call_t *call;
    const char *asked;  /* without words that say nothing */
    Catalog__Aim aim;   /* 0: any */
    const char *facets; /* expression of the filters */
    candidate_t *found; /* 2 * SEARCH_CANDIDATES_MAX */
    size_t count;
    bool more; /* a limit was met */
    status_t status;
} search_t;

/* How people ask, as opposed to what for. */
static const char *const EMPTY_WORDS[] = {
    "请问",   "我想要", "我想",     "我要", "想要",         "怎么办理",   "怎么办",
    "怎么",   "怎样",   "如何办理", "如何", "需要什么材料", "要什么材料", "需要哪些材料",
    "在哪里", "在哪儿", "在哪",     "哪里", "什么",         "流程",       "吗",
    "呢",     "？",     "?",        "。",   "，",
};

/* A text with some words made spaces; the text itself when nothing else is in it. */
static const char *without(const char *text, const char *const *words, size_t count, arena_t *arena)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < count; i++)
        for (char *at; (at = strstr(copy, words[i])) != NULL;)
            memset(at, ' ', strlen(words[i]));
    return copy && copy[strspn(copy, " ")] ? copy : text;
}

static bool seen(const search_t *self, int64_t row, size_t among)
{
    /* The first `among` are in the order of their rows. */
    size_t low = 0, high = among;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (self->found[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < among && self->found[low].row == row;
}

static int by_row(const void *a, const void *b)
{
    const candidate_t *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

static const char *first_line(const char *text, arena_t *arena)
{
    const char *line = arena_copy(arena, text, strcspn(text, "\n"));
    return line ? line : "";
}

/* A kind of match. */
typedef struct {
    double base;          /* what it is worth */
    double covered_least; /* the part of what was asked that the names must have */
    const char *initials; /* letters that the name must have, or NULL */
} match_kind_t;

/* Ranks a row whose called and popularity `q` has, if it is of the kind at all. */
static void consider(search_t *self, query_t *q, int64_t row, const match_kind_t *kind)
{
    arena_t *arena = self->call->arena;
    const char *called = query_get_text(q, "called", arena);
    if (self->aim && aim_of(first_line(called, arena)) != self->aim)
        return;
    double covered = 1;
    double fits = self->asked ? highlight_fit(called, self->asked, &covered) : 0;
    if (covered < kind->covered_least ||
        (kind->initials &&
         !strstr(pinyin_initials(first_line(called, arena), arena), kind->initials)))
        return;
    double used = 1 + 0.35 * log10(1 + (double) query_get_int(q, "popularity"));
    self->found[self->count++] = (candidate_t){row, (kind->base + fits) * used};
}

/* Takes the rows of a query of search_row, called, popularity. */
static void take(search_t *self, query_t *q, const match_kind_t *kind)
{
    size_t before = self->count;
    size_t rows = 0;
    while (query_next(q)) {
        if (++rows > SEARCH_CANDIDATES_MAX || self->count == 2 * SEARCH_CANDIDATES_MAX) {
            self->more = true;
            break;
        }
        int64_t row = query_get_int(q, "search_row");
        if (!seen(self, row, before))
            consider(self, q, row, kind);
    }
    self->status = query_done(q);
}

static void gather_names(search_t *self, const char *match, double base, double covered_least,
                         const char *initials)
{
    if (self->status != STATUS_OK || !match)
        return;
    qsort(self->found, self->count, sizeof *self->found, by_row);
    query_t *q = query(self->call->store,
                       "SELECT i.search_row, i.called, i.popularity"
                       " FROM item_names JOIN items i ON i.search_row = item_names.rowid"
                       " WHERE item_names MATCH :match ORDER BY item_names.rowid LIMIT 1001");
    query_text(q, "match", match);
    take(self, q, &(match_kind_t){base, covered_least, initials});
}

/* Rows whose words match and that no name has given before: most have, so only the others are
 * looked up. */
static size_t unseen_rows(search_t *self, const char *match, int64_t *ret_rows)
{
    size_t rows = 0, count = 0;
    qsort(self->found, self->count, sizeof *self->found, by_row);
    query_t *q =
        query(self->call->store, "SELECT rowid AS search_row FROM item_words"
                                 " WHERE item_words MATCH :match ORDER BY rowid LIMIT 1001");
    query_text(q, "match", match);
    while (query_next(q)) {
        if (++rows > SEARCH_CANDIDATES_MAX || self->count + count == 2 * SEARCH_CANDIDATES_MAX) {
            self->more = true;
            break;
        }
        int64_t row = query_get_int(q, "search_row");
        if (!seen(self, row, self->count))
            ret_rows[count++] = row;
    }
    self->status = query_done(q);
    return count;
}

static void gather_words(search_t *self, const char *match, double base)
{
    if (self->status != STATUS_OK || !match)
        return;
    int64_t *rows = ARRAY(self->call->arena, int64_t, SEARCH_CANDIDATES_MAX);
    if (!rows) {
        self->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    size_t count = unseen_rows(self, match, rows);
    for (size_t i = 0; i < count && self->status == STATUS_OK; i++) {
        query_t *q = query(self->call->store,
                           "SELECT called, popularity FROM items WHERE search_row = :search_row");
        query_int(q, "search_row", rows[i]);
        if (query_next(q))
            consider(self, q, rows[i], &(match_kind_t){base, 0, NULL});
        self->status = query_done(q);
    }
}

static int by_score(const void *a, const void *b)
{
    const candidate_t *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return by_row(a, b);
}

static const char *both(search_t *self, const char *words, const char *columns)
{
    if (text_empty(words))
        return NULL;
    return arena_printf(self->call->arena, "%s AND ({%s} : (%s))", self->facets, columns, words);
}

/* Names that hold a token, counted up to a limit. */
static size_t count_token(search_t *self, const char *token)
{
    query_t *q =
        query(self->call->store,
              "SELECT count(*) AS names FROM"
              " (SELECT 1 FROM item_names WHERE item_names MATCH :match LIMIT 200) AS some");
    query_text(q, "match", token);
    size_t names = query_next(q) ? (size_t) query_get_int(q, "names") : 0;
    if (self->status == STATUS_OK)
        self->status = query_done(q);
    else
        query_done(q);
    return names;
}

/* Words in so many names that they tell nothing. */
static const char *const WEAK_WORDS[] = {"申请", "办理", "业务", "手续", "事项", "一下"};

static void join(buffer_t *out, const char *between, const char *token, size_t size)
{
    buffer_printf(out, "%s\"%.*s\"", out->size ? between : "", (int) size, token);
}

/* For questions in which no item has every word.  Tried in this order, until something is found:
 * all pairs that any name has; any of the telling pairs, those that few names have; any at all. */
static void gather_loosely(search_t *self)
{
    enum { TELLING_MAX = 200, TOKENS_MAX = 64, TRIES = 3 };
    arena_t *arena = self->call->arena;
    buffer_t tries[TRIES];
    for (int i = 0; i < TRIES; i++)
        tries[i] = buffer_new(WORDS_BYTES_MAX);
    const char *strong =
        without(self->asked, WEAK_WORDS, sizeof WEAK_WORDS / sizeof *WEAK_WORDS, arena);
    const char *tokens = store_tokens(strong, arena);
    for (int i = 0; tokens && *tokens && i < TOKENS_MAX; i++) {
        size_t size = strcspn(tokens, " ");
        uint32_t code;
        bool lone = text_next(tokens, &code) == size && text_is_cjk(code);
        const char *match = arena_printf(arena, "{name} : \"%.*s\"", (int) size, tokens);
        size_t names = lone || !match ? 0 : count_token(self, match);
        if (names > 0)
            join(&tries[0], " AND ", tokens, size);
        if (names > 0 && names < TELLING_MAX)
            join(&tries[1], " OR ", tokens, size);
        if (names > 0)
            join(&tries[2], " OR ", tokens, size);
        tokens += size + strspn(tokens + size, " ");
    }
    for (int i = 0; i < TRIES; i++) {
        const char *words = finish(&tries[i], arena);
        if (self->count == 0)
            gather_names(self, both(self, words, "name"), 0, 0.4, NULL);
    }
}

/* "sgxk", "SGXKZ". */
static const char *letters_asked(const char *text, arena_t *arena)
{
    size_t size = strlen(text);
    if (size < 2 || size > 20 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != size)
        return NULL;
    return pinyin_initials(text, arena);
}

/* Somebody typed a code. */
static void gather_code(search_t *self, const char *code)
{
    query_t *q =
        query(self->call->store,
              "SELECT DISTINCT i.search_row FROM item_codes c JOIN items i ON i.id = c.item_id"
              " WHERE c.code = :code AND i.search_row IS NOT NULL ORDER BY i.search_row LIMIT 100");
    query_text(q, "code", code);
    while (query_next(q))
        self->found[self->count++] = (candidate_t){query_get_int(q, "search_row"), 1000};
    self->status = query_done(q);
}

/* The kinds of match, the best first.  The numbers are tuned by starter_test.c. */
static void gather_all(search_t *self, const Catalog__SearchItemsRequest *in)
{
    arena_t *arena = self->call->arena;
    if (!self->asked) {
        gather_names(self, self->facets, 1, 0, NULL);
        return;
    }
    if (!facet_filters(in))
        gather_code(self, in->q);
    const char *words = store_match(self->asked, arena);
    gather_names(self, both(self, words, "name"), 4, 0, NULL);
    const char *letters = letters_asked(in->q, arena);
    if (letters)
        gather_names(self, both(self, letter_pairs(letters, " AND ", "\"", arena), "initials"), 6,
                     0, letters);
    if (!self->more)
        gather_words(self, both(self, words, "words"), 0.5);
    if (self->count == 0)
        gather_loosely(self);
}

/* --- the answer ---------------------------------------------------------------------------------- */

/* The part of a guide that has most of what was asked; NULL: none but the name. */
static const char *best_part(const Catalog__Item *item, const char *asked)
{
    const char *parts[160];
    size_t count = 0;
    parts[count++] = item->short_name;
    parts[count++] = item->main_name;
    for (size_t i = 0; i < item->n_keywords; i++)
        parts[count++] = item->keywords[i];
    for (size_t i = 0; i < item->n_results && i < 5; i++)
        parts[count++] = item->results[i]->name;
    for (size_t i = 0; i < item->n_materials && i < 60; i++)
        parts[count++] = item->materials[i]->name;
    for (size_t i = 0; i < item->n_questions && i < 20; i++)
        parts[count++] = item->questions[i]->question;
    for (size_t i = 0; i < item->n_legal_bases && i < 20; i++)
        parts[count++] = item->legal_bases[i]->law;
    parts[count++] = item->conditions;
    CHECK(count <= sizeof parts / sizeof *parts);

    const char *best = NULL;
    size_t most = 1;
    for (size_t i = 0; i < count; i++) {
        size_t marked = highlight_count(parts[i], asked);
        if (marked > most) {
            most = marked;
            best = parts[i];
        }
    }
    return best;
}

static status_t load_hit(search_t *self, int64_t row, Catalog__SearchHit *hit)
{
    call_t *call = self->call;
    query_t *q =
        query(call->store,
              "SELECT i.id, i.version, i.name, i.code, i.type, i.department_id, i.department_name,"
              " i.division, i.case_kind, i.promise_days, i.promise_unit, i.online_depth, i.visits,"
              " i.charged, i.popularity, i.state, i.sample, v.body AS _body"
              " FROM items i JOIN versions v ON v.item_id = i.id AND v.version = i.version"
              " WHERE i.search_row = :row");
    query_int(q, "row", row);
    bool found = query_row(q, &hit->item->base, call->arena);
    ProtobufCBinaryData body = {0, NULL};
    if (found && self->asked)
        body = query_get_blob(q, "_body", call->arena);
    status_t status = query_done(q);
    CHECK(status != STATUS_OK || found); /* search_row is only set while there is a version */
    if (status != STATUS_OK)
        return status;

    const char *asked = self->asked ? self->asked : "";
    hit->n_name = highlight(hit->item->name, asked, 200, call->arena, &hit->name);
    const Catalog__Item *item =
        body.data ? (const Catalog__Item *) message_unpack(&catalog__item__descriptor, call->arena,
                                                           body.data, body.len)
                  : NULL;
    const char *part = item ? best_part(item, asked) : NULL;
    if (part)
        hit->n_fragment = highlight(part, asked, 80, call->arena, &hit->fragment);
    return STATUS_OK;
}

static status_t answer_page(search_t *self, uint64_t offset, uint32_t size,
                            Catalog__SearchItemsResponse *out)
{
    arena_t *arena = self->call->arena;
    out->hits = ARRAY(arena, Catalog__SearchHit *, size);
    status_t status = STATUS_OK;
    for (size_t i = offset; i < self->count && out->n_hits < size && status == STATUS_OK; i++) {
        Catalog__SearchHit *hit =
            (Catalog__SearchHit *) message_new(&catalog__search_hit__descriptor, arena);
        Catalog__ItemSummary *item =
            (Catalog__ItemSummary *) message_new(&catalog__item_summary__descriptor, arena);
        if (!out->hits || !hit || !item)
            return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL,
                             "结果过大，请缩小每页条数。");
        hit->item = item;
        status = load_hit(self, self->found[i].row, hit);
        out->hits[out->n_hits++] = hit;
    }
    if (offset + out->n_hits < self->count)
        out->next_page_token = page_token(self->call, offset + out->n_hits);
    return status;
}

/* Finds, the best first; at most SEARCH_CANDIDATES_MAX. */
static status_t gather(call_t *call, const Catalog__SearchItemsRequest *in, search_t *ret)
{
    *ret = (search_t){.call = call, .aim = in->aim, .status = STATUS_OK};
    if (in->q[strspn(in->q, " ")])
        ret->asked =
            without(in->q, EMPTY_WORDS, sizeof EMPTY_WORDS / sizeof *EMPTY_WORDS, call->arena);
    ret->facets = facet_match(in, call->arena);
    ret->found = ARRAY(call->arena, candidate_t, 2 * SEARCH_CANDIDATES_MAX);
    if (!ret->facets || !ret->found)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内存不足，请稍后再试。");
    gather_all(ret, in);
    if (ret->status != STATUS_OK)
        return ret->status;
    qsort(ret->found, ret->count, sizeof *ret->found, by_score);
    if (ret->count > SEARCH_CANDIDATES_MAX) {
        ret->count = SEARCH_CANDIDATES_MAX;
        ret->more = true;
    }
    return STATUS_OK;
}

status_t catalog_search_items(call_t *call, const Catalog__SearchItemsRequest *in,
                              Catalog__SearchItemsResponse *out)
{
    search_t self;
    status_t status = gather(call, in, &self);
    if (status != STATUS_OK)
        return status;
    out->total = (uint32_t) self.count;
    out->total_is_more = self.more;
    return answer_page(&self, page_offset(in->page_token), page_size(in->page_size, 20), out);
}

status_t search_rows(call_t *call, const Catalog__SearchItemsRequest *in, int64_t **ret_rows,
                     size_t *ret_count, bool *ret_more)
{
    search_t self;
    status_t status = gather(call, in, &self);
    if (status != STATUS_OK)
        return status;
    int64_t *rows = ARRAY(call->arena, int64_t, self.count);
    if (!rows)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < self.count; i++)
        rows[i] = self.found[i].row;
    *ret_rows = rows;
    *ret_count = self.count;
    *ret_more = self.more;
    return STATUS_OK;
}
