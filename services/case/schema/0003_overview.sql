-- Lists and counts for those who answer for a department.  Each case enters these indexes once (what
-- waits for correction: and leaves again), so that handing in stays as quick as it was.
CREATE INDEX cases_submitted ON cases (submitted_ms, id) WHERE submitted_ms <> 0;
CREATE INDEX cases_department ON cases (department_id, submitted_ms, id) WHERE submitted_ms <> 0;
CREATE INDEX cases_decided ON cases (department_id, decided_ms) WHERE decided_ms <> 0;
CREATE INDEX cases_correction ON cases (department_id, due_ms) WHERE state = 3;
