/* terms.h - the limits of a case, by law and by promise.
 *
 *   submitted   5 working days from the day of receipt to accept, refuse or tell (law 32)
 *   correction  the applicant's working days, as the notice says
 *   accepted    promised and legal limit from the day of acceptance; extensions add days (law 42),
 *               other special procedures stop the clock (law 45)
 *   decided     10 working days to deliver (law 44)
 *
 * Each sets its fields of step->row; flow_leave() makes due_ms and alarm_ms of them. */
#pragma once
#include "flow.h"

#define TERMS_ACCEPT_DAYS         5
#define TERMS_DELIVERY_DAYS       10
#define TERMS_LEGAL_DAYS          20 /* law 42, when the item names no limit of its own */
#define TERMS_LEGAL_DAYS_JOINT    45 /* law 42(2) */
#define TERMS_EXTENSION_MAX       10
#define TERMS_EXTENSION_MAX_JOINT 15

void terms_submitted(call_t *call, step_t *step);
void terms_correction(step_t *step, int days);
/* `day`: from which they count, the day of acceptance. */
status_t terms_accepted(call_t *call, step_t *step, const Catalog__Item *item, int64_t day);
/* After a special procedure began or ended, or with another calendar. */
status_t terms_again(call_t *call, step_t *step, const Catalog__Item *item);
void terms_decided(step_t *step);

/* The last day of a stage that is opened today: its own days of the promise. */
int64_t terms_stage_ms(const step_t *step, int days);
