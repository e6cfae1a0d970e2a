#include "part.h"

#include "compare.h"
#include "control.h"
#include "draw.h"
#include "icon.h"

const part_t *const part_registry[] = {&part_form,    &part_csrf,     &part_hidden,   &part_errors,
                                       &part_field,   &part_itemform, &part_flow,     &part_bars,
                                       &part_columns, &part_donut,    &part_qr,       &part_icon,
                                       &part_compare, &part_static,   &part_segments, NULL};
