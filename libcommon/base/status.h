/* status.h - how a call ended: gRPC's codes, used by every function that can fail.
 *
 * https://grpc.io/docs/guides/status-codes/ - same numbers, so that a
 * department's gRPC habits hold.  0 is good.  `ret` parameters are written on
 * success only. */
#pragma once

typedef enum {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,    /* the request is wrong, whatever the state: 400 */
    STATUS_DEADLINE_EXCEEDED = 4,   /* 504 */
    STATUS_NOT_FOUND = 5,           /* 404; also what the caller may not know of */
    STATUS_ALREADY_EXISTS = 6,      /* 409 */
    STATUS_PERMISSION_DENIED = 7,   /* 403 */
    STATUS_RESOURCE_EXHAUSTED = 8,  /* a limit of this caller: 429 */
    STATUS_FAILED_PRECONDITION = 9, /* right request, wrong state: 409 */
    STATUS_ABORTED = 10,            /* someone else was faster, ask again: 409 */
    STATUS_OUT_OF_RANGE = 11,       /* 400 */
    STATUS_UNIMPLEMENTED = 12,      /* 501; on the edge an unknown path is 404 */
    STATUS_INTERNAL = 13,           /* 500 */
    STATUS_UNAVAILABLE = 14,        /* try again later: 503 + Retry-After */
    STATUS_DATA_LOSS = 15,          /* 500 */
    STATUS_UNAUTHENTICATED = 16     /* 401 */
} status_t;

/* "NOT_FOUND"; "UNKNOWN" for a number that is none. */
const char *status_name(status_t status);

/* The HTTP status (RFC 9110) of the table above. */
int status_http(status_t status);
