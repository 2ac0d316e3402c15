-- Amendments that take effect later, as JSON: what was sent, what it was laid over, and what became of it. `place`: in
-- order of arrival, among those of the same time.
CREATE TABLE licensing.pending (
    id text PRIMARY KEY,
    ref text COLLATE "C" NOT NULL REFERENCES licensing.licence (ref),
    place bigint GENERATED ALWAYS AS IDENTITY,
    state text NOT NULL,
    effective_at timestamptz NOT NULL,
    content jsonb NOT NULL
);
CREATE INDEX pending_licence ON licensing.pending (ref, effective_at, place);
CREATE INDEX pending_open ON licensing.pending (state, effective_at, place) WHERE state IN ('waiting', 'refused');
