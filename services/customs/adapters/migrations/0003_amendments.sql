-- Messages that amend an accepted declaration join by its MRN.
ALTER TABLE customs.message ADD COLUMN amends text;
COMMENT ON COLUMN customs.message.amends IS 'the MRN under which it joins others that amend the same declaration';
CREATE INDEX message_amends ON customs.message (amends) WHERE open AND amends IS NOT NULL;
COMMENT ON COLUMN customs.acceptance.message_id IS 'the message that stated the version in force';
