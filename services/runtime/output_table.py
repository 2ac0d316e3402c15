"""The outputs of a fold: every record it put out, kept for ever. They are its outbox, and its entries are the truth.

One table for each range of numbers: what is appended now goes to small indexes, however much there is already.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from services.runtime.columns import Bytes, Texts
from services.runtime.database import Connection
from services.runtime.statements import Part, Statements

AT_ONCE = 100
"""Outputs that are appended by the statement that advances their partition; more are copied."""
RANGE = 1_000_000
"""Numbers of each partition that share a table."""


class Output(NamedTuple):
    """A record to publish, as its row. `entry_of` marks the entries of an aggregate."""

    seq: int
    topic: str
    key: bytes | None
    type: str
    identity: str
    at: datetime
    traceparent: str | None
    headers: list[list[str | None]] | None
    entry_of: str | None
    entry_revision: int | None
    value: bytes | None


COLUMNS = {
    "seq": "int8", "topic": "text", "key": "bytea", "type": "text",
    "identity": "text", "at": "timestamptz", "traceparent": "text", "headers": "jsonb", "entry_of": "text",
    "entry_revision": "int8", "value": "bytea",
}  # fmt: skip
"""The columns of an output with their types, in the order of its fields."""
_TYPES = {"fold": "text", "partition": "int4"} | COLUMNS
_HEADERS = Output._fields.index("headers")
# The key is looked for in each range by its index, whatever the planner knows of a table that has just begun to fill.
_ENTRIES = (
    "SELECT e.entry_of, e.entry_revision, e.value FROM unnest(%s::text[], %s::bigint[]) AS known (name, revision)"
    " CROSS JOIN LATERAL (SELECT entry_of, entry_revision, value FROM {s}.output WHERE fold = %s"
    " AND entry_of = known.name AND entry_revision > known.revision ORDER BY entry_revision OFFSET 0) AS e"
)
_END = (
    "SELECT coalesce(max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(\\d+)''')::bigint), 0) AS bound"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass"
)
_APPEND = "COPY {s}.output ({columns}) FROM STDIN (FORMAT BINARY)"
_PART = "INSERT INTO {s}.output (fold, partition, {fields}) SELECT %s, %s, o.* FROM moved, unnest({arrays}) AS o"
_ARRAYS = {"text": Texts, "bytea": Bytes}
"""How a column of a type is sent; the others go as psycopg sends lists."""
_STATEMENTS = Statements(
    columns=sql.SQL(", ").join(map(sql.Identifier, _TYPES)),
    fields=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
    arrays=sql.SQL(", ").join(sql.SQL(f"%s::{kind}[]") for kind in COLUMNS.values()),
)


class OutputTable:
    """SQL on the outputs of one fold, on the caller's connection."""

    def __init__(self, service: str, fold: str) -> None:
        self._fold = fold
        self._service = service
        self._room = 0

    def _sql(self, text: str) -> bytes:
        return _STATEMENTS.of(self._service, text)

    def takes(self, outputs: Sequence[Output]) -> bool:
        """Whether these are few, there is room for them, as far as is known here, and none has headers of its own."""
        few = len(outputs) <= AT_ONCE and outputs[-1].seq < self._room
        return few and all(output.headers is None for output in outputs)

    def part(self, partition: int, outputs: Sequence[Output]) -> Part:
        """What appends a few, for which there is room (`takes`), one at least."""
        kinds = [_ARRAYS.get(kind, list) for kind in COLUMNS.values()]
        columns = [sent(column) for sent, column in zip(kinds, zip(*outputs, strict=True), strict=True)]
        return Part(self._sql(_PART), (self._fold, partition, *columns))

    async def append(self, connection: Connection, partition: int, outputs: Sequence[Output]) -> None:
        """Add them, numbered after those there are, in the caller's transaction."""
        if outputs[-1].seq >= self._room:
            self._room = await self._make_room(connection, outputs[-1].seq)
        async with connection.cursor() as cursor, cursor.copy(self._sql(_APPEND)) as copy:
            copy.set_types(list(_TYPES.values()))
            for output in outputs:
                row = output if output.headers is None else _with_headers(output)
                await copy.write_row((self._fold, partition, *row))

    async def _make_room(self, connection: Connection, seq: int) -> int:
        """The first number that still has no table, once `seq` has one.

        Attached, not created in place: that would wait for everyone who reads, and have everyone wait.
        """
        end = await self._end(connection)
        if seq < end:
            return end
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tolbrug.output'))")
            end = await self._end(connection)
            while end <= seq:
                table = sql.Identifier(self._service, f"output_{end}")
                parent = sql.Identifier(self._service, "output")
                bounds = (sql.Literal(end), sql.Literal(end + RANGE))
                await connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, parent))
                attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
                await connection.execute(attach.format(parent, table, *bounds))
                end += RANGE
        return end

    async def _end(self, connection: Connection) -> int:
        row = await (await connection.execute(_END, (f'"{self._service}".output',))).fetchone()
        return 0 if row is None else int(row["bound"])

    async def after(self, connection: Connection, partition: int, seq: int, limit: int) -> list[Output]:
        """Outputs of a partition above `seq`, in order."""
        query = "SELECT {fields} FROM {s}.output WHERE fold = %s AND partition = %s AND seq > %s ORDER BY seq LIMIT %s"
        return await self._read(connection, query, (self._fold, partition, seq, limit))

    async def entries_of(self, connection: Connection, aggregate: str, after: int, limit: int) -> list[Output]:
        """Entries of one aggregate above a revision, in order."""
        query = (
            "SELECT {fields} FROM {s}.output"
            " WHERE fold = %s AND entry_of = %s AND entry_revision > %s ORDER BY entry_revision LIMIT %s"
        )
        return await self._read(connection, query, (self._fold, aggregate, after, limit))

    async def _read(self, connection: Connection, query: str, parameters: tuple[object, ...]) -> list[Output]:
        async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
            await cursor.execute(self._sql(query), parameters)
            return [_output(row) for row in await cursor.fetchall()]

    async def entries_after(self, connection: Connection, revisions: Mapping[str, int]) -> list[tuple[str, int, bytes]]:
        """Aggregate, revision and value of the entries above the revision of each aggregate, in order for each."""
        parameters = (Texts(revisions), list(revisions.values()), self._fold)
        # Planned anew each time: a plan made while a table was empty would read all of it for ever.
        cursor = await connection.execute(self._sql(_ENTRIES), parameters, prepare=False, binary=True)
        return [(row["entry_of"], row["entry_revision"], bytes(row["value"] or b"")) for row in await cursor.fetchall()]


def _with_headers(output: Output) -> tuple[object, ...]:
    return (*output[:_HEADERS], Jsonb(output.headers), *output[_HEADERS + 1 :])


def _output(row: tuple[Any, ...]) -> Output:
    return Output._make([bytes(v) if type(v) is memoryview else v for v in row])
