/* count.c - how many items are filed under what, and items by their ids: what filters and lists of
 * favourites show.
 *
 * What a search found is counted row by row (at most SEARCH_CANDIDATES_MAX); everything, when nothing
 * is asked for, from facet_counts, which always agrees. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "aim.h"
#include "catalog.svc.h"
#include "facet.h"
#include "rule.h"
#include "search.h"
#include "text.h"
#include "themes.h"

#define DEPARTMENTS_MAX 500
#define NUMBERS_MAX     64 /* more than any enum or list of themes has */

/* Counters of one kind of token: "y" and its number. */
typedef enum { AUDIENCES, PERSON_THEMES, BODY_THEMES, TYPES, DEPTHS, AIMS, KINDS } what_t;

static const struct {
    const char *letters;
    const ProtobufCEnumDescriptor *type; /* NULL: themes */
} TOKENS[KINDS] = {
    [AUDIENCES] = {"a", &catalog__audience__descriptor},
    [PERSON_THEMES] = {"tp", NULL},
    [BODY_THEMES] = {"tb", NULL},
    [TYPES] = {"y", &catalog__item_type__descriptor},
    [DEPTHS] = {"o", &catalog__online_depth__descriptor},
    [AIMS] = {"", &catalog__aim__descriptor}, /* no token: from the name */
};

typedef struct {
    call_t *call;
    uint32_t items[KINDS][NUMBERS_MAX];
    Catalog__ItemCount **departments; /* DEPARTMENTS_MAX */
    size_t department_count;
} tally_t;

/* --- counting what was found ---------------------------------------------------------------- */

static void count_token(tally_t *self, const char *token, size_t size)
{
    for (int kind = 0; kind < AIMS; kind++) {
        size_t letters = strlen(TOKENS[kind].letters);
        if (size <= letters || memcmp(token, TOKENS[kind].letters, letters) != 0 ||
            !isdigit((unsigned char) token[letters]))
            continue;
        unsigned long number = strtoul(token + letters, NULL, 10);
        if (number < NUMBERS_MAX)
            self->items[kind][number]++;
        return;
    }
}

static bool count_department(tally_t *self, const char *id, const char *name)
{
    for (size_t i = 0; i < self->department_count; i++)
        if (text_equal(self->departments[i]->value, id)) {
            self->departments[i]->items++;
            return true;
        }
    if (text_empty(id) || self->department_count == DEPARTMENTS_MAX)
        return true;
    Catalog__ItemCount *one =
        (Catalog__ItemCount *) message_new(&catalog__item_count__descriptor, self->call->arena);
    if (!one)
        return false;
    one->value = id;
    one->label = name;
    one->items = 1;
    self->departments[self->department_count++] = one;
    return true;
}

static status_t count_row(tally_t *self, int64_t row)
{
    arena_t *arena = self->call->arena;
    query_t *q = query(self->call->store, "SELECT name, facets, department_id, department_name"
                                          " FROM items WHERE search_row = :row");
    query_int(q, "row", row);
    bool enough = true;
    if (query_next(q)) {
        self->items[AIMS][aim_of(query_get_text(q, "name", arena))]++;
        const char *token = query_get_text(q, "facets", arena);
        while (*token) {
            size_t size = strcspn(token, " ");
            count_token(self, token, size);
            token += size + strspn(token + size, " ");
        }
        enough = count_department(self, query_get_text(q, "department_id", arena),
                                  query_get_text(q, "department_name", arena));
    }
    status_t status = query_done(q);
    return status == STATUS_OK && !enough ? STATUS_RESOURCE_EXHAUSTED : status;
}

static status_t count_found(tally_t *self, const int64_t *rows, size_t count)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = count_row(self, rows[i]);
    return status;
}

/* --- counting everything -------------------------------------------------------------------- */

static status_t all_departments(tally_t *self)
{
    Catalog__ListItemDepartmentsRequest in = CATALOG__LIST_ITEM_DEPARTMENTS_REQUEST__INIT;
    Catalog__ItemDepartmentList list = CATALOG__ITEM_DEPARTMENT_LIST__INIT;
    status_t status = catalog_list_item_departments(self->call, &in, &list);
    self->department_count = 0;
    for (size_t i = 0; i < list.n_departments && status == STATUS_OK; i++) {
        if (!count_department(self, list.departments[i]->id, list.departments[i]->name))
            return STATUS_RESOURCE_EXHAUSTED;
        self->departments[i]->items = list.departments[i]->items;
    }
    return status;
}

static status_t count_all(tally_t *self, uint32_t *ret_total)
{
    status_t status = facet_items(self->call, "all", ret_total);
    for (int kind = 0; kind < AIMS; kind++)
        for (int number = 0; number < NUMBERS_MAX && status == STATUS_OK; number++) {
            const char *token =
                arena_printf(self->call->arena, "%s%d", TOKENS[kind].letters, number);
            status = facet_items(self->call, token ? token : "", &self->items[kind][number]);
        }
    return status == STATUS_OK ? all_departments(self) : status;
}

/* --- the answer ------------------------------------------------------------------------------- */

static const char *theme_name(what_t kind, int number)
{
    if (kind == PERSON_THEMES)
        return number < PERSON_THEME_COUNT ? person_themes[number] : NULL;
    return number < BODY_THEME_COUNT ? body_themes[number] : NULL;
}

/* Name and label of a number; false: it has none. */
static bool name_it(what_t kind, int number, Catalog__ItemCount *out)
{
    const ProtobufCEnumDescriptor *type = TOKENS[kind].type;
    const ProtobufCEnumValue *value =
        type && number ? protobuf_c_enum_descriptor_get_value(type, number) : NULL;
    out->value = type ? (value ? value->name : NULL) : theme_name(kind, number);
    out->label = type && value ? label_of(type, number) : out->value;
    return out->value && out->label;
}

/* Those with items, in the order of their numbers. */
static bool give(tally_t *self, what_t kind, Catalog__ItemCount ***ret, size_t *ret_count)
{
    arena_t *arena = self->call->arena;
    *ret = ARRAY(arena, Catalog__ItemCount *, NUMBERS_MAX);
    for (int number = 0; *ret && number < NUMBERS_MAX; number++) {
        Catalog__ItemCount *one =
            self->items[kind][number]
                ? (Catalog__ItemCount *) message_new(&catalog__item_count__descriptor, arena)
                : NULL;
        if (!one || !name_it(kind, number, one))
            continue;
        one->items = self->items[kind][number];
        (*ret)[(*ret_count)++] = one;
    }
    return *ret != NULL;
}

static int by_items(const void *a, const void *b)
{
    const Catalog__ItemCount *x = *(Catalog__ItemCount *const *) a;
    const Catalog__ItemCount *y = *(Catalog__ItemCount *const *) b;
    if (x->items != y->items)
        return x->items < y->items ? 1 : -1;
    return strcmp(x->value, y->value);
}

status_t catalog_count_items(call_t *call, const Catalog__SearchItemsRequest *in,
                             Catalog__ItemCounts *out)
{
    tally_t *self = arena_alloc(call->arena, sizeof *self);
    Catalog__ItemCount **departments = ARRAY(call->arena, Catalog__ItemCount *, DEPARTMENTS_MAX);
    int64_t *rows = NULL;
    size_t count = 0;
    bool more = false;
    if (!self || !departments)
        return STATUS_RESOURCE_EXHAUSTED;
    *self = (tally_t){.call = call, .departments = departments};

    status_t status = search_rows(call, in, &rows, &count, &more);
    if (status == STATUS_OK)
        status = count_found(self, rows, count);
    out->total = (uint32_t) count;
    out->total_is_more = more;
    if (status == STATUS_OK && more && !in->q[strspn(in->q, " ")] && !facet_filters(in)) {
        status = count_all(self, &out->total);
        out->total_is_more = false;
    }
    if (status != STATUS_OK)
        return status;

    qsort(departments, self->department_count, sizeof *departments, by_items);
    out->departments = departments;
    out->n_departments = self->department_count;
    bool enough = give(self, AUDIENCES, &out->audiences, &out->n_audiences) &&
                  give(self, PERSON_THEMES, &out->person_themes, &out->n_person_themes) &&
                  give(self, BODY_THEMES, &out->body_themes, &out->n_body_themes) &&
                  give(self, AIMS, &out->aims, &out->n_aims) &&
                  give(self, TYPES, &out->types, &out->n_types) &&
                  give(self, DEPTHS, &out->online_depths, &out->n_online_depths);
    return enough ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* --- items by their ids ------------------------------------------------------------------------ */

static status_t load_summary(call_t *call, const char *id, Catalog__ItemSummary *out, bool *ret)
{
    query_t *q =
        query(call->store, "SELECT id, version, name, code, type, department_id, department_name,"
                           " division, case_kind, promise_days, promise_unit, online_depth, visits,"
                           " charged, popularity, state, sample"
                           " FROM items WHERE id = :id AND version > 0");
    query_text(q, "id", id);
    *ret = query_row(q, &out->base, call->arena);
    return query_done(q);
}

status_t catalog_list_item_summaries(call_t *call, const Catalog__ListItemSummariesRequest *in,
                                     Catalog__ItemSummaryList *out)
{
    out->items = ARRAY(call->arena, Catalog__ItemSummary *, in->n_ids);
    if (!out->items)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < in->n_ids; i++) {
        Catalog__ItemSummary *item =
            (Catalog__ItemSummary *) message_new(&catalog__item_summary__descriptor, call->arena);
        bool found = false;
        if (!item)
            return STATUS_RESOURCE_EXHAUSTED;
        status_t status = load_summary(call, in->ids[i], item, &found);
        if (status != STATUS_OK)
            return status;
        if (found)
            out->items[out->n_items++] = item;
    }
    return STATUS_OK;
}
