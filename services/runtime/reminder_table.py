"""The reminders of a fold: of each aggregate when it is to be looked at next, and whether that was said.

The table follows from the states and is written with them, in the same transaction. A row that was said stays until the
aggregate has been looked at: what happens to it meanwhile does not say the same again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.runtime.columns import Texts
from services.runtime.database import Connection
from services.runtime.statements import Part, Statements


class Due(NamedTuple):
    """An aggregate that is to be looked at, and the moment for which that was asked."""

    aggregate: str
    at: datetime


_PUT = (
    "INSERT INTO {s}.reminder (fold, aggregate, partition, due)"
    " SELECT %s, a, %s, d FROM moved, unnest(%s::text[], %s::timestamptz[]) AS rows (a, d)"
    " ON CONFLICT (fold, aggregate) DO UPDATE SET due = excluded.due, partition = excluded.partition, said = false"
    " WHERE reminder.due <> excluded.due"
)
_DROP = "DELETE FROM {s}.reminder USING moved WHERE fold = %s AND aggregate = ANY(%s)"
# Of two clocks the one that is behind decides: one that jumps ahead lets nothing happen early.
_DUE = (
    "SELECT aggregate, due FROM {s}.reminder WHERE fold = %s AND partition = %s AND NOT said"
    " AND due <= least(%s, now() + %s) ORDER BY due, aggregate LIMIT %s"
)
_SAID = "UPDATE {s}.reminder SET said = true FROM unnest(%s::text[]) AS rows (a) WHERE fold = %s AND aggregate = a"
_NEXT = "SELECT min(due) AS due FROM {s}.reminder WHERE fold = %s AND partition = %s AND NOT said"
# Locked, so that nobody takes the partition over while its reminders are made anew.
_RULES = "SELECT epoch, reminders FROM {s}.fold WHERE fold = %s AND partition = %s FOR UPDATE"
_UNDER = "UPDATE {s}.fold SET reminders = %s WHERE fold = %s AND partition = %s"
# Of one that has few entries no state was stored yet.
_STORED = (
    "(SELECT aggregate FROM {s}.snapshot WHERE fold = %(fold)s AND partition = %(partition)s"
    " AND aggregate > %(after)s ORDER BY aggregate LIMIT %(limit)s)"
    " UNION (SELECT entry_of FROM {s}.output WHERE fold = %(fold)s AND partition = %(partition)s"
    " AND entry_of > %(after)s AND entry_revision = 1 ORDER BY entry_of LIMIT %(limit)s)"
    " ORDER BY aggregate LIMIT %(limit)s"
)
_STATEMENTS = Statements()


class ReminderTable:
    """SQL on the reminders of one fold, on the caller's connection."""

    def __init__(self, service: str, fold: str) -> None:
        self._fold = fold
        self._service = service

    def _sql(self, text: str) -> bytes:
        return _STATEMENTS.of(self._service, text)

    def put(self, partition: int, wanted: Mapping[str, datetime]) -> Part:
        """When these are to be looked at next, in place of what stood there. What stands there already stays said."""
        return Part(self._sql(_PUT), (self._fold, partition, Texts(wanted), list(wanted.values())))

    def drop(self, aggregates: Collection[str]) -> Part:
        """These need not be looked at any more."""
        return Part(self._sql(_DROP), (self._fold, Texts(aggregates)))

    async def due(
        self, connection: Connection, partition: int, until: datetime, ahead: timedelta, limit: int
    ) -> list[Due]:
        """What was not said and is due by then, by this process's clock and the database's, which is set ahead."""
        values = (self._fold, partition, until, ahead, limit)
        rows = await (await connection.execute(self._sql(_DUE), values)).fetchall()
        return [Due(row["aggregate"], row["due"]) for row in rows]

    async def said(self, connection: Connection, found: Sequence[Due]) -> None:
        await connection.execute(self._sql(_SAID), (Texts(due.aggregate for due in found), self._fold))

    async def rules(self, connection: Connection, partition: int) -> tuple[int, str | None]:
        """The partition's epoch, and by which rules its reminders were made; the row is locked."""
        row = await (await connection.execute(self._sql(_RULES), (self._fold, partition))).fetchone()
        assert row is not None  # noqa: S101 - prepared at start, never deleted
        return row["epoch"], row["reminders"]

    async def made_by(self, connection: Connection, partition: int, rules: str) -> None:
        await connection.execute(self._sql(_UNDER), (rules, self._fold, partition))

    async def stored(self, connection: Connection, partition: int, after: str, limit: int) -> list[str]:
        """Aggregates whose state, or an entry of it, is stored, in order."""
        values = {"fold": self._fold, "partition": partition, "after": after, "limit": limit}
        return [r["aggregate"] for r in await (await connection.execute(self._sql(_STORED), values)).fetchall()]

    async def next(self, connection: Connection, partition: int) -> datetime | None:
        """When the first that was not said is due."""
        row = await (await connection.execute(self._sql(_NEXT), (self._fold, partition))).fetchone()
        found: datetime | None = row["due"] if row is not None else None
        return found
