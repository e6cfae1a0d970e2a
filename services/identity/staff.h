/* staff.h - the people who work on cases: department, posts, permissions. */
#pragma once
#include "identity.h"

/* In full, name opened.  NOT_FOUND without a failure. */
status_t staff_by_id(call_t *call, const char *id, Identity__Staff **ret);

typedef struct {
    const char *id; /* NULL: there is none of this name */
    const char *password_hash;
    Identity__StaffState state;
} staff_login_t;

status_t staff_login_find(call_t *call, const char *login_name, staff_login_t *ret);
