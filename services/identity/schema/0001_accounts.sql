-- People: accounts, the agreement they concluded, SMS codes, levels, brute-force counters.
-- Columns of ID numbers, mobiles, names and texts hold sealed bytes (secrets.h); *_key columns are
-- keyed hashes for look-up.  Without the master key neither says anything.

-- Proves at start that the master key is the one the rows were sealed with.
CREATE TABLE key_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BLOB NOT NULL
) STRICT;

CREATE TABLE agreements (
    version TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    effective_at INTEGER NOT NULL
) STRICT;

CREATE TABLE population (
    person_key BLOB PRIMARY KEY,        -- of the ID number
    name_key BLOB NOT NULL,             -- of ID number and name
    source TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    id_number_key BLOB NOT NULL UNIQUE, -- one account per ID number
    id_number BLOB NOT NULL,
    mobile_key BLOB NOT NULL UNIQUE,    -- one account per mobile: it is a login name
    mobile BLOB NOT NULL,
    name BLOB NOT NULL,
    level INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    -- Not NULL: there is no active account without a concluded agreement.
    agreement_version TEXT NOT NULL REFERENCES agreements(version),
    agreement_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE level_changes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    from_level INTEGER NOT NULL,
    to_level INTEGER NOT NULL,
    evidence INTEGER NOT NULL,
    note TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    department_id TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX level_changes_account ON level_changes(account_id, at);

CREATE TABLE codes (
    id TEXT PRIMARY KEY,
    mobile_key BLOB NOT NULL,
    purpose INTEGER NOT NULL,
    code_key BLOB NOT NULL,
    address_key BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX codes_mobile ON codes(mobile_key, created_at);
CREATE INDEX codes_address ON codes(address_key, created_at);
CREATE INDEX codes_created ON codes(created_at);

-- Wrong passwords per account (or per name that has none) and per address.
CREATE TABLE guards (
    subject_key BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,          -- since the last lock or success
    locks INTEGER NOT NULL,             -- each lock is twice as long as the one before
    locked_until INTEGER NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX guards_failed ON guards(failed_at);
