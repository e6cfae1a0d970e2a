#include "draft.h"

#include "case.svc.h"
#include "file.h"
#include "form.h"
#include "person.h"
#include "record.h"
#include "rule.h"
#include "text.h"

/* --- shared ------------------------------------------------------------------------------- */

void draft_set_item(Case__StoredCase *row, const Catalog__Item *item)
{
    row->item_id = item->id;
    row->item_version = item->version;
    row->item_name = item->name;
    row->item_code = item_code_of(item);
    row->department_id = item->department_id;
    row->department_name = item->department_name;
}

status_t draft_check_level(call_t *call, const Catalog__Item *item)
{
    if (item->required_level <= call->caller.level)
        return STATUS_OK;
    return call_fail(call, STATUS_PERMISSION_DENIED, "level_required", NULL,
                     "办理该事项需要“%s”实名认证，请先提升认证等级",
                     label_of(&yw__level__descriptor, item->required_level));
}

status_t draft_start(call_t *call, const Catalog__Item *item, Case__StoredCase *ret)
{
    status_t status = draft_check_level(call, item);
    if (status != STATUS_OK)
        return status;
    case__stored_case__init(ret);
    ret->id = call_id(call);
    ret->state = STATE(DRAFT);
    ret->version = 1;
    ret->account_id = call->caller.id;
    ret->created_ms = ret->changed_ms = call->now_ms;
    draft_set_item(ret, item);
    call_concerns(call, ret->id);
    return ret->id ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t draft_editable(call_t *call, const char *id, Case__StoredCase *ret)
{
    call_concerns(call, id);
    status_t status = record_load(call, id, ret);
    if (status != STATUS_OK)
        return status;
    if (!text_equal(ret->account_id, call->caller.id))
        return call_not_found(call, "这个办件");
    if (ret->state != STATE(DRAFT) && ret->state != STATE(CORRECTION))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.state", NULL,
                         "办件当前状态为“%s”，不能修改材料",
                         label_of(&case__state__descriptor, ret->state));
    return STATUS_OK;
}

/* --- CreateDraft -------------------------------------------------------------------------- */

/* Drafts cost a stranger nothing, so an account has only so many. */
static status_t check_room(call_t *call)
{
    query_t *count = query(call->store, "SELECT count(*) AS drafts FROM cases"
                                        " WHERE account_id = :id AND state = 1"); /* DRAFT */
    query_text(count, "id", call->caller.id);
    int64_t drafts = query_next(count) ? query_get_int(count, "drafts") : 0;
    status_t status = query_done(count);
    if (status == STATUS_OK && drafts >= settings_of(call)->drafts_max)
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "case.too_many_drafts", NULL,
                         "您已有 %lld 份草稿，请先提交或删除一些", (long long) drafts);
    return status;
}

status_t case_create_draft_prepare(call_t *call, const Case__CreateDraftRequest *in)
{
    (void) in;
    return person_prepare(call);
}

status_t case_create_draft(call_t *call, const Case__CreateDraftRequest *in, Case__CaseStatus *out)
{
    const Catalog__Item *item = NULL;
    const Identity__Person *person = NULL;
    Case__StoredCase row;
    status_t status = item_in_force(call, in->item_id, in->item_code, &item);
    if (status == STATUS_OK)
        status = check_room(call);
    if (status == STATUS_OK)
        status = draft_start(call, item, &row);
    if (status == STATUS_OK)
        status = person_take(call, &person);
    if (status == STATUS_OK)
        status = record_insert(call, &row);
    if (status != STATUS_OK)
        return status;

    contents_t contents = {.party = person_party(call, person, NULL),
                           .form = person_prefill(call, person, item)};
    if (!contents.party || !contents.form)
        return STATUS_RESOURCE_EXHAUSTED;
    status = contents_insert(call, row.id, &contents);
    return status == STATUS_OK ? record_status(call, &row, out) : status;
}

/* --- SaveDraft ---------------------------------------------------------------------------- */

static status_t own_draft(call_t *call, const char *id, Case__StoredCase *ret)
{
    status_t status = draft_editable(call, id, ret);
    if (status == STATUS_OK && ret->state != STATE(DRAFT))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "case.state", NULL,
                         "办件当前状态为“%s”，不能按草稿修改",
                         label_of(&case__state__descriptor, ret->state));
    return status;
}

/* Who the account belongs to stays; the rest is as given. */
static Case__Applicant *merge_party(call_t *call, const Case__Applicant *stored,
                                    const Case__Applicant *given)
{
    Identity__Person person = IDENTITY__PERSON__INIT;
    person.name = stored->contact_name;
    person.id_number = stored->contact_id_number;
    person.mobile = stored->mobile;
    return person_party(call, &person, given);
}

/* Who goes on to the next step hears of what this one lacks; who only saves does not. */
static status_t check_step(call_t *call, const Catalog__Item *item,
                           const Case__SaveDraftRequest *in, const contents_t *contents)
{
    if (!in->complete)
        return STATUS_OK;
    if (in->applicant)
        form_check_party(call, item, contents->party);
    else
        form_check_group(call, item, contents->form, in->group);
    return call_faulty(call);
}

status_t case_save_draft(call_t *call, const Case__SaveDraftRequest *in, Case__CaseStatus *out)
{
    Case__StoredCase row;
    const Catalog__Item *item = NULL;
    contents_t contents = {0};
    status_t status = own_draft(call, in->id, &row);
    if (status == STATUS_OK && row.version != in->version)
        return call_fail(call, STATUS_ABORTED, "case.version_changed", "version",
                         "草稿已在别处修改（当前版本 %lld），请刷新后再保存",
                         (long long) row.version);
    if (status == STATUS_OK)
        status = item_of_case(call, &row, &item);
    if (status == STATUS_OK)
        status = contents_load(call, row.id, &contents);
    if (status != STATUS_OK)
        return status;

    form_check_values(call, item, in->form, in->n_form);
    status = call_faulty(call);
    if (status != STATUS_OK)
        return status;
    draft_set_item(&row, item);
    contents.form = contents_merge(call, contents.form, in->form, in->n_form);
    if (contents.form)
        form_forget_unknown(item, contents.form);
    if (in->applicant)
        contents.party = merge_party(call, contents.party, in->applicant);
    if (!contents.form || !contents.party)
        return STATUS_RESOURCE_EXHAUSTED;
    status = check_step(call, item, in, &contents);
    if (status == STATUS_OK)
        status = contents_save(call, row.id, &contents);
    if (status == STATUS_OK)
        status = record_save(call, &row);
    return status == STATUS_OK ? record_status(call, &row, out) : status;
}

/* --- DeleteDraft -------------------------------------------------------------------------- */

static status_t delete_rows(query_t *statement, const char *id)
{
    query_text(statement, "id", id);
    return query_done(statement);
}

status_t case_delete_draft(call_t *call, const Case__DeleteDraftRequest *in, Yw__Empty *out)
{
    (void) out;
    Case__StoredCase row;
    status_t status = own_draft(call, in->id, &row);
    if (status == STATUS_OK)
        status = file_delete_all(call, row.id);
    if (status == STATUS_OK)
        status =
            delete_rows(query(call->store, "DELETE FROM case_papers WHERE case_id = :id"), row.id);
    if (status == STATUS_OK)
        status = delete_rows(query(call->store, "DELETE FROM case_contents WHERE case_id = :id"),
                             row.id);
    if (status == STATUS_OK)
        status = delete_rows(query(call->store, "DELETE FROM cases WHERE id = :id"), row.id);
    return status;
}

/* --- MarkPaper ---------------------------------------------------------------------------- */

status_t case_mark_paper(call_t *call, const Case__MarkPaperRequest *in, Case__CaseStatus *out)
{
    Case__StoredCase row;
    const Catalog__Item *item = NULL;
    status_t status = draft_editable(call, in->case_id, &row);
    if (status == STATUS_OK)
        status = item_of_case(call, &row, &item);
    if (status != STATUS_OK)
        return status;
    const Catalog__Material *material = item_material(item, in->material_id);
    if (!material)
        return call_not_found(call, "这份材料");
    if (in->paper && material->format == CATALOG__MATERIAL_FORMAT__MATERIAL_FORMAT_ELECTRONIC)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "format", "materialId",
                         "材料“%s”只接受电子文件，请上传", material->name);

    query_t *change =
        in->paper ? query(call->store, "INSERT INTO case_papers (case_id, material_id)"
                                       " VALUES (:case_id, :material_id)"
                                       " ON CONFLICT (case_id, material_id) DO NOTHING")
                  : query(call->store, "DELETE FROM case_papers"
                                       " WHERE case_id = :case_id AND material_id = :material_id");
    query_text(change, "case_id", in->case_id);
    query_text(change, "material_id", in->material_id);
    status = query_done(change);
    return status == STATUS_OK ? record_status(call, &row, out) : status;
}
