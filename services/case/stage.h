/* stage.h - the review stages of an accepted case, copied from its item's version. */
#pragma once
#include "flow.h"

/* Copies the item's review stages and opens the first; none: the case goes straight to its
 * decision. */
status_t stage_start(call_t *call, step_t *step, const Catalog__Item *item);
/* Ends the open stage and opens the next; *ret_last: there was none after it. */
status_t stage_finish(call_t *call, step_t *step, const char *officer, const char *opinion,
                      bool *ret_last);
/* Closes the open stage as not begun and opens the finished one before it again. */
status_t stage_back(call_t *call, step_t *step);

status_t stage_list(call_t *call, const char *case_id, Case__Stage ***ret, size_t *ret_count);
/* The stages that acceptance will open, all pending: who waits for it sees the whole way. */
status_t stage_plan(call_t *call, const Catalog__Item *item, Case__Stage ***ret, size_t *ret_count);
