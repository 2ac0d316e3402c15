"""The database that a replay writes: one partition of it, and what is done before and after all partitions.

While it is being written it has no indexes on its outputs, and its partitions are halted: services that are started on
half a ledger would decide again what is recorded already.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.runtime.database import Connection
from services.runtime.kafka.reader import Position
from services.runtime.output_table import Output, OutputTable

WRITTEN_AT_ONCE: Final = 5_000
REPEATS_AT_ONCE: Final = 1_000
UNFINISHED: Final = "a replay writes it"

_SCRATCH = """
CREATE SCHEMA replay;
CREATE TABLE replay.repeat (place text, licence text, revision bigint, body bytea);
CREATE TABLE replay.change (
    licence text, mrn text, item integer, line integer, was text, would_be text, at timestamptz,
    PRIMARY KEY (licence, mrn, item, line)
);
"""
_PRIMARY = (
    "SELECT conname, pg_get_constraintdef(oid) AS made FROM pg_constraint"
    " WHERE conrelid = %s::regclass AND contype = 'p'"
)
_INDEXES = (
    "SELECT indexrelid::regclass AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS made"
    " FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary"
)
_ALTERED = (
    "SELECT r.place, r.licence, r.revision FROM replay.repeat AS r LEFT JOIN {output} AS o ON o.fold = {fold}"
    " AND (o.entry_of, o.entry_revision) = (r.licence, r.revision)"
    " WHERE substring(o.value FROM 6) IS DISTINCT FROM r.body ORDER BY r.place LIMIT 100"
)
_DONE = (
    "UPDATE {rows} SET batch = 1, positions = %s, last_output = %s, published = %s, halted = %s"
    " WHERE fold = {fold} AND partition = %s"
)


class Repeat(NamedTuple):
    """A record of the entry topic that is there for another time, and the body it has."""

    place: str
    licence: str
    revision: int
    body: bytes


class Target:
    """What is rebuilt of one partition, on its way to the database; the ledgers in hand with it."""

    def __init__(self, connection: Connection, service: str, fold: str, partition: int) -> None:
        self._connection = connection
        self._table = OutputTable(service, fold)
        self._names = {"rows": sql.Identifier(service, "fold"), "fold": sql.Literal(fold)}
        self._partition = partition
        self._rows: list[Output] = []
        self._repeats: list[Repeat] = []

    def add(self, rebuilt: Sequence[Output]) -> bool:
        """Whether it is time to `write`."""
        self._rows += rebuilt
        return len(self._rows) >= WRITTEN_AT_ONCE

    def repeat(self, repeat: Repeat) -> bool:
        """The same, for a record that `altered` compares in the end."""
        self._repeats.append(repeat)
        return len(self._repeats) >= REPEATS_AT_ONCE

    async def write(self) -> None:
        """Write all that was added."""
        if self._rows:
            await self._table.append(self._connection, self._partition, self._rows)
            self._rows.clear()
        if self._repeats:
            async with self._connection.cursor() as cursor, cursor.copy("COPY replay.repeat FROM STDIN") as copy:
                for repeat in self._repeats:
                    await copy.write_row(repeat)
            self._repeats.clear()

    async def done(self, positions: Mapping[str, Position], outputs: int, published: int, halted: str | None) -> None:
        """Leave the partition as a fold would have that goes on from there. `halted`: why none may."""
        where = Jsonb({topic: {"next": p.next, "hash": p.hash} for topic, p in positions.items() if p.next})
        values = (where, outputs, published, halted, self._partition)
        await self._connection.execute(sql.SQL(_DONE).format(**self._names), values)


class Workshop:
    """The database as a whole. Indexes are taken off and put back as they were, whatever they are."""

    def __init__(self, url: str, service: str, fold: str) -> None:
        self._url = url
        self._output = f"{service}.output"
        self._names = {
            "output": sql.Identifier(service, "output"),
            "rows": sql.Identifier(service, "fold"),
            "stored": sql.Identifier(service, "snapshot"),
            "fold": sql.Literal(fold),
        }
        self._indexes: list[str] = []

    def open(self) -> None:
        """Its tables are made, and empty."""
        with self._connected() as connection:
            connection.execute(self._sql("UPDATE {rows} SET halted = %s WHERE fold = {fold}"), (UNFINISHED,))
            connection.execute(_SCRATCH)
            for row in connection.execute(_INDEXES, (self._output,)).fetchall():
                self._indexes.append(row["made"])
                connection.execute(f"DROP INDEX {row['name']}".encode())
            for row in connection.execute(_PRIMARY, (self._output,)).fetchall():
                self._indexes.append(f"ALTER TABLE {self._output} ADD CONSTRAINT {row['conname']} {row['made']}")
                connection.execute(f"ALTER TABLE {self._output} DROP CONSTRAINT {row['conname']}".encode())

    def finish(self) -> list[str]:
        """Make the indexes; the repeats on the entry topic that are not what they repeat."""
        with self._connected() as connection:
            connection.execute("SET maintenance_work_mem = '128MB'")
            for made in self._indexes:
                connection.execute(made.encode())
            connection.execute("ANALYZE")
            altered = connection.execute(self._sql(_ALTERED)).fetchall()
        return [f"{r['place']}: entry {r['revision']} of {r['licence']} is there once more, altered" for r in altered]

    def clear(self) -> None:
        """Leave nothing but what services have."""
        with self._connected() as connection:
            connection.execute("DROP SCHEMA replay CASCADE")
            connection.execute(self._sql("DELETE FROM {stored} WHERE fold <> {fold}"))

    def _sql(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(**self._names)

    def _connected(self) -> "psycopg.Connection[dict[str, Any]]":
        return psycopg.connect(self._url, row_factory=dict_row)
