-- A finding is an output of either fold; its id is all that a reader has.
CREATE INDEX output_finding ON reconciliation.output (identity) WHERE type = 'reconciliation.v1.Finding';
