/* view_case.c - where a case stands, and what a correction notice asks for. */
#include "view_portal.h"

#include "message.h"
#include "rule.h"
#include "text.h"

/* --- case_track --------------------------------------------------------------------------------- */

enum { STATION_TITLE, STATION_STATE, STATION_AT, STATION_SLOTS };
static const datum_name_t station_names[] = {
    [STATION_TITLE] = {"title", &datum_type_text},
    [STATION_STATE] = {"state", &datum_type_text}, /* done, current, next, bad */
    [STATION_AT] = {"at", &datum_type_time},
    [STATION_SLOTS] = {NULL, NULL},
};
static const datum_type_t station_type = DATUM_TYPE_RECORD(station_names);
const datum_type_t portal_track_type = DATUM_TYPE_LIST(station_type);

enum { AT_SUBMITTED, AT_ACCEPTED, AT_REVIEWED, AT_DECIDED, AT_CLOSED, STATIONS };

/* At which station a case of a state is, and whether its way ended there before the end. */
static int station_of(const Case__CaseDetail *one, bool *ret_ended)
{
    *ret_ended = false;
    switch (one->summary->state) {
    case CASE__STATE__STATE_SUBMITTED:
    case CASE__STATE__STATE_CORRECTION:
        return AT_ACCEPTED;
    case CASE__STATE__STATE_ACCEPTED:
    case CASE__STATE__STATE_REVIEWING:
        return AT_REVIEWED;
    case CASE__STATE__STATE_DECIDING:
        return AT_DECIDED;
    case CASE__STATE__STATE_GRANTED:
    case CASE__STATE__STATE_DENIED:
        return AT_CLOSED;
    case CASE__STATE__STATE_CLOSED:
        return STATIONS;
    case CASE__STATE__STATE_REFUSED:
        *ret_ended = true;
        return AT_ACCEPTED;
    case CASE__STATE__STATE_WITHDRAWN:
    case CASE__STATE__STATE_TERMINATED:
        *ret_ended = true;
        return one->accepted_at ? AT_REVIEWED : AT_ACCEPTED;
    default:
        return AT_SUBMITTED;
    }
}

datum_t portal_track(const view_call_t *call)
{
    static const char *const TITLES[STATIONS] = {"提交", "受理", "审查", "决定", "办结"};
    const Case__CaseDetail *one = portal_message(call, 0);
    datum_t *list = portal_record(call, STATIONS);
    bool ended = false;
    if (!one || !one->summary || !list)
        return datum_none();
    const int64_t at_ms[STATIONS] = {
        [AT_SUBMITTED] = timestamp_ms(one->summary->submitted_at),
        [AT_ACCEPTED] = timestamp_ms(one->accepted_at),
        [AT_DECIDED] = one->decision ? timestamp_ms(one->decision->decided_at) : 0,
        [AT_CLOSED] = timestamp_ms(one->closed_at),
    };
    int here = station_of(one, &ended);
    for (int i = 0; i < STATIONS; i++) {
        datum_t *station = portal_record(call, STATION_SLOTS);
        if (!station)
            return datum_none();
        const char *state = i < here ? "done" : i > here ? "next" : ended ? "bad" : "current";
        station[STATION_TITLE] =
            datum_text(i == here && ended ? label_of(&case__state__descriptor, one->summary->state)
                                          : TITLES[i]);
        station[STATION_STATE] = datum_text(state);
        station[STATION_AT] = datum_time(at_ms[i]);
        list[i] = datum_record(station);
    }
    return datum_array(list, STATIONS);
}

/* --- gaps ---------------------------------------------------------------------------------------- */

static const datum_type_t correction_type = DATUM_TYPE_MESSAGE(case__correction__descriptor);
static const datum_type_t gap_message_type = DATUM_TYPE_MESSAGE(case__gap__descriptor);
static const datum_type_t field_type = DATUM_TYPE_MESSAGE(catalog__form_field__descriptor);
static const datum_type_t fields_type = DATUM_TYPE_LIST(field_type);

enum { GAP_GAP, GAP_TITLE, GAP_MATERIAL, GAP_GIVEN, GAP_SLOTS };
static const datum_name_t gap_names[] = {
    [GAP_GAP] = {"gap", &gap_message_type},
    [GAP_TITLE] = {"title", &datum_type_text},
    [GAP_MATERIAL] = {"material", &portal_material_type},
    [GAP_GIVEN] = {"given", &portal_given_type},
    [GAP_SLOTS] = {NULL, NULL},
};
static const datum_type_t gap_type = DATUM_TYPE_RECORD(gap_names);
static const datum_type_t gap_list = DATUM_TYPE_LIST(gap_type);

enum { GAPS_NOTICE, GAPS_LIST, GAPS_FIELDS, GAPS_SLOTS };
static const datum_name_t gaps_names[] = {
    [GAPS_NOTICE] = {"notice", &correction_type}, /* the last one */
    [GAPS_LIST] = {"list", &gap_list},
    [GAPS_FIELDS] = {"fields", &fields_type}, /* of the form that are to be written anew */
    [GAPS_SLOTS] = {NULL, NULL},
};
const datum_type_t portal_gaps_type = DATUM_TYPE_RECORD(gaps_names);

static const Catalog__FormField *field_of(const Catalog__Item *item, const char *id)
{
    for (size_t i = 0; !text_empty(id) && i < item->n_form_fields; i++)
        if (text_equal(item->form_fields[i]->id, id))
            return item->form_fields[i];
    return NULL;
}

static const Catalog__Material *material_of(const Catalog__Item *item, const char *id)
{
    for (size_t i = 0; !text_empty(id) && i < item->n_materials; i++)
        if (text_equal(item->materials[i]->id, id))
            return item->materials[i];
    return NULL;
}

static datum_t gap_make(const view_call_t *call, const Case__CaseDetail *one,
                        const Catalog__Material *material, const Catalog__FormField *field,
                        const Case__Gap *gap)
{
    const Case__Material *given = material ? portal_given(one, material->id) : NULL;
    datum_t *record = portal_record(call, GAP_SLOTS);
    if (!record)
        return datum_none();
    record[GAP_GAP] = datum_message(&gap->base);
    record[GAP_TITLE] = datum_text(material ? material->name
                                   : field  ? field->label
                                            : "其他需要补正的内容");
    record[GAP_MATERIAL] = datum_message(material ? &material->base : NULL);
    record[GAP_GIVEN] = datum_message(given ? &given->base : NULL);
    return datum_record(record);
}

datum_t portal_gaps(const view_call_t *call)
{
    const Case__CaseDetail *one = portal_message(call, 0);
    const Catalog__Item *item = portal_message(call, 1);
    datum_t *gaps = portal_record(call, GAPS_SLOTS);
    if (!one || !item || !gaps || !one->n_corrections)
        return datum_none();
    const Case__Correction *notice = one->corrections[one->n_corrections - 1];
    datum_t *list = portal_record(call, notice->n_gaps);
    datum_t *fields = portal_record(call, notice->n_gaps);
    size_t field_count = 0;
    if (!list || !fields)
        return datum_none();
    for (size_t i = 0; i < notice->n_gaps; i++) {
        const Case__Gap *gap = notice->gaps[i];
        const Catalog__FormField *field = field_of(item, gap->field);
        list[i] = gap_make(call, one, material_of(item, gap->material_id), field, gap);
        bool there = !field;
        for (size_t j = 0; j < field_count; j++)
            there = there || fields[j].message == &field->base;
        if (!there)
            fields[field_count++] = datum_message(&field->base);
    }
    gaps[GAPS_NOTICE] = datum_message(&notice->base);
    gaps[GAPS_LIST] = datum_array(list, notice->n_gaps);
    gaps[GAPS_FIELDS] = datum_array(fields, field_count);
    return datum_record(gaps);
}
