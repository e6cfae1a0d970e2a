/* item_copy.h - published items as the case service knows them.
 *
 * The catalog tells of each published version; we keep it without the guide's
 * prose.  A draft follows its item from version to version; a submitted case keeps its own. */
#pragma once
#include "service.h"
#include "yiwang/catalog.pb-c.h"

/* The version in force of an item one may apply for, by id or by one of its codes (exactly one not
 * empty).  Refuses with "item.unknown", "item.ambiguous", "item.suspended" and names the field. */
status_t item_in_force(call_t *call, const char *item_id, const char *code,
                       const Catalog__Item **ret);

/* The version a case runs on: of a draft the one in force (or the last that was), of a submitted
 * case its own. */
status_t item_of_case(call_t *call, const Case__StoredCase *row, const Catalog__Item **ret);

/* The longest code the item has, or its id. */
const char *item_code_of(const Catalog__Item *item);
const Catalog__Material *item_material(const Catalog__Item *item, const char *material_id);
const Catalog__FormField *item_field(const Catalog__Item *item, const char *field_id);
bool item_is_joint(const Catalog__Item *item);   /* 统一、联合、集中办理: law 42(2) */
bool item_is_at_once(const Catalog__Item *item); /* 即办件 */
