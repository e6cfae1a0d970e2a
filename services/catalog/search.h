/* search.h - finds items by words, codes and initials of their pinyin.
 *
 * Full text over single ideographs and pairs (store_tokens).  rowids of the index are ordered by
 * popularity, so cutting the matches at SEARCH_CANDIDATES_MAX drops the least used; the rest
 * are scored here by how they match and how much they are used. */
#pragma once
#include "item.h"

#define SEARCH_CANDIDATES_MAX 1000

/* Makes an item findable as it is now, or (in_force false) no longer. */
status_t search_put(call_t *call, const Catalog__Item *item, int64_t popularity, bool in_force);
