/* form.h - whether what an applicant wrote and handed in is what the item asks for.
 *
 * The item's fields and materials are data, so these rules are interpreted like those of the
 * contract.  All faults are collected with call_fault(); end with call_faulty(). */
#pragma once
#include "contents.h"
#include "item_copy.h"

/* Values by their own rules (unknown names, length, kind, choices); nothing is missing.  For
 * drafts. */
void form_check_values(call_t *call, const Catalog__Item *item, Case__FormValue *const *values,
                       size_t count);
/* The same, and what is required is there.  For submissions; `case_id` "" when it has no files
 * yet. */
status_t form_check(call_t *call, const Catalog__Item *item, const Case__StoredForm *form,
                    const char *case_id);
/* Nothing that a group of the form requires is missing: before an applicant goes on to the next. */
void form_check_group(call_t *call, const Catalog__Item *item, const Case__StoredForm *form,
                      const char *group);
/* Drops values whose fields a newer version of the item no longer has. */
void form_forget_unknown(const Catalog__Item *item, Case__StoredForm *form);
/* The party: an organisation with its credit code; of a kind that the item serves. */
void form_check_party(call_t *call, const Catalog__Item *item, const Case__Applicant *party);
/* Required materials are there, as complete files or on paper. */
status_t form_check_materials(call_t *call, const Catalog__Item *item, const char *case_id);
/* The same for materials that are all on paper. */
void form_check_papers(call_t *call, const Catalog__Item *item, const char *const *papers,
                       size_t count);
