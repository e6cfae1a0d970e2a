/* draft.h - a case before it is handed in. */
#pragma once
#include "item_copy.h"
#include "service.h"

/* Refuses with "level_required" when the item demands a higher level than the caller has. */
status_t draft_check_level(call_t *call, const Catalog__Item *item);
/* A row for a new case of the caller on an item, not yet stored; checks the level. */
status_t draft_start(call_t *call, const Catalog__Item *item, Case__StoredCase *ret);
/* What the row repeats of its item; again when the draft moves to a newer version. */
void draft_set_item(Case__StoredCase *row, const Catalog__Item *item);
/* The caller's own case while it can be edited (draft, or waiting for correction): else NOT_FOUND
 * or "case.state". */
status_t draft_editable(call_t *call, const char *id, Case__StoredCase *ret);
