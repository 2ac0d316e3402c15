-- A licence as it is now: what lists filter on. Its content is the revision of the same number.
CREATE TABLE licensing.licence (
    ref text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    authority text NOT NULL,
    type text NOT NULL,
    holder text,
    valid_from date NOT NULL,
    valid_to date,
    statuses jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX licence_holder ON licensing.licence (holder, ref);

-- Every revision, as JSON with the amounts as the authority wrote them. Rows are never changed.
CREATE TABLE licensing.licence_revision (
    ref text COLLATE "C" NOT NULL REFERENCES licensing.licence (ref),
    revision bigint NOT NULL CHECK (revision > 0),
    content jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (ref, revision)
);

CREATE TABLE licensing.refusal (
    ref text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    authority text NOT NULL,
    applicant text,
    destination text NOT NULL,
    decided_at date NOT NULL,
    content jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX refusal_applicant ON licensing.refusal (applicant, ref);
