/* shelf.h - where the pages stand that are served now.
 *
 * Read at start.  With gateway.develop a thread looks at the files each half second and reads them
 * anew when one has changed; a set that is wrong is told in the log and stays outside.  A lane
 * looks at the number of the set each turn, and takes the new one when it has changed. */
#pragma once
#include "page.h"
#include "settings.h"

typedef struct shelf shelf_t;

/* Prints what is wrong on stderr and ends the process with 2. */
shelf_t *shelf_open(const settings_t *settings);
void shelf_close(shelf_t **self);

/* Grows with each new set. */
unsigned shelf_number(const shelf_t *self);
/* The set that is served now, held for the caller; NULL: there are no pages. */
page_set_t *shelf_hold(shelf_t *self);
