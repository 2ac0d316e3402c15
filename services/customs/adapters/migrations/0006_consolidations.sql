-- References that messages put under a master reference, or take from it (master is null), in the order they came.
CREATE TABLE customs.placing (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    ucr text NOT NULL,
    master text,
    message_id text NOT NULL REFERENCES customs.message (id),
    granted boolean NOT NULL,
    PRIMARY KEY (ucr, message_id)
);
CREATE INDEX placing_master ON customs.placing (master);
COMMENT ON COLUMN customs.placing.granted IS 'customs itself says so; else it counts once customs has answered';

-- References, master or not, of which customs said that they were placed as was asked.
CREATE TABLE customs.placing_answer (
    ucr text PRIMARY KEY
);
