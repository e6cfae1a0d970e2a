/* page.h - lists of cases, page by page.  A token names the last row of the page before. */
#pragma once
#include "service.h"

#define PAGE_SIZE_DEFAULT 20
#define PAGE_SIZE_MAX     100

/* What a list is ordered by, before the id. */
typedef enum { PAGE_BY_ID, PAGE_BY_LIMIT, PAGE_BY_SUBMISSION } page_order_t;

typedef struct {
    int size;
    int64_t after_ms;     /* INT64_MIN on the first page */
    const char *after_id; /* "" on the first page */
} page_t;

/* INVALID_ARGUMENT "page_token" for a token that is not ours. */
status_t page_open(call_t *call, int32_t size, const char *token, page_t *ret);
/* The same for a list that begins with the greatest: :before_ms and :before_id. */
void page_bind_before(const page_t *page, query_t *find);
/* Runs a query over cases with :limit and fills the answer. */
status_t page_cases(call_t *call, query_t *find, const page_t *page, page_order_t order,
                    Case__CaseList *out);
