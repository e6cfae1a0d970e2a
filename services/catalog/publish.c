/* publish.c - versions come into force, pause, and end.
 *
 *   CHECKING --publish--> PUBLISHED (or SCHEDULED until its planned day)
 *   PUBLISHED <--suspend / resume--> SUSPENDED;  either --cancel--> CANCELLED
 *
 * The one who publishes is never one who wrote: two people answer for every guide. */
#include <string.h>
#include "catalog.svc.h"
#include "clock.h"
#include "item.h"
#include "log.h"
#include "text.h"

/* --- publishing -------------------------------------------------------------------------- */

/* Both aspects agreed to in the current round. */
static status_t reviewed(call_t *call, const version_t *version, bool *ret)
{
    query_t *q =
        query(call->store, "SELECT count(*) AS approvals FROM reviews WHERE item_id = :item_id"
                           " AND version = :version AND round = :round AND approved = 1");
    query_text(q, "item_id", version->item->id);
    query_int(q, "version", version->item->version);
    query_int(q, "round", version->round);
    *ret = query_next(q) && query_get_int(q, "approvals") == 2;
    return query_done(q);
}

/* A handling-item code names one item: nobody else in force may have it. */
static status_t code_taken(call_t *call, const Catalog__Item *item, bool *ret)
{
    query_t *q = query(
        call->store,
        "SELECT c.item_id FROM item_codes c JOIN items i ON i.id = c.item_id"
        " WHERE c.code = :code AND c.rank = 1 AND c.item_id <> :item_id AND i.state <> :cancelled"
        " LIMIT 1");
    query_text(q, "code", item->item_code);
    query_text(q, "item_id", item->id);
    query_int(q, "cancelled", STATE(CANCELLED));
    *ret = query_next(q);
    return query_done(q);
}

static status_t may_publish(call_t *call, const version_t *version, uint32_t revision)
{
    const Catalog__Item *item = version->item;
    bool approved = false, editor = false, taken = false;
    if (item->state != STATE(CHECKING))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.wrong_state", NULL,
                         "事项当前为“%s”，须先提交审核。",
                         label_of(&catalog__item_state__descriptor, item->state));
    if (version->state == STATE(CANCELLED))
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.cancelled", NULL,
                         "该事项已取消，不能再发布。");
    status_t status = version_expect(call, version, revision);
    if (status == STATUS_OK)
        status = version_edited_by_caller(call, item, &editor);
    if (status == STATUS_OK)
        status = reviewed(call, version, &approved);
    if (status == STATUS_OK && !text_empty(item->item_code))
        status = code_taken(call, item, &taken);
    if (status != STATUS_OK)
        return status;
    if (editor)
        return call_fail(call, STATUS_PERMISSION_DENIED, "catalog.own_work", NULL,
                         "不能发布自己编制的事项，请由他人发布。");
    if (!approved)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.not_reviewed", NULL,
                         "须经编制审核和法制审核同意后方可发布。");
    if (taken)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.code_taken", "itemCode",
                         "业务办理项编码 %s 已被其他事项使用。", item->item_code);
    return STATUS_OK;
}

/* Whether its planned day is still to come. */
static bool is_early(const call_t *call, const Catalog__Item *item)
{
    int64_t day;
    return clock_day_parse(item->planned_effective_date, &day) && day > clock_day_of(call->now_ms);
}

static status_t note_publisher(call_t *call, const Catalog__Item *item)
{
    query_t *q = query(
        call->store,
        "UPDATE versions SET publisher = :publisher WHERE item_id = :item_id AND version = :version");
    query_text(q, "item_id", item->id);
    query_int(q, "version", item->version);
    query_text(q, "publisher", call->caller.id);
    return query_done(q);
}

status_t catalog_publish_item(call_t *call, const Catalog__DraftRequest *in, Catalog__Item *out)
{
    status_t status;
    version_t *version = version_load_own(call, in->id, 0, &status);
    if (!version)
        return status;
    call_concerns(call, in->id);
    status = may_publish(call, version, in->revision);
    if (status == STATUS_OK)
        status = item_remember_caller(call);
    if (status != STATUS_OK)
        return status;
    if (is_early(call, version->item)) {
        version->item->state = STATE(SCHEDULED);
        status = version_save(call, version);
        if (status == STATUS_OK)
            status = note_publisher(call, version->item);
    } else {
        status = version_enforce(call, version, call->caller.id);
    }
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}

/* --- the version in force ------------------------------------------------------------------ */

static status_t change(call_t *call, const Catalog__ChangeItemStateRequest *in,
                       Catalog__ItemState to, const char *what, Catalog__Item *out)
{
    status_t status;
    version_t *newest = version_load_own(call, in->id, 0, &status);
    if (!newest)
        return status;
    if (newest->in_force == 0)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.wrong_state", NULL,
                         "事项尚未发布，不能%s。", what);
    version_t *version = version_load(call, in->id, newest->in_force, &status);
    if (!version)
        return status;
    call_concerns(call, in->id);
    Catalog__ItemState from = version->item->state;
    bool fits = to == STATE(SUSPENDED)   ? from == STATE(PUBLISHED)
                : to == STATE(PUBLISHED) ? from == STATE(SUSPENDED)
                                         : from == STATE(PUBLISHED) || from == STATE(SUSPENDED);
    if (!fits)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "catalog.wrong_state", NULL,
                         "事项当前为“%s”，不能%s。",
                         label_of(&catalog__item_state__descriptor, from), what);
    status = version_expect(call, version, in->revision);
    if (status == STATUS_OK)
        status = item_change_state(call, version, to, in->reason);
    if (status == STATUS_OK)
        *out = *version->item;
    return status;
}

status_t catalog_suspend_item(call_t *call, const Catalog__ChangeItemStateRequest *in,
                              Catalog__Item *out)
{
    return change(call, in, STATE(SUSPENDED), "暂停", out);
}

status_t catalog_resume_item(call_t *call, const Catalog__ChangeItemStateRequest *in,
                             Catalog__Item *out)
{
    return change(call, in, STATE(PUBLISHED), "恢复", out);
}

status_t catalog_cancel_item(call_t *call, const Catalog__ChangeItemStateRequest *in,
                             Catalog__Item *out)
{
    return change(call, in, STATE(CANCELLED), "取消", out);
}

/* --- planned days ------------------------------------------------------------------------------ */

enum { DUE_MAX = 100 }; /* in one tick; the next one takes the rest */

typedef struct {
    const char *item_id;
    uint32_t version;
    const char *publisher;
} due_t;

static size_t read_due(call_t *call, query_t *q, due_t due[DUE_MAX], status_t *ret_status)
{
    size_t count = 0;
    query_int(q, "today", clock_day_of(call->now_ms));
    while (query_next(q) && count < DUE_MAX)
        due[count++] = (due_t){query_get_text(q, "item_id", call->arena),
                               (uint32_t) query_get_int(q, "version"),
                               query_get_text(q, "publisher", call->arena)};
    *ret_status = query_done(q);
    return count;
}

static status_t enforce_due(call_t *call, void *arg)
{
    const due_t *due = arg;
    status_t status = STATUS_OK;
    version_t *version = version_load(call, due->item_id, due->version, &status);
    return version ? version_enforce(call, version, due->publisher) : status;
}

static status_t cancel_due(call_t *call, void *arg)
{
    const due_t *due = arg;
    status_t status = STATUS_OK;
    version_t *version = version_load(call, due->item_id, due->version, &status);
    return version ? item_change_state(call, version, STATE(CANCELLED), "已到计划取消日期。")
                   : status;
}

/* Each apart: one item that cannot be read must not keep all others from their day. */
static status_t run_due(call_t *call, due_t *due, size_t count, status_t (*step)(call_t *, void *))
{
    for (size_t i = 0; i < count; i++) {
        status_t status = call_apart(call, step, &due[i]);
        if (status == STATUS_UNAVAILABLE)
            return status; /* the disk, not the item */
        if (status != STATUS_OK)
            log_error("item %s: its planned day could not be dealt with: %s", due[i].item_id,
                      status_name(status));
    }
    return STATUS_OK;
}

status_t catalog_tick(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in;
    (void) out;
    due_t due[DUE_MAX];
    status_t status;
    size_t count = read_due(
        call,
        query(call->store,
              "SELECT item_id, version, publisher FROM versions WHERE effective_day <= :today"
              " ORDER BY effective_day LIMIT 100"),
        due, &status);
    if (status == STATUS_OK)
        status = run_due(call, due, count, enforce_due);
    if (status != STATUS_OK)
        return status;
    count =
        read_due(call,
                 query(call->store,
                       "SELECT item_id, version, publisher FROM versions WHERE cancel_day <= :today"
                       " ORDER BY cancel_day LIMIT 100"),
                 due, &status);
    return status == STATUS_OK ? run_due(call, due, count, cancel_due) : status;
}
