-- Movements name goods by a consignment reference and no MRN. One row per reference, locked while it is looked at.
CREATE TABLE customs.consignment (
    ucr text PRIMARY KEY,
    mrns text[] NOT NULL
);
COMMENT ON COLUMN customs.consignment.mrns IS 'the accepted declarations that name it';

-- What each message tells of a reference. at: when, if told; answered: customs recorded what was asked for.
CREATE TABLE customs.movement (
    ucr text NOT NULL REFERENCES customs.consignment (ucr),
    message_id text NOT NULL REFERENCES customs.message (id),
    departed boolean NOT NULL,
    word text NOT NULL CHECK (word IN ('asked', 'granted', 'refused')),
    at timestamptz,
    reference text,
    answered boolean NOT NULL,
    PRIMARY KEY (ucr, message_id, departed)
);
CREATE INDEX movement_unanswered ON customs.movement (ucr, departed) WHERE NOT answered AND word = 'asked';
CREATE INDEX movement_answers ON customs.movement (ucr, departed, word) WHERE word <> 'asked';

-- A movement of goods of several declarations states a fact of each: the first is in its row of the log, these are the others.
CREATE TABLE customs.further_fact (
    message_id text NOT NULL REFERENCES customs.message (id),
    shipment text NOT NULL,
    fact_id text NOT NULL,
    fact_type text NOT NULL,
    fact bytea NOT NULL,
    PRIMARY KEY (message_id, shipment)
);
CREATE INDEX further_fact_shipment ON customs.further_fact (shipment);

CREATE VIEW customs.said AS
SELECT id, seq, party, message_id, kind, mrn, lrn, sha256, received_at, warnings, state, note, open, shipment, fact_id,
    fact_type, fact
FROM customs.message
UNION ALL
SELECT m.id, m.seq, m.party, m.message_id, m.kind, m.mrn, m.lrn, m.sha256, m.received_at, m.warnings, m.state, m.note,
    m.open, f.shipment, f.fact_id, f.fact_type, f.fact
FROM customs.further_fact AS f JOIN customs.message AS m ON m.id = f.message_id;
COMMENT ON VIEW customs.said IS 'the log by shipment: a row for each shipment that a message is about';

-- Those that wait, oldest first.
CREATE INDEX message_waiting ON customs.message (received_at) WHERE state = 'waiting' AND fact_id IS NULL;
