#include "stage.h"

#include "terms.h"
#include "text.h"

#define STAGES_MAX  50 /* as Case__CaseDetail.stages */
#define STAGE(name) CASE__STAGE_STATE__STAGE_STATE_##name

static status_t insert_stage(call_t *call, const char *case_id, int number,
                             const Catalog__Stage *stage, int days)
{
    query_t *insert = query(
        call->store,
        "INSERT INTO stages (case_id, number, stage_id, name, days, state, started_ms, ended_ms,"
        " due_ms, officer, opinion, result) VALUES (:case_id, :number, :stage_id, :name, :days,"
        " :state, 0, 0, 0, '', '', 0)");
    query_text(insert, "case_id", case_id);
    query_int(insert, "number", number);
    query_text(insert, "stage_id", stage->id);
    query_text(insert, "name", stage->name);
    query_int(insert, "days", days);
    query_int(insert, "state", STAGE(PENDING));
    return query_done(insert);
}

static void leave_stage(Case__StoredCase *row)
{
    row->stage_number = 0;
    row->stage_id = row->stage_name = "";
}

/* Opens the stage that `find` gives, if it gives one; the query is done afterwards. */
static status_t open_found(call_t *call, step_t *step, query_t *find)
{
    Case__StoredCase *row = &step->row;
    leave_stage(row);
    int days = 0;
    if (query_next(find)) {
        row->stage_number = (int) query_get_int(find, "number");
        row->stage_id = query_get_text(find, "stage_id", call->arena);
        row->stage_name = query_get_text(find, "name", call->arena);
        days = (int) query_get_int(find, "days");
    }
    status_t status = query_done(find);
    if (status != STATUS_OK || !row->stage_number)
        return status;
    query_t *open = query(call->store, "UPDATE stages SET state = :state, started_ms = :now, "
                                       "ended_ms = 0, due_ms = :due, result = 0"
                                       " WHERE case_id = :id AND number = :number");
    query_int(open, "state", STAGE(OPEN));
    query_int(open, "now", call->now_ms);
    query_int(open, "due", terms_stage_ms(step, days));
    query_text(open, "id", row->id);
    query_int(open, "number", row->stage_number);
    return query_done(open);
}

static status_t open_next(call_t *call, step_t *step, int after)
{
    query_t *find =
        query(call->store, "SELECT number, stage_id, name, days FROM stages"
                           " WHERE case_id = :id AND number > :after ORDER BY number LIMIT 1");
    query_text(find, "id", step->row.id);
    query_int(find, "after", after);
    return open_found(call, step, find);
}

status_t stage_start(call_t *call, step_t *step, const Catalog__Item *item)
{
    int number = 0;
    for (size_t i = 0; i < item->n_stages && number < STAGES_MAX; i++) {
        const Catalog__Stage *stage = item->stages[i];
        if (stage->kind != CATALOG__STAGE_KIND__STAGE_KIND_REVIEW)
            continue;
        status_t status = insert_stage(call, step->row.id, ++number, stage, (int) stage->days);
        if (status != STATUS_OK)
            return status;
    }
    return number ? open_next(call, step, 0) : STATUS_OK;
}

status_t stage_finish(call_t *call, step_t *step, const char *officer, const char *opinion,
                      bool *ret_last)
{
    int number = step->row.stage_number;
    query_t *end = query(
        call->store,
        "UPDATE stages SET state = :state, ended_ms = :now, officer = :officer, opinion = :opinion,"
        " result = :result WHERE case_id = :id AND number = :number");
    query_int(end, "state", STAGE(DONE));
    query_int(end, "now", call->now_ms);
    query_text(end, "officer", officer);
    query_text(end, "opinion", opinion);
    query_int(end, "result", CASE__STAGE_RESULT__STAGE_RESULT_PASS);
    query_text(end, "id", step->row.id);
    query_int(end, "number", number);
    status_t status = query_done(end);
    if (status == STATUS_OK)
        status = open_next(call, step, number);
    *ret_last = step->row.stage_number == 0;
    return status;
}

status_t stage_back(call_t *call, step_t *step)
{
    int number = step->row.stage_number ? step->row.stage_number : STAGES_MAX + 1;
    query_t *pause =
        query(call->store, "UPDATE stages SET state = :state, started_ms = 0, due_ms = 0"
                           " WHERE case_id = :id AND number = :number");
    query_int(pause, "state", STAGE(PENDING));
    query_text(pause, "id", step->row.id);
    query_int(pause, "number", number);
    status_t status = query_done(pause);
    if (status != STATUS_OK)
        return status;
    query_t *find = query(call->store,
                          "SELECT number, stage_id, name, days FROM stages"
                          " WHERE case_id = :id AND number < :before ORDER BY number DESC LIMIT 1");
    query_text(find, "id", step->row.id);
    query_int(find, "before", number);
    return open_found(call, step, find);
}

status_t stage_list(call_t *call, const char *case_id, Case__Stage ***ret, size_t *ret_count)
{
    query_t *find = query(
        call->store,
        "SELECT stage_id, number, name, state, started_ms AS started_at, ended_ms AS ended_at,"
        " due_ms AS due_at, officer, opinion, result FROM stages WHERE case_id = :id"
        " ORDER BY number LIMIT 50");
    query_text(find, "id", case_id);
    *ret = (Case__Stage **) query_rows(find, &case__stage__descriptor, STAGES_MAX, call->arena,
                                       ret_count);
    return query_done(find);
}

status_t stage_plan(call_t *call, const Catalog__Item *item, Case__Stage ***ret, size_t *ret_count)
{
    Case__Stage **list = ARRAY(call->arena, Case__Stage *, STAGES_MAX);
    size_t count = 0;

    if (!list)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < item->n_stages && count < STAGES_MAX; i++) {
        if (item->stages[i]->kind != CATALOG__STAGE_KIND__STAGE_KIND_REVIEW)
            continue;
        Case__Stage *stage = (Case__Stage *) message_new(&case__stage__descriptor, call->arena);
        if (!stage)
            return STATUS_RESOURCE_EXHAUSTED;
        stage->stage_id = item->stages[i]->id;
        stage->name = item->stages[i]->name;
        stage->number = (int32_t) count + 1;
        stage->state = STAGE(PENDING);
        list[count++] = stage;
    }
    *ret = list;
    *ret_count = count;
    return STATUS_OK;
}
