/* notice.h - what a person is told: a message in the inbox, and the same by SMS. */
#pragma once
#include "identity.h"

typedef struct {
    const char *account_id;
    const char *kind;    /* technical: "ACCEPTED", "PASSWORD_CHANGED" */
    const char *case_id; /* "" when about none */
    const char *title;
    const char *text;
} notice_t;

/* In the call's transaction.  NOT_FOUND, without a failure, when there is no such account. */
status_t notice_put(call_t *call, const notice_t *notice);
