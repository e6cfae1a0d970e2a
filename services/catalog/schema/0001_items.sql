-- Items, their versions, and what is derived from them for look-up.
--
-- `versions` is the truth: each row holds one version as a packed catalog.Item.
-- `items` repeats of the version in force (or of the newest, while none is) what lists show.
-- `item_codes`, `item_names`, `item_words`, `facet_counts` and `departments` are derived and can be made again.

CREATE TABLE items (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,            -- in force; 0: never published
    newest INTEGER NOT NULL,             -- highest version number
    state INTEGER NOT NULL,              -- catalog.ItemState of what the public sees
    name TEXT NOT NULL,
    called TEXT NOT NULL DEFAULT '',     -- a line each: name, common name, keywords; for ranking
    main_name TEXT NOT NULL,
    code TEXT NOT NULL,                  -- the longest code it has
    base_code TEXT NOT NULL,
    impl_code TEXT NOT NULL,
    local_base_code TEXT NOT NULL,
    role INTEGER NOT NULL,
    type INTEGER NOT NULL,
    use_level INTEGER NOT NULL,
    department_id TEXT NOT NULL,
    department_name TEXT NOT NULL,
    division TEXT NOT NULL,
    case_kind INTEGER NOT NULL,
    promise_days INTEGER NOT NULL,
    promise_unit INTEGER NOT NULL,
    online_depth INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    sample INTEGER NOT NULL,
    legal_basis TEXT NOT NULL,           -- law and article of each, for the directory
    popularity INTEGER NOT NULL,         -- cases ever submitted
    score INTEGER NOT NULL,              -- completeness, 0-100
    flags INTEGER NOT NULL,              -- how many doubts an import left
    search_row INTEGER,                  -- rowid in item_names and item_words; NULL: cannot be found
    facets TEXT NOT NULL                 -- tokens it is counted under
) STRICT;
CREATE INDEX items_by_department ON items(department_id, id);
-- All that ranking needs of a thousand candidates: without the rows themselves, most of which are
-- on a page of their own.  That a search_row is given once, item_names' rowid sees to.
CREATE INDEX items_by_search ON items(search_row, called, popularity);

CREATE TABLE versions (
    item_id TEXT NOT NULL REFERENCES items(id),
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL,           -- grows with each change: the optimistic lock
    state INTEGER NOT NULL,
    round INTEGER NOT NULL,              -- times submitted; a review counts in its round only
    name TEXT NOT NULL,
    score INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    editor TEXT NOT NULL,                -- who changed it last
    publisher TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    published_at INTEGER,
    effective_day INTEGER,               -- days since 1970; of SCHEDULED ones
    cancel_day INTEGER,                  -- planned; of the one in force
    body BLOB NOT NULL,                  -- packed catalog.Item
    PRIMARY KEY (item_id, version)
) STRICT;
CREATE INDEX versions_due ON versions(effective_day) WHERE effective_day IS NOT NULL;
CREATE INDEX versions_ending ON versions(cancel_day) WHERE cancel_day IS NOT NULL;

-- Everybody who ever wrote in a version: none of them may publish it.
CREATE TABLE editors (
    item_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    editor TEXT NOT NULL,
    PRIMARY KEY (item_id, version, editor)
) STRICT, WITHOUT ROWID;

CREATE TABLE reviews (
    item_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    round INTEGER NOT NULL,
    aspect INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    reviewer TEXT NOT NULL,
    opinion TEXT NOT NULL,
    reviewed_at INTEGER NOT NULL,
    PRIMARY KEY (item_id, version, round, aspect)
) STRICT, WITHOUT ROWID;

-- Every name an item in force answers to.  rank: 0 id, 1 item code, 2 implementation code,
-- 3 base code, 4 local codes; the lowest wins when several items share a code.
CREATE TABLE item_codes (
    code TEXT NOT NULL,
    rank INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    PRIMARY KEY (code, rank, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_codes_by_item ON item_codes(item_id);

-- What an imported item looked like where it came from: nothing of a list is lost.
CREATE TABLE item_sources (
    item_id TEXT PRIMARY KEY REFERENCES items(id),
    key TEXT NOT NULL UNIQUE,            -- how the list names it
    source_name TEXT NOT NULL,
    hash BLOB NOT NULL,                  -- of raw and of how it was imported
    raw TEXT NOT NULL,                   -- the row as JSON
    imported_at INTEGER NOT NULL
) STRICT;

-- Full text of the items in force (search.c).  rowids grow with falling popularity, so that the
-- first matches are the most used ones.  Two tables, because words like 身份证 stand in the materials
-- of every item and would make each search in names walk them all.
CREATE VIRTUAL TABLE item_names USING fts5(
    name, initials, facets, detail = column, columnsize = 0
);
CREATE VIRTUAL TABLE item_words USING fts5(
    words, facets, detail = column, columnsize = 0
);

CREATE TABLE facet_counts (
    facet TEXT PRIMARY KEY,
    items INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE divisions (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    parent TEXT NOT NULL                 -- '' of provinces
) STRICT, WITHOUT ROWID;
CREATE INDEX divisions_by_parent ON divisions(parent, code);
