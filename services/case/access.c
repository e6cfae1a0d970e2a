#include "access.h"

#include "record.h"
#include "text.h"

bool access_handles(const call_t *call)
{
    static const char *const permissions[] = {"case.receive", "case.review", "case.decide",
                                              "case.view", "case.all"};
    for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
        if (call_permitted(call, permissions[i]))
            return true;
    return false;
}

static bool may_see(const call_t *call, const Case__StoredCase *row)
{
    bool handed_in = row->state != STATE(DRAFT);
    bool own = text_equal(row->department_id, call->caller.department);
    switch (call->caller.kind) {
    case YW__CALLER_KIND__CALLER_KIND_PERSON:
        return text_equal(row->account_id, call->caller.id);
    case YW__CALLER_KIND__CALLER_KIND_STAFF:
        return handed_in && ((own && access_handles(call)) || call_permitted(call, "case.all"));
    case YW__CALLER_KIND__CALLER_KIND_SYSTEM:
        return handed_in && own;
    default:
        return false;
    }
}

status_t access_case(call_t *call, const char *id, Case__StoredCase *ret)
{
    call_concerns(call, id);
    status_t status = record_load(call, id, ret);
    if (status != STATUS_OK)
        return status;
    return may_see(call, ret) ? STATUS_OK : call_not_found(call, "这个办件");
}
