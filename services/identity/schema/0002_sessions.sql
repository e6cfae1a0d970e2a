-- Sessions of people and staff.  No token is stored: the refresh token is a MAC over salt, id
-- and generation (session.c), the access token is signed.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,              -- yiwang.CallerKind: person or staff
    subject TEXT NOT NULL,              -- accounts.id or staff.id
    salt BLOB NOT NULL,
    generation INTEGER NOT NULL,        -- of the refresh token that is good now
    rotated_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_subject ON sessions(subject, created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires ON sessions(expires_at);

-- Ended sessions whose access tokens may still live; the gateway reads on from its last seq.
CREATE TABLE revocations (
    seq INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_at ON revocations(at);
