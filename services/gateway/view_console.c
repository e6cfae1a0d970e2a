/* view_console.c - what pages of the console show that no single message says. */
#include "view.h"

const view_t view_console[] = {{0}};
