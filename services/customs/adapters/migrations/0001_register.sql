-- The message log: the exact bytes of what was received, and what became of it. Rows are never deleted.
CREATE TABLE customs.message (
    id text PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    party text NOT NULL,
    identity jsonb NOT NULL,
    message_id text,
    system text NOT NULL,
    kind text NOT NULL,
    mrn text,
    lrn text,
    declarant text,
    media_type text NOT NULL,
    charset text,
    body bytea NOT NULL,
    sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    warnings jsonb NOT NULL,
    -- What became of it; all other columns are as received.
    state text NOT NULL CHECK (state IN ('received', 'waiting', 'applied')),
    note text,
    shipment text,
    fact_id text,
    fact_type text,
    fact bytea,
    open boolean NOT NULL
);
COMMENT ON COLUMN customs.message.shipment IS 'the MRN it belongs to: its own, or the one its declaration was given';
COMMENT ON COLUMN customs.message.fact_id IS 'the fact it states, alone or with others';
COMMENT ON COLUMN customs.message.fact IS 'the fact, on the message that gave it its id';
COMMENT ON COLUMN customs.message.open IS 'whether later messages of its LRN may join it';
CREATE INDEX message_shipment ON customs.message (shipment, seq) WHERE shipment IS NOT NULL;
CREATE INDEX message_open ON customs.message (party, system, lrn) WHERE open;

-- One row per LRN, locked while its messages are joined: whoever comes second sees what the first has stored.
CREATE TABLE customs.lodgement (
    party text NOT NULL,
    system text NOT NULL,
    lrn text NOT NULL,
    PRIMARY KEY (party, system, lrn)
);

-- One row per MRN that an acceptance speaks of, locked in the same way; accepted once.
CREATE TABLE customs.acceptance (
    mrn text PRIMARY KEY,
    message_id text
);

-- The latest verdict per shipment, folded from reconciliation.
CREATE TABLE customs.answer (
    mrn text PRIMARY KEY,
    partition integer NOT NULL,
    verdict bytea,
    dead text[] NOT NULL
);
