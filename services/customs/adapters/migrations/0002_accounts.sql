-- Which messages are accounted for once and for all, so that only the others are ever looked at again.
ALTER TABLE customs.message ADD COLUMN settled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN customs.message.settled IS 'its effect is decided, or it needs none, and nothing can join it any more';
CREATE INDEX message_unsettled ON customs.message (seq) WHERE NOT settled;

-- One row: how many messages are settled.
CREATE TABLE customs.settled (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    messages bigint NOT NULL
);
INSERT INTO customs.settled (messages) VALUES (0);

CREATE INDEX outbox_published ON customs.outbox (published_at) WHERE published_at IS NOT NULL;
