-- An alert as it is now. Columns are what lists filter on; content is the whole alert in Avro.
-- raised_at is the time of the record that caused the first finding, received_at the earliest message behind it,
-- opened_at this database's clock when the alert was first written.
CREATE TABLE alerting.alert (
    id text PRIMARY KEY,
    partition integer NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    state text NOT NULL,
    code text NOT NULL,
    severity text NOT NULL,
    track text NOT NULL,
    licence text,
    mrn text,
    raised_at timestamptz NOT NULL,
    received_at timestamptz,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    content bytea NOT NULL
);
CREATE INDEX alert_newest ON alerting.alert (opened_at DESC, id DESC);
CREATE INDEX alert_mrn ON alerting.alert (mrn);
CREATE INDEX alert_licence ON alerting.alert (licence, opened_at DESC);

-- The findings of an alert with their evidence, in Avro. Rows are never changed.
CREATE TABLE alerting.finding (
    alert_id text NOT NULL REFERENCES alerting.alert (id),
    revision bigint NOT NULL CHECK (revision > 0),
    finding_id text NOT NULL,
    content bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (alert_id, revision),
    UNIQUE (alert_id, finding_id)
);

-- Where webhooks go, by a hash of the URL (the URL may hold a token). A disabled endpoint answered 410.
CREATE TABLE alerting.endpoint (
    id text PRIMARY KEY,
    disabled_at timestamptz
);

-- One row for each revision of an alert and endpoint. due_at: not before then; a claim moves it ahead.
CREATE TABLE alerting.delivery (
    endpoint text NOT NULL REFERENCES alerting.endpoint (id),
    alert_id text NOT NULL REFERENCES alerting.alert (id),
    revision bigint NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed', 'gone')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_status integer,
    last_error text,
    ended_at timestamptz,
    PRIMARY KEY (endpoint, alert_id, revision)
);
CREATE INDEX delivery_due ON alerting.delivery (endpoint, due_at) WHERE state = 'pending';
CREATE INDEX delivery_alert ON alerting.delivery (alert_id, revision);
