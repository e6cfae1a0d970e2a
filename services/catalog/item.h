/* item.h - items in the database: versions, which one is in force, who may touch them.
 *
 * A version is kept as one packed catalog.Item; the columns beside it exist to find and list
 * it.  Whatever changes a version goes through here, so that columns, codes, search and
 * events never disagree with the body. */
#pragma once
#include "call.h"
#include "yiwang/catalog.pb-c.h"

#define STATE(name) CATALOG__ITEM_STATE__ITEM_STATE_##name

/* A version and what stands beside it. */
typedef struct {
    Catalog__Item *item; /* unpacked body; id, version, revision and state are set */
    const char *editor;
    uint32_t round;
    uint32_t in_force; /* version of the item that is in force; 0: none */
    uint32_t newest;
    Catalog__ItemState state; /* of the item */
    int64_t popularity;
} version_t;

/* Loads a version; 0: the newest.  NULL: there is none, or the database failed (call_fail() has
 * been called either way, *ret_status says which). */
version_t *version_load(call_t *call, const char *item_id, uint32_t version, status_t *ret_status);

/* The same for a staff caller: an item of another department is not found. */
version_t *version_load_own(call_t *call, const char *item_id, uint32_t version,
                            status_t *ret_status);

/* Whether the caller may see and change items of a department. */
bool item_own(const call_t *call, const char *department_id);
bool item_own_all(const call_t *call);

/* NOT OK with the reason when the version was changed since `revision`. */
status_t version_expect(call_t *call, const version_t *version, uint32_t revision);

/* Keeps the name of a staff caller, for those who later see his id. */
status_t item_remember_caller(call_t *call);

/* Whether the caller ever wrote in a version: then the caller may not review or publish it. */
status_t version_edited_by_caller(call_t *call, const Catalog__Item *item, bool *ret);

/* Writes a version, new or not: score, flags and columns follow its item.  Adds 1 to
 * item->revision.  The item's row is made when the version is its first. */
status_t version_save(call_t *call, version_t *version);

/* Puts a saved version in force: the one before becomes history, the item gets its columns,
 * codes and search row, and consumers are told. */
status_t version_enforce(call_t *call, version_t *version, const char *publisher);

/* Changes the state of the version in force (PUBLISHED, SUSPENDED, CANCELLED) and tells
 * consumers. */
status_t item_change_state(call_t *call, version_t *version, Catalog__ItemState state,
                           const char *reason);

/* Makes what is missing and follows from the rest: codes (实施编码, 业务办理项编码), and ids of
 * materials, stages and form fields ("m3"), by which cases name them. */
status_t item_make_codes(call_t *call, Catalog__Item *item);

/* The longest national code, else a local one, else "". */
const char *item_code(const Catalog__Item *item);

/* A number as page token and back; a token that is none counts as 0. */
const char *page_token(call_t *call, uint64_t offset);
uint64_t page_offset(const char *token);
/* `asked`, or `usual` when 0. */
uint32_t page_size(uint32_t asked, uint32_t usual);
