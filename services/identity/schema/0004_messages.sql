-- What people are told: the inbox, and what leaves through a channel.

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    title BLOB NOT NULL,                -- sealed
    text BLOB NOT NULL,                 -- sealed
    created_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
CREATE INDEX messages_account ON messages(account_id, id);
CREATE INDEX messages_unread ON messages(account_id) WHERE read_at IS NULL;

-- Recipient and text are sealed, and emptied once there is no more to send.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    message_id TEXT,                    -- NULL: a code, which is in no inbox
    recipient BLOB NOT NULL,
    text BLOB NOT NULL,
    state INTEGER NOT NULL,             -- identity.DeliveryState
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,        -- later it is not worth sending
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_due ON deliveries(due_at) WHERE state = 1;
CREATE INDEX deliveries_message ON deliveries(message_id);
CREATE INDEX deliveries_codes ON deliveries(created_at) WHERE message_id IS NULL;
