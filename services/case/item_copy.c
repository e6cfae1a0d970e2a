#include "item_copy.h"

#include <string.h>

#include "case.svc.h"
#include "text.h"

/* --- finding ------------------------------------------------------------------------------ */

static status_t find_version(call_t *call, const char *item_id, int64_t version,
                             const Catalog__Item **ret)
{
    query_t *find = query(call->store, "SELECT body FROM item_versions"
                                       " WHERE item_id = :item_id AND version = :version");
    query_text(find, "item_id", item_id);
    query_int(find, "version", version);
    ProtobufCBinaryData body = {0};
    bool found = query_next(find);
    if (found)
        body = query_get_blob(find, "body", call->arena);
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return call_not_found(call, "该事项的这一版本");
    *ret = (const Catalog__Item *) message_unpack(&catalog__item__descriptor, call->arena,
                                                  body.data, body.len);
    return *ret ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static status_t version_in_force(call_t *call, const char *item_id, int64_t *ret)
{
    query_t *find = query(call->store, "SELECT version FROM items WHERE item_id = :item_id");
    query_text(find, "item_id", item_id);
    if (query_next(find))
        *ret = query_get_int(find, "version");
    return query_done(find);
}

status_t item_of_case(call_t *call, const Case__StoredCase *row, const Catalog__Item **ret)
{
    int64_t version = row->item_version;
    status_t status =
        row->state == STATE(DRAFT) ? version_in_force(call, row->item_id, &version) : STATUS_OK;
    return status == STATUS_OK ? find_version(call, row->item_id, version, ret) : status;
}

static status_t id_of_code(call_t *call, const char *code, const char **ret)
{
    query_t *find = query(call->store, "SELECT item_id FROM item_codes WHERE code = :code LIMIT 2");
    query_text(find, "code", code);
    int found = 0;
    for (; query_next(find); found++)
        *ret = query_get_text(find, "item_id", call->arena);
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    if (found == 0)
        return call_fail(call, STATUS_NOT_FOUND, "item.unknown", "itemCode",
                         "没有编码为“%s”的在用事项", code);
    if (found > 1)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "item.ambiguous", "itemCode",
                         "编码“%s”对应多个业务办理项，请选择具体的办理项", code);
    return STATUS_OK;
}

status_t item_in_force(call_t *call, const char *item_id, const char *code,
                       const Catalog__Item **ret)
{
    bool by_code = text_empty(item_id);
    if (by_code == text_empty(code))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "itemId",
                         "请用事项标识或者实施编码之一指明事项");
    if (by_code) {
        status_t status = id_of_code(call, code, &item_id);
        if (status != STATUS_OK)
            return status;
    }
    query_t *find =
        query(call->store,
              "SELECT i.state AS state, v.body AS body FROM items i JOIN item_versions v"
              " ON v.item_id = i.item_id AND v.version = i.version WHERE i.item_id = :item_id");
    query_text(find, "item_id", item_id);
    bool found = query_next(find);
    ProtobufCBinaryData body = {0};
    int64_t state = 0;
    if (found) {
        state = query_get_int(find, "state");
        body = query_get_blob(find, "body", call->arena);
    }
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    const char *field = by_code ? "itemCode" : "itemId";
    if (!found)
        return call_fail(call, STATUS_NOT_FOUND, "item.unknown", field,
                         "没有找到这个事项，请核对后再试");
    if (state != CATALOG__ITEM_STATE__ITEM_STATE_PUBLISHED)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "item.suspended", field,
                         "该事项已暂停或取消办理，暂不能申请");
    *ret = (const Catalog__Item *) message_unpack(&catalog__item__descriptor, call->arena,
                                                  body.data, body.len);
    return *ret ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

const char *item_code_of(const Catalog__Item *item)
{
    const char *const codes[] = {item->item_code, item->impl_code,       item->local_impl_code,
                                 item->base_code, item->local_base_code, item->id};
    size_t i = 0;
    while (i + 1 < sizeof codes / sizeof *codes && text_empty(codes[i]))
        i++;
    return codes[i];
}

const Catalog__Material *item_material(const Catalog__Item *item, const char *material_id)
{
    for (size_t i = 0; i < item->n_materials; i++)
        if (text_equal(item->materials[i]->id, material_id))
            return item->materials[i];
    return NULL;
}

const Catalog__FormField *item_field(const Catalog__Item *item, const char *field_id)
{
    for (size_t i = 0; i < item->n_form_fields; i++)
        if (text_equal(item->form_fields[i]->id, field_id))
            return item->form_fields[i];
    return NULL;
}

bool item_is_joint(const Catalog__Item *item)
{
    return item->n_co_departments > 0;
}

bool item_is_at_once(const Catalog__Item *item)
{
    return item->case_kind == CATALOG__CASE_KIND__CASE_KIND_AT_ONCE;
}

/* --- keeping ------------------------------------------------------------------------------ */

/* A copy without what only readers of the guide need: it is unpacked at each submission. */
static ProtobufCBinaryData body_of(const Catalog__Item *published, arena_t *arena)
{
    Catalog__Item item = *published;
    item.conditions = item.flow_explain = item.intermediary = item.exercise_content = "";
    item.power_division = item.consult = item.supervise = item.quantity_limit = "";
    item.handle_area_explain = item.sample_explain = item.visits_explain = "";
    item.n_legal_bases = item.n_fees = item.n_questions = item.n_places = 0;
    item.n_person_themes = item.n_body_themes = item.n_keywords = item.n_flags = 0;

    Catalog__Material *copies = ARRAY(arena, Catalog__Material, item.n_materials);
    Catalog__Material **materials = ARRAY(arena, Catalog__Material *, item.n_materials);
    if (!copies || !materials)
        return (ProtobufCBinaryData){0};
    for (size_t i = 0; i < item.n_materials; i++) {
        copies[i] = *published->materials[i];
        copies[i].source_explain = copies[i].fill_notes = copies[i].acceptance_standard = "";
        copies[i].legal_basis = copies[i].form_template = copies[i].sample = copies[i].remark = "";
        materials[i] = &copies[i];
    }
    item.materials = materials;
    return message_pack(&item.base, arena);
}

static status_t put_code(call_t *call, const char *item_id, const char *code)
{
    if (text_empty(code))
        return STATUS_OK;
    query_t *put =
        query(call->store, "INSERT INTO item_codes (code, item_id) VALUES (:code, :item_id)"
                           " ON CONFLICT (code, item_id) DO NOTHING");
    query_text(put, "code", code);
    query_text(put, "item_id", item_id);
    return query_done(put);
}

static status_t put_codes(call_t *call, const Catalog__Item *item)
{
    query_t *clear = query(call->store, "DELETE FROM item_codes WHERE item_id = :id");
    query_text(clear, "id", item->id);
    status_t status = query_done(clear);
    const char *const codes[] = {item->item_code, item->impl_code, item->local_impl_code};
    for (size_t i = 0; i < sizeof codes / sizeof *codes && status == STATUS_OK; i++)
        status = put_code(call, item->id, codes[i]);
    return status;
}

/* Events of one topic come in order, but a version's first change of state may overtake the version
 * itself: then its state is there already and stays. */
static status_t put_in_force(call_t *call, const Catalog__Item *item)
{
    query_t *put = query(
        call->store,
        "INSERT INTO items (item_id, version, state) VALUES (:id, :version, :state)"
        " ON CONFLICT (item_id) DO UPDATE SET version = excluded.version,"
        " state = CASE WHEN items.version = excluded.version THEN items.state"
        " ELSE excluded.state END WHERE excluded.version >= items.version");
    query_text(put, "id", item->id);
    query_int(put, "version", item->version);
    query_int(put, "state", CATALOG__ITEM_STATE__ITEM_STATE_PUBLISHED);
    status_t status = query_done(put);
    if (status != STATUS_OK || store_changes(call->store) == 0) /* an older version came late */
        return status;
    return put_codes(call, item);
}

status_t case_on_item_published(call_t *call, const Catalog__ItemPublished *in, Yw__Empty *out)
{
    (void) out;
    const Catalog__Item *item = in->item;
    call_concerns(call, in->item_id);
    if (!text_equal(item->id, in->item_id) || item->version == 0)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "item", "item.id",
                         "事项标识或版本号不一致");
    ProtobufCBinaryData body = body_of(item, call->arena);
    if (!body.data)
        return STATUS_RESOURCE_EXHAUSTED;

    query_t *put =
        query(call->store,
              "INSERT INTO item_versions (item_id, version, body) VALUES (:id, :version, :body)"
              " ON CONFLICT (item_id, version) DO UPDATE SET body = excluded.body");
    query_text(put, "id", item->id);
    query_int(put, "version", item->version);
    query_blob(put, "body", body.data, body.len);
    status_t status = query_done(put);
    return status == STATUS_OK ? put_in_force(call, item) : status;
}

status_t case_on_item_state_changed(call_t *call, const Catalog__ItemStateChanged *in,
                                    Yw__Empty *out)
{
    (void) out;
    call_concerns(call, in->item_id);
    query_t *put = query(
        call->store,
        "INSERT INTO items (item_id, version, state) VALUES (:item_id, :version, :state)"
        " ON CONFLICT (item_id) DO UPDATE SET version = excluded.version, state = excluded.state"
        " WHERE excluded.version >= items.version");
    query_int(put, "state", in->state);
    query_message(put, &in->base);
    return query_done(put);
}
