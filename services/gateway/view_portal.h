/* view_portal.h - what the files of the portal's views share; nobody else includes it.
 *
 *   view_portal.c   the table of views, records, links, addresses
 *   view_life.c     themes by the stages of life of a person and of a company
 *   view_search.c   filters and pages of a search, the next question of the guided navigation
 *   view_steps.c    the steps of an application: what is done, what is next, what is missing
 *   view_answers.c  what was written into an item's form, for reading
 *   view_case.c     the stations of a case, what a correction notice asks for
 *
 * Adding a view: its names and type and a function in the file it belongs to, both declared here, a row
 * in view_portal[]. */
#pragma once
#include "buffer.h"
#include "view.h"
#include "yiwang/case.pb-c.h"
#include "yiwang/catalog.pb-c.h"

#define PORTAL_HREF_MAX   4096
#define PORTAL_GROUPS_MAX 100 /* an item's form has at most 100 fields */

/* --- views: what each gives, and its function --------------------------------------------- */

extern const datum_type_t portal_life_type, portal_facets_type, portal_pages_type,
    portal_narrow_type, portal_steps_type, portal_answers_type, portal_track_type, portal_gaps_type;

datum_t portal_life(const view_call_t *call);
datum_t portal_facets(const view_call_t *call);
datum_t portal_pages(const view_call_t *call);
datum_t portal_narrow(const view_call_t *call);
datum_t portal_steps(const view_call_t *call);
datum_t portal_answers(const view_call_t *call);
datum_t portal_track(const view_call_t *call);
datum_t portal_gaps(const view_call_t *call);

/* --- shared ------------------------------------------------------------------------------------ */

extern const datum_type_t portal_case_type, portal_item_type, portal_material_type,
    portal_given_type, portal_query_type;
extern const datum_type_t portal_links_type; /* list of {label, href, items, current} */

/* The message of an argument; NULL: none came. */
const void *portal_message(const view_call_t *call, size_t i);
/* A text with a 0 behind it; "" for none. */
const char *portal_text(datum_t value, arena_t *arena);
const char *portal_argument(const view_call_t *call, size_t i);
/* Room for the values of a record or of a list: none until they are set.  NULL past the arena. */
datum_t *portal_record(const view_call_t *call, size_t slots);
datum_t portal_link(const view_call_t *call, const char *label, const char *href, uint32_t items,
                    bool current);

/* Adds "?name=value" or "&name=value" to an address, percent-encoded; nothing for "". */
void portal_put_query(buffer_t *out, const char *name, const char *value);
/* The text of a buffer in the arena, "" past a limit; the buffer is given back. */
const char *portal_finish(buffer_t *out, arena_t *arena);

/* What was written into a field, "" for nothing. */
const char *portal_form_value(const Case__CaseDetail *one, const char *name);
/* Groups of an item's form in the order of their first fields; their number. */
size_t portal_form_groups(const Catalog__Item *item, const char *ret[PORTAL_GROUPS_MAX]);
const char *portal_group_title(const char *group);
/* What was handed in of a material; NULL: a case has no such material. */
const Case__Material *portal_given(const Case__CaseDetail *one, const char *material_id);
