-- Where webhooks go: parties of the door, by name. A disabled one answered 410.
CREATE TABLE customs.endpoint (
    id text PRIMARY KEY,
    disabled_at timestamptz
);

-- One row for each final revision of a verdict and each party that stated something about its shipment.
-- due_at: not before then; a claim moves it ahead.
CREATE TABLE customs.delivery (
    endpoint text NOT NULL,
    subject text NOT NULL,
    revision bigint NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed', 'gone')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_status integer,
    last_error text,
    ended_at timestamptz,
    PRIMARY KEY (endpoint, subject, revision)
);
COMMENT ON COLUMN customs.delivery.subject IS 'the MRN';
CREATE INDEX delivery_due ON customs.delivery (endpoint, due_at) WHERE state = 'pending';
CREATE INDEX delivery_undelivered ON customs.delivery (endpoint, state) WHERE state <> 'delivered';
