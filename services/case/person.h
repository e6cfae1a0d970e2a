/* person.h - who an account belongs to, asked of identity and kept, sealed, for a while. */
#pragma once
#include "contents.h"
#include "item_copy.h"

/* In a prepare half: leaves the caller's person in call->prepared. */
status_t person_prepare(call_t *call);
/* In the write half: the person; keeps a fresh answer for the next calls. */
status_t person_take(call_t *call, const Identity__Person **ret);
/* Forgets answers that are too old; at most a few at a time. */
status_t person_sweep(call_t *call);

/* The party of a case: the person, or the organisation in `given` with the person as its contact.
 * What the account knows cannot be typed over.  `given` may be NULL; the result is not checked. */
Case__Applicant *person_party(call_t *call, const Identity__Person *person,
                              const Case__Applicant *given);
/* Form values that the item's fields take from the account ("account.name", ".idNumber",
 * ".mobile"). */
Case__StoredForm *person_prefill(call_t *call, const Identity__Person *person,
                                 const Catalog__Item *item);
