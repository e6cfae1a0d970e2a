#include "record.h"

#include "clock.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rule.h"
#include "text.h"

#define TEXT_CHARS_MAX 2000 /* of timelines and messages, as the contract says */

/* --- the row ------------------------------------------------------------------------------ */

status_t record_load(call_t *call, const char *id, Case__StoredCase *ret)
{
    case__stored_case__init(ret);
    query_t *find = query(call->store, "SELECT * FROM cases WHERE id = :id");
    query_text(find, "id", id);
    bool found = query_row(find, &ret->base, call->arena);
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    return found ? STATUS_OK : call_not_found(call, "这个办件");
}

/* A draft has no query code yet: an empty blob, not NULL. */
static void bind_hash(query_t *self, const Case__StoredCase *row)
{
    query_blob(self, "query_hash", row->query_hash.len ? row->query_hash.data : (const void *) "",
               row->query_hash.len);
}

status_t record_insert(call_t *call, const Case__StoredCase *row)
{
    query_t *insert = query(
        call->store,
        "INSERT INTO cases (id, number, query_hash, state, version, waits_for, officer_id,"
        " officer_name, item_id, item_version, item_name, item_code, department_id, "
        "department_name,"
        " account_id, created_ms, changed_ms, submitted_ms, received_day, accepted_ms, "
        "accepted_day,"
        " deemed, decided_ms, closed_ms, accept_due_ms, correction_due_ms, correction_days,"
        " correction_day, promised_due_ms, legal_due_ms, delivery_due_ms, provisional,"
        " extension_days, specials_open, stage_number, stage_id, stage_name, due_ms, alarm_ms,"
        " reminded, delivery)"
        " VALUES (:id, :number, :query_hash, :state, :version, :waits_for, :officer_id,"
        " :officer_name, :item_id, :item_version, :item_name, :item_code, :department_id,"
        " :department_name, :account_id, :created_ms, :changed_ms, :submitted_ms, :received_day,"
        " :accepted_ms, :accepted_day, :deemed, :decided_ms, :closed_ms, :accept_due_ms,"
        " :correction_due_ms, :correction_days, :correction_day, :promised_due_ms, :legal_due_ms,"
        " :delivery_due_ms, :provisional, :extension_days, :specials_open, :stage_number, "
        ":stage_id,"
        " :stage_name, :due_ms, :alarm_ms, :reminded, :delivery)");
    bind_hash(insert, row);
    query_message(insert, &row->base);
    return query_done(insert);
}

status_t record_save(call_t *call, Case__StoredCase *row)
{
    query_t *update = query(
        call->store,
        "UPDATE cases SET number = :number, query_hash = :query_hash, state = :state,"
        " version = :version + 1, waits_for = :waits_for, officer_id = :officer_id,"
        " officer_name = :officer_name, item_version = :item_version, item_name = :item_name,"
        " item_code = :item_code, department_id = :department_id,"
        " department_name = :department_name, changed_ms = :now, submitted_ms = :submitted_ms,"
        " received_day = :received_day, accepted_ms = :accepted_ms, accepted_day = :accepted_day,"
        " deemed = :deemed, decided_ms = :decided_ms, closed_ms = :closed_ms,"
        " accept_due_ms = :accept_due_ms, correction_due_ms = :correction_due_ms,"
        " correction_days = :correction_days, correction_day = :correction_day,"
        " promised_due_ms = :promised_due_ms, legal_due_ms = :legal_due_ms,"
        " delivery_due_ms = :delivery_due_ms, provisional = :provisional,"
        " extension_days = :extension_days, specials_open = :specials_open,"
        " stage_number = :stage_number, stage_id = :stage_id, stage_name = :stage_name,"
        " due_ms = :due_ms, alarm_ms = :alarm_ms, reminded = :reminded, delivery = :delivery"
        " WHERE id = :id AND version = :version");
    query_int(update, "now", call->now_ms);
    bind_hash(update, row);
    query_message(update, &row->base);
    status_t status = query_done(update);
    if (status != STATUS_OK)
        return status;
    if (store_changes(call->store) != 1)
        return call_fail(call, STATUS_ABORTED, "case.version_changed", "version",
                         "办件刚刚有了变化，请看过最新情况再办理");
    row->version++;
    row->changed_ms = call->now_ms;
    return STATUS_OK;
}

/* --- texts -------------------------------------------------------------------------------- */

/* A list of a hundred gaps is longer than a message may be: cut between characters, with a mark. */
static const char *cut(call_t *call, const char *text)
{
    uint32_t code;
    size_t chars = 0, kept = 0;
    for (size_t at = 0, step; (step = text_next(text + at, &code)) > 0; at += step) {
        if (++chars < TEXT_CHARS_MAX)
            kept = at + step;
    }
    if (chars <= TEXT_CHARS_MAX)
        return text;
    const char *ret = arena_printf(call->arena, "%.*s…", (int) kept, text);
    return ret ? ret : "";
}

const char *record_sentence(call_t *call, const char *text)
{
    static const char *const ends[] = {"。", "！", "？", "；", "\n"};
    bool ended = text_empty(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ended = ended || text_ends(text, ends[i]);
    const char *ret = ended ? text : arena_printf(call->arena, "%s。", text);
    return ret ? ret : text;
}

const char *record_limit_text(call_t *call, int64_t due_ms)
{
    int year, month, day;
    clock_civil(clock_day_of(due_ms - 1), &year, &month, &day);
    const char *text = arena_printf(call->arena, "%d年%d月%d日24时", year, month, day);
    return text ? text : "";
}

/* --- the timeline ------------------------------------------------------------------------- */

const char *record_actor(call_t *call, const Case__StoredCase *row)
{
    switch (call->caller.kind) {
    case YW__CALLER_KIND__CALLER_KIND_PERSON:
        return "申请人";
    case YW__CALLER_KIND__CALLER_KIND_STAFF:
        return text_empty(call->caller.name) ? "工作人员" : call->caller.name;
    case YW__CALLER_KIND__CALLER_KIND_SYSTEM: {
        const char *name = arena_printf(call->arena, "%s业务系统", row->department_name);
        return name ? name : "部门业务系统";
    }
    default:
        return "系统";
    }
}

status_t record_log(call_t *call, const Case__StoredCase *row, const entry_t *entry,
                    int64_t *ret_seq)
{
    query_t *insert = query(
        call->store,
        "INSERT INTO timeline (case_id, department_id, at_ms, action, state, internal, title, text,"
        " actor, actor_id, stage) VALUES (:id, :department_id, :now, :action, :state, :internal,"
        " :title, :text, :actor, :actor_id, :stage) RETURNING seq");
    query_text(insert, "id", row->id);
    query_text(insert, "department_id", row->department_id);
    query_int(insert, "now", call->now_ms);
    query_int(insert, "action", entry->action);
    query_int(insert, "state", row->state);
    query_int(insert, "internal", entry->internal);
    query_text(insert, "title", label_of(&case__action__descriptor, entry->action));
    query_text(insert, "text", entry->text ? cut(call, entry->text) : "");
    query_text(insert, "actor", entry->actor ? entry->actor : record_actor(call, row));
    query_text(insert, "actor_id", call->caller.id);
    query_text(insert, "stage", entry->stage ? entry->stage : "");
    if (query_next(insert) && ret_seq)
        *ret_seq = query_get_int(insert, "seq");
    return query_done(insert);
}

status_t record_announce(call_t *call, const Case__StoredCase *row)
{
    Case__CaseChanged event = CASE__CASE_CHANGED__INIT;
    event.case_id = row->id;
    event.number = row->number;
    event.item_id = row->item_id;
    event.department_id = row->department_id;
    event.state = row->state;
    event.version = row->version;
    return call_event(call, &event.base);
}

status_t record_notify(call_t *call, const Case__StoredCase *row, Case__NoticeKind kind,
                       const char *text, int64_t seq)
{
    Case__ApplicantNotified event = CASE__APPLICANT_NOTIFIED__INIT;
    event.case_id = row->id;
    event.account_id = row->account_id;
    event.kind = kind;
    event.title = label_of(&case__notice_kind__descriptor, kind);
    event.text = text ? cut(call, text) : "";
    event.seq = seq;
    return call_event(call, &event.base);
}

status_t record_evidence(call_t *call, const Case__StoredCase *row, Case__Action action,
                         const char *facts)
{
    query_t *insert = query(call->store, "INSERT INTO evidence (case_id, action, at_ms, facts)"
                                         " VALUES (:id, :action, :now, :facts)");
    query_text(insert, "id", row->id);
    query_int(insert, "action", action);
    query_int(insert, "now", call->now_ms);
    query_text(insert, "facts", facts);
    return query_done(insert);
}

/* --- answers ------------------------------------------------------------------------------ */

Case__Deadlines *record_deadlines(call_t *call, const Case__StoredCase *row)
{
    Case__Deadlines *ret =
        (Case__Deadlines *) message_new(&case__deadlines__descriptor, call->arena);
    if (!ret)
        return NULL;
    ret->accept_due_at = timestamp_make(call->arena, row->accept_due_ms);
    ret->correction_due_at = timestamp_make(call->arena, row->correction_due_ms);
    ret->promised_due_at = timestamp_make(call->arena, row->promised_due_ms);
    ret->legal_due_at = timestamp_make(call->arena, row->legal_due_ms);
    ret->delivery_due_at = timestamp_make(call->arena, row->delivery_due_ms);
    ret->provisional = row->provisional;
    ret->suspended = row->specials_open > 0;
    ret->extension_days = row->extension_days;
    ret->overdue = row->due_ms && call->now_ms >= row->due_ms;
    return ret;
}

status_t record_status(call_t *call, const Case__StoredCase *row, Case__CaseStatus *out)
{
    out->id = row->id;
    out->number = row->number;
    out->state = row->state;
    out->version = row->version;
    out->stage_id = row->stage_id;
    out->deadlines = record_deadlines(call, row);
    return out->deadlines ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

void record_summary(call_t *call, const Case__StoredCase *row, Case__CaseSummary *out)
{
    out->id = row->id;
    out->number = row->number;
    out->state = row->state;
    out->version = row->version;
    out->item_id = row->item_id;
    out->item_name = row->item_name;
    out->department_id = row->department_id;
    out->department_name = row->department_name;
    out->waits_for = row->waits_for;
    out->officer_id = row->officer_id;
    out->stage = row->stage_name;
    out->created_at = timestamp_make(call->arena, row->created_ms);
    out->submitted_at = timestamp_make(call->arena, row->submitted_ms);
    out->changed_at = timestamp_make(call->arena, row->changed_ms);
    out->due_at = timestamp_make(call->arena, row->due_ms);
    out->overdue = row->due_ms && call->now_ms >= row->due_ms;
    if (call->caller.kind == YW__CALLER_KIND__CALLER_KIND_STAFF)
        out->officer_name = row->officer_name;
}
