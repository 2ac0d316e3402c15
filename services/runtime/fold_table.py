"""The rows of one fold: who works on which partition and how far it is.

One row per partition holds everything that must change together: epoch, owner, lease, position in every input, last
output. A worker may write only while the epoch is its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from services.runtime.database import Connection
from services.runtime.kafka.reader import Position
from services.runtime.statements import Part, Statements


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A partition as committed. `batch` counts transactions: with `epoch` it is what a commit compares and sets."""

    partition: int
    epoch: int
    batch: int
    positions: Mapping[str, Position]
    last_output: int
    published: int
    halted: str | None = None

    @classmethod
    def of(cls, row: DictRow) -> "FoldRow":
        positions = {topic: Position(p["next"], p["hash"]) for topic, p in row["positions"].items()}
        names = ("partition", "epoch", "batch", "last_output", "published", "halted")
        return cls(positions=positions, **{name: row[name] for name in names})


_ROW = "partition, epoch, batch, positions, last_output, published, halted"
_FREE = "halted IS NULL AND (owner IS NULL OR lease_until < now() OR lease_until > now() + make_interval(secs => %s))"
_ADVANCE = (
    "UPDATE {s}.fold SET batch = %s, positions = %s, last_output = %s, published = %s"
    " WHERE fold = %s AND partition = %s AND epoch = %s AND batch = %s AND halted IS NULL"
)
_STATEMENTS = Statements(row=sql.SQL(_ROW), free=sql.SQL(_FREE))
_LEASES_AHEAD = 10
"""A lease that ends later than so many leases from now was given before the database's clock was set back."""


class FoldTable:
    """SQL of one fold, on the caller's connection. `lease_s` in seconds, by the database's clock."""

    def __init__(self, service: str, fold: str) -> None:
        self._fold = fold
        self._service = service
        self._advances: dict[tuple[bytes, ...], bytes] = {}

    def _sql(self, text: str) -> bytes:
        return _STATEMENTS.of(self._service, text)

    async def prepare(self, connection: Connection, partitions: int) -> int:
        """Make the rows at the first start; the number of rows there are."""
        insert = "INSERT INTO {s}.fold (fold, partition) SELECT %s, generate_series(0, %s) ON CONFLICT DO NOTHING"
        count = "SELECT count(*) AS n FROM {s}.fold WHERE fold = %s"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tolbrug.prepare'))")
        row = await (await connection.execute(self._sql(count), (self._fold,))).fetchone()
        if row is not None and row["n"] > 0:
            return int(row["n"])
        await connection.execute(self._sql(insert), (self._fold, partitions - 1))
        return partitions

    async def beat(self, connection: Connection, worker: str, lease_s: float) -> int:
        """Say that this worker lives; how many do."""
        upsert = (
            "INSERT INTO {s}.worker (fold, worker, seen_at) VALUES (%s, %s, now())"
            " ON CONFLICT (fold, worker) DO UPDATE SET seen_at = now()"
        )
        await connection.execute(self._sql(upsert), (self._fold, worker))
        forget = "DELETE FROM {s}.worker WHERE fold = %s AND abs(extract(epoch FROM now() - seen_at)) > %s"
        await connection.execute(self._sql(forget), (self._fold, lease_s))
        count = "SELECT count(*) AS n FROM {s}.worker WHERE fold = %s"
        row = await (await connection.execute(self._sql(count), (self._fold,))).fetchone()
        return int(row["n"]) if row else 0

    async def leave(self, connection: Connection, worker: str) -> None:
        """This worker stops: the others need not wait for its lease."""
        await connection.execute(
            self._sql("DELETE FROM {s}.worker WHERE fold = %s AND worker = %s"), (self._fold, worker)
        )

    async def owners(self, connection: Connection) -> list[str]:
        """Workers that hold a partition or say that they live."""
        query = (
            "SELECT owner FROM {s}.fold WHERE fold = %s AND owner IS NOT NULL"
            " UNION SELECT worker FROM {s}.worker WHERE fold = %s"
        )
        rows = await (await connection.execute(self._sql(query), (self._fold, self._fold))).fetchall()
        return [row["owner"] for row in rows]

    async def forget(self, connection: Connection, worker: str) -> None:
        """End the leases of a worker that is known to be gone. Were it not gone, the epoch would still fence it."""
        query = "UPDATE {s}.fold SET owner = NULL, lease_until = NULL WHERE fold = %s AND owner = %s"
        await connection.execute(self._sql(query), (self._fold, worker))
        await self.leave(connection, worker)

    async def free(self, connection: Connection, lease_s: float) -> list[int]:
        """Partitions without an owner or with a lease that has ended. Halted ones stay where they are."""
        query = "SELECT partition FROM {s}.fold WHERE fold = %s AND {free} ORDER BY partition"
        values = (self._fold, _LEASES_AHEAD * lease_s)
        return [r["partition"] for r in await (await connection.execute(self._sql(query), values)).fetchall()]

    async def cut_off(self, connection: Connection, partition: int, lease_s: float) -> None:
        """End the database sessions of an owner whose lease has ended.

        One that was stopped inside a transaction would keep the row for as long as it stands still: the server ends
        idle transactions by itself, but not one that waits for the rest of a COPY. One that is only slow connects again
        and finds that it was overtaken.
        """
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity, {s}.fold"
            " WHERE fold = %s AND partition = %s AND {free} AND owner IS NOT NULL"
            " AND datname = current_database() AND application_name = left(owner, 63)"
        )
        await connection.execute(self._sql(query), (self._fold, partition, _LEASES_AHEAD * lease_s))

    async def claim(self, connection: Connection, partition: int, worker: str, lease_s: float) -> int | None:
        """Take a free partition by raising its epoch; None when another was faster."""
        query = (
            "UPDATE {s}.fold SET epoch = epoch + 1, owner = %s, lease_until = now() + make_interval(secs => %s)"
            " WHERE fold = %s AND partition = %s AND {free} RETURNING epoch"
        )
        values = (worker, lease_s, self._fold, partition, _LEASES_AHEAD * lease_s)
        row = await (await connection.execute(self._sql(query), values)).fetchone()
        return None if row is None else int(row["epoch"])

    async def renew(self, connection: Connection, worker: str, lease_s: float) -> dict[int, int]:
        """Prolong the leases of this worker; its partitions and their epochs. Halted ones are no longer its own."""
        query = (
            "UPDATE {s}.fold SET lease_until = now() + make_interval(secs => %s)"
            " WHERE fold = %s AND owner = %s AND halted IS NULL RETURNING partition, epoch"
        )
        rows = await (await connection.execute(self._sql(query), (lease_s, self._fold, worker))).fetchall()
        return {row["partition"]: row["epoch"] for row in rows}

    async def release(self, connection: Connection, partition: int, epoch: int) -> None:
        query = "UPDATE {s}.fold SET owner = NULL, lease_until = NULL WHERE fold = %s AND partition = %s AND epoch = %s"
        await connection.execute(self._sql(query), (self._fold, partition, epoch))

    async def halt(self, connection: Connection, partition: int, reason: str, epoch: int | None = None) -> bool:
        """Nothing more is committed there; False when it was halted already. `epoch`: only while it is a session's."""
        query = (
            "UPDATE {s}.fold SET halted = %s"
            " WHERE fold = %s AND partition = %s AND epoch = coalesce(%s, epoch) AND halted IS NULL"
        )
        return (await connection.execute(self._sql(query), (reason, self._fold, partition, epoch))).rowcount == 1

    async def halted(self, connection: Connection) -> dict[int, str]:
        """Halted partitions with their reasons."""
        query = "SELECT partition, halted FROM {s}.fold WHERE fold = %s AND halted IS NOT NULL"
        rows = await (await connection.execute(self._sql(query), (self._fold,))).fetchall()
        return {row["partition"]: row["halted"] for row in rows}

    async def read(self, connection: Connection, partition: int) -> FoldRow:
        query = "SELECT {row} FROM {s}.fold WHERE fold = %s AND partition = %s"
        row = await (await connection.execute(self._sql(query), (self._fold, partition))).fetchone()
        assert row is not None  # noqa: S101 - prepared at start, never deleted
        return FoldRow.of(row)

    async def advance(
        self, connection: Connection, before: FoldRow, after: FoldRow, parts: Sequence[Part] = ()
    ) -> bool:
        """Compare and set, and write these parts, in one statement; of few records most of the time goes into asking
        the server again and again.

        False, and nothing is written, when the row is no longer as it was, or halted.
        """
        texts = tuple(part.text for part in parts)
        query = self._advances.get(texts)
        if query is None:
            query = self._advances[texts] = _advancing(self._sql(_ADVANCE), texts)
        values = [*self._step(before, after)]
        for part in parts:
            values += part.values
        row = await (await connection.execute(query, values)).fetchone()
        return row is not None and row["moved"] == 1

    def _step(self, before: FoldRow, after: FoldRow) -> tuple[object, ...]:
        positions = Jsonb({t: {"next": p.next, "hash": p.hash} for t, p in after.positions.items()})
        values = (after.batch, positions, after.last_output, after.published)
        return (*values, self._fold, before.partition, before.epoch, before.batch)

    async def mark_published(self, connection: Connection, row: FoldRow, seq: int) -> None:
        query = (
            "UPDATE {s}.fold SET published = greatest(published, %s) WHERE fold = %s AND partition = %s AND epoch = %s"
        )
        await connection.execute(self._sql(query), (seq, self._fold, row.partition, row.epoch))


def _advancing(advance: bytes, parts: Sequence[bytes]) -> bytes:
    """The statement that advances a row and, when it did, writes the parts."""
    written = b"".join(b", part%d AS (%s)" % numbered for numbered in enumerate(parts))
    return b"WITH moved AS (" + advance + b" RETURNING 1)" + written + b" SELECT count(*) AS moved FROM moved"
