-- Versions of code lists, each whole. Nothing here is ever changed or deleted: a declaration is judged as of its day.
CREATE TABLE customs.code_list (
    name text NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    version text NOT NULL,
    complete boolean NOT NULL,
    imported_at timestamptz NOT NULL,
    codes jsonb NOT NULL,
    PRIMARY KEY (name, revision)
);
COMMENT ON COLUMN customs.code_list.version IS 'SHA-256 of the content: two revisions with one are the same list';
