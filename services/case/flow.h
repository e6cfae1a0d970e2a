/* flow.h - the one table of what may happen to a case, and the two steps around each change.
 *
 *   flow_enter()   loads the case, checks who asks, version, state and guard
 *   (the handler)  sets what is its own in step->row
 *   flow_leave()   next state, who it waits for, limits and alarm; writes row, timeline,
 *                  message to the applicant and event
 *
 * The table is printed into docs/case-flow.md; flow_test.c fails when the two differ (with
 * YW_WRITE=1 it writes the page).  To let something new happen: an Action in case.proto, a row
 * here, a handler. */
#pragma once
#include "buffer.h"
#include "deadline.h"
#include "item_copy.h"
#include "record.h"
#include "service.h"

/* alarm_ms: a new holiday table is there, compute the limits anew (tick.c). */
#define FLOW_ALARM_RECOMPUTE 1

typedef enum { BY_APPLICANT, BY_OFFICIAL, BY_TIME } by_t;

typedef struct {
    Case__Action action;
    unsigned from;          /* bits 1 << state */
    by_t by;                /* an official: staff with `permission`, or the department's system */
    const char *permission; /* NULL: the one that the case waits for */
    status_t (*guard)(call_t *call, const Case__StoredCase *row);
    const char *guard_text;
    Case__State next;        /* UNSPECIFIED: stays */
    Case__NoticeKind notice; /* told to the applicant */
    bool internal;           /* not in the applicant's timeline */
} flow_t;

typedef struct {
    const flow_t *flow;
    Case__StoredCase row;
    calendar_t calendar; /* from the year in which the case was made */
    int64_t today;
    const char *stage; /* name of the stage it happens in, for the timeline */
} step_t;

const flow_t *flow_of(Case__Action action);

/* Refuses with NOT_FOUND (not there, another's, another department's), "case.state",
 * "case.version_changed", "case.claimed", "permission", or the guard's reason. */
status_t flow_enter(call_t *call, Case__Action action, const char *id, int64_t version,
                    step_t *ret);

/* The same for a case that is being made or that time moves: nobody to check. */
status_t flow_begin(call_t *call, Case__Action action, const Case__StoredCase *row, step_t *ret);

/* The actions that the table, the guards and the caller's rights leave open now.  False: no memory. */
bool flow_open_to(call_t *call, const Case__StoredCase *row, Case__Action **ret, size_t *ret_count);

/* text: for the timeline; message: for the applicant (NULL: the text). */
status_t flow_leave(call_t *call, step_t *step, const char *text, const char *message);
/* The same for a row that is not yet in the table. */
status_t flow_leave_new(call_t *call, step_t *step, const char *text, const char *message);

/* Whom a case in the row's state waits for: a permission, or "". */
const char *flow_waits_for(const Case__StoredCase *row);
/* Sets due_ms and alarm_ms from the row's limits; called by flow_leave(). */
void flow_set_alarm(step_t *step, int64_t now_ms);
/* Whether a state is past everything. */
bool flow_is_over(Case__State state);

/* The table as a drawing (Mermaid) and as Markdown. */
void flow_print(buffer_t *out);
