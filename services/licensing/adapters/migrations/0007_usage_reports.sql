-- Use of licences as it is reported. `counts` is false once a total of the same account took its place
-- (services/core/usage.py); nothing else of a row ever changes.
CREATE TABLE licensing.usage_report (
    licence text COLLATE "C" NOT NULL REFERENCES licensing.licence (ref),
    id text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    channel text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    counts boolean NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    content jsonb NOT NULL,
    PRIMARY KEY (licence, id)
);
CREATE INDEX usage_report_counting ON licensing.usage_report (licence, line, channel, place) WHERE counts;
