/* view.c - looking at cases: one whole, one's own list, the timeline. */
#include "access.h"
#include "case.svc.h"
#include "contents.h"
#include "file.h"
#include "flow.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "item_copy.h"
#include "page.h"
#include "record.h"
#include "stage.h"
#include "text.h"

#define CORRECTIONS_MAX 50
#define SPECIALS_MAX    50
#define TIMELINE_MAX    500

/* --- parts of a whole case ---------------------------------------------------------------- */

static status_t find_papers(call_t *call, const char *case_id, Case__CaseDetail *out)
{
    query_t *find = query(call->store, "SELECT material_id FROM case_papers WHERE case_id = :id");
    query_text(find, "id", case_id);
    while (query_next(find)) {
        const char *id = query_get_text(find, "material_id", call->arena);
        for (size_t i = 0; i < out->n_materials; i++)
            if (text_equal(out->materials[i]->material_id, id))
                out->materials[i]->paper = true;
    }
    return query_done(find);
}

/* Files come ordered by material, so those of one stand together. */
static void give_files(Case__Material *material, Case__File **files, size_t count)
{
    size_t first = 0;
    while (first < count && !text_equal(files[first]->material_id, material->material_id))
        first++;
    material->files = files + first;
    while (first + material->n_files < count &&
           text_equal(files[first + material->n_files]->material_id, material->material_id))
        material->n_files++;
}

static status_t fill_materials(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    const Catalog__Item *item = NULL;
    Case__File **files = NULL;
    size_t count = 0;
    status_t status = item_of_case(call, row, &item);
    if (status == STATUS_OK)
        status = file_list(call, row->id, &files, &count);
    if (status != STATUS_OK)
        return status;

    out->item_version = item->version;
    out->materials = ARRAY(call->arena, Case__Material *, item->n_materials);
    if (!out->materials)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < item->n_materials; i++) {
        Case__Material *material =
            (Case__Material *) message_new(&case__material__descriptor, call->arena);
        if (!material)
            return STATUS_RESOURCE_EXHAUSTED;
        material->material_id = item->materials[i]->id;
        material->name = item->materials[i]->name;
        material->required =
            item->materials[i]->need == CATALOG__MATERIAL_NEED__MATERIAL_NEED_ALWAYS;
        give_files(material, files, count);
        out->materials[out->n_materials++] = material;
    }
    return find_papers(call, row->id, out);
}

static status_t fill_corrections(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    out->corrections = ARRAY(call->arena, Case__Correction *, CORRECTIONS_MAX);
    if (!out->corrections)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *find = query(call->store, "SELECT * FROM (SELECT * FROM corrections WHERE case_id = :id"
                                       " ORDER BY number DESC LIMIT 50) ORDER BY number");
    query_text(find, "id", row->id);
    bool enough = true;
    while (enough && out->n_corrections < CORRECTIONS_MAX && query_next(find)) {
        ProtobufCBinaryData gaps = query_get_blob(find, "gaps", call->arena);
        Case__Correction *one = (Case__Correction *) message_unpack(
            &case__correction__descriptor, call->arena, gaps.data, gaps.len);
        enough = one != NULL;
        if (!enough)
            break;
        one->number = (int32_t) query_get_int(find, "number");
        one->sent_at = timestamp_make(call->arena, query_get_int(find, "sent_ms"));
        one->due_at = timestamp_make(call->arena, query_get_int(find, "due_ms"));
        one->supplied_at = timestamp_make(call->arena, query_get_int(find, "supplied_ms"));
        one->sender = query_get_text(find, "sender", call->arena);
        one->repeated_notice = one->number > 1;
        one->repeat_reason = query_get_text(find, "repeat_reason", call->arena);
        out->corrections[out->n_corrections++] = one;
    }
    status_t status = query_done(find);
    return status == STATUS_OK && !enough ? STATUS_RESOURCE_EXHAUSTED : status;
}

static status_t fill_specials(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    query_t *find = query(
        call->store,
        "SELECT id AS special_id, kind, reason, approver, planned_days, started_ms AS started_at,"
        " ended_ms AS ended_at, result FROM specials WHERE case_id = :id"
        " ORDER BY started_ms, id LIMIT 50");
    query_text(find, "id", row->id);
    out->specials = (Case__Special **) query_rows(find, &case__special__descriptor, SPECIALS_MAX,
                                                  call->arena, &out->n_specials);
    return query_done(find);
}

static status_t fill_decision(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    Case__Decision *decision =
        (Case__Decision *) message_new(&case__decision__descriptor, call->arena);
    if (!decision)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *find = query(
        call->store,
        "SELECT outcome, document_number, reason, result_name, result_number, valid_until, issuer,"
        " officer, rights FROM decisions WHERE case_id = :id");
    query_text(find, "id", row->id);
    if (query_row(find, &decision->base, call->arena)) {
        decision->decided_at = timestamp_make(call->arena, row->decided_ms);
        out->decision = decision;
    }
    return query_done(find);
}

static status_t fill_refusal(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    Case__Refusal *refusal = (Case__Refusal *) message_new(&case__refusal__descriptor, call->arena);
    if (!refusal)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *find =
        query(call->store,
              "SELECT reason, text, competent_body, rights, officer, refused_ms AS refused_at"
              " FROM refusals WHERE case_id = :id");
    query_text(find, "id", row->id);
    if (query_row(find, &refusal->base, call->arena))
        out->refusal = refusal;
    return query_done(find);
}

static status_t fill_contents(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    contents_t contents = {0};
    status_t status = contents_load(call, row->id, &contents);
    if (status != STATUS_OK)
        return status;
    out->applicant = contents.party;
    out->form = contents.form->values;
    out->n_form = contents.form->n_values;
    out->receiver = contents.receiver;
    return STATUS_OK;
}

static status_t fill_stages(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    const Catalog__Item *item = NULL;
    if (row->accepted_ms)
        return stage_list(call, row->id, &out->stages, &out->n_stages);
    status_t status = item_of_case(call, row, &item);
    return status == STATUS_OK ? stage_plan(call, item, &out->stages, &out->n_stages) : status;
}

static status_t fill(call_t *call, const Case__StoredCase *row, Case__CaseDetail *out)
{
    static status_t (*const parts[])(call_t *, const Case__StoredCase *, Case__CaseDetail *) = {
        fill_contents, fill_materials, fill_corrections, fill_stages,
        fill_specials, fill_decision,  fill_refusal,
    };
    out->summary = (Case__CaseSummary *) message_new(&case__case_summary__descriptor, call->arena);
    out->deadlines = record_deadlines(call, row);
    if (!out->summary || !out->deadlines)
        return STATUS_RESOURCE_EXHAUSTED;
    record_summary(call, row, out->summary);
    out->item_code = row->item_code;
    out->accepted_at = timestamp_make(call->arena, row->accepted_ms);
    out->deemed_accepted = row->deemed;
    out->delivery = row->delivery;
    out->closed_at = timestamp_make(call->arena, row->closed_ms);
    if (!flow_open_to(call, row, &out->actions, &out->n_actions))
        return STATUS_RESOURCE_EXHAUSTED;

    status_t status = STATUS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == STATUS_OK; i++)
        status = parts[i](call, row, out);
    return status;
}

/* Three doors to the same room: access.c knows who may enter by which. */
static status_t view(call_t *call, const char *id, Case__CaseDetail *out)
{
    Case__StoredCase row;
    status_t status = access_case(call, id, &row);
    return status == STATUS_OK ? fill(call, &row, out) : status;
}

status_t case_get_case(call_t *call, const Case__GetCaseRequest *in, Case__CaseDetail *out)
{
    return view(call, in->id, out);
}

status_t case_get_case_for_staff(call_t *call, const Case__GetCaseForStaffRequest *in,
                                 Case__CaseDetail *out)
{
    return view(call, in->id, out);
}

status_t case_get_case_for_system(call_t *call, const Case__GetCaseForSystemRequest *in,
                                  Case__CaseDetail *out)
{
    return view(call, in->id, out);
}

/* --- lists -------------------------------------------------------------------------------- */

/* How an applicant looks at the states: each is in one group. */
#define IN(name) (1u << STATE(name))
static const uint32_t GROUPS[] = {
    [CASE__CASE_GROUP__CASE_GROUP_UNSPECIFIED] = ~0u,
    [CASE__CASE_GROUP__CASE_GROUP_DRAFT] = IN(DRAFT),
    [CASE__CASE_GROUP__CASE_GROUP_OPEN] =
        IN(SUBMITTED) | IN(ACCEPTED) | IN(REVIEWING) | IN(DECIDING) | IN(GRANTED) | IN(DENIED),
    [CASE__CASE_GROUP__CASE_GROUP_CORRECTION] = IN(CORRECTION),
    [CASE__CASE_GROUP__CASE_GROUP_DONE] = IN(CLOSED) | IN(REFUSED) | IN(WITHDRAWN) | IN(TERMINATED),
};

/* Ids are sorted by time of birth, so the newest case has the greatest. */
status_t case_list_cases(call_t *call, const Case__ListCasesRequest *in, Case__CaseList *out)
{
    page_t page;
    status_t status = page_open(call, in->page_size, in->page_token, &page);
    if (status != STATUS_OK)
        return status;
    query_t *find =
        query(call->store, "SELECT * FROM cases WHERE account_id = :account AND id < :before"
                           " AND (:state = 0 OR state = :state) AND (:states & (1 << state)) <> 0"
                           " AND (:item = '' OR item_id = :item)"
                           " AND (:q = '' OR instr(item_name, :q) > 0 OR instr(number, :q) > 0)"
                           " ORDER BY id DESC LIMIT :limit");
    query_text(find, "account", call->caller.id);
    query_int(find, "state", in->state);
    query_int(find, "states", GROUPS[in->group]);
    query_text(find, "item", in->item_id);
    query_text(find, "q", in->q);
    query_text(find, "before", text_empty(page.after_id) ? "~" : page.after_id);
    return page_cases(call, find, &page, PAGE_BY_ID, out);
}

status_t case_count_cases(call_t *call, const Yw__Empty *in, Case__CaseCounts *out)
{
    (void) in;
    const struct {
        uint32_t states;
        uint32_t *count;
    } parts[] = {
        {GROUPS[CASE__CASE_GROUP__CASE_GROUP_DRAFT], &out->drafts},
        {GROUPS[CASE__CASE_GROUP__CASE_GROUP_OPEN], &out->open},
        {GROUPS[CASE__CASE_GROUP__CASE_GROUP_CORRECTION], &out->corrections},
        {GROUPS[CASE__CASE_GROUP__CASE_GROUP_DONE], &out->done},
    };
    query_t *rows = query(call->store, "SELECT state, count(*) AS n FROM cases"
                                       " WHERE account_id = :account GROUP BY state");
    query_text(rows, "account", call->caller.id);
    while (query_next(rows))
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (parts[i].states & 1u << query_get_int(rows, "state"))
                *parts[i].count += (uint32_t) query_get_int(rows, "n");
    return query_done(rows);
}

status_t case_get_timeline(call_t *call, const Case__GetTimelineRequest *in, Case__Timeline *out)
{
    Case__StoredCase row;
    bool applicant = call->caller.kind == YW__CALLER_KIND__CALLER_KIND_PERSON;
    status_t status = access_case(call, in->id, &row);
    if (status != STATUS_OK)
        return status;
    query_t *find =
        query(call->store,
              "SELECT * FROM"
              " (SELECT seq, at_ms AS at, action, state, title, text, actor, stage FROM timeline"
              "  WHERE case_id = :id AND internal <= :internal ORDER BY seq DESC LIMIT 500)"
              " ORDER BY seq"); /* the newest, oldest first */
    query_text(find, "id", row.id);
    query_int(find, "internal", !applicant);
    out->entries = (Case__TimelineEntry **) query_rows(find, &case__timeline_entry__descriptor,
                                                       TIMELINE_MAX, call->arena, &out->n_entries);
    return query_done(find);
}
