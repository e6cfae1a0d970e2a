#include "staff.h"
#include <string.h>
#include "buffer.h"
#include "department.h"
#include "guard.h"
#include "message.h"
#include "password.h"
#include "permission.h"
#include "session.h"
#include "text.h"

#define PAGE_SIZE_DEFAULT 50
#define WORDS_MAX         64
#define COLLEAGUES_MAX    200

#define PERMISSION_POSTS_MAX 10 /* more than Post has */

/* --- rows ------------------------------------------------------------------------- */

/* "1 3" and "item.edit case.all": lists are short and always wanted whole. */
static const char *posts_text(call_t *call, const Identity__Post *posts, size_t count)
{
    buffer_t text = buffer_new(256);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%d", i ? " " : "", (int) posts[i]);
    const char *copy = text.full ? NULL : arena_text(call->arena, text.data ? text.data : "");
    buffer_free(&text);
    return copy;
}

static const char *words_text(call_t *call, char *const *words, size_t count)
{
    buffer_t text = buffer_new(8192);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%s", i ? " " : "", words[i]);
    const char *copy = text.full ? NULL : arena_text(call->arena, text.data ? text.data : "");
    buffer_free(&text);
    return copy;
}

/* Words of a text in the arena; NULL past its limit. */
static char **split(call_t *call, const char *text, size_t *ret_count)
{
    char **words = ARRAY(call->arena, char *, WORDS_MAX);
    char *rest = arena_text(call->arena, text);
    *ret_count = 0;
    if (!words || !rest)
        return NULL;
    for (char *word = strsep(&rest, " "); word && *ret_count < WORDS_MAX; word = strsep(&rest, " "))
        if (*word)
            words[(*ret_count)++] = word;
    return words;
}

static bool fill_lists(call_t *call, Identity__Staff *out, const char *posts,
                       const char *permissions)
{
    size_t count = 0;
    char **words = split(call, posts, &count);
    out->posts = ARRAY(call->arena, Identity__Post, count);
    if (!words || !out->posts)
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t post = 0;
        if (text_int(words[i], 1, 30, &post))
            out->posts[out->n_posts++] = (Identity__Post) post;
    }
    out->permissions = (void *) split(call, permissions, &out->n_permissions);
    char **effective = ARRAY(call->arena, char *, PERMISSION_COUNT_MAX);
    char **labels = ARRAY(call->arena, char *, out->n_permissions);
    if (!out->permissions || !effective || !labels)
        return false;
    for (size_t i = 0; i < out->n_permissions; i++)
        labels[out->n_permission_labels++] = (char *) permission_words(out->permissions[i]);
    out->permission_labels = (void *) labels;
    for (size_t i = 0; permission_name(i); i++)
        if (permission_held(permission_name(i), out->posts, out->n_posts,
                            (char *const *) out->permissions, out->n_permissions))
            effective[out->n_effective_permissions++] = (char *) permission_name(i);
    out->effective_permissions = (void *) effective;
    return true;
}

#define STAFF_COLUMNS                                                                              \
    "SELECT id, login_name, name AS _name, department_id, posts AS _posts,"                        \
    " permissions AS _permissions, state, must_change_password, created_at,"                       \
    " (SELECT d.name FROM departments d WHERE d.id = staff.department_id) AS department_name"      \
    " FROM staff"

/* The next row; *ret NULL at the end. */
static status_t staff_row(call_t *call, query_t *rows, Identity__Staff **ret)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    Identity__Staff *out =
        (Identity__Staff *) message_new(&identity__staff__descriptor, call->arena);
    *ret = NULL;
    if (!out)
        return STATUS_RESOURCE_EXHAUSTED;
    if (!query_row(rows, &out->base, call->arena))
        return STATUS_OK;
    out->name = secrets_column(secrets, rows, "_name", SEAL_STAFF_NAME, out->id, call->arena);
    if (!out->name)
        return identity_data_loss(call);
    if (!fill_lists(call, out, query_get_text(rows, "_posts", call->arena),
                    query_get_text(rows, "_permissions", call->arena)))
        return STATUS_RESOURCE_EXHAUSTED;
    *ret = out;
    return STATUS_OK;
}

status_t staff_by_id(call_t *call, const char *id, Identity__Staff **ret)
{
    query_t *row = query(call->store, STAFF_COLUMNS " WHERE id = :id");
    query_text(row, "id", id);
    status_t status = staff_row(call, row, ret);
    status_t done = query_done(row);
    if (status == STATUS_OK)
        status = done;
    return status == STATUS_OK && !*ret ? STATUS_NOT_FOUND : status;
}

status_t staff_login_find(call_t *call, const char *login_name, staff_login_t *ret)
{
    query_t *row = query(call->store, "SELECT id, password_hash, state FROM staff"
                                      " WHERE login_name = :login_name");
    query_text(row, "login_name", login_name);
    *ret = (staff_login_t){0};
    if (query_next(row))
        *ret = (staff_login_t){
            .id = query_get_text(row, "id", call->arena),
            .password_hash = query_get_text(row, "password_hash", call->arena),
            .state = (Identity__StaffState) query_get_int(row, "state"),
        };
    return query_done(row);
}

typedef struct {
    const char *login_name;
    const char *name;
    const char *department_id;
    const Identity__Post *posts;
    size_t post_count;
    char *const *permissions;
    size_t permission_count;
    const char *password_hash;
    bool must_change_password;
} draft_t;

static status_t staff_insert(call_t *call, const draft_t *draft, const char *id)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    const char *posts = posts_text(call, draft->posts, draft->post_count);
    const char *permissions = words_text(call, draft->permissions, draft->permission_count);
    if (!posts || !permissions)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *row = query(
        call->store,
        "INSERT INTO staff (id, login_name, name, department_id, posts, permissions, password_hash,"
        " must_change_password, state, state_reason, state_by, created_at) VALUES (:id, :login_name,"
        " :name, :department_id, :posts, :permissions, :password_hash, :must_change_password, 1, '', '',"
        " :now)");
    query_text(row, "id", id);
    query_text(row, "login_name", draft->login_name);
    secrets_bind(secrets, row, "name", SEAL_STAFF_NAME, id, draft->name, call->arena);
    query_text(row, "department_id", draft->department_id);
    query_text(row, "posts", posts);
    query_text(row, "permissions", permissions);
    query_text(row, "password_hash", draft->password_hash);
    query_int(row, "must_change_password", draft->must_change_password);
    query_int(row, "now", call->now_ms);
    return query_done(row);
}

/* --- who may manage whom --------------------------------------------------------------- */

static bool manages_all(const call_t *call)
{
    return call_permitted(call, "account.all");
}

static bool any_wide(char *const *permissions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (permission_wide(permissions[i]))
            return true;
    return false;
}

/* Names must be in the catalogue, posts real and named once; wide permissions are for
 * account.all to give. Faults are collected under `prefix`. */
static void judge_rights(call_t *call, const char *prefix, const Identity__Post *posts,
                         size_t post_count, char *const *permissions, size_t permission_count)
{
    unsigned seen = 0;
    for (size_t i = 0; i < post_count; i++) {
        unsigned bit = 1u << posts[i];
        const char *field = arena_printf(call->arena, "%sposts[%zu]", prefix, i);
        if (posts[i] == IDENTITY__POST__POST_UNSPECIFIED)
            call_fault(call, field ? field : "posts", "required", "请选择岗位");
        else if (seen & bit)
            call_fault(call, field ? field : "posts", "duplicate", "岗位重复");
        seen |= bit;
    }
    for (size_t i = 0; i < permission_count; i++) {
        const char *field = arena_printf(call->arena, "%spermissions[%zu]", prefix, i);
        if (!permission_known(permissions[i]))
            call_fault(call, field ? field : "permissions", "unknown", "没有名为“%s”的权限",
                       permissions[i]);
    }
}

static status_t check_grantable(call_t *call, char *const *permissions, size_t count)
{
    if (!manages_all(call) && any_wide(permissions, count))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.wide_permission", "permissions",
                         "跨部门和管理类权限只能由全局账号管理员授予");
    return STATUS_OK;
}

static status_t check_department(call_t *call, const char *department_id)
{
    bool found = false;
    status_t status = department_exists(call, department_id, &found);
    if (status != STATUS_OK)
        return status;
    if (!manages_all(call) && !text_equal(call->caller.department, department_id))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.other_department",
                         "departmentId", "只能管理本部门的工作人员");
    if (!found)
        return call_fail(call, STATUS_INVALID_ARGUMENT, "identity.department", "departmentId",
                         "没有这个部门，请核对部门标识");
    return STATUS_OK;
}

/* The member as this caller may change him: of another department he does not exist; one who holds
 * wide permissions, and oneself, are for others. */
static status_t staff_managed(call_t *call, const char *id, Identity__Staff **ret)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_by_id(call, id, &staff);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !manages_all(call) &&
                                       !text_equal(staff->department_id, call->caller.department)))
        return call_not_found(call, "工作人员");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, staff->id);
    if (text_equal(staff->id, call->caller.id))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.self", "id",
                         "不能更改自己的账号权限");
    if (!manages_all(call) && any_wide((char *const *) staff->permissions, staff->n_permissions))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.wide_permission", "id",
                         "该账号持有管理类权限，只能由全局账号管理员更改");
    *ret = staff;
    return STATUS_OK;
}

/* --- reading ------------------------------------------------------------------------------ */

static status_t staff_answer(call_t *call, const char *id, Identity__Staff *out)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_by_id(call, id, &staff);
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "工作人员");
    if (status == STATUS_OK)
        *out = *staff;
    return status;
}

status_t identity_get_staff_self(call_t *call, const Yw__Empty *in, Identity__Staff *out)
{
    (void) in;
    return staff_answer(call, call->caller.id, out);
}

status_t identity_get_staff(call_t *call, const Identity__GetStaffRequest *in, Identity__Staff *out)
{
    return staff_answer(call, in->id, out);
}

/* Pages by login name, which is unique. */
status_t identity_list_staff(call_t *call, const Identity__ListStaffRequest *in,
                             Identity__StaffList *out)
{
    size_t size = in->page_size ? in->page_size : PAGE_SIZE_DEFAULT;
    const char *department = manages_all(call) ? in->department_id : call->caller.department;
    if (in->department_id[0] && !text_equal(department, in->department_id))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.other_department",
                         "departmentId", "只能查看本部门的工作人员");
    Identity__Staff **list = ARRAY(call->arena, Identity__Staff *, size + 1);
    if (!list)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *rows =
        query(call->store, STAFF_COLUMNS
              " WHERE (:department = '' OR department_id = :department) AND login_name > :after"
              "   AND (:q = '' OR instr(login_name, :q) > 0) AND (:state = 0 OR state = :state)"
              " ORDER BY login_name LIMIT :n");
    query_text(rows, "department", department);
    query_text(rows, "after", in->page_token);
    query_text(rows, "q", in->q);
    query_int(rows, "state", in->state);
    query_int(rows, "n", (int64_t) size + 1);
    size_t count = 0;
    status_t status = STATUS_OK;
    while (status == STATUS_OK && count <= size) {
        status = staff_row(call, rows, &list[count]);
        if (status != STATUS_OK || !list[count])
            break;
        count++;
    }
    status_t done = query_done(rows);
    out->staff = list;
    out->n_staff = count < size ? count : size;
    if (count > size)
        out->next_page_token = list[size - 1]->login_name;
    return status == STATUS_OK ? done : status;
}

/* As ListStaff would show him. */
status_t identity_get_staff_member(call_t *call, const Identity__GetStaffRequest *in,
                                   Identity__Staff *out)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_by_id(call, in->id, &staff);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !manages_all(call) &&
                                       !text_equal(staff->department_id, call->caller.department)))
        return call_not_found(call, "工作人员");
    if (status != STATUS_OK)
        return status;
    call_concerns(call, staff->id);
    *out = *staff;
    return STATUS_OK;
}

/* "黄静（审查）"; the name alone without a post. */
static const char *colleague_label(call_t *call, const Identity__Staff *staff)
{
    const char *label = staff->name;
    for (size_t i = 0; label && i < staff->n_posts; i++)
        label = arena_printf(call->arena, "%s%s%s", label, i ? "、" : "（",
                             label_of(&identity__post__descriptor, staff->posts[i]));
    return label && staff->n_posts ? arena_printf(call->arena, "%s）", label) : label;
}

static bool holds(const Identity__Staff *staff, const char *permission)
{
    for (size_t i = 0; i < staff->n_effective_permissions; i++)
        if (text_equal(staff->effective_permissions[i], permission))
            return true;
    return text_empty(permission);
}

static Identity__Colleague *colleague_of(call_t *call, const Identity__Staff *staff)
{
    Identity__Colleague *one =
        (Identity__Colleague *) message_new(&identity__colleague__descriptor, call->arena);
    if (!one)
        return NULL;
    one->id = staff->id;
    one->name = staff->name;
    one->posts = staff->posts;
    one->n_posts = staff->n_posts;
    one->label = colleague_label(call, staff);
    return one->label ? one : NULL;
}

status_t identity_list_colleagues(call_t *call, const Identity__ListColleaguesRequest *in,
                                  Identity__ColleagueList *out)
{
    query_t *rows = query(call->store, STAFF_COLUMNS " WHERE department_id = :department"
                                                     " AND state = 1 AND id <> :me"
                                                     " ORDER BY login_name LIMIT 1000");
    query_text(rows, "department", call->caller.department);
    query_text(rows, "me", call->caller.id);
    out->colleagues = ARRAY(call->arena, Identity__Colleague *, COLLEAGUES_MAX);
    status_t status = out->colleagues ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    while (status == STATUS_OK && out->n_colleagues < COLLEAGUES_MAX) {
        Identity__Staff *staff = NULL;
        status = staff_row(call, rows, &staff);
        if (status != STATUS_OK || !staff)
            break;
        if (!holds(staff, in->permission))
            continue;
        Identity__Colleague *one = colleague_of(call, staff);
        if (one)
            out->colleagues[out->n_colleagues++] = one;
        else
            status = STATUS_RESOURCE_EXHAUSTED;
    }
    status_t done = query_done(rows);
    return status == STATUS_OK ? done : status;
}

static Identity__PermissionInfo *permission_info(call_t *call, size_t at)
{
    Identity__PermissionInfo *one = (Identity__PermissionInfo *) message_new(
        &identity__permission_info__descriptor, call->arena);
    if (one)
        one->posts = ARRAY(call->arena, Identity__Post, PERMISSION_POSTS_MAX);
    if (!one || !one->posts)
        return NULL;
    one->name = permission_name(at);
    one->label = permission_label(at);
    one->wide = permission_wide(one->name);
    one->grantable = manages_all(call) || !one->wide;
    for (unsigned post = 1; post < PERMISSION_POSTS_MAX; post++)
        if (permission_posts(at) & 1u << post)
            one->posts[one->n_posts++] = (Identity__Post) post;
    return one;
}

status_t identity_list_permissions(call_t *call, const Yw__Empty *in, Identity__PermissionList *out)
{
    (void) in;
    out->permissions = ARRAY(call->arena, Identity__PermissionInfo *, PERMISSION_COUNT_MAX);
    if (!out->permissions)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; permission_name(i); i++) {
        Identity__PermissionInfo *one = permission_info(call, i);
        if (!one)
            return STATUS_RESOURCE_EXHAUSTED;
        out->permissions[out->n_permissions++] = one;
    }
    return STATUS_OK;
}

/* --- managing ------------------------------------------------------------------------------- */

/* Rights first: nobody makes us hash for nothing. */
status_t identity_create_staff_prepare(call_t *call, const Identity__CreateStaffRequest *in)
{
    judge_rights(call, "", in->posts, in->n_posts, (char *const *) in->permissions,
                 in->n_permissions);
    password_judge(call, "password", in->password, (const char *[]){in->login_name, NULL});
    status_t status = call_faulty(call);
    if (status == STATUS_OK)
        status = check_department(call, in->department_id);
    if (status == STATUS_OK)
        status = check_grantable(call, (char *const *) in->permissions, in->n_permissions);
    if (status != STATUS_OK)
        return status;
    call->prepared = (void *) password_hash(call, in->password);
    return call->prepared ? STATUS_OK : STATUS_UNAVAILABLE;
}

status_t identity_create_staff(call_t *call, const Identity__CreateStaffRequest *in,
                               Identity__Staff *out)
{
    staff_login_t other;
    status_t status = staff_login_find(call, in->login_name, &other);
    if (status == STATUS_OK && other.id)
        return call_fail(call, STATUS_ALREADY_EXISTS, "identity.login_name_taken", "loginName",
                         "登录名“%s”已被使用，请更换", in->login_name);
    if (status != STATUS_OK)
        return status;
    const char *id = call_id(call);
    draft_t draft = {
        .login_name = in->login_name,
        .name = in->name,
        .department_id = in->department_id,
        .posts = in->posts,
        .post_count = in->n_posts,
        .permissions = (char *const *) in->permissions,
        .permission_count = in->n_permissions,
        .password_hash = call->prepared,
        .must_change_password = true,
    };
    call_concerns(call, id);
    status = staff_insert(call, &draft, id);
    Identity__Staff *staff = NULL;
    if (status == STATUS_OK)
        status = staff_by_id(call, id, &staff);
    if (status == STATUS_OK)
        *out = *staff;
    return status;
}

status_t identity_update_staff_prepare(call_t *call, const Identity__UpdateStaffRequest *in)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_managed(call, in->id, &staff);
    if (status == STATUS_OK)
        status = check_grantable(call, (char *const *) in->permissions, in->n_permissions);
    if (status != STATUS_OK)
        return status;
    judge_rights(call, "", in->posts, in->n_posts, (char *const *) in->permissions,
                 in->n_permissions);
    if (in->password[0] && text_length(in->password) < 8)
        call_fault(call, "password", "too_short", "密码至少 8 位");
    else if (in->password[0])
        password_judge(call, "password", in->password, (const char *[]){staff->login_name, NULL});
    status = call_faulty(call);
    if (status != STATUS_OK || !in->password[0])
        return status;
    call->prepared = (void *) password_hash(call, in->password);
    return call->prepared ? STATUS_OK : STATUS_UNAVAILABLE;
}

static status_t staff_rewrite(call_t *call, const Identity__UpdateStaffRequest *in)
{
    const char *posts = posts_text(call, in->posts, in->n_posts);
    const char *permissions = words_text(call, (char *const *) in->permissions, in->n_permissions);
    if (!posts || !permissions)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *row = query(call->store, "UPDATE staff SET name = :name, posts = :posts,"
                                      " permissions = :permissions WHERE id = :id");
    query_text(row, "id", in->id);
    secrets_bind(&identity_of(call)->secrets, row, "name", SEAL_STAFF_NAME, in->id, in->name,
                 call->arena);
    query_text(row, "posts", posts);
    query_text(row, "permissions", permissions);
    return query_done(row);
}

static status_t staff_set_password(call_t *call, const char *id, const char *hash, bool must_change)
{
    query_t *row = query(call->store, "UPDATE staff SET password_hash = :hash,"
                                      " must_change_password = :must_change WHERE id = :id");
    query_text(row, "id", id);
    query_text(row, "hash", hash);
    query_int(row, "must_change", must_change);
    return query_done(row);
}

status_t identity_update_staff(call_t *call, const Identity__UpdateStaffRequest *in,
                               Identity__Staff *out)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_managed(call, in->id, &staff);
    if (status == STATUS_OK)
        status = staff_rewrite(call, in);
    if (status == STATUS_OK && call->prepared)
        status = staff_set_password(call, in->id, call->prepared, true);
    if (status == STATUS_OK)
        status = session_end_all(call, in->id, "", "updated");
    if (status == STATUS_OK)
        status = staff_by_id(call, in->id, &staff);
    if (status == STATUS_OK)
        *out = *staff;
    return status;
}

static status_t staff_set_state(call_t *call, Identity__Staff *staff, Identity__StaffState state,
                                const char *reason, Identity__Staff *out)
{
    query_t *row = query(call->store, "UPDATE staff SET state = :state, state_reason = :reason,"
                                      " state_by = :by WHERE id = :id");
    query_text(row, "id", staff->id);
    query_int(row, "state", state);
    query_text(row, "reason", reason);
    query_text(row, "by", call->caller.id);
    staff->state = state;
    *out = *staff;
    return query_done(row);
}

status_t identity_disable_staff(call_t *call, const Identity__DisableStaffRequest *in,
                                Identity__Staff *out)
{
    Identity__Staff *staff = NULL;
    status_t status = staff_managed(call, in->id, &staff);
    if (status == STATUS_OK && staff->state == IDENTITY__STAFF_STATE__STAFF_STATE_DISABLED)
        status = call_fail(call, STATUS_FAILED_PRECONDITION, "identity.disabled", "id",
                           "该账号已经停用");
    if (status == STATUS_OK)
        status = staff_set_state(call, staff, IDENTITY__STAFF_STATE__STAFF_STATE_DISABLED,
                                 in->reason, out);
    return status == STATUS_OK ? session_end_all(call, in->id, "", "disabled") : status;
}

static status_t disabled_by(call_t *call, const char *id, const char **ret)
{
    query_t *row = query(call->store, "SELECT state_by FROM staff WHERE id = :id");
    query_text(row, "id", id);
    *ret = query_next(row) ? query_get_text(row, "state_by", call->arena) : "";
    return query_done(row);
}

status_t identity_enable_staff(call_t *call, const Identity__EnableStaffRequest *in,
                               Identity__Staff *out)
{
    Identity__Staff *staff = NULL;
    const char *by = "";
    status_t status = staff_managed(call, in->id, &staff);
    if (status == STATUS_OK)
        status = disabled_by(call, in->id, &by);
    if (status != STATUS_OK)
        return status;
    if (staff->state == IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE)
        return call_fail(call, STATUS_FAILED_PRECONDITION, "identity.enabled", "id",
                         "该账号没有停用");
    if (text_equal(by, call->caller.id))
        return call_fail(call, STATUS_PERMISSION_DENIED, "identity.second_person", "id",
                         "重新启用须由另一名管理员批准，停用人不能自行启用");
    return staff_set_state(call, staff, IDENTITY__STAFF_STATE__STAFF_STATE_ACTIVE, in->reason, out);
}

/* --- one's own password
 * ------------------------------------------------------------------------ */

typedef struct {
    bool right;
    const char *subject;
    const char *old_hash;
    const char *new_hash;
} change_t;

status_t identity_change_staff_password_prepare(call_t *call,
                                                const Identity__ChangePasswordRequest *in)
{
    Identity__Staff *staff = NULL;
    staff_login_t login;
    int64_t locked_ms = 0;
    change_t *plan = arena_alloc(call->arena, sizeof *plan);
    status_t status = plan ? staff_by_id(call, call->caller.id, &staff) : STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_NOT_FOUND)
        return call_not_found(call, "工作人员");
    if (status == STATUS_OK)
        status = staff_login_find(call, staff->login_name, &login);
    if (status != STATUS_OK)
        return status;
    plan->subject = arena_printf(call->arena, "staff:%s", staff->login_name);
    if (!plan->subject)
        return STATUS_RESOURCE_EXHAUSTED;
    status = guard_locked(call, plan->subject, &locked_ms);
    if (status != STATUS_OK)
        return status;
    if (locked_ms)
        return guard_refuse(call, "oldPassword", locked_ms);

    password_judge(call, "newPassword", in->new_password,
                   (const char *[]){staff->login_name, NULL});
    if (text_equal(in->old_password, in->new_password))
        call_fault(call, "newPassword", "password_same", "新密码不能与原密码相同");
    status = call_faulty(call);
    if (status != STATUS_OK)
        return status;
    plan->old_hash = login.password_hash;
    plan->right = password_right(call, login.password_hash, in->old_password);
    if (plan->right)
        plan->new_hash = password_hash(call, in->new_password);
    call->prepared = plan;
    return !plan->right || plan->new_hash ? STATUS_OK : STATUS_UNAVAILABLE;
}

status_t identity_change_staff_password(call_t *call, const Identity__ChangePasswordRequest *in,
                                        Yw__Empty *out)
{
    (void) in;
    (void) out;
    const change_t *plan = call->prepared;
    call_concerns(call, call->caller.id);
    if (!plan->right)
        return guard_refuse_wrong(call, plan->subject, STATUS_INVALID_ARGUMENT, "identity.wrong",
                                  "oldPassword", "原密码不正确");
    query_t *same =
        query(call->store, "SELECT 1 FROM staff WHERE id = :id AND password_hash = :hash");
    query_text(same, "id", call->caller.id);
    query_text(same, "hash", plan->old_hash);
    bool unchanged = query_next(same);
    status_t status = query_done(same);
    if (status == STATUS_OK && !unchanged)
        return call_fail(call, STATUS_ABORTED, "identity.again", NULL,
                         "密码刚刚被修改，请重新提交");
    if (status == STATUS_OK)
        status = staff_set_password(call, call->caller.id, plan->new_hash, false);
    if (status == STATUS_OK)
        status = guard_clear(call, plan->subject);
    if (status == STATUS_OK)
        status = session_end_all(call, call->caller.id, call->caller.session, "password");
    return status;
}

/* --- import
 * --------------------------------------------------------------------------------------- */

/* A hash per record; NULL for those that are there already, so a platform that loads its starter
 * data at each start spends no time on it. */
status_t identity_import_staff_prepare(call_t *call, const Identity__ImportStaffRequest *in)
{
    const char **hashes = ARRAY(call->arena, const char *, in->n_staff);
    if (!hashes)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < in->n_staff; i++) {
        const Identity__StaffRecord *record = in->staff[i];
        const char *prefix = arena_printf(call->arena, "staff[%zu].", i);
        if (!prefix)
            return STATUS_RESOURCE_EXHAUSTED;
        judge_rights(call, prefix, record->posts, record->n_posts,
                     (char *const *) record->permissions, record->n_permissions);
        bool found = false;
        status_t status = department_exists(call, record->department_id, &found);
        if (status != STATUS_OK)
            return status;
        if (!found)
            call_fault(call, arena_printf(call->arena, "%sdepartmentId", prefix), "unknown",
                       "没有标识为“%s”的部门", record->department_id);
    }
    status_t status = call_faulty(call);
    for (size_t i = 0; i < in->n_staff && status == STATUS_OK; i++) {
        staff_login_t there;
        status = staff_login_find(call, in->staff[i]->login_name, &there);
        if (status == STATUS_OK && !there.id) {
            hashes[i] = password_hash(call, in->staff[i]->password);
            status = hashes[i] ? STATUS_OK : STATUS_UNAVAILABLE;
        }
    }
    call->prepared = hashes;
    return status;
}

status_t identity_import_staff(call_t *call, const Identity__ImportStaffRequest *in,
                               Identity__ImportResult *out)
{
    const char *const *hashes = call->prepared;
    for (size_t i = 0; i < in->n_staff; i++) {
        const Identity__StaffRecord *record = in->staff[i];
        staff_login_t there;
        status_t status = staff_login_find(call, record->login_name, &there);
        if (status != STATUS_OK)
            return status;
        if (there.id || !hashes[i]) {
            out->unchanged++;
            continue;
        }
        draft_t draft = {
            .login_name = record->login_name,
            .name = record->name,
            .department_id = record->department_id,
            .posts = record->posts,
            .post_count = record->n_posts,
            .permissions = (char *const *) record->permissions,
            .permission_count = record->n_permissions,
            .password_hash = hashes[i],
            .must_change_password = record->must_change_password,
        };
        status = staff_insert(call, &draft, call_id(call));
        if (status != STATUS_OK)
            return status;
        out->created++;
    }
    return STATUS_OK;
}
