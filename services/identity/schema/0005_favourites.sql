-- Items a person keeps at hand; what they are the catalog knows.
CREATE TABLE favourites (
    account_id TEXT NOT NULL REFERENCES accounts(id),
    item_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, item_id)
) STRICT, WITHOUT ROWID;
