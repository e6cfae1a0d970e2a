#include "page.h"

#include <string.h>

#include "ids.h"
#include "record.h"
#include "text.h"

static status_t refuse(call_t *call)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "page_token", "pageToken",
                     "分页标记无效，请从第一页重新查询");
}

status_t page_open(call_t *call, int32_t size, const char *token, page_t *ret)
{
    ret->size = size <= 0 ? PAGE_SIZE_DEFAULT : size > PAGE_SIZE_MAX ? PAGE_SIZE_MAX : size;
    ret->after_ms = INT64_MIN;
    ret->after_id = "";
    if (text_empty(token))
        return STATUS_OK;
    const char *dot = strchr(token, '.');
    if (!dot || !ids_valid(dot + 1))
        return refuse(call);
    const char *ms = arena_copy(call->arena, token, (size_t) (dot - token));
    if (!ms || !text_int(ms, 0, INT64_MAX, &ret->after_ms))
        return refuse(call);
    ret->after_id = dot + 1;
    return STATUS_OK;
}

void page_bind_before(const page_t *page, query_t *find)
{
    bool first = text_empty(page->after_id);
    query_int(find, "before_ms", first ? INT64_MAX : page->after_ms);
    query_text(find, "before_id", first ? "~" : page->after_id);
}

static int64_t key_of(const Case__StoredCase *row, page_order_t order)
{
    return order == PAGE_BY_LIMIT        ? row->due_ms
           : order == PAGE_BY_SUBMISSION ? row->submitted_ms
                                         : 0;
}

status_t page_cases(call_t *call, query_t *find, const page_t *page, page_order_t order,
                    Case__CaseList *out)
{
    Case__CaseSummary **cases = ARRAY(call->arena, Case__CaseSummary *, page->size);
    Case__StoredCase row = CASE__STORED_CASE__INIT;
    Case__StoredCase last = row;
    bool more = false;

    query_int(find, "limit", page->size + 1); /* one more tells whether there is a next page */
    for (int i = 0; cases && query_row(find, &row.base, call->arena); i++) {
        if (i == page->size) {
            more = true;
            break;
        }
        cases[i] = (Case__CaseSummary *) message_new(&case__case_summary__descriptor, call->arena);
        if (!cases[i])
            break;
        record_summary(call, &row, cases[i]);
        out->n_cases++;
        last = row;
    }
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    if (!cases || (out->n_cases && !cases[out->n_cases - 1]))
        return STATUS_RESOURCE_EXHAUSTED;
    out->cases = cases;
    if (more)
        out->next_page_token =
            arena_printf(call->arena, "%lld.%s", (long long) key_of(&last, order), last.id);
    return STATUS_OK;
}
