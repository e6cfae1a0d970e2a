/* handle.h - what officials and department systems do with a case, as far as time does it, too. */
#pragma once
#include "flow.h"

/* The right to have a decision looked at again: Administrative Reconsideration Law (2023) 20,
 * Administrative Litigation Law 46. */
#define HANDLE_RIGHTS                                                                                                                            \
    "如不服本决定，可以自知道该决定之日起六十日内依法申请行政复议，或者自知道该决定之日起六个月内" \
    "依法向人民法院提起行政诉讼。"

/* Opens stages and starts the clocks from `day`; then flow_leave(). */
status_t handle_accepted(call_t *call, step_t *step, int64_t day);
/* "法定办结期限为 …，承诺办结期限为 …。" */
const char *handle_limits_text(call_t *call, const Case__StoredCase *row);
