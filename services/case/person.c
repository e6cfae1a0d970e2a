#include "person.h"

#include "case.calls.h"
#include "check.h"
#include "text.h"

#define KEPT_MS       (15 * 60 * 1000LL)
#define SWEPT_AT_ONCE 500

typedef struct {
    const Identity__Person *person;
    bool fresh;
} prepared_t;

/* NULL: not kept, too old, or unreadable (then identity is asked again). */
static const Identity__Person *find_kept(call_t *call)
{
    query_t *find = query(call->store, "SELECT person FROM persons"
                                       " WHERE account_id = :id AND asked_ms > :oldest");
    query_text(find, "id", call->caller.id);
    query_int(find, "oldest", call->now_ms - KEPT_MS);
    ProtobufCBinaryData sealed = {0}, packed = {0};
    if (query_next(find))
        sealed = query_get_blob(find, "person", call->arena);
    if (query_done(find) != STATUS_OK || !sealed.len ||
        contents_open(call, "persons", call->caller.id, sealed, &packed) != STATUS_OK)
        return NULL;
    return (const Identity__Person *) message_unpack(&identity__person__descriptor, call->arena,
                                                     packed.data, packed.len);
}

status_t person_prepare(call_t *call)
{
    prepared_t *prepared = arena_alloc(call->arena, sizeof *prepared);
    if (!prepared)
        return STATUS_RESOURCE_EXHAUSTED;
    prepared->person = find_kept(call);
    if (!prepared->person) {
        Identity__GetPersonRequest ask = IDENTITY__GET_PERSON_REQUEST__INIT;
        ask.account_id = call->caller.id;
        status_t status = identity_get_person_ask(call, &ask, &prepared->person);
        if (status != STATUS_OK)
            return status;
        prepared->fresh = true;
    }
    call->prepared = prepared;
    return STATUS_OK;
}

static status_t keep(call_t *call, const Identity__Person *person)
{
    ProtobufCBinaryData packed = message_pack(&person->base, call->arena);
    if (!packed.data)
        return STATUS_RESOURCE_EXHAUSTED;
    ProtobufCBinaryData sealed =
        contents_seal(call, "persons", call->caller.id, packed.data, packed.len);
    if (!sealed.data)
        return STATUS_RESOURCE_EXHAUSTED;
    query_t *put =
        query(call->store,
              "INSERT INTO persons (account_id, asked_ms, person) VALUES (:id, :now, :person)"
              " ON CONFLICT (account_id) DO UPDATE SET asked_ms = excluded.asked_ms,"
              " person = excluded.person");
    query_text(put, "id", call->caller.id);
    query_int(put, "now", call->now_ms);
    query_blob(put, "person", sealed.data, sealed.len);
    return query_done(put);
}

status_t person_take(call_t *call, const Identity__Person **ret)
{
    const prepared_t *prepared = call->prepared;
    CHECK(prepared);
    *ret = prepared->person;
    return prepared->fresh ? keep(call, prepared->person) : STATUS_OK;
}

status_t person_sweep(call_t *call)
{
    query_t *forget = query(call->store, "DELETE FROM persons WHERE account_id IN"
                                         " (SELECT account_id FROM persons WHERE asked_ms <= "
                                         ":oldest ORDER BY asked_ms LIMIT :limit)");
    query_int(forget, "oldest", call->now_ms - KEPT_MS);
    query_int(forget, "limit", SWEPT_AT_ONCE);
    return query_done(forget);
}

Case__Applicant *person_party(call_t *call, const Identity__Person *person,
                              const Case__Applicant *given)
{
    Case__Applicant *ret =
        (Case__Applicant *) message_new(&case__applicant__descriptor, call->arena);
    if (!ret)
        return NULL;
    if (given)
        *ret = *given;
    if (ret->kind != CASE__APPLICANT_KIND__APPLICANT_KIND_ORGANISATION) {
        ret->kind = CASE__APPLICANT_KIND__APPLICANT_KIND_PERSON;
        ret->name = person->name;
        ret->id_number = person->id_number;
        ret->legal_representative = "";
    }
    ret->contact_name = person->name;
    ret->contact_id_number = person->id_number;
    if (text_empty(ret->mobile))
        ret->mobile = person->mobile;
    return ret;
}

static const char *source_value(const Identity__Person *person, const char *source)
{
    const struct {
        const char *source, *value;
    } values[] = {
        {"account.name", person->name},
        {"account.id_number", person->id_number},
        {"account.mobile", person->mobile},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (text_equal(values[i].source, source))
            return values[i].value;
    return "";
}

Case__StoredForm *person_prefill(call_t *call, const Identity__Person *person,
                                 const Catalog__Item *item)
{
    Case__StoredForm *ret =
        (Case__StoredForm *) message_new(&case__stored_form__descriptor, call->arena);
    Case__FormValue **values = ARRAY(call->arena, Case__FormValue *, item->n_form_fields);
    if (!ret || !values)
        return NULL;
    ret->values = values;
    for (size_t i = 0; i < item->n_form_fields; i++) {
        const char *value = source_value(person, item->form_fields[i]->prefill);
        if (text_empty(value))
            continue;
        Case__FormValue *one =
            (Case__FormValue *) message_new(&case__form_value__descriptor, call->arena);
        if (!one)
            return NULL;
        one->name = item->form_fields[i]->id;
        one->value = value;
        values[ret->n_values++] = one;
    }
    return ret;
}
