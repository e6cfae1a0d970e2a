/* clean.h - makes display text of what real lists hold.
 *
 * Live catalogues carry HTML ("<br>", "&nbsp;", whole tables), control characters, byte order
 * marks and invisible signs in their text fields.  Here they become plain lines. */
#pragma once
#include <stdbool.h>
#include "arena.h"

/* What was found, as bits. */
enum { CLEAN_CONTROL = 1, CLEAN_HTML = 2, CLEAN_INVISIBLE = 4 };

/* Plain text: tags gone (<br>, </p>, </tr>, </li> end a line), entities resolved, control and
 * invisible characters gone, runs of spaces one, ends trimmed.  `lines`: line ends stay, else they
 * become spaces.  Sets *found.  The text itself when nothing changes; NULL past the arena's limit. */
const char *clean_text(const char *text, bool lines, arena_t *arena, unsigned *found);
