-- What followed a check: consultations, answers and the decision, as JSON.
CREATE TABLE licensing.denial_course (
    check_id text PRIMARY KEY REFERENCES licensing.denial_check (id),
    course jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
