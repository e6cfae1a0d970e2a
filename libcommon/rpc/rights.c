/* rights.c - who may call what, by the contract alone.
 *
 * Whose things they are (own case, own department) is the handler's business. */
#include <string.h>

#include "dispatch.h"
#include "text.h"

bool caller_permitted(const caller_t *caller, const char *permission)
{
    if (caller->kind != YW__CALLER_KIND__CALLER_KIND_STAFF || !caller->token)
        return false;
    if (strcmp(permission, "staff") == 0)
        return true;
    for (size_t i = 0; i < caller->token->n_permissions; i++)
        if (strcmp(caller->token->permissions[i], permission) == 0)
            return true;
    return false;
}

const char *caller_text(const caller_t *caller, arena_t *arena)
{
    static const char *const names[] = {"anonymous", "person", "staff", "system", "service"};
    if (caller->kind == YW__CALLER_KIND__CALLER_KIND_UNSPECIFIED)
        return "anonymous";
    const char *text = arena_printf(arena, "%s:%s", names[caller->kind], caller->id);
    return text ? text : "";
}

static status_t refuse_sign_in(call_t *call)
{
    return call_fail(call, STATUS_UNAUTHENTICATED, "sign_in", NULL, "请先登录");
}

static status_t refuse_level(call_t *call)
{
    return call_fail(call, STATUS_PERMISSION_DENIED, "level_required", NULL,
                     "办理此业务需要%s实名认证，请先提升认证等级",
                     label_of(&yw__level__descriptor, call->method->level));
}

static status_t refuse(call_t *call)
{
    return call_fail(call, STATUS_PERMISSION_DENIED, "permission_denied", NULL,
                     "您没有办理此操作的权限");
}

status_t rights_check(call_t *call)
{
    const method_t *method = call->method;
    bool is_public = method->may & MAY_PUBLIC;

    switch (call->caller.kind) {
    case YW__CALLER_KIND__CALLER_KIND_PERSON:
        if (is_public)
            return STATUS_OK;
        if (!(method->may & MAY_PERSON))
            return refuse(call);
        return (int) call->caller.level >= method->level ? STATUS_OK : refuse_level(call);
    case YW__CALLER_KIND__CALLER_KIND_STAFF:
        if (is_public)
            return STATUS_OK;
        if (!(method->may & MAY_STAFF))
            return refuse(call);
        return caller_permitted(&call->caller, method->permission) ? STATUS_OK : refuse(call);
    case YW__CALLER_KIND__CALLER_KIND_SYSTEM:
        /* A department system reaches what is marked for systems and nothing else, not
         * even what is public: its grants say all it may do. */
        return method->may & MAY_SYSTEM ? STATUS_OK : refuse(call);
    case YW__CALLER_KIND__CALLER_KIND_SERVICE:
        return is_public || method->may & MAY_INTERNAL || method->on ? STATUS_OK : refuse(call);
    default:
        if (is_public)
            return STATUS_OK;
        return method->may & (MAY_PERSON | MAY_STAFF) ? refuse_sign_in(call) : refuse(call);
    }
}
