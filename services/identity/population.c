#include "population.h"
#include "identity.h"

/* Name and number joined: the hash of a name alone would show which rows share one. */
static const char *person_text(call_t *call, const char *name, const char *id_number)
{
    const char *text = arena_printf(call->arena, "%s\n%s", id_number, name);
    return text ? text : "";
}

static status_t local_match(call_t *call, const char *name, const char *id_number,
                            population_answer_t *ret)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    query_t *person =
        query(call->store, "SELECT 1 FROM population"
                           " WHERE person_key = :person_key AND name_key = :name_key");
    secrets_bind_lookup(secrets, person, "person_key", LOOKUP_PERSON, id_number);
    secrets_bind_lookup(secrets, person, "name_key", LOOKUP_PERSON,
                        person_text(call, name, id_number));
    bool found = query_next(person);
    status_t status = query_done(person);
    if (status == STATUS_OK)
        *ret = found ? POPULATION_MATCH : POPULATION_MISMATCH;
    return status;
}

const population_t POPULATION_LOCAL = {"local", local_match};

/* Adds persons, or corrects the name under a number.  What is already so is not written again, so
 * a platform that loads its starter data at each start changes nothing. */
static status_t import_one(call_t *call, const Identity__PopulationRecord *record,
                           const char *source, Identity__ImportResult *out)
{
    const secrets_t *secrets = &identity_of(call)->secrets;
    const char *id_number = id_number_normal(call->arena, record->id_number);
    population_answer_t answer;
    status_t status = local_match(call, record->name, id_number, &answer);
    if (status != STATUS_OK)
        return status;
    if (answer == POPULATION_MATCH) {
        out->unchanged++;
        return STATUS_OK;
    }

    query_t *update =
        query(call->store, "UPDATE population SET name_key = :name_key, source = :source"
                           " WHERE person_key = :person_key");
    secrets_bind_lookup(secrets, update, "person_key", LOOKUP_PERSON, id_number);
    secrets_bind_lookup(secrets, update, "name_key", LOOKUP_PERSON,
                        person_text(call, record->name, id_number));
    query_text(update, "source", source);
    status = query_done(update);
    if (status != STATUS_OK)
        return status;
    if (store_changes(call->store)) {
        out->updated++;
        return STATUS_OK;
    }

    query_t *insert = query(call->store, "INSERT INTO population (person_key, name_key, source)"
                                         " VALUES (:person_key, :name_key, :source)");
    secrets_bind_lookup(secrets, insert, "person_key", LOOKUP_PERSON, id_number);
    secrets_bind_lookup(secrets, insert, "name_key", LOOKUP_PERSON,
                        person_text(call, record->name, id_number));
    query_text(insert, "source", source);
    out->created++;
    return query_done(insert);
}

status_t identity_import_population(call_t *call, const Identity__ImportPopulationRequest *in,
                                    Identity__ImportResult *out)
{
    for (size_t i = 0; i < in->n_persons; i++) {
        status_t status = import_one(call, in->persons[i], in->source, out);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
