"""The tables the runtime keeps in each service's schema, and the migrations a service brings.

A migration file `NNNN_name.sql` runs once, in one transaction, in order of its name. A file changed after it ran is
refused: add another one.
"""

from hashlib import sha256
from importlib.resources import files

from psycopg import sql

from services.core.errors import Fatal
from services.runtime.database import Connection, Database

RUNTIME = """
CREATE SCHEMA IF NOT EXISTS {s};
CREATE TABLE IF NOT EXISTS {s}.migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS {s}.fold (
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
CREATE TABLE IF NOT EXISTS {s}.worker (
    fold text NOT NULL,
    worker text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (fold, worker)
);
CREATE TABLE IF NOT EXISTS {s}.output (
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
CREATE UNIQUE INDEX IF NOT EXISTS output_entry ON {s}.output (fold, entry_of, entry_revision)
    WHERE entry_of IS NOT NULL;
CREATE TABLE IF NOT EXISTS {s}.snapshot (
    fold text NOT NULL,
    aggregate text NOT NULL,
    partition integer NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (fold, aggregate)
);
CREATE TABLE IF NOT EXISTS {s}.outbox (
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
CREATE INDEX IF NOT EXISTS outbox_unpublished ON {s}.outbox (id) WHERE published_at IS NULL;
"""


async def migrate(database: Database, schema: str, package: str | None) -> None:
    """Bring a service's schema up to date. Processes that start together wait for one another."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tolbrug.migrate'))")
        await connection.execute(sql.SQL(RUNTIME).format(s=sql.Identifier(schema)))
        if package is not None:
            await _apply_files(connection, schema, package)


async def _apply_files(connection: Connection, schema: str, package: str) -> None:
    known = sql.SQL("SELECT name, sha256 FROM {s}.migration").format(s=sql.Identifier(schema))
    applied = {row["name"]: row["sha256"] for row in await (await connection.execute(known)).fetchall()}
    note = sql.SQL("INSERT INTO {s}.migration (name, sha256) VALUES (%s, %s)").format(s=sql.Identifier(schema))
    for file in sorted(files(package).iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        text = file.read_text(encoding="utf-8")
        digest = sha256(text.encode()).hexdigest()
        if file.name not in applied:
            await connection.execute(text.encode())
            await connection.execute(note, (file.name, digest))
        elif applied[file.name] != digest:
            raise Fatal(f"migration {package}/{file.name} was changed after it ran; put it back and add a new file")
