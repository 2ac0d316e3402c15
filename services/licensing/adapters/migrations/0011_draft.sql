-- Every revision of a draft, as JSON: as it was saved, discarded or issued. Rows are never changed.
CREATE TABLE licensing.draft (
    ref text COLLATE "C" NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    state text NOT NULL,
    holder text,
    content jsonb NOT NULL,
    PRIMARY KEY (ref, revision)
);
