-- What the case service keeps of others.

-- Items: the version in force and whether one may apply.
CREATE TABLE items (
    item_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    state   INTEGER NOT NULL
) STRICT;

-- All versions that cases may run on; body: a packed catalog.Item without the guide's prose.
CREATE TABLE item_versions (
    item_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (item_id, version)
) STRICT;

-- Codes of the version in force.  Several handling items may share an implementation code.
CREATE TABLE item_codes (
    code    TEXT NOT NULL,
    item_id TEXT NOT NULL,
    PRIMARY KEY (code, item_id)
) STRICT;
CREATE INDEX item_codes_item ON item_codes (item_id);

-- The official holiday table.
CREATE TABLE holidays (
    day  INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    off  INTEGER NOT NULL
) STRICT;

-- Who an account belongs to, sealed, for a quarter of an hour, so that identity is not asked each time.
CREATE TABLE persons (
    account_id TEXT PRIMARY KEY,
    asked_ms   INTEGER NOT NULL,
    person     BLOB NOT NULL
) STRICT;
CREATE INDEX persons_asked ON persons (asked_ms);

-- Wrong guesses of number and query code; key: a keyed hash of what is guarded.
CREATE TABLE query_guesses (
    key     BLOB PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    wrong   INTEGER NOT NULL
) STRICT;
CREATE INDEX query_guesses_since ON query_guesses (since_ms);
