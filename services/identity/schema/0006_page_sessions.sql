-- A session is of pages (1: its secret is in a cookie and does not change) or of an app (0: rotated).
ALTER TABLE sessions ADD COLUMN pages INTEGER NOT NULL DEFAULT 0 CHECK (pages IN (0, 1));
