-- What the status of a licence can be found by: its last step, and to the second when that takes effect. Which status is
-- in force is a matter of time too; these say where to look (`adapters.search`).
ALTER TABLE licensing.licence
    ADD COLUMN last_status text GENERATED ALWAYS AS (statuses -> -1 ->> 'status') STORED,
    ADD COLUMN last_effective text COLLATE "C" GENERATED ALWAYS AS (left(statuses -> -1 ->> 'effective_at', 19)) STORED;
CREATE INDEX licence_status ON licensing.licence (last_status, ref);
CREATE INDEX licence_effective ON licensing.licence (last_effective);
CREATE INDEX licence_valid_to ON licensing.licence (valid_to);
