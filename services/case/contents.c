#include "contents.h"

#include <string.h>

#include "text.h"

#define FORM_VALUES_MAX 200 /* as Case__StoredForm.values */

/* --- seals -------------------------------------------------------------------------------- */

ProtobufCBinaryData contents_seal(call_t *call, const char *what, const char *id, const void *data,
                                  size_t size)
{
    ProtobufCBinaryData ret = {size + CRYPTO_SEAL_OVERHEAD, NULL};
    const char *context = arena_printf(call->arena, "%s/%s", what, id);
    uint8_t *sealed = arena_alloc(call->arena, ret.len);
    if (!context || !sealed)
        return ret;
    crypto_seal(settings_of(call)->seal_key, context, data, size, sealed);
    ret.data = sealed;
    return ret;
}

status_t contents_open(call_t *call, const char *what, const char *id, ProtobufCBinaryData sealed,
                       ProtobufCBinaryData *ret)
{
    const char *context = arena_printf(call->arena, "%s/%s", what, id);
    if (sealed.len < CRYPTO_SEAL_OVERHEAD)
        return STATUS_DATA_LOSS;
    size_t size = sealed.len - CRYPTO_SEAL_OVERHEAD;
    uint8_t *data = arena_alloc(call->arena, size + 1);
    if (!context || !data)
        return STATUS_RESOURCE_EXHAUSTED;
    if (!crypto_open(settings_of(call)->seal_key, context, sealed.data, sealed.len, data))
        return STATUS_DATA_LOSS;
    *ret = (ProtobufCBinaryData){size, data};
    return STATUS_OK;
}

static ProtobufCBinaryData seal_message(call_t *call, const char *what, const char *id,
                                        const ProtobufCMessage *message)
{
    ProtobufCBinaryData packed = message_pack(message, call->arena);
    return contents_seal(call, what, id, packed.len ? packed.data : (const void *) "", packed.len);
}

static status_t open_message(call_t *call, const char *what, const char *id,
                             ProtobufCBinaryData sealed, const ProtobufCMessageDescriptor *type,
                             ProtobufCMessage **ret)
{
    ProtobufCBinaryData packed = {0};
    status_t status = contents_open(call, what, id, sealed, &packed);
    if (status != STATUS_OK)
        return status;
    *ret = message_unpack(type, call->arena, packed.data, packed.len);
    return *ret ? STATUS_OK : STATUS_DATA_LOSS;
}

/* --- rows --------------------------------------------------------------------------------- */

static status_t put(call_t *call, query_t *statement, const char *case_id,
                    const contents_t *contents)
{
    ProtobufCBinaryData party =
        seal_message(call, "case_contents/party", case_id, &contents->party->base);
    ProtobufCBinaryData form =
        seal_message(call, "case_contents/form", case_id, &contents->form->base);
    query_text(statement, "id", case_id);
    query_blob(statement, "party", party.data, party.len);
    query_blob(statement, "form", form.data, form.len);
    status_t status = query_done(statement);
    return party.data && form.data ? status : STATUS_RESOURCE_EXHAUSTED;
}

status_t contents_insert(call_t *call, const char *case_id, const contents_t *contents)
{
    return put(call,
               query(call->store, "INSERT INTO case_contents (case_id, party, form)"
                                  " VALUES (:id, :party, :form)"),
               case_id, contents);
}

status_t contents_save(call_t *call, const char *case_id, const contents_t *contents)
{
    return put(call,
               query(call->store, "UPDATE case_contents SET party = :party, form = :form"
                                  " WHERE case_id = :id"),
               case_id, contents);
}

status_t contents_save_receiver(call_t *call, const char *case_id, const char *receiver)
{
    ProtobufCBinaryData sealed =
        contents_seal(call, "case_contents/receiver", case_id, receiver, strlen(receiver));
    query_t *update = query(call->store, "UPDATE case_contents SET receiver = :receiver"
                                         " WHERE case_id = :id");
    query_text(update, "id", case_id);
    query_blob(update, "receiver", sealed.data, sealed.len);
    return query_done(update);
}

status_t contents_load(call_t *call, const char *case_id, contents_t *ret)
{
    query_t *find = query(call->store, "SELECT party, form, receiver FROM case_contents"
                                       " WHERE case_id = :id");
    query_text(find, "id", case_id);
    ProtobufCBinaryData party = {0}, form = {0}, receiver = {0};
    bool found = query_next(find);
    if (found) {
        party = query_get_blob(find, "party", call->arena);
        form = query_get_blob(find, "form", call->arena);
        receiver = query_get_blob(find, "receiver", call->arena);
    }
    status_t status = query_done(find);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return STATUS_DATA_LOSS;

    ret->receiver = "";
    status = open_message(call, "case_contents/party", case_id, party, &case__applicant__descriptor,
                          (ProtobufCMessage **) &ret->party);
    if (status == STATUS_OK)
        status = open_message(call, "case_contents/form", case_id, form,
                              &case__stored_form__descriptor, (ProtobufCMessage **) &ret->form);
    if (status == STATUS_OK && receiver.len) {
        ProtobufCBinaryData text = {0};
        status = contents_open(call, "case_contents/receiver", case_id, receiver, &text);
        if (status == STATUS_OK)
            ret->receiver = (const char *) text.data; /* contents_open() left room for the 0 */
    }
    return status;
}

/* --- forms -------------------------------------------------------------------------------- */

static Case__FormValue *find(const Case__StoredForm *form, const char *name)
{
    for (size_t i = 0; i < form->n_values; i++)
        if (text_equal(form->values[i]->name, name))
            return form->values[i];
    return NULL;
}

const char *contents_value(const Case__StoredForm *form, const char *name)
{
    const Case__FormValue *found = find(form, name);
    return found ? found->value : NULL;
}

Case__StoredForm *contents_merge(call_t *call, const Case__StoredForm *form,
                                 Case__FormValue *const *values, size_t count)
{
    Case__StoredForm *ret =
        (Case__StoredForm *) message_new(&case__stored_form__descriptor, call->arena);
    Case__FormValue **merged = ARRAY(call->arena, Case__FormValue *, form->n_values + count);
    if (!ret || !merged)
        return NULL;
    ret->values = merged;
    for (size_t i = 0; i < form->n_values; i++)
        merged[ret->n_values++] = form->values[i];
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < ret->n_values && !text_equal(merged[at]->name, values[i]->name))
            at++;
        merged[at] = values[i];
        if (at == ret->n_values)
            ret->n_values++;
    }
    return ret->n_values <= FORM_VALUES_MAX ? ret : NULL;
}
