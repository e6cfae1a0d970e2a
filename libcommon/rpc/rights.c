#include "rights.h"

#include <string.h>

#include "check.h"

bool rights_permitted(const Yw__Token *token, const char *permission)
{
    if (!token || token->kind != YW__CALLER_KIND__CALLER_KIND_STAFF)
        return false;
    if (strcmp(permission, "staff") == 0)
        return true;
    for (size_t i = 0; i < token->n_permissions; i++)
        if (strcmp(token->permissions[i], permission) == 0)
            return true;
    return false;
}

static right_t right_of_person(const method_t *method, const Yw__Token *token)
{
    if (!(method->may & MAY_PERSON))
        return RIGHT_DENIED;
    return token && (int) token->level >= method->level ? RIGHT_GRANTED : RIGHT_LEVEL;
}

right_t rights_of(const method_t *method, Yw__CallerKind kind, const Yw__Token *token)
{
    bool is_public = method->may & MAY_PUBLIC;

    switch (kind) {
    case YW__CALLER_KIND__CALLER_KIND_PERSON:
        return is_public ? RIGHT_GRANTED : right_of_person(method, token);
    case YW__CALLER_KIND__CALLER_KIND_STAFF:
        if (is_public)
            return RIGHT_GRANTED;
        return method->may & MAY_STAFF && rights_permitted(token, method->permission)
                   ? RIGHT_GRANTED
                   : RIGHT_DENIED;
    case YW__CALLER_KIND__CALLER_KIND_SYSTEM:
        /* A department system reaches what is marked for systems and nothing else, not
         * even what is public: its grants say all it may do. */
        return method->may & MAY_SYSTEM ? RIGHT_GRANTED : RIGHT_DENIED;
    case YW__CALLER_KIND__CALLER_KIND_SERVICE:
        return is_public || method->may & MAY_INTERNAL || method->on ? RIGHT_GRANTED : RIGHT_DENIED;
    default:
        if (is_public)
            return RIGHT_GRANTED;
        return method->may & (MAY_PERSON | MAY_STAFF) ? RIGHT_SIGN_IN : RIGHT_DENIED;
    }
}

const right_refusal_t *rights_refusal(right_t right)
{
    static const right_refusal_t refusals[] = {
        [RIGHT_SIGN_IN] = {STATUS_UNAUTHENTICATED, "sign_in", "请先登录"},
        [RIGHT_LEVEL] = {STATUS_PERMISSION_DENIED, "level_required",
                         "办理此业务需要%s实名认证，请先提升认证等级"},
        [RIGHT_DENIED] = {STATUS_PERMISSION_DENIED, "permission_denied", "您没有办理此操作的权限"},
    };
    CHECK(right != RIGHT_GRANTED);
    return &refusals[right];
}
