-- A check against denials: what was asked and what was found then. Rows are never changed.
CREATE TABLE licensing.denial_check (
    id text PRIMARY KEY,
    application text,
    asked jsonb NOT NULL,
    found jsonb NOT NULL,
    checked_at timestamptz NOT NULL
);
CREATE INDEX denial_check_application ON licensing.denial_check (application);
