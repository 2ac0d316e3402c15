"""The tables the runtime keeps in each service's schema, and the migrations a service brings.

A migration file `NNNN_name.sql` runs once, in one transaction, in order of its name. A file changed after it ran is
refused: add another one.
"""

from hashlib import sha256
from importlib.resources import files

from psycopg import sql

from services.core.errors import Fatal
from services.runtime.database import Connection, Database

FIRST = """
CREATE SCHEMA IF NOT EXISTS {s};
CREATE TABLE IF NOT EXISTS {s}.migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""

# Runs once: even IF NOT EXISTS would wait for every open transaction of a running installation.
RUNTIME = """
CREATE TABLE {s}.fold (
    fold text NOT NULL,
    partition integer NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    owner text,
    lease_until timestamptz,
    batch bigint NOT NULL DEFAULT 0,
    positions jsonb NOT NULL DEFAULT '{{}}',
    last_output bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0,
    snapshot bigint NOT NULL DEFAULT 0,
    halted text,
    PRIMARY KEY (fold, partition)
);
CREATE TABLE {s}.worker (
    fold text NOT NULL,
    worker text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (fold, worker)
);
CREATE TABLE {s}.output (
    fold text NOT NULL,
    partition integer NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL,
    key bytea,
    type text NOT NULL,
    identity text NOT NULL,
    at timestamptz NOT NULL,
    traceparent text,
    headers jsonb,
    entry_of text,
    entry_revision bigint,
    value bytea,
    PRIMARY KEY (fold, partition, seq)
);
CREATE UNIQUE INDEX output_entry ON {s}.output (fold, entry_of, entry_revision)
    WHERE entry_of IS NOT NULL;
CREATE TABLE {s}.snapshot (
    fold text NOT NULL,
    aggregate text NOT NULL,
    partition integer NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (fold, aggregate)
);
CREATE TABLE {s}.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    type text NOT NULL,
    identity text NOT NULL,
    at timestamptz NOT NULL,
    traceparent text,
    value bytea NOT NULL,
    published_at timestamptz
);
CREATE INDEX outbox_unpublished ON {s}.outbox (id) WHERE published_at IS NULL;
"""


# From one table of outputs to one for each range of numbers; aggregates are stored when it pays (`runtime.aggregates`).
RANGES = """
DROP INDEX {s}.output_entry;
ALTER TABLE {s}.output RENAME TO output_0;
ALTER INDEX {s}.output_pkey RENAME TO output_0_pkey;
CREATE TABLE {s}.output (LIKE {s}.output_0 INCLUDING ALL) PARTITION BY RANGE (seq);
CREATE INDEX output_entry ON {s}.output (fold, entry_of, entry_revision) WHERE entry_of IS NOT NULL;
DO $$ BEGIN
    EXECUTE format('ALTER TABLE {s}.output ATTACH PARTITION {s}.output_0 FOR VALUES FROM (MINVALUE) TO (%s)',
        (SELECT (coalesce(max(seq), 0) / 1000000 + 1) * 1000000 FROM {s}.output_0));
END $$;
ALTER TABLE {s}.fold DROP COLUMN snapshot;
"""

# Of each aggregate when it is to be looked at next (`runtime.reminder_table`).
REMINDERS = """
CREATE TABLE {s}.reminder (
    fold text NOT NULL,
    aggregate text NOT NULL,
    partition integer NOT NULL,
    due timestamptz NOT NULL,
    said boolean NOT NULL DEFAULT false,
    PRIMARY KEY (fold, aggregate)
);
CREATE INDEX reminder_due ON {s}.reminder (fold, partition, due) WHERE NOT said;
"""

# The rules by which a partition's reminders were made.
REMINDER_RULES = "ALTER TABLE {s}.fold ADD COLUMN reminders text;"

_OURS = {
    "0000_runtime.sql": RUNTIME,
    "0000_runtime_ranges.sql": RANGES,
    "0000_runtime_reminders.sql": REMINDERS,
    "0000_runtime_reminder_rules.sql": REMINDER_RULES,
}


async def migrate(database: Database, schema: str, package: str | None) -> None:
    """Bring a service's schema up to date. Processes that start together wait for one another."""
    scripts = list(_OURS.items())
    if package is not None:
        names = sorted(f.name for f in files(package).iterdir() if f.name.endswith(".sql"))
        scripts += [(name, files(package).joinpath(name).read_text(encoding="utf-8")) for name in names]
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tolbrug.migrate'))")
        await connection.execute(_in(schema, FIRST))
        known = await connection.execute(_in(schema, "SELECT name, sha256 FROM {s}.migration"))
        applied = {row["name"]: row["sha256"] for row in await known.fetchall()}
        for name, text in scripts:
            await _apply(connection, schema, name, text, applied.get(name))


async def _apply(connection: Connection, schema: str, name: str, text: str, applied: str | None) -> None:
    digest = sha256(text.encode()).hexdigest()
    if applied is None:
        await connection.execute(_in(schema, text) if name in _OURS else text.encode())
        await connection.execute(
            _in(schema, "INSERT INTO {s}.migration (name, sha256) VALUES (%s, %s)"), (name, digest)
        )
    elif applied != digest:
        raise Fatal(f"migration {name} of {schema} was changed after it ran; put it back and add a new file")


def _in(schema: str, text: str) -> sql.Composed:
    return sql.SQL(text).format(s=sql.Identifier(schema))
