-- When each denial was last written, in the order of commits: whoever writes holds a lock until then. A process that
-- has them in memory reads what is above the last it read; names are compared there, not by words in the database.
CREATE SEQUENCE licensing.denial_writes;
ALTER TABLE licensing.denial ADD COLUMN stored bigint NOT NULL DEFAULT nextval('licensing.denial_writes');
CREATE UNIQUE INDEX denial_stored ON licensing.denial (stored);
ALTER TABLE licensing.denial DROP COLUMN words;
