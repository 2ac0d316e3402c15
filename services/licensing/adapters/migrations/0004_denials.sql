-- A denial as it was recorded and as it is, as JSON. `words`: those of its parties' names, to find candidates by.
CREATE TABLE licensing.denial (
    ref text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    status text NOT NULL,
    review_due date,
    words text[] NOT NULL,
    recorded jsonb NOT NULL,
    content jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX denial_review_due ON licensing.denial (review_due) WHERE review_due IS NOT NULL;
CREATE INDEX denial_words ON licensing.denial USING gin (words);
