/* view_portal.c - what pages of the portal show that no single message says. */
#include "view.h"

const view_t view_portal[] = {{0}};
