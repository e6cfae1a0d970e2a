/* record.h - a case's row, its timeline, and what is told about it. */
#pragma once
#include "service.h"

/* NOT_FOUND "办件" when there is none. */
status_t record_load(call_t *call, const char *id, Case__StoredCase *ret);
status_t record_insert(call_t *call, const Case__StoredCase *row);
/* Writes the row with version + 1 if nobody changed it since it was loaded, else ABORTED
 * "case.version_changed". */
status_t record_save(call_t *call, Case__StoredCase *row);

typedef struct {
    Case__Action action;
    bool internal;     /* not for the applicant's and the public's eyes */
    const char *text;  /* "" or what the applicant may read */
    const char *stage; /* name of the stage it concerns, or "" */
    const char *actor; /* NULL: who calls */
} entry_t;

/* One row of the timeline, with the state that the row has now; *ret_seq may be NULL. */
status_t record_log(call_t *call, const Case__StoredCase *row, const entry_t *entry,
                    int64_t *ret_seq);
/* Tells other services that the case moved. */
status_t record_announce(call_t *call, const Case__StoredCase *row);
/* A message for the applicant's inbox and mobile. */
status_t record_notify(call_t *call, const Case__StoredCase *row, Case__NoticeKind kind,
                       const char *text, int64_t seq);
/* What the law did by itself, and from which facts. */
status_t record_evidence(call_t *call, const Case__StoredCase *row, Case__Action action,
                         const char *facts);

/* What somebody wrote as a whole sentence: with a full stop when it has no end. */
const char *record_sentence(call_t *call, const char *text);
/* "2026年3月9日24时", the end of the last day of a limit. */
const char *record_limit_text(call_t *call, int64_t due_ms);

/* The caller's name in timelines: a staff member's, the department's system, 申请人, 系统. */
const char *record_actor(call_t *call, const Case__StoredCase *row);

/* What an answer says about where the case stands. */
status_t record_status(call_t *call, const Case__StoredCase *row, Case__CaseStatus *out);
Case__Deadlines *record_deadlines(call_t *call, const Case__StoredCase *row);
void record_summary(call_t *call, const Case__StoredCase *row, Case__CaseSummary *out);
