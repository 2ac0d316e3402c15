-- A dossier as it is, in Avro; the other columns are what lists filter on. due_at: when the first of its clocks is over;
-- remind_at: the same of those clocks that were not yet said to be over. Null: none runs.
CREATE TABLE licensing.dossier (
    ref text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    authority text NOT NULL,
    application text NOT NULL,
    licence text,
    open boolean NOT NULL,
    due_at timestamptz,
    remind_at timestamptz,
    content bytea NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX dossier_remind ON licensing.dossier (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX dossier_due ON licensing.dossier (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX dossier_application ON licensing.dossier (application);
CREATE INDEX dossier_licence ON licensing.dossier (licence) WHERE licence IS NOT NULL;

-- Notes, each of one side and for it alone. They are in no message. Rows are never changed.
CREATE TABLE licensing.dossier_note (
    dossier text COLLATE "C" NOT NULL REFERENCES licensing.dossier (ref),
    side text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    actor text NOT NULL,
    text text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (dossier, side, number)
);
