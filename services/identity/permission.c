#include "permission.h"
#include "text.h"

#define RECEIVE  (1u << IDENTITY__POST__POST_RECEIVE)
#define ACCEPT   (1u << IDENTITY__POST__POST_ACCEPT)
#define REVIEW   (1u << IDENTITY__POST__POST_REVIEW)
#define DECIDE   (1u << IDENTITY__POST__POST_DECIDE)
#define DELIVER  (1u << IDENTITY__POST__POST_DELIVER)
#define ANY_POST (RECEIVE | ACCEPT | REVIEW | DECIDE | DELIVER)

static const struct {
    const char *name;
    unsigned posts; /* that bring it */
    bool wide;
    const char *label;
} CATALOGUE[] = {
    {"item.edit", 0, false, "编制本部门事项"},
    {"item.check", 0, false, "审核事项（编制、法制）"},
    {"item.publish", 0, false, "发布、暂停和取消事项"},
    {"item.all", 0, true, "管理所有部门的事项"},
    {"case.receive", RECEIVE | ACCEPT, false, "收件、受理和送达"},
    {"case.review", REVIEW, false, "审查办件"},
    {"case.decide", DECIDE, false, "作出决定，调配本部门办件"},
    {"case.view", ANY_POST, false, "查看本部门办件"},
    {"case.holidays", 0, true, "维护法定节假日安排"},
    {"case.all", 0, true, "查看所有部门的办件"},
    {"account.verify", RECEIVE | ACCEPT, false, "在窗口核验身份，提升认证等级"},
    {"account.manage", 0, true, "管理本部门工作人员"},
    {"account.all", 0, true, "管理所有部门的工作人员"},
    {"system.manage", 0, true, "管理部门业务系统"},
    {"audit.view", 0, true, "查看审计记录"},
};

#define COUNT (sizeof CATALOGUE / sizeof *CATALOGUE)
_Static_assert(COUNT <= PERMISSION_COUNT_MAX, "a token holds 64");

const char *permission_name(size_t at)
{
    return at < COUNT ? CATALOGUE[at].name : NULL;
}

const char *permission_label(size_t at)
{
    return at < COUNT ? CATALOGUE[at].label : NULL;
}

unsigned permission_posts(size_t at)
{
    return at < COUNT ? CATALOGUE[at].posts : 0;
}

static size_t find(const char *name)
{
    size_t at = 0;
    while (at < COUNT && !text_equal(CATALOGUE[at].name, name))
        at++;
    return at;
}

bool permission_known(const char *name)
{
    return find(name) < COUNT;
}

bool permission_wide(const char *name)
{
    size_t at = find(name);
    return at < COUNT && CATALOGUE[at].wide;
}

const char *permission_words(const char *name)
{
    size_t at = find(name);
    return at < COUNT ? CATALOGUE[at].label : name;
}

bool permission_held(const char *name, const Identity__Post *posts, size_t post_count,
                     char *const *permissions, size_t permission_count)
{
    size_t at = find(name);
    for (size_t i = 0; i < post_count && at < COUNT; i++)
        if (CATALOGUE[at].posts & 1u << posts[i])
            return true;
    for (size_t i = 0; i < permission_count; i++)
        if (text_equal(permissions[i], name))
            return true;
    return false;
}
