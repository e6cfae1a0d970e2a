/* guide.c - reading: the guide of an item, the directory, what staff see of their items.
 *
 * GetItem is the platform's most asked method: one indexed SELECT, nothing unpacked. */
#include <string.h>
#include "catalog.svc.h"
#include "quality.h"
#include "item.h"
#include "text.h"

/* --- for everyone --------------------------------------------------------------------- */

/* The version in force of the item that answers to a code. */
static query_t *ask_in_force(call_t *call, const Catalog__GetItemRequest *in)
{
    query_t *q = query(call->store, "SELECT v.body, v.revision, i.state, i.popularity"
                                    " FROM item_codes c JOIN items i ON i.id = c.item_id"
                                    " JOIN versions v ON v.item_id = i.id AND v.version = i.version"
                                    " WHERE c.code = :id ORDER BY c.rank, c.item_id LIMIT 1");
    query_text(q, "id", in->id);
    return q;
}

/* An older one, if it ever was in force. */
static query_t *ask_version(call_t *call, const Catalog__GetItemRequest *in)
{
    query_t *q = query(call->store, "SELECT v.body, v.revision, v.state, i.popularity"
                                    " FROM item_codes c JOIN items i ON i.id = c.item_id"
                                    " JOIN versions v ON v.item_id = i.id AND v.version = :version"
                                    " WHERE c.code = :id AND v.published_at IS NOT NULL"
                                    " ORDER BY c.rank, c.item_id LIMIT 1");
    query_text(q, "id", in->id);
    query_int(q, "version", in->version);
    return q;
}

/* The stored version with what stands beside it.  Packed messages are merged by putting one
 * behind the other (Protocol Buffers encoding, "Last One Wins"), so the guide, the most read
 * answer of the platform, is never unpacked here. */
static status_t answer_stored(call_t *call, ProtobufCBinaryData body, const Catalog__Item *beside)
{
    size_t size = body.len + protobuf_c_message_get_packed_size(&beside->base);
    uint8_t *joined = arena_alloc(call->arena, size);
    if (!joined)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL, "内容过大，无法读取。");
    memcpy(joined, body.data, body.len);
    protobuf_c_message_pack(&beside->base, joined + body.len);
    call_answer_packed(call, (ProtobufCBinaryData){size, joined});
    return STATUS_OK;
}

status_t catalog_get_item(call_t *call, const Catalog__GetItemRequest *in, Catalog__Item *out)
{
    query_t *q = in->version ? ask_version(call, in) : ask_in_force(call, in);
    ProtobufCBinaryData body = {0, NULL};
    bool found = query_next(q);
    if (found) {
        body = query_get_blob(q, "body", call->arena);
        out->revision = (uint32_t) query_get_int(q, "revision");
        out->state = (Catalog__ItemState) query_get_int(q, "state");
        out->popularity = query_get_int(q, "popularity");
    }
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    return found ? answer_stored(call, body, out) : call_not_found(call, "事项");
}

status_t catalog_list_directory(call_t *call, const Catalog__ListDirectoryRequest *in,
                                Catalog__Directory *out)
{
    uint32_t size = page_size(in->page_size, 50);
    query_t *q = query(
        call->store,
        "SELECT id, name, main_name, role, base_code, impl_code, local_base_code, type, use_level,"
        " department_id, department_name, legal_basis FROM items"
        " WHERE id > :after AND version > 0 AND state <> :cancelled"
        "   AND (:type = 0 OR type = :type) AND (:use_level = 0 OR use_level = :use_level)"
        "   AND (:department_id = '' OR department_id = :department_id)"
        " ORDER BY id LIMIT :size");
    query_text(q, "after", in->page_token);
    query_int(q, "cancelled", STATE(CANCELLED));
    query_int(q, "size", (int64_t) size + 1);
    query_message(q, &in->base);
    size_t count = 0;
    out->entries = (Catalog__DirectoryEntry **) query_rows(q, &catalog__directory_entry__descriptor,
                                                           (size_t) size + 1, call->arena, &count);
    status_t status = query_done(q);
    if (status != STATUS_OK)
        return status;
    out->n_entries = count > size ? size : count;
    if (count > size)
        out->next_page_token = out->entries[size - 1]->id;
    return STATUS_OK;
}

/* --- for staff --------------------------------------------------------------------------- */

static Catalog__StaffItem *staff_item(call_t *call, query_t *q)
{
    Catalog__StaffItem *row =
        (Catalog__StaffItem *) message_new(&catalog__staff_item__descriptor, call->arena);
    Catalog__ItemSummary *item =
        (Catalog__ItemSummary *) message_new(&catalog__item_summary__descriptor, call->arena);
    if (!row || !item)
        return NULL;
    row->item = item;
    item->id = query_get_text(q, "id", call->arena);
    item->name = query_get_text(q, "name", call->arena);
    item->code = query_get_text(q, "code", call->arena);
    item->department_id = query_get_text(q, "department_id", call->arena);
    item->department_name = query_get_text(q, "department_name", call->arena);
    item->division = query_get_text(q, "division", call->arena);
    item->version = (uint32_t) query_get_int(q, "newest");
    item->state = (Catalog__ItemState) query_get_int(q, "newest_state");
    item->type = (Catalog__ItemType) query_get_int(q, "type");
    item->popularity = query_get_int(q, "popularity");
    item->sample = query_get_int(q, "sample") != 0;
    row->revision = (uint32_t) query_get_int(q, "revision");
    row->published_version = (uint32_t) query_get_int(q, "version");
    row->score = (uint32_t) query_get_int(q, "score");
    row->flags = (uint32_t) query_get_int(q, "flags");
    row->editor = query_get_text(q, "editor", call->arena);
    row->editor_name = query_get_text(q, "editor_name", call->arena);
    row->updated_at = timestamp_make(call->arena, query_get_int(q, "updated_at"));
    return row;
}

/* The department a staff caller asks about; NULL when it is not theirs to see.  "" is all. */
static const char *asked_department(call_t *call, const char *department_id)
{
    if (text_empty(department_id))
        return item_own_all(call) ? "" : call->caller.department;
    return item_own(call, department_id) ? department_id : NULL;
}

#define STAFF_ITEM                                                                                 \
    "SELECT i.id, v.name, i.code, i.department_id, i.department_name, i.division, i.newest,"       \
    " v.state AS newest_state, i.type, i.popularity, i.sample, v.revision, i.version, v.score,"    \
    " v.flags, v.editor, v.updated_at, coalesce(p.name, '') AS editor_name"                        \
    " FROM items i JOIN versions v ON v.item_id = i.id AND v.version = i.newest"                   \
    " LEFT JOIN people p ON p.id = v.editor"

/* Runs a query of STAFF_ITEM rows that asks for one more than a page has. */
static status_t answer_staff_items(call_t *call, query_t *q, uint32_t size,
                                   Catalog__StaffItemList *out)
{
    out->items = ARRAY(call->arena, Catalog__StaffItem *, (size_t) size + 1);
    bool memory = out->items != NULL;
    while (memory && query_next(q)) {
        if (out->n_items == size) {
            out->next_page_token = out->items[size - 1]->item->id;
            break;
        }
        Catalog__StaffItem *row = staff_item(call, q);
        memory = row != NULL;
        if (row)
            out->items[out->n_items++] = row;
    }
    status_t status = query_done(q);
    if (status == STATUS_OK && !memory)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", NULL,
                         "结果过大，请缩小每页条数。");
    return status;
}

/* The reviews of the round that an item is in. */
static status_t add_round(call_t *call, Catalog__StaffItem *item)
{
    enum { ASPECTS_MAX = 4 };
    query_t *q = query(
        call->store,
        "SELECT r.aspect, r.approved, r.reviewer, r.opinion, r.reviewed_at,"
        " coalesce(p.name, '') AS reviewer_name FROM reviews r"
        " JOIN versions v ON v.item_id = r.item_id AND v.version = r.version AND v.round = r.round"
        " LEFT JOIN people p ON p.id = r.reviewer"
        " WHERE r.item_id = :item_id AND r.version = :version ORDER BY r.aspect LIMIT 4");
    query_text(q, "item_id", item->item->id);
    query_int(q, "version", item->item->version);
    item->reviews = (Catalog__Review **) query_rows(q, &catalog__review__descriptor, ASPECTS_MAX,
                                                    call->arena, &item->n_reviews);
    return query_done(q);
}

static bool works_on_items(const call_t *call)
{
    static const char *const permissions[] = {"item.edit", "item.check", "item.publish",
                                              "item.all"};
    for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
        if (call_permitted(call, permissions[i]))
            return true;
    return false;
}

status_t catalog_list_staff_items(call_t *call, const Catalog__ListStaffItemsRequest *in,
                                  Catalog__StaffItemList *out)
{
    if (!works_on_items(call))
        return call_fail(call, STATUS_PERMISSION_DENIED, "permission", NULL,
                         "您没有管理事项的权限。");
    const char *department = asked_department(call, in->department_id);
    if (!department)
        return call_not_found(call, "部门");
    uint32_t size = page_size(in->page_size, 20);
    query_t *q =
        query(call->store, STAFF_ITEM
              " WHERE i.id > :after AND (:department = '' OR i.department_id = :department)"
              "   AND (:state = 0 OR v.state = :state)"
              "   AND (:q = '' OR instr(v.name, :q) > 0)"
              " ORDER BY i.id LIMIT :size");
    query_text(q, "after", in->page_token);
    query_text(q, "department", department);
    query_int(q, "state", in->state);
    query_text(q, "q", in->q);
    query_int(q, "size", (int64_t) size + 1);
    return answer_staff_items(call, q, size, out);
}

status_t catalog_list_reviews(call_t *call, const Catalog__ListReviewsRequest *in,
                              Catalog__StaffItemList *out)
{
    uint32_t size = page_size(in->page_size, 20);
    query_t *q = query(call->store,
                       STAFF_ITEM " WHERE v.state = 2 AND i.id > :after" /* CHECKING */
                                  "   AND (:missing = 0 OR NOT EXISTS (SELECT 1 FROM reviews r"
                                  "        WHERE r.item_id = v.item_id AND r.version = v.version"
                                  "          AND r.round = v.round AND r.aspect = :missing))"
                                  " ORDER BY i.id LIMIT :size");
    query_text(q, "after", in->page_token);
    query_int(q, "missing", in->missing);
    query_int(q, "size", (int64_t) size + 1);
    status_t status = answer_staff_items(call, q, size, out);
    for (size_t i = 0; status == STATUS_OK && i < out->n_items; i++)
        status = add_round(call, out->items[i]);
    return status;
}

/* Reviewers work across departments. */
static bool may_read(const call_t *call, const char *department_id)
{
    return item_own(call, department_id) || call_permitted(call, "item.check") ||
           call_permitted(call, "item.publish");
}

static status_t add_reviews(call_t *call, const char *item_id, Catalog__Version *version)
{
    enum { REVIEWS_MAX = 20 };
    query_t *q =
        query(call->store, "SELECT r.aspect, r.approved, r.reviewer, r.opinion, r.reviewed_at,"
                           " coalesce(p.name, '') AS reviewer_name"
                           " FROM reviews r LEFT JOIN people p ON p.id = r.reviewer"
                           " WHERE r.item_id = :item_id AND r.version = :version"
                           " ORDER BY r.round DESC, r.reviewed_at DESC LIMIT 20");
    query_text(q, "item_id", item_id);
    query_int(q, "version", version->version);
    version->reviews = (Catalog__Review **) query_rows(q, &catalog__review__descriptor, REVIEWS_MAX,
                                                       call->arena, &version->n_reviews);
    return query_done(q);
}

status_t catalog_list_versions(call_t *call, const Catalog__ListVersionsRequest *in,
                               Catalog__VersionList *out)
{
    enum { VERSIONS_MAX = 200 };
    status_t status;
    version_t *newest = version_load(call, in->id, 0, &status);
    if (!newest)
        return status;
    if (!may_read(call, newest->item->department_id))
        return call_not_found(call, "事项");
    query_t *q = query(call->store,
                       "SELECT v.version, v.revision, v.state, v.editor, v.publisher, v.updated_at,"
                       " v.published_at, coalesce(e.name, '') AS editor_name,"
                       " coalesce(p.name, '') AS publisher_name"
                       " FROM versions v LEFT JOIN people e ON e.id = v.editor"
                       " LEFT JOIN people p ON p.id = v.publisher"
                       " WHERE v.item_id = :id ORDER BY v.version DESC LIMIT 200");
    query_text(q, "id", in->id);
    out->versions = (Catalog__Version **) query_rows(q, &catalog__version__descriptor, VERSIONS_MAX,
                                                     call->arena, &out->n_versions);
    status = query_done(q);
    for (size_t i = 0; status == STATUS_OK && i < out->n_versions; i++)
        status = add_reviews(call, in->id, out->versions[i]);
    return status;
}

status_t catalog_get_item_version(call_t *call, const Catalog__GetItemVersionRequest *in,
                                  Catalog__Item *out)
{
    status_t status;
    version_t *version = version_load(call, in->id, in->version, &status);
    if (!version)
        return status;
    if (!may_read(call, version->item->department_id))
        return call_not_found(call, "事项");
    *out = *version->item;
    return STATUS_OK;
}

status_t catalog_check_draft(call_t *call, const Catalog__CheckDraftRequest *in,
                             Catalog__CheckReport *out)
{
    status_t status;
    version_t *version = version_load(call, in->id, 0, &status);
    if (!version)
        return status;
    if (!may_read(call, version->item->department_id))
        return call_not_found(call, "事项");
    quality_check(version->item, call->arena, out);
    return STATUS_OK;
}

status_t catalog_get_quality(call_t *call, const Catalog__GetQualityRequest *in,
                             Catalog__QualityReport *out)
{
    enum { DEPARTMENTS_MAX = 500 };
    const char *department = asked_department(call, in->department_id);
    if (!department)
        return call_not_found(call, "部门");
    query_t *q =
        query(call->store,
              "SELECT department_id, max(department_name) AS department_name, count(*) AS items,"
              " count(*) FILTER (WHERE score = 100) AS complete, sum(score) / count(*) AS score,"
              " count(*) FILTER (WHERE flags > 0) AS flagged"
              " FROM items WHERE version > 0 AND state <> :cancelled"
              "   AND (:department = '' OR department_id = :department)"
              " GROUP BY department_id ORDER BY score, department_id LIMIT 500");
    query_int(q, "cancelled", STATE(CANCELLED));
    query_text(q, "department", department);
    out->departments = (Catalog__DepartmentQuality **) query_rows(
        q, &catalog__department_quality__descriptor, DEPARTMENTS_MAX, call->arena,
        &out->n_departments);
    return query_done(q);
}
