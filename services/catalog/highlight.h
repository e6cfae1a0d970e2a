/* highlight.h - which parts of a text are what somebody asked for, and how well it answers.
 *
 * The longest runs that text and question share, at least two ideographs or letters long (one, when no
 * more was asked); upper and lower case, full and half width are the same. */
#pragma once
#include <stddef.h>
#include "arena.h"
#include "yiwang/catalog.pb-c.h"

/* Cuts a text into pieces that are, or are not, part of what was asked.  At most `length_max`
 * characters around the first hit; sets *ret and gives their number. */
size_t highlight(const char *text, const char *asked, size_t length_max, arena_t *arena,
                 Catalog__Segment ***ret);

/* Characters of the text that are part of what was asked. */
size_t highlight_count(const char *text, const char *asked);

/* How well an item answers that is called so (a line each; the first, its official name, counts most):
 * 0 ... 15.  *ret_covered: the part of what was asked that the names have. */
double highlight_fit(const char *called, const char *asked, double *ret_covered);
