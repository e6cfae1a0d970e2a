#include "agreement.h"
#include "message.h"
#include "text.h"

status_t agreement_version(call_t *call, const char **ret)
{
    query_t *row = query(call->store, "SELECT version FROM agreements WHERE effective_at <= :now"
                                      " ORDER BY effective_at DESC, version DESC LIMIT 1");
    query_int(row, "now", call->now_ms);
    bool found = query_next(row);
    const char *version = found ? query_get_text(row, "version", call->arena) : NULL;
    status_t status = query_done(row);
    if (status != STATUS_OK)
        return status;
    if (!version)
        return call_not_found(call, "生效的注册协议");
    *ret = version;
    return STATUS_OK;
}

status_t identity_get_agreement(call_t *call, const Yw__Empty *in, Identity__Agreement *out)
{
    (void) in;
    query_t *row =
        query(call->store,
              "SELECT version, title, text, effective_at FROM agreements WHERE effective_at <= :now"
              " ORDER BY effective_at DESC, version DESC LIMIT 1");
    query_int(row, "now", call->now_ms);
    bool found = query_row(row, &out->base, call->arena);
    status_t status = query_done(row);
    if (status == STATUS_OK && !found)
        return call_not_found(call, "生效的注册协议");
    return status;
}

/* People concluded what they read: a version that is there may come again, but only unchanged. */
static status_t import_again(call_t *call, const Identity__ImportAgreementRequest *in,
                             Identity__ImportResult *out, bool *ret_known)
{
    query_t *row =
        query(call->store, "SELECT title, text FROM agreements WHERE version = :version");
    query_text(row, "version", in->version);
    bool same = true;
    *ret_known = query_next(row);
    if (*ret_known)
        same = text_equal(query_get_text(row, "title", call->arena), in->title) &&
               text_equal(query_get_text(row, "text", call->arena), in->text);
    status_t status = query_done(row);
    if (status == STATUS_OK && !same)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.agreement_fixed", "version",
                         "协议版本 %s 已经存在，内容不能更改，请使用新的版本号", in->version);
    out->unchanged = *ret_known;
    return status;
}

status_t identity_import_agreement(call_t *call, const Identity__ImportAgreementRequest *in,
                                   Identity__ImportResult *out)
{
    bool known = false;
    status_t status = import_again(call, in, out, &known);
    if (status != STATUS_OK || known)
        return status;
    query_t *row = query(call->store, "INSERT INTO agreements (version, title, text, effective_at)"
                                      " VALUES (:version, :title, :text, :effective_at)");
    query_message(row, &in->base);
    out->created = 1;
    return query_done(row);
}
