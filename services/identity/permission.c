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
} CATALOGUE[] = {
    {"item.edit", 0, false},
    {"item.check", 0, false},
    {"item.publish", 0, false},
    {"item.all", 0, true}, /* items of every department */
    {"case.receive", RECEIVE | ACCEPT, false},
    {"case.review", REVIEW, false},
    {"case.decide", DECIDE, false},
    {"case.view", ANY_POST, false},
    {"case.holidays", 0, true}, /* change the official holiday table */
    {"case.all", 0, true},
    {"account.verify", RECEIVE | ACCEPT, false}, /* raise a person's level at the window */
    {"account.manage", 0, true},                 /* staff of one's own department */
    {"account.all", 0, true},
    {"system.manage", 0, true},
    {"audit.view", 0, true},
};

#define COUNT (sizeof CATALOGUE / sizeof *CATALOGUE)
_Static_assert(COUNT <= PERMISSION_COUNT_MAX, "a token holds 64");

const char *permission_name(size_t at)
{
    return at < COUNT ? CATALOGUE[at].name : NULL;
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
