/* problem.h - errors as RFC 9457 problem details.
 *
 *   {"type":"urn:yiwang:problem:invalid","title":"请求有误","status":400,
 *    "code":"invalid","detail":"…","violations":[{"field","code","message"}],"trace":"…"}
 *
 * `code` is stable and for programs, `detail` is a Chinese sentence for people.  What a
 * service refuses comes as Yw__Status and keeps its code; what the edge itself refuses is
 * one row of the table in problem.c: add a row to add an error. */
#pragma once
#include "buffer.h"
#include "rule.h"
#include "status.h"
#include "yiwang/status.pb-c.h"

typedef enum {
    PROBLEM_NONE,
    PROBLEM_MALFORMED, /* HTTP itself is wrong */
    PROBLEM_PATH,      /* percent-encoding or UTF-8 of the path or query */
    PROBLEM_NOT_FOUND, /* no such path */
    PROBLEM_METHOD,    /* path without this verb */
    PROBLEM_TOO_LARGE,
    PROBLEM_URI_TOO_LONG,
    PROBLEM_HEADERS, /* too many bytes of them */
    PROBLEM_MEDIA_TYPE,
    PROBLEM_BODY_UNEXPECTED,
    PROBLEM_QUERY_UNEXPECTED,
    PROBLEM_LENGTH, /* Content-Length and Transfer-Encoding contradict */
    PROBLEM_EXPECTATION,
    PROBLEM_KEY,     /* Idempotency-Key */
    PROBLEM_FILE,    /* not one file in multipart/form-data */
    PROBLEM_INVALID, /* faults of fields */
    PROBLEM_SIGN_IN,
    PROBLEM_TOKEN_INVALID,
    PROBLEM_TOKEN_EXPIRED,
    PROBLEM_CROSS_SITE, /* a form sent by another site's page */
    PROBLEM_FORM_TOKEN, /* a form without its token */
    PROBLEM_FORBIDDEN,  /* this address may not see it */
    PROBLEM_RATE,
    PROBLEM_BUSY,        /* a limit of ours is reached */
    PROBLEM_UPLOADS,     /* too many bytes of uploads at once */
    PROBLEM_UNAVAILABLE, /* service or bus out of reach */
    PROBLEM_DEADLINE,
    PROBLEM_INTERNAL,
    PROBLEM_COUNT
} problem_t;

/* The gRPC status, its HTTP number and the seconds for Retry-After (0: none). */
int problem_http(problem_t problem);
const char *problem_code(problem_t problem);
const char *problem_detail(problem_t problem); /* a Chinese sentence */
/* "没有找到": the same for every problem of this HTTP status. */
const char *problem_title(int http);
uint32_t problem_retry_s(problem_t problem);

/* Writes the body.  `faults` may be NULL; `trace` is "" when there is none. */
void problem_print(problem_t problem, const faults_t *faults, const char *trace, buffer_t *out);

/* The same for a refusal of a service.  Its HTTP number is status_http(status->status). */
void problem_print_status(const Yw__Status *status, const char *trace, buffer_t *out);
