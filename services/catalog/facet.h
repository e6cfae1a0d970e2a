/* facet.h - what an item is filed under: department, division, theme, audience, type, online depth.
 *
 * Each is a token of letters and digits, so that one word of the full-text index selects it
 * and one row of facet_counts counts it:
 *
 *   all   dzjj   v3401   dzjjv3401   tp13   tb15   a2   y1   o4
 *
 * A division counts for all above it: an item of 340102 is under v34, v3401 and v340102. */
#pragma once
#include "call.h"
#include "yiwang/catalog.pb-c.h"

/* Tokens of an item, separated by spaces. */
const char *facet_tokens(const Catalog__Item *item, arena_t *arena);

/* The filters of a search as an FTS5 expression on the column; never empty. */
const char *facet_match(const Catalog__SearchItemsRequest *in, arena_t *arena);
/* Whether it filters at all. */
bool facet_filters(const Catalog__SearchItemsRequest *in);

/* Adds `by` to the count of each token. */
status_t facet_count(call_t *call, const char *tokens, int by);
/* How many items in force have a token. */
status_t facet_items(call_t *call, const char *facet, uint32_t *ret);
