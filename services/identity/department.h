/* department.h - the bodies that staff and systems belong to. */
#pragma once
#include "identity.h"

status_t department_exists(call_t *call, const char *id, bool *ret);
