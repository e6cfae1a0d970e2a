-- Departments, their staff and their systems.

CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    credit_code TEXT NOT NULL UNIQUE,
    division TEXT NOT NULL,
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    position INTEGER NOT NULL,
    sample INTEGER NOT NULL
) STRICT;
CREATE INDEX departments_position ON departments(position, id);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    login_name TEXT NOT NULL UNIQUE,
    name BLOB NOT NULL,                 -- sealed
    department_id TEXT NOT NULL REFERENCES departments(id),
    posts TEXT NOT NULL,                -- numbers of the enum Post, space separated
    permissions TEXT NOT NULL,          -- granted beside what the posts bring, space separated
    password_hash TEXT NOT NULL,
    must_change_password INTEGER NOT NULL,
    state INTEGER NOT NULL,
    state_reason TEXT NOT NULL,
    state_by TEXT NOT NULL,             -- staff id that disabled or enabled
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_department ON staff(department_id, login_name);

CREATE TABLE systems (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    department_id TEXT NOT NULL REFERENCES departments(id),
    created_at INTEGER NOT NULL
) STRICT;

-- A key is never deleted: it stays known as somebody's, and revoked.
CREATE TABLE system_keys (
    public_key TEXT PRIMARY KEY,
    system_id TEXT NOT NULL REFERENCES systems(id),
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    revoked_at INTEGER,
    announced INTEGER NOT NULL          -- 1: the last event told of it as valid
) STRICT;
CREATE INDEX system_keys_system ON system_keys(system_id, valid_from);

CREATE TABLE system_grants (
    system_id TEXT NOT NULL REFERENCES systems(id),
    method TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (system_id, method)
) STRICT;

CREATE TABLE systems_version (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO systems_version (id, version) VALUES (1, 0);
