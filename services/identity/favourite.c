/* favourite.c - items a person keeps at hand.
 *
 * Only ids: names and states are the catalog's, and a list of names kept here would grow old. */
#include <inttypes.h>
#include "identity.h"
#include "text.h"

#define FAVOURITES_MAX 200 /* as the contract says of the list */

static status_t favourite_look(call_t *call, const char *item_id, Identity__Favourite *out)
{
    query_t *row = query(call->store, "SELECT 1 AS one FROM favourites"
                                      " WHERE account_id = :account_id AND item_id = :item_id");
    query_text(row, "account_id", call->caller.id);
    query_text(row, "item_id", item_id);
    out->item_id = item_id;
    out->kept = query_next(row);
    return query_done(row);
}

static status_t check_room(call_t *call)
{
    query_t *count = query(call->store, "SELECT count(*) AS n FROM favourites"
                                        " WHERE account_id = :account_id");
    query_text(count, "account_id", call->caller.id);
    int64_t n = query_next(count) ? query_get_int(count, "n") : 0;
    status_t status = query_done(count);
    if (status == STATUS_OK && n >= FAVOURITES_MAX)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "identity.favourites_full", NULL,
                         "最多收藏 %d 个事项，请先取消一些收藏", FAVOURITES_MAX);
    return status;
}

status_t identity_add_favourite(call_t *call, const Identity__FavouriteRequest *in,
                                Identity__Favourite *out)
{
    status_t status = favourite_look(call, in->item_id, out);
    if (status != STATUS_OK || out->kept)
        return status;
    status = check_room(call);
    if (status != STATUS_OK)
        return status;
    query_t *add = query(call->store, "INSERT INTO favourites (account_id, item_id, created_at)"
                                      " VALUES (:account_id, :item_id, :now)");
    query_text(add, "account_id", call->caller.id);
    query_text(add, "item_id", in->item_id);
    query_int(add, "now", call->now_ms);
    out->kept = true;
    return query_done(add);
}

status_t identity_remove_favourite(call_t *call, const Identity__FavouriteRequest *in,
                                   Identity__Favourite *out)
{
    query_t *remove = query(call->store, "DELETE FROM favourites"
                                         " WHERE account_id = :account_id AND item_id = :item_id");
    query_text(remove, "account_id", call->caller.id);
    query_text(remove, "item_id", in->item_id);
    out->item_id = in->item_id;
    return query_done(remove);
}

status_t identity_get_favourite(call_t *call, const Identity__FavouriteRequest *in,
                                Identity__Favourite *out)
{
    return favourite_look(call, in->item_id, out);
}

status_t identity_list_favourites(call_t *call, const Yw__Empty *in, Identity__FavouriteList *out)
{
    (void) in;
    char **ids = ARRAY(call->arena, char *, FAVOURITES_MAX);
    if (!ids)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *rows =
        query(call->store, "SELECT item_id FROM favourites WHERE account_id = :account_id"
                           " ORDER BY created_at DESC, item_id DESC LIMIT 200");
    query_text(rows, "account_id", call->caller.id);
    size_t count = 0;
    while (count < FAVOURITES_MAX && query_next(rows))
        ids[count++] = (char *) query_get_text(rows, "item_id", call->arena);
    out->item_ids = (const char **) ids;
    out->n_item_ids = count;
    return query_done(rows);
}
