#include "part.h"

#include "control.h"
#include "icon.h"

const part_t *const part_registry[] = {
    &part_form,     &part_csrf, &part_hidden, &part_errors,   &part_field,
    &part_itemform, &part_icon, &part_static, &part_segments, NULL};
