#include "notice.h"
#include <string.h>
#include "account.h"
#include "check.h"
#include "delivery.h"
#include "message.h"
#include "text.h"

#define PAGE_SIZE_DEFAULT 20
#define PAGE_SIZE_MAX     100
#define SMS_LIFE_MS       (24 * 3600 * 1000LL)

/* --- writing ---------------------------------------------------------------------- */

status_t notice_put(call_t *call, const notice_t *notice)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    account_t account;
    status_t status = account_by_id(call, notice->account_id, &account);
    if (status != STATUS_OK)
        return status;

    const char *id = call_id(call);
    query_t *row = query(
        call->store, "INSERT INTO messages (id, account_id, kind, case_id, title, text, created_at)"
                     " VALUES (:id, :account_id, :kind, :case_id, :title, :text, :now)");
    query_text(row, "id", id);
    query_text(row, "account_id", account.id);
    query_text(row, "kind", notice->kind);
    query_text(row, "case_id", notice->case_id);
    secrets_bind(secrets, row, "title", SEAL_MESSAGE_TITLE, id, notice->title, call->arena);
    secrets_bind(secrets, row, "text", SEAL_MESSAGE_TEXT, id, notice->text, call->arena);
    query_int(row, "now", call->now_ms);
    status = query_done(row);
    if (status != STATUS_OK)
        return status;

    const char *sms = arena_printf(call->arena, "【一网】%s：%s", notice->title, notice->text);
    if (!sms)
        return STATUS_RESOURCE_EXHAUSTED;
    return delivery_queue(
        call, &(outgoing_t){id, account.mobile, sms, call->now_ms + SMS_LIFE_MS, false});
}

/* An event for a person without an account (an application made at a window) has no inbox to go
 * to. */
status_t identity_on_applicant_notified(call_t *call, const Case__ApplicantNotified *in,
                                        Yw__Empty *out)
{
    (void) out;
    const ProtobufCEnumValue *kind =
        protobuf_c_enum_descriptor_get_value(&case__notice_kind__descriptor, (int) in->kind);
    const char *name = kind ? kind->name : "NOTICE_KIND_UNSPECIFIED";
    call_concerns(call, in->case_id);
    status_t status = notice_put(
        call, &(notice_t){
                  .account_id = in->account_id,
                  .kind = name + (text_starts(name, "NOTICE_KIND_") ? strlen("NOTICE_KIND_") : 0),
                  .case_id = in->case_id,
                  .title = in->title,
                  .text = in->text,
              });
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- reading ---------------------------------------------------------------------- */

#define MESSAGE_COLUMNS                                                                            \
    "SELECT m.id AS id, m.kind AS kind, m.case_id AS case_id, m.title AS _title,"                  \
    " m.text AS _text, m.created_at AS created_at, m.read_at AS read_at,"                          \
    " coalesce(d.state, 0) AS sms_state"                                                           \
    " FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id"

/* *ret_whole false: the row does not open. */
static bool message_row(call_t *call, query_t *rows, Identity__Message *out, bool *ret_whole)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    *ret_whole = true;
    if (!query_row(rows, &out->base, call->arena))
        return false;
    out->title = secrets_column(secrets, rows, "_title", SEAL_MESSAGE_TITLE, out->id, call->arena);
    out->text = secrets_column(secrets, rows, "_text", SEAL_MESSAGE_TEXT, out->id, call->arena);
    *ret_whole = out->title && out->text;
    return true;
}

static status_t count_unread(call_t *call, Identity__MessageList *out)
{
    query_t *count = query(call->store, "SELECT count(*) AS unread_count FROM messages"
                                        " WHERE account_id = :account_id AND read_at IS NULL");
    query_text(count, "account_id", call->caller.id);
    query_row(count, &out->base, call->arena);
    return query_done(count);
}

/* Ids grow with time, so the last id of a page is where the next begins. */
status_t identity_list_messages(call_t *call, const Identity__ListMessagesRequest *in,
                                Identity__MessageList *out)
{
    size_t size = in->page_size ? in->page_size : PAGE_SIZE_DEFAULT;
    CHECK(size <= PAGE_SIZE_MAX);
    Identity__Message **list = ARRAY(call->arena, Identity__Message *, size + 1);
    if (!list)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *rows = query(call->store, MESSAGE_COLUMNS
                          " WHERE m.account_id = :account_id AND m.id < :before"
                          " AND (:unread = 0 OR m.read_at IS NULL) ORDER BY m.id DESC LIMIT :n");
    query_text(rows, "account_id", call->caller.id);
    query_text(rows, "before", in->page_token[0] ? in->page_token : "~");
    query_int(rows, "unread", in->unread);
    query_int(rows, "n", (int64_t) size + 1);
    bool whole = true;
    size_t count = 0;
    while (count <= size && whole) {
        list[count] =
            (Identity__Message *) message_new(&identity__message__descriptor, call->arena);
        if (!list[count] || !message_row(call, rows, list[count], &whole))
            break;
        count++;
    }
    status_t status = query_done(rows);
    if (status == STATUS_OK && !whole)
        return identity_data_loss(call);
    if (status == STATUS_OK)
        status = count_unread(call, out);
    out->messages = list;
    out->n_messages = count < size ? count : size;
    if (count > size)
        out->next_page_token = list[size - 1]->id;
    return status;
}

status_t identity_read_message(call_t *call, const Identity__ReadMessageRequest *in,
                               Identity__Message *out)
{
    query_t *mark = query(
        call->store,
        "UPDATE messages SET read_at = coalesce(read_at, :now) WHERE id = :id AND account_id = :account_id");
    query_text(mark, "id", in->id);
    query_text(mark, "account_id", call->caller.id);
    query_int(mark, "now", call->now_ms);
    status_t status = query_done(mark);
    if (status != STATUS_OK)
        return status;

    query_t *row =
        query(call->store, MESSAGE_COLUMNS " WHERE m.id = :id AND m.account_id = :account_id");
    query_text(row, "id", in->id);
    query_text(row, "account_id", call->caller.id);
    bool whole = true;
    bool found = message_row(call, row, out, &whole);
    status = query_done(row);
    if (status == STATUS_OK && !found)
        return call_not_found(call, "消息");
    return status == STATUS_OK && !whole ? identity_data_loss(call) : status;
}

status_t identity_read_all_messages(call_t *call, const Yw__Empty *in, Yw__Empty *out)
{
    (void) in;
    (void) out;
    query_t *mark = query(call->store, "UPDATE messages SET read_at = :now"
                                       " WHERE account_id = :account_id AND read_at IS NULL");
    query_text(mark, "account_id", call->caller.id);
    query_int(mark, "now", call->now_ms);
    return query_done(mark);
}
