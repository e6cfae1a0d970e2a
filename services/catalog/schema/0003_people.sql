-- Names of the staff who wrote, reviewed or published, as of the last time: versions and reviews name
-- them by id.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What waits for reviewers, of all departments.
CREATE INDEX versions_checking ON versions(item_id) WHERE state = 2;
