-- Cases and what belongs to them.  Times are UTC milliseconds, days are days since 1970 in Shanghai,
-- 0 and '' stand for none.  What is sealed (deploy key master.key) says so.

-- One row for each case: Case__StoredCase, a column for each field.
CREATE TABLE cases (
    id                TEXT PRIMARY KEY,
    number            TEXT NOT NULL,
    query_hash        BLOB NOT NULL,
    state             INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    waits_for         TEXT NOT NULL,
    officer_id        TEXT NOT NULL,
    officer_name      TEXT NOT NULL,
    item_id           TEXT NOT NULL,
    item_version      INTEGER NOT NULL,
    item_name         TEXT NOT NULL,
    item_code         TEXT NOT NULL,
    department_id     TEXT NOT NULL,
    department_name   TEXT NOT NULL,
    account_id        TEXT NOT NULL,
    created_ms        INTEGER NOT NULL,
    changed_ms        INTEGER NOT NULL,
    submitted_ms      INTEGER NOT NULL,
    received_day      INTEGER NOT NULL,
    accepted_ms       INTEGER NOT NULL,
    accepted_day      INTEGER NOT NULL,
    deemed            INTEGER NOT NULL,
    decided_ms        INTEGER NOT NULL,
    closed_ms         INTEGER NOT NULL,
    accept_due_ms     INTEGER NOT NULL,
    correction_due_ms INTEGER NOT NULL,
    correction_days   INTEGER NOT NULL,
    correction_day    INTEGER NOT NULL,
    promised_due_ms   INTEGER NOT NULL,
    legal_due_ms      INTEGER NOT NULL,
    delivery_due_ms   INTEGER NOT NULL,
    provisional       INTEGER NOT NULL,
    extension_days    INTEGER NOT NULL,
    specials_open     INTEGER NOT NULL,
    stage_number      INTEGER NOT NULL,
    stage_id          TEXT NOT NULL,
    stage_name        TEXT NOT NULL,
    due_ms            INTEGER NOT NULL,
    alarm_ms          INTEGER NOT NULL,
    reminded          INTEGER NOT NULL,
    delivery          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX cases_number ON cases (number) WHERE number <> '';
CREATE INDEX cases_account ON cases (account_id, id);
-- The inbox: only what waits for somebody.
CREATE INDEX cases_inbox ON cases (department_id, due_ms, id) WHERE waits_for <> '';
CREATE INDEX cases_alarm ON cases (alarm_ms) WHERE alarm_ms <> 0;
CREATE INDEX cases_provisional ON cases (provisional) WHERE provisional <> 0;

-- What the applicant wrote, sealed: Applicant (the party) and StoredForm; at the end who took the result.
CREATE TABLE case_contents (
    case_id  TEXT PRIMARY KEY REFERENCES cases (id),
    party    BLOB NOT NULL,
    form     BLOB NOT NULL,
    receiver BLOB
) STRICT;

-- Materials handed in on paper; those handed in as files have rows in files.
CREATE TABLE case_papers (
    case_id     TEXT NOT NULL REFERENCES cases (id),
    material_id TEXT NOT NULL,
    PRIMARY KEY (case_id, material_id)
) STRICT, WITHOUT ROWID;

-- received: bytes that have come, all in order.  hash_state: sealed, NULL once complete.
CREATE TABLE files (
    id          TEXT PRIMARY KEY,
    case_id     TEXT NOT NULL REFERENCES cases (id),
    material_id TEXT NOT NULL,
    file_name   TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    size        INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    hash        TEXT NOT NULL,
    hash_state  BLOB,
    complete    INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL,
    UNIQUE (case_id, material_id, file_name)
) STRICT;
CREATE INDEX files_unfinished ON files (created_ms) WHERE complete = 0;

-- data: sealed.
CREATE TABLE file_parts (
    file_id TEXT NOT NULL REFERENCES files (id),
    at      INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (file_id, at)
) STRICT;

-- What happened, in order; also the feed of department systems (department_id, seq).
CREATE TABLE timeline (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id       TEXT NOT NULL,
    department_id TEXT NOT NULL,
    at_ms         INTEGER NOT NULL,
    action        INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    internal      INTEGER NOT NULL,
    title         TEXT NOT NULL,
    text          TEXT NOT NULL,
    actor         TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    stage         TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_case ON timeline (case_id, seq);
CREATE INDEX timeline_department ON timeline (department_id, seq);

-- What the law brought about by itself, with the facts it was computed from.
CREATE TABLE evidence (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id TEXT NOT NULL,
    action  INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    facts   TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_case ON evidence (case_id);

-- One-time notices; gaps: a packed Correction with nothing but its gaps.
CREATE TABLE corrections (
    case_id       TEXT NOT NULL REFERENCES cases (id),
    number        INTEGER NOT NULL,
    sent_ms       INTEGER NOT NULL,
    due_ms        INTEGER NOT NULL,
    supplied_ms   INTEGER NOT NULL,
    sender        TEXT NOT NULL,
    repeat_reason TEXT NOT NULL,
    gaps          BLOB NOT NULL,
    PRIMARY KEY (case_id, number)
) STRICT;

-- Review stages of an accepted case, copied from its item's version.
CREATE TABLE stages (
    case_id    TEXT NOT NULL REFERENCES cases (id),
    number     INTEGER NOT NULL,
    stage_id   TEXT NOT NULL,
    name       TEXT NOT NULL,
    days       INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms   INTEGER NOT NULL,
    due_ms     INTEGER NOT NULL,
    officer    TEXT NOT NULL,
    opinion    TEXT NOT NULL,
    result     INTEGER NOT NULL,
    PRIMARY KEY (case_id, number)
) STRICT;

-- Special procedures.  *_day: the days the clock counts with.
CREATE TABLE specials (
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL REFERENCES cases (id),
    kind         INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    approver     TEXT NOT NULL,
    planned_days INTEGER NOT NULL,
    planned_day  INTEGER NOT NULL,
    started_ms   INTEGER NOT NULL,
    ended_ms     INTEGER NOT NULL,
    result       TEXT NOT NULL
) STRICT;
CREATE INDEX specials_case ON specials (case_id, started_ms);

CREATE TABLE decisions (
    case_id         TEXT PRIMARY KEY REFERENCES cases (id),
    outcome         INTEGER NOT NULL,
    document_number TEXT NOT NULL,
    reason          TEXT NOT NULL,
    result_name     TEXT NOT NULL,
    result_number   TEXT NOT NULL,
    valid_until     TEXT NOT NULL,
    issuer          TEXT NOT NULL,
    officer         TEXT NOT NULL,
    rights          TEXT NOT NULL
) STRICT;

CREATE TABLE refusals (
    case_id        TEXT PRIMARY KEY REFERENCES cases (id),
    reason         INTEGER NOT NULL,
    text           TEXT NOT NULL,
    competent_body TEXT NOT NULL,
    rights         TEXT NOT NULL,
    officer        TEXT NOT NULL,
    refused_ms     INTEGER NOT NULL
) STRICT;

-- The last number given per item code and day.
CREATE TABLE case_numbers (
    prefix TEXT NOT NULL,
    day    INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (prefix, day)
) STRICT, WITHOUT ROWID;
