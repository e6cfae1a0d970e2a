/* compare.h - {{@compare left right}}: what two messages of one type have different, by label.
 *
 * Lists of messages are compared entry by entry: those with the same `id` belong together
 * (materials, stages and form fields keep theirs between versions), without one those at the same place.
 * Options: skip="version updatedAt" names fields of the outermost message that do not count,
 * leftTitle and rightTitle what stands over the columns. */
#pragma once
#include "part.h"

#define COMPARE_ROWS_MAX 500  /* rows told; then a sentence says that there are more */
#define COMPARE_TEXT_MAX 2000 /* bytes of a text that are shown */

extern const part_t part_compare;
