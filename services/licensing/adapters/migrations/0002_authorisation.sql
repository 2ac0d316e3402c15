-- What must stand beside a licence. `scope` is the licence for what is numbered per licence, else empty: the minister's
-- own references are unique. A federal authorisation may be entered before its licence, so nothing refers to that here.
CREATE TABLE licensing.authorisation (
    kind text NOT NULL,
    scope text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    licence text COLLATE "C" NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    PRIMARY KEY (kind, scope, ref)
);
CREATE INDEX authorisation_licence ON licensing.authorisation (licence, kind, ref);

-- Every revision, as JSON with the amounts as they were written. Rows are never changed.
CREATE TABLE licensing.authorisation_revision (
    kind text NOT NULL,
    scope text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    content jsonb NOT NULL,
    PRIMARY KEY (kind, scope, ref, revision),
    FOREIGN KEY (kind, scope, ref) REFERENCES licensing.authorisation (kind, scope, ref)
);
