/* rights.h - who may call what, by the contract alone.
 *
 * One function for every place that asks: services before they look at a request, the gateway
 * before it reads one.  Whose things they are (own case, own department) is the handler's. */
#pragma once
#include <stdbool.h>
#include "method.h"
#include "status.h"
#include "yiwang/envelope.pb-c.h"

typedef enum {
    RIGHT_GRANTED,
    RIGHT_SIGN_IN, /* nobody is signed in: 401 "sign_in" */
    RIGHT_LEVEL,   /* a person below method->level: 403 "level_required" */
    RIGHT_DENIED   /* 403 "permission_denied" */
} right_t;

/* `token` gives level and permissions; NULL for callers without one. */
right_t rights_of(const method_t *method, Yw__CallerKind kind, const Yw__Token *token);

/* The status, the stable code and the Chinese sentence of a refusal; the sentence of RIGHT_LEVEL
 * has one %s for the level's name. */
typedef struct {
    status_t status;
    const char *code;
    const char *message;
} right_refusal_t;

const right_refusal_t *rights_refusal(right_t right);

/* Whether a staff token holds a permission; "staff": every staff token does. */
bool rights_permitted(const Yw__Token *token, const char *permission);
