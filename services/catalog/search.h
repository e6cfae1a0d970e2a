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

/* The search_rows of what SearchItems would find, whatever the page; *ret_more: there are more. */
status_t search_rows(call_t *call, const Catalog__SearchItemsRequest *in, int64_t **ret_rows,
                     size_t *ret_count, bool *ret_more);
