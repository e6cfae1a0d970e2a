#include "facet.h"
#include <ctype.h>
#include <string.h>
#include "buffer.h"
#include "catalog.svc.h"
#include "text.h"
#include "themes.h"

#define PERSON CATALOG__THEME_KIND__THEME_KIND_PERSON
#define BODY   CATALOG__THEME_KIND__THEME_KIND_BODY

enum { TOKENS_BYTES_MAX = 4096 };

/* --- tokens ---------------------------------------------------------------------------- */

/* Names hold '.', '_' and '-', which FTS5 takes for gaps: written as their number. */
static void put_department(buffer_t *out, const char *id)
{
    buffer_char(out, 'd');
    for (; *id; id++) {
        if (isalnum((unsigned char) *id))
            buffer_char(out, *id);
        else
            buffer_printf(out, "x%02x", (unsigned char) *id);
    }
}

/* Digits that say something: "340100000000" is 4 of them. */
static size_t division_digits(const char *division)
{
    static const size_t LEVELS[] = {2, 4, 6, 9, 12};
    size_t size = strlen(division);
    while (size > 0 && division[size - 1] == '0')
        size--;
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
        if (size <= LEVELS[i])
            return LEVELS[i] <= strlen(division) ? LEVELS[i] : strlen(division);
    return strlen(division);
}

static void put_divisions(buffer_t *out, const Catalog__Item *item)
{
    static const size_t LEVELS[] = {2, 4, 6, 9, 12};
    if (text_empty(item->division))
        return;
    size_t digits = division_digits(item->division);
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS && LEVELS[i] <= digits; i++) {
        buffer_printf(out, " v%.*s", (int) LEVELS[i], item->division);
        if (text_empty(item->department_id))
            continue;
        buffer_char(out, ' ');
        put_department(out, item->department_id);
        buffer_printf(out, "v%.*s", (int) LEVELS[i], item->division);
    }
}

static void put_theme(buffer_t *out, Catalog__ThemeKind kind, const char *name)
{
    int index = theme_index(kind, name);
    if (index >= 0)
        buffer_printf(out, " %s%d", kind == PERSON ? "tp" : "tb", index);
}

static const char *finish(buffer_t *out, arena_t *arena)
{
    const char *text = out->full ? NULL : arena_copy(arena, out->data, out->size);
    buffer_free(out);
    return text;
}

const char *facet_tokens(const Catalog__Item *item, arena_t *arena)
{
    buffer_t out = buffer_new(TOKENS_BYTES_MAX);
    buffer_text(&out, "all");
    if (!text_empty(item->department_id)) {
        buffer_char(&out, ' ');
        put_department(&out, item->department_id);
    }
    put_divisions(&out, item);
    for (size_t i = 0; i < item->n_person_themes; i++)
        put_theme(&out, PERSON, item->person_themes[i]);
    for (size_t i = 0; i < item->n_body_themes; i++)
        put_theme(&out, BODY, item->body_themes[i]);
    for (size_t i = 0; i < item->n_audiences; i++)
        buffer_printf(&out, " a%d", (int) item->audiences[i]);
    buffer_printf(&out, " y%d", (int) item->type);
    buffer_printf(&out, " o%d", (int) item->online_depth);
    return finish(&out, arena);
}

/* --- filters ------------------------------------------------------------------------------ */

bool facet_filters(const Catalog__SearchItemsRequest *in)
{
    return !text_empty(in->department_id) || !text_empty(in->division) || !text_empty(in->theme) ||
           in->audience || in->type || in->aim || in->online_depth;
}

/* A theme may be one of persons, of bodies, or of both. */
static void match_theme(buffer_t *out, const Catalog__SearchItemsRequest *in)
{
    int person = in->theme_kind == BODY ? -1 : theme_index(PERSON, in->theme);
    int body = in->theme_kind == PERSON ? -1 : theme_index(BODY, in->theme);
    if (person >= 0 && body >= 0)
        buffer_printf(out, " AND (\"tp%d\" OR \"tb%d\")", person, body);
    else if (person >= 0)
        buffer_printf(out, " AND \"tp%d\"", person);
    else if (body >= 0)
        buffer_printf(out, " AND \"tb%d\"", body);
    else
        buffer_text(out, " AND \"none\""); /* no such theme: nothing is filed under it */
}

const char *facet_match(const Catalog__SearchItemsRequest *in, arena_t *arena)
{
    buffer_t out = buffer_new(TOKENS_BYTES_MAX);
    /* "all" alone matches everything; beside another word it would only cost. */
    buffer_text(&out, "{facets} : (");
    size_t start = out.size;
    if (!text_empty(in->department_id)) {
        buffer_text(&out, " AND \"");
        put_department(&out, in->department_id);
        buffer_char(&out, '"');
    }
    if (!text_empty(in->division))
        buffer_printf(&out, " AND \"v%.*s\"", (int) division_digits(in->division), in->division);
    if (!text_empty(in->theme))
        match_theme(&out, in);
    if (in->audience)
        buffer_printf(&out, " AND \"a%d\"", (int) in->audience);
    if (in->type)
        buffer_printf(&out, " AND \"y%d\"", (int) in->type);
    if (in->online_depth)
        buffer_printf(&out, " AND \"o%d\"", (int) in->online_depth);
    if (out.size == start)
        buffer_text(&out, " AND \"all\"");
    buffer_char(&out, ')');
    if (!out.full)
        memset(out.data + start, ' ',
               strlen(" AND ")); /* before the first there is nothing to join */
    return finish(&out, arena);
}

/* --- counts -------------------------------------------------------------------------------- */

status_t facet_count(call_t *call, const char *tokens, int by)
{
    status_t status = STATUS_OK;
    while (*tokens && status == STATUS_OK) {
        size_t size = strcspn(tokens, " ");
        query_t *q = query(call->store,
                           "INSERT INTO facet_counts(facet, items) VALUES (:facet, :by)"
                           " ON CONFLICT(facet) DO UPDATE SET items = facet_counts.items + :by");
        query_text(q, "facet", arena_copy(call->arena, tokens, size));
        query_int(q, "by", by);
        status = query_done(q);
        tokens += size + strspn(tokens + size, " ");
    }
    return status;
}

status_t facet_items(call_t *call, const char *facet, uint32_t *ret)
{
    query_t *q = query(call->store, "SELECT items FROM facet_counts WHERE facet = :facet");
    query_text(q, "facet", facet);
    *ret = query_next(q) ? (uint32_t) query_get_int(q, "items") : 0;
    return query_done(q);
}

static status_t add_themes(call_t *call, Catalog__ThemeKind kind, Catalog__ThemeList *out)
{
    int count = kind == PERSON ? PERSON_THEME_COUNT : BODY_THEME_COUNT;
    status_t status = STATUS_OK;
    for (int i = 0; i < count && status == STATUS_OK; i++) {
        Catalog__Theme *theme =
            (Catalog__Theme *) message_new(&catalog__theme__descriptor, call->arena);
        const char *facet = arena_printf(call->arena, "%s%d", kind == PERSON ? "tp" : "tb", i);
        if (!theme || !facet)
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL,
                             "内存不足，请稍后再试。");
        theme->name = kind == PERSON ? person_themes[i] : body_themes[i];
        theme->kind = kind;
        status = facet_items(call, facet, &theme->items);
        out->themes[out->n_themes++] = theme;
    }
    return status;
}

status_t catalog_list_themes(call_t *call, const Catalog__ListThemesRequest *in,
                             Catalog__ThemeList *out)
{
    out->themes = ARRAY(call->arena, Catalog__Theme *, PERSON_THEME_COUNT + BODY_THEME_COUNT);
    if (!out->themes)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内存不足，请稍后再试。");
    status_t status = STATUS_OK;
    if (in->kind != BODY)
        status = add_themes(call, PERSON, out);
    if (status == STATUS_OK && in->kind != PERSON)
        status = add_themes(call, BODY, out);
    return status;
}

static const char *department_facet(call_t *call, const char *id, const char *division)
{
    buffer_t out = buffer_new(TOKENS_BYTES_MAX);
    put_department(&out, id);
    if (!text_empty(division))
        buffer_printf(&out, "v%.*s", (int) division_digits(division), division);
    return finish(&out, call->arena);
}

status_t catalog_list_item_departments(call_t *call, const Catalog__ListItemDepartmentsRequest *in,
                                       Catalog__ItemDepartmentList *out)
{
    enum { DEPARTMENTS_MAX = 500 };
    query_t *q = query(call->store, "SELECT id, name FROM departments ORDER BY id LIMIT 500");
    size_t count = 0;
    Catalog__ItemDepartment **all = (Catalog__ItemDepartment **) query_rows(
        q, &catalog__item_department__descriptor, DEPARTMENTS_MAX, call->arena, &count);
    status_t status = query_done(q);
    out->departments = all;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const char *facet = department_facet(call, all[i]->id, in->division);
        status = facet_items(call, facet ? facet : "", &all[i]->items);
        if (all[i]->items > 0)
            out->departments[out->n_departments++] = all[i];
    }
    return status;
}
