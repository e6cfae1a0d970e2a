/* division.c - administrative divisions (行政区划): a tree of codes, given by import. */
#include <string.h>
#include "catalog.svc.h"
#include "text.h"

status_t catalog_list_divisions(call_t *call, const Catalog__ListDivisionsRequest *in,
                                Catalog__DivisionList *out)
{
    enum { DIVISIONS_MAX = 500 };
    query_t *q =
        query(call->store, "SELECT code, name, parent FROM divisions WHERE parent = :parent"
                           " ORDER BY code LIMIT 500");
    query_text(q, "parent", in->parent);
    out->divisions = (Catalog__Division **) query_rows(
        q, &catalog__division__descriptor, DIVISIONS_MAX, call->arena, &out->n_divisions);
    return query_done(q);
}

static status_t put_division(call_t *call, const Catalog__Division *division,
                             Catalog__ImportReport *out)
{
    query_t *q = query(call->store, "SELECT name, parent FROM divisions WHERE code = :code");
    query_text(q, "code", division->code);
    bool known = query_next(q);
    bool same = known && text_equal(query_get_text(q, "name", call->arena), division->name) &&
                text_equal(query_get_text(q, "parent", call->arena), division->parent);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    out->rows++;
    if (same) {
        out->unchanged++;
        return STATUS_OK;
    }
    q = query(call->store,
              "INSERT INTO divisions(code, name, parent) VALUES (:code, :name, :parent)"
              " ON CONFLICT(code) DO UPDATE SET name = excluded.name, parent = excluded.parent");
    query_message(q, &division->base);
    if (known)
        out->updated++;
    else
        out->created++;
    return query_done(q);
}

status_t catalog_import_divisions(call_t *call, const Catalog__ImportDivisionsRequest *in,
                                  Catalog__ImportReport *out)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < in->n_divisions && status == STATUS_OK; i++)
        status = put_division(call, in->divisions[i], out);
    return status;
}
