/* contents.h - what applicants write, sealed at rest: the party and the form. */
#pragma once
#include "service.h"
#include "yiwang/identity.pb-c.h"

/* Seals with the service's key; `what` and `id` bind the value to its place.  data NULL: no
 * memory. */
ProtobufCBinaryData contents_seal(call_t *call, const char *what, const char *id, const void *data,
                                  size_t size);
/* DATA_LOSS when it is not ours or was altered. */
status_t contents_open(call_t *call, const char *what, const char *id, ProtobufCBinaryData sealed,
                       ProtobufCBinaryData *ret);

typedef struct {
    Case__Applicant *party;
    Case__StoredForm *form;
    const char *receiver; /* "" until the result was handed over */
} contents_t;

status_t contents_insert(call_t *call, const char *case_id, const contents_t *contents);
status_t contents_save(call_t *call, const char *case_id, const contents_t *contents);
status_t contents_save_receiver(call_t *call, const char *case_id, const char *receiver);
status_t contents_load(call_t *call, const char *case_id, contents_t *ret);

/* The value of a field of the form, or NULL. */
const char *contents_value(const Case__StoredForm *form, const char *name);
/* `form` with the values given set or added; NULL past the arena's or the form's limit. */
Case__StoredForm *contents_merge(call_t *call, const Case__StoredForm *form,
                                 Case__FormValue *const *values, size_t count);
