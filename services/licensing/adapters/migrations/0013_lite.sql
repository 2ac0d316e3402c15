-- Files of the exchange that were entered, each with its answer: a file that comes again is answered the same.
CREATE TABLE licensing.lite_file (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    run integer NOT NULL CHECK (run >= 0),
    digest bytea NOT NULL,
    answer jsonb NOT NULL,
    UNIQUE (source, run, digest)
);
CREATE INDEX lite_file_latest ON licensing.lite_file (source, position DESC);
