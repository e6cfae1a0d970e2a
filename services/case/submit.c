/* submit.c - handing in: Submit, Apply, Supplement; and taking back: Withdraw.
 *
 * Case, party, form, materials, number and first state are one transaction (C-17).  Submit
 * and Apply are on the platform's busiest path: no more statements than there are rows. */
#include "case.svc.h"
#include "draft.h"
#include "flow.h"
#include "form.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "number.h"
#include "person.h"
#include "terms.h"
#include "text.h"

/* --- the receipt -------------------------------------------------------------------------- */

/* Gives the row its number and code; *ret_code is shown to the applicant once. */
static status_t give_number(call_t *call, const Catalog__Item *item, Case__StoredCase *row,
                            const char **ret_code)
{
    status_t status = number_next(call, item, &row->number);
    if (status != STATUS_OK)
        return status;
    uint8_t *hash = arena_alloc(call->arena, CRYPTO_LOOKUP_SIZE);
    *ret_code = query_code_new(call);
    if (!hash || !*ret_code)
        return STATUS_RESOURCE_EXHAUSTED;
    query_code_hash(call, row->number, *ret_code, hash);
    row->query_hash = (ProtobufCBinaryData){CRYPTO_LOOKUP_SIZE, hash};
    row->submitted_ms = call->now_ms;
    return STATUS_OK;
}

static const char *submitted_message(call_t *call, const Case__StoredCase *row)
{
    return arena_printf(call->arena,
                        "您申请的“%s”已提交，办件编号%s。%s将在%s前决定是否受理或一次性告知补正；"
                        "逾期不告知的，自收到之日起即为受理。",
                        row->item_name, row->number, row->department_name,
                        record_limit_text(call, row->accept_due_ms));
}

static status_t answer_receipt(call_t *call, const Case__StoredCase *row, const char *code,
                               Case__Receipt *out)
{
    out->case_id = row->id;
    out->number = row->number;
    out->query_code = code;
    out->state = row->state;
    out->version = row->version;
    out->submitted_at = timestamp_make(call->arena, row->submitted_ms);
    out->accept_due_at = timestamp_make(call->arena, row->accept_due_ms);
    out->item_name = row->item_name;
    out->department_name = row->department_name;

    Catalog__ItemUsed used = CATALOG__ITEM_USED__INIT;
    used.item_id = row->item_id;
    used.case_id = row->id;
    Case__CaseSubmitted event = CASE__CASE_SUBMITTED__INIT;
    event.case_id = row->id;
    event.item_id = row->item_id;
    event.department_id = row->department_id;
    status_t status = call_event(call, &used.base);
    return status == STATUS_OK ? call_event(call, &event.base) : status;
}

/* --- Submit ------------------------------------------------------------------------------- */

status_t case_submit(call_t *call, const Case__SubmitRequest *in, Case__Receipt *out)
{
    step_t step;
    const Catalog__Item *item = NULL;
    const char *code = NULL;
    contents_t contents = {0};
    status_t status = flow_enter(call, ACTION(SUBMIT), in->id, in->version, &step);
    if (status == STATUS_OK) /* a draft follows its item to the version in force */
        status = item_in_force(call, step.row.item_id, "", &item);
    if (status == STATUS_OK)
        status = draft_check_level(call, item);
    if (status == STATUS_OK)
        status = contents_load(call, step.row.id, &contents);
    if (status != STATUS_OK)
        return status;

    form_forget_unknown(item, contents.form);
    form_check_party(call, item, contents.party);
    status = form_check(call, item, contents.form, step.row.id);
    if (status == STATUS_OK)
        status = form_check_materials(call, item, step.row.id);
    if (status == STATUS_OK)
        status = call_faulty(call);
    if (status != STATUS_OK)
        return status;

    draft_set_item(&step.row, item);
    terms_submitted(call, &step);
    status = give_number(call, item, &step.row, &code);
    if (status == STATUS_OK)
        status = flow_leave(call, &step, "", submitted_message(call, &step.row));
    return status == STATUS_OK ? answer_receipt(call, &step.row, code, out) : status;
}

/* --- Apply -------------------------------------------------------------------------------- */

status_t case_apply_prepare(call_t *call, const Case__ApplyRequest *in)
{
    (void) in;
    return person_prepare(call);
}

static status_t put_papers(call_t *call, const char *case_id, const Case__ApplyRequest *in)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < in->n_paper_materials && status == STATUS_OK; i++) {
        query_t *put = query(call->store, "INSERT INTO case_papers (case_id, material_id)"
                                          " VALUES (:case_id, :material_id)"
                                          " ON CONFLICT (case_id, material_id) DO NOTHING");
        query_text(put, "case_id", case_id);
        query_text(put, "material_id", in->paper_materials[i]);
        status = query_done(put);
    }
    return status;
}

static status_t check_application(call_t *call, const Catalog__Item *item,
                                  const Case__ApplyRequest *in, const contents_t *contents)
{
    form_check_party(call, item, contents->party);
    status_t status = form_check(call, item, contents->form, "");
    if (status != STATUS_OK)
        return status;
    form_check_papers(call, item, (const char *const *) in->paper_materials, in->n_paper_materials);
    return call_faulty(call);
}

status_t case_apply(call_t *call, const Case__ApplyRequest *in, Case__Receipt *out)
{
    const Catalog__Item *item = NULL;
    const Identity__Person *person = NULL;
    const char *code = NULL;
    Case__StoredCase row;
    contents_t contents = {0};
    step_t step;

    status_t status = item_in_force(call, in->item_id, in->item_code, &item);
    if (status == STATUS_OK)
        status = draft_start(call, item, &row);
    if (status == STATUS_OK)
        status = person_take(call, &person);
    if (status != STATUS_OK)
        return status;
    contents.party = person_party(call, person, in->applicant);
    contents.form = person_prefill(call, person, item);
    if (contents.form)
        contents.form = contents_merge(call, contents.form, in->form, in->n_form);
    if (!contents.party || !contents.form)
        return STATUS_RESOURCE_EXHAUSTED;
    status = check_application(call, item, in, &contents);
    if (status == STATUS_OK)
        status = flow_begin(call, ACTION(SUBMIT), &row, &step);
    if (status != STATUS_OK)
        return status;

    terms_submitted(call, &step);
    status = give_number(call, item, &step.row, &code);
    if (status == STATUS_OK)
        status = flow_leave_new(call, &step, "", submitted_message(call, &step.row));
    if (status == STATUS_OK)
        status = contents_insert(call, step.row.id, &contents);
    if (status == STATUS_OK)
        status = put_papers(call, step.row.id, in);
    return status == STATUS_OK ? answer_receipt(call, &step.row, code, out) : status;
}

/* --- Supplement --------------------------------------------------------------------------- */

static status_t mark_supplied(call_t *call, const char *case_id)
{
    query_t *update = query(call->store, "UPDATE corrections SET supplied_ms = :now"
                                         " WHERE case_id = :id AND supplied_ms = 0");
    query_int(update, "now", call->now_ms);
    query_text(update, "id", case_id);
    return query_done(update);
}

status_t case_supplement(call_t *call, const Case__SupplementRequest *in, Case__CaseStatus *out)
{
    step_t step;
    const Catalog__Item *item = NULL;
    contents_t contents = {0};
    status_t status = flow_enter(call, ACTION(SUPPLEMENT), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = item_of_case(call, &step.row, &item);
    if (status == STATUS_OK)
        status = contents_load(call, step.row.id, &contents);
    if (status != STATUS_OK)
        return status;

    contents.form = contents_merge(call, contents.form, in->form, in->n_form);
    if (!contents.form)
        return STATUS_RESOURCE_EXHAUSTED;
    status = form_check(call, item, contents.form, step.row.id);
    if (status == STATUS_OK)
        status = form_check_materials(call, item, step.row.id);
    if (status == STATUS_OK)
        status = call_faulty(call);
    if (status == STATUS_OK)
        status = contents_save(call, step.row.id, &contents);
    if (status == STATUS_OK)
        status = mark_supplied(call, step.row.id);
    if (status != STATUS_OK)
        return status;
    terms_submitted(call, &step);
    status = flow_leave(call, &step, in->note, NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}

/* --- Withdraw ----------------------------------------------------------------------------- */

status_t case_withdraw(call_t *call, const Case__WithdrawRequest *in, Case__CaseStatus *out)
{
    step_t step;
    status_t status = flow_enter(call, ACTION(WITHDRAW), in->id, in->version, &step);
    if (status == STATUS_OK)
        status = flow_leave(call, &step, in->reason, NULL);
    return status == STATUS_OK ? record_status(call, &step.row, out) : status;
}
