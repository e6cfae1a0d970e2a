/* draft.c - the life of a version before it is in force: written, checked, reviewed.
 *
 *   DRAFT --submit--> CHECKING --both reviews agree--> may be published (publish.c)
 *     ^                   |
 *     +---- a refusal ----+
 *
 * A change of an item in force is a new version and goes the same way. */
#include <string.h>
#include "catalog.svc.h"
#include "item.h"
#include "quality.h"
#include "text.h"

/* --- writing --------------------------------------------------------------------------- */

static const char *editor_of(call_t *call)
{
    return call->caller.id;
}

/* What the writer of a draft may not decide. */
static void keep_ours(Catalog__Item *item, const char *id, uint32_t version)
{
    item->id = id;
    item->version = version;
    item->revision = 0;
    item->state = STATE(DRAFT);
    item->popularity = 0;
    item->published_at = NULL;
    item->updated_at = NULL;
}

static status_t settle_department(call_t *call, Catalog__Item *item)
{
    if (text_empty(item->department_id))
        item->department_id = call->caller.department;
    if (item_own(call, item->department_id))
        return STATUS_OK;
    return call_fail(call, STATUS_PERMISSION_DENIED, "catalog.other_department",
                     "item.departmentId", "只能编制本部门的事项。");
}

/* A copy that may be changed; NULL past the arena's limit (call_fail() was called). */
static Catalog__Item *copy_item(call_t *call, const Catalog__Item *item, status_t *ret_status)
{
    Catalog__Item *copy = (Catalog__Item *) message_copy(&item->base, call->arena);
    if (!copy)
        *ret_status =
            call_fail(call, STATUS_RESOURCE_EXHAUSTED, "memory", "item", "内容过大，无法保存。");
    return copy;
}

static status_t create_first(call_t *call, const Catalog__Item *given, version_t *version)
{
    status_t status = STATUS_OK;
    version->item = copy_item(call, given, &status);
    if (!version->item)
        return status;
    keep_ours(version->item, call_id(call), 1);
    return settle_department(call, version->item);
}

static status_t create_next(call_t *call, const Catalog__CreateDraftRequest *in, version_t **ret)
{
    status_t status;
    version_t *version = version_load_own(call, in->item_id, 0, &status);
    if (!version)
        return status;
    Catalog__ItemState state = version->item->state;
    if (state == STATE(DRAFT) || state == STATE(CHECKING) || state == STATE(SCHEDULED))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.draft_exists", "itemId",
                         "该事项已有尚未发布的版本（第 %u 版），请在其上修改。",
                         version->item->version);
    if (version->state == STATE(CANCELLED))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.cancelled", "itemId",
                         "该事项已取消，不能再修改。");
    const char *id = version->item->id;
    if (in->item) {
        version->item = copy_item(call, in->item, &status);
        if (!version->item)
            return status;
    }
    keep_ours(version->item, id, version->newest + 1);
    version->round = 0;
    *ret = version;
    return settle_department(call, version->item);
}

status_t catalog_create_draft(call_t *call, const Catalog__CreateDraftRequest *in,
                              Catalog__Item *out)
{
    version_t fresh = {.round = 0};
    version_t *version = &fresh;
    status_t status;
    if (!text_empty(in->item_id))
        status = create_next(call, in, &version);
    else if (in->item)
        status = create_first(call, in->item, version);
    else
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "item",
                         "请填写事项内容，或指明要修改的事项。");
    if (status != STATUS_OK)
        return status;
    version->editor = editor_of(call);
    call_concerns(call, version->item->id);
    status = item_make_codes(call, version->item);
    if (status == STATUS_OK)
        status = version_save(call, version);
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}

/* A version of the caller's department, in a state, as the caller saw it. */
static version_t *load_in_state(call_t *call, const char *id, uint32_t revision,
                                Catalog__ItemState state, const char *what, status_t *ret_status)
{
    version_t *version = version_load_own(call, id, 0, ret_status);
    if (!version)
        return NULL;
    call_concerns(call, id);
    if (version->item->state != state)
        *ret_status =
            call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.wrong_state", NULL,
                      "事项当前为“%s”，不能%s。",
                      label_of(&catalog__item_state__descriptor, version->item->state), what);
    else
        *ret_status = version_expect(call, version, revision);
    return *ret_status == STATUS_OK ? version : NULL;
}

/* The bytes of a field's value, and of its count where there are many. */
static void copy_field(const ProtobufCFieldDescriptor *field, const Catalog__Item *from,
                       Catalog__Item *to)
{
    size_t size = sizeof(void *); /* lists, texts, messages */
    if (field->label != PROTOBUF_C_LABEL_REPEATED &&
        (field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BOOL ||
         field->type == PROTOBUF_C_TYPE_UINT32))
        size = sizeof(uint32_t);
    memcpy((char *) to + field->offset, (const char *) from + field->offset, size);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy((char *) to + field->quantifier_offset,
               (const char *) from + field->quantifier_offset, sizeof(size_t));
}

/* The draft as it is, with those fields as the caller has them: a page shows one section of a guide
 * and must not undo what stands in the others. */
static status_t replace_fields(call_t *call, const Catalog__UpdateDraftRequest *in,
                               Catalog__Item *draft, const Catalog__Item *given)
{
    for (size_t i = 0; i < in->n_fields; i++) {
        const ProtobufCFieldDescriptor *field =
            message_field(&catalog__item__descriptor, in->fields[i], strlen(in->fields[i]));
        if (field)
            copy_field(field, given, draft);
        else
            call_fault(call, arena_printf(call->arena, "fields[%zu]", i), "unknown",
                       "事项没有名为“%s”的字段", in->fields[i]);
    }
    return call_faulty(call);
}

status_t catalog_update_draft(call_t *call, const Catalog__UpdateDraftRequest *in,
                              Catalog__Item *out)
{
    status_t status;
    version_t *version = load_in_state(call, in->id, in->revision, STATE(DRAFT), "修改", &status);
    if (!version)
        return status;
    uint32_t number = version->item->version;
    Catalog__Item *item = copy_item(call, in->item, &status);
    if (!item)
        return status;
    if (in->n_fields) {
        status = replace_fields(call, in, version->item, item);
        if (status != STATUS_OK)
            return status;
        item = version->item;
    }
    keep_ours(item, in->id, number);
    item->revision = in->revision;
    version->item = item;
    version->editor = editor_of(call);
    status = settle_department(call, item);
    if (status == STATUS_OK)
        status = item_make_codes(call, item);
    if (status == STATUS_OK)
        status = version_save(call, version);
    if (status == STATUS_OK)
        *out = *item;
    return status;
}

/* The lists of an item are arrays of pointers: of messages, or of texts. */
static const ProtobufCFieldDescriptor *list_field(const char *name)
{
    const ProtobufCFieldDescriptor *field =
        message_field(&catalog__item__descriptor, name, strlen(name));
    bool pointers =
        field && (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING);
    return pointers && field->label == PROTOBUF_C_LABEL_REPEATED ? field : NULL;
}

static status_t move_entry(call_t *call, const Catalog__MoveEntryRequest *in, Catalog__Item *item)
{
    const ProtobufCFieldDescriptor *field = list_field(in->field);
    if (!field)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "unknown", "field",
                         "事项没有名为“%s”的列表", in->field);
    size_t count = *(const size_t *) ((const char *) item + field->quantifier_offset);
    if (in->from > count)
        call_fault(call, "from", "range", "只有%zu项，请重新选择", count);
    if (in->to > count)
        call_fault(call, "to", "range", "只有%zu项，请重新选择", count);
    status_t status = call_faulty(call);
    if (status != STATUS_OK)
        return status;
    void **entries = *(void ***) ((char *) item + field->offset);
    void *moved = entries[in->from - 1];
    if (in->from < in->to)
        memmove(entries + in->from - 1, entries + in->from, (in->to - in->from) * sizeof *entries);
    else
        memmove(entries + in->to, entries + in->to - 1, (in->from - in->to) * sizeof *entries);
    entries[in->to - 1] = moved;
    return STATUS_OK;
}

status_t catalog_move_entry(call_t *call, const Catalog__MoveEntryRequest *in, Catalog__Item *out)
{
    status_t status;
    version_t *version = load_in_state(call, in->id, in->revision, STATE(DRAFT), "修改", &status);
    if (!version)
        return status;
    version->editor = editor_of(call);
    status = move_entry(call, in, version->item);
    if (status == STATUS_OK)
        status = version_save(call, version);
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}

static status_t run_for_version(call_t *call, query_t *q, const Catalog__Item *item)
{
    (void) call;
    query_text(q, "item_id", item->id);
    query_int(q, "version", item->version);
    return query_done(q);
}

/* The list it came from may bring it again: as something new, not as something known. */
static status_t forget_source(call_t *call, const version_t *version)
{
    query_t *q = version->in_force
                     ? query(call->store, "UPDATE item_sources SET hash = x'' WHERE item_id = :id")
                     : query(call->store, "DELETE FROM item_sources WHERE item_id = :id");
    query_text(q, "id", version->item->id);
    return query_done(q);
}

status_t catalog_discard_draft(call_t *call, const Catalog__DraftRequest *in, Yw__Empty *out)
{
    (void) out;
    status_t status;
    version_t *version = load_in_state(call, in->id, in->revision, STATE(DRAFT), "删除", &status);
    if (!version)
        return status;
    const Catalog__Item *item = version->item;
    status = run_for_version(
        call,
        query(call->store, "DELETE FROM versions WHERE item_id = :item_id AND version = :version"),
        item);
    if (status == STATUS_OK)
        status = run_for_version(
            call,
            query(call->store,
                  "DELETE FROM editors WHERE item_id = :item_id AND version = :version"),
            item);
    if (status == STATUS_OK)
        status = run_for_version(
            call,
            query(call->store,
                  "DELETE FROM reviews WHERE item_id = :item_id AND version = :version"),
            item);
    if (status == STATUS_OK)
        status = forget_source(call, version);
    if (status != STATUS_OK)
        return status;
    query_t *q = version->in_force
                     ? query(call->store, "UPDATE items SET newest = newest - 1 WHERE id = :id")
                     : query(call->store, "DELETE FROM items WHERE id = :id");
    query_text(q, "id", item->id);
    return query_done(q);
}

/* --- checking ------------------------------------------------------------------------------ */

status_t catalog_submit_draft(call_t *call, const Catalog__DraftRequest *in, Catalog__Item *out)
{
    status_t status;
    version_t *version =
        load_in_state(call, in->id, in->revision, STATE(DRAFT), "提交审核", &status);
    if (!version)
        return status;
    Catalog__CheckReport report = CATALOG__CHECK_REPORT__INIT;
    quality_check(version->item, call->arena, &report);
    for (size_t i = 0; i < report.n_faults; i++)
        if (report.faults[i]->blocking)
            call_fault(call, report.faults[i]->field, report.faults[i]->code, "%s",
                       report.faults[i]->message);
    if (!report.can_submit)
        return call_faulty(call);
    version->item->state = STATE(CHECKING);
    version->round++;
    status = version_save(call, version);
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}

static status_t record_review(call_t *call, const version_t *version,
                              const Catalog__ReviewDraftRequest *in)
{
    query_t *q = query(
        call->store,
        "INSERT INTO reviews(item_id, version, round, aspect, approved, reviewer, opinion,"
        " reviewed_at) VALUES (:item_id, :version, :round, :aspect, :approved, :reviewer, :opinion,"
        " :reviewed_at)");
    query_text(q, "item_id", version->item->id);
    query_int(q, "version", version->item->version);
    query_int(q, "round", version->round);
    query_int(q, "aspect", in->aspect);
    query_int(q, "approved", in->approved);
    query_text(q, "reviewer", call->caller.id);
    query_text(q, "opinion", in->opinion);
    query_int(q, "reviewed_at", call->now_ms);
    status_t status = query_done(q);
    return status == STATUS_OK ? item_remember_caller(call) : status;
}

status_t catalog_review_draft(call_t *call, const Catalog__ReviewDraftRequest *in,
                              Catalog__Item *out)
{
    status_t status;
    /* Reviewers belong to 编制 and 法制 bodies: they see every department's submitted items. */
    version_t *version = version_load(call, in->id, 0, &status);
    if (!version)
        return status;
    call_concerns(call, in->id);
    if (version->item->state != STATE(CHECKING))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.wrong_state", NULL,
                         "事项当前为“%s”，不在审核中。",
                         label_of(&catalog__item_state__descriptor, version->item->state));
    status = version_expect(call, version, in->revision);
    bool editor = false;
    if (status == STATUS_OK)
        status = version_edited_by_caller(call, version->item, &editor);
    if (status != STATUS_OK)
        return status;
    if (editor)
        return call_fail(call, STATUS_PERMISSION_DENIED, "catalog.own_work", NULL,
                         "不能审核自己编制的事项。");
    if (!in->approved && text_empty(in->opinion))
        return call_fail(call, STATUS_INVALID_ARGUMENT, "required", "opinion",
                         "不同意时请写明审核意见。");

    status = record_review(call, version, in);
    if (status == STATUS_ALREADY_EXISTS)
        return call_fail(call, STATUS_ALREADY_EXISTS, "catalog.reviewed", "aspect",
                         "本轮的%s已经完成。",
                         label_of(&catalog__review_aspect__descriptor, in->aspect));
    if (status == STATUS_OK && !in->approved) {
        version->item->state = STATE(DRAFT);
        status = version_save(call, version);
    }
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}
