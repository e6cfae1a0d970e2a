#include "part.h"

const part_t *const part_registry[] = {NULL};
