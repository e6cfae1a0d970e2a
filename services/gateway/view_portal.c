#include "view_portal.h"

#include <ctype.h>
#include <string.h>

#include "message.h"
#include "text.h"

/* --- types that several take --------------------------------------------------------------- */

const datum_type_t portal_case_type = DATUM_TYPE_MESSAGE(case__case_detail__descriptor);
const datum_type_t portal_item_type = DATUM_TYPE_MESSAGE(catalog__item__descriptor);
const datum_type_t portal_material_type = DATUM_TYPE_MESSAGE(catalog__material__descriptor);
const datum_type_t portal_given_type = DATUM_TYPE_MESSAGE(case__material__descriptor);
const datum_type_t portal_query_type = DATUM_TYPE_MAP(datum_type_text);

/* A link of a list of choices. */
enum { LINK_LABEL, LINK_HREF, LINK_ITEMS, LINK_CURRENT, LINK_SLOTS };
static const datum_name_t link_names[] = {
    [LINK_LABEL] = {"label", &datum_type_text},
    [LINK_HREF] = {"href", &datum_type_text},
    [LINK_ITEMS] = {"items", &datum_type_int},
    [LINK_CURRENT] = {"current", &datum_type_bool},
    [LINK_SLOTS] = {NULL, NULL},
};
static const datum_type_t link_type = DATUM_TYPE_RECORD(link_names);
const datum_type_t portal_links_type = DATUM_TYPE_LIST(link_type);

/* --- helpers ------------------------------------------------------------------------------- */

const void *portal_message(const view_call_t *call, size_t i)
{
    return i < call->count && call->arguments[i].kind == DATUM_MESSAGE ? call->arguments[i].message
                                                                       : NULL;
}

/* A text with a 0 behind it; "" for none. */
const char *portal_text(datum_t value, arena_t *arena)
{
    if (value.kind != DATUM_TEXT)
        return "";
    const char *text = arena_copy(arena, value.text.data, value.text.size);
    return text ? text : "";
}

const char *portal_argument(const view_call_t *call, size_t i)
{
    return i < call->count ? portal_text(call->arguments[i], call->arena) : "";
}

/* Slots are none until they are set. */
datum_t *portal_record(const view_call_t *call, size_t slots)
{
    return ARRAY(call->arena, datum_t, slots);
}

datum_t portal_link(const view_call_t *call, const char *label, const char *href, uint32_t items,
                    bool current)
{
    datum_t *link = portal_record(call, LINK_SLOTS);
    if (!link)
        return datum_none();
    link[LINK_LABEL] = datum_text(label);
    link[LINK_HREF] = datum_text(href);
    link[LINK_ITEMS] = datum_int(items);
    link[LINK_CURRENT] = datum_bool(current);
    return datum_record(link);
}

void portal_put_query(buffer_t *out, const char *name, const char *value)
{
    static const char HEX[] = "0123456789ABCDEF";
    if (text_empty(value))
        return;
    buffer_char(out, out->size && strchr(out->data, '?') ? '&' : '?');
    buffer_text(out, name);
    buffer_char(out, '=');
    for (const unsigned char *c = (const unsigned char *) value; *c; c++) {
        if (isalnum(*c) || strchr("-._~", *c)) {
            buffer_char(out, (char) *c);
        } else {
            buffer_char(out, '%');
            buffer_char(out, HEX[*c >> 4]);
            buffer_char(out, HEX[*c & 15]);
        }
    }
}

const char *portal_finish(buffer_t *out, arena_t *arena)
{
    const char *text = out->full || !out->data ? "" : arena_copy(arena, out->data, out->size);
    buffer_free(out);
    return text ? text : "";
}

/* --- address ---------------------------------------------------------------------------------------- */

enum { ADDRESS_ADDRESS, ADDRESS_SLOTS };
static const datum_name_t address_names[] = {
    [ADDRESS_ADDRESS] = {"address", &datum_type_text},
    [ADDRESS_SLOTS] = {NULL, NULL},
};
static const datum_type_t portal_address_type = DATUM_TYPE_RECORD(address_names);

/* Another path of the host that an address has, with a value behind it: what a QR code on paper
 * leads to. */
static datum_t portal_address(const view_call_t *call)
{
    const char *here = portal_argument(call, 0);
    const char *host = strstr(here, "://");
    datum_t *record = portal_record(call, ADDRESS_SLOTS);
    if (!host || !record)
        return datum_none();
    size_t origin = (size_t) (host - here) + 3 + strcspn(host + 3, "/");
    record[ADDRESS_ADDRESS] =
        datum_text(arena_printf(call->arena, "%.*s%s%s", (int) origin, here,
                                portal_argument(call, 1), portal_argument(call, 2)));
    return datum_record(record);
}

/* --- the table -------------------------------------------------------------------------------------- */

static const datum_type_t themes_type = DATUM_TYPE_MESSAGE(catalog__theme_list__descriptor);
static const datum_type_t counts_type = DATUM_TYPE_MESSAGE(catalog__item_counts__descriptor);
static const datum_type_t found_type =
    DATUM_TYPE_MESSAGE(catalog__search_items_response__descriptor);

const view_t view_portal[] = {
    {"life", (const datum_type_t *const[]){&themes_type, NULL}, 0, &portal_life_type, NULL,
     portal_life},
    {"search_facets", (const datum_type_t *const[]){&counts_type, &portal_query_type, NULL}, 0,
     &portal_facets_type, NULL, portal_facets},
    {"search_pages", (const datum_type_t *const[]){&found_type, &portal_query_type, NULL}, 0,
     &portal_pages_type, NULL, portal_pages},
    {"narrow", (const datum_type_t *const[]){&counts_type, &portal_query_type, NULL}, 0,
     &portal_narrow_type, NULL, portal_narrow},
    {"apply_steps",
     (const datum_type_t *const[]){&portal_case_type, &portal_item_type, &datum_type_text, NULL}, 0,
     &portal_steps_type, NULL, portal_steps},
    {"form_answers", (const datum_type_t *const[]){&portal_case_type, &portal_item_type, NULL}, 0,
     &portal_answers_type, NULL, portal_answers},
    {"case_track", (const datum_type_t *const[]){&portal_case_type, NULL}, 0, &portal_track_type,
     NULL, portal_track},
    {"gaps", (const datum_type_t *const[]){&portal_case_type, &portal_item_type, NULL}, 0,
     &portal_gaps_type, NULL, portal_gaps},
    {"address",
     (const datum_type_t *const[]){&datum_type_text, &datum_type_text, &datum_type_text, NULL}, 0,
     &portal_address_type, NULL, portal_address},
    {NULL, NULL, 0, NULL, NULL, NULL},
};
