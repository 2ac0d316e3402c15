"""The reminders of one partition: what a commit has to store, and what may be said.

    state ──due(state)──▶ stored with it ──due, and all inputs read up to then──▶ an output like any other
      ▲                                                                              │ published, read back
      └────────────────────────── handled: now = the time it was due ◀───────────────┘

A reminder is said when this process's clock and the database's are past its time and, after that, every input was
read to where it then ended: so what was received before is decided before. Saying it is a transaction of the fold: the
row of the partition is compared and set, the output appended, the reminder marked. Whoever was overtaken says nothing,
and what dies between is published by the next owner.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.core.errors import Fenced
from services.core.message import Message
from services.runtime.aggregates import load
from services.runtime.clock import Clock
from services.runtime.codec import Codec
from services.runtime.database import Connection, Database
from services.runtime.fold import FoldSpec
from services.runtime.kafka.reader import PartitionReader, Position
from services.runtime.output import output_of
from services.runtime.output_table import Output
from services.runtime.reminder_table import Due, ReminderTable
from services.runtime.statements import Part, write
from services.runtime.telemetry import REMINDERS, REMINDERS_LATE

AT_ONCE = 500
"""Reminders of one transaction. The next come once these are handled, so a great many do not hold up other messages."""
PAGE = 1_000
"""Aggregates whose reminders are made anew in one transaction."""
EVERY_S = 0.5
"""Between two looks at what is due."""


@dataclass(frozen=True, slots=True)
class _Looking:
    """A moment at which something was due, and where the inputs ended after it."""

    until: datetime
    ends: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit has to write: when aggregates are to be looked at, and those that need not be any more."""

    wanted: dict[str, datetime] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.gone)


class Reminding:
    """Of a fold without reminders nothing is ever due."""

    def __init__(self, spec: FoldSpec[Any], clock: Clock, partition: int) -> None:
        self._spec = spec
        self._reminders = spec.reminders
        self._clock = clock
        self._partition = partition
        self._table = ReminderTable(spec.service, spec.name)
        self._before: dict[str, datetime | None] = {}
        self._asked_anew: set[str] = set()
        self._next: datetime | None = None
        self._looking: _Looking | None = None
        self._look_at = 0.0
        self._late = REMINDERS_LATE.labels(spec.title, partition)

    async def begin(self, database: Database, codec: Codec, epoch: int) -> None:
        """Make them anew where other rules made them, and find out when the first is due. Fenced when overtaken."""
        if self._reminders is None:
            return
        page: Sequence[str] = ("",)
        while page:
            async with database.transaction() as connection:
                page = await self._renew(connection, codec, epoch, page[-1])
        async with database.connection() as connection:
            self._next = await self._table.next(connection, self._partition)

    async def _renew(self, connection: Connection, codec: Codec, epoch: int, after: str) -> Sequence[str]:
        """One page of stored aggregates: which they were, none when all are under the rules."""
        reminders, partition = self._reminders, self._partition
        owner, rules = await self._table.rules(connection, partition)
        if owner != epoch:
            raise Fenced(f"{self._spec.title}[{partition}] is at epoch {owner}, ours is {epoch}")
        if reminders is None or rules == reminders.rules:
            return ()
        names = await self._table.stored(connection, partition, after, PAGE)
        if not names:
            await self._table.made_by(connection, partition, reminders.rules)
            return ()
        states = await load(connection, self._spec, codec, names)
        due = {name: reminders.due(state) for name, state in sorted(states.items())}
        wanted = {name: at for name, at in due.items() if at is not None}
        await write(connection, self.parts(Changes(wanted, [name for name in due if name not in wanted])))
        return names

    def stop(self) -> None:
        self._late.set(0)

    def handling(self, name: str, before: Any, message: Message) -> None:
        """An aggregate is about to be changed by a message."""
        if self._reminders is None:
            return
        if type(message) is self._reminders.type:
            self._asked_anew.add(name)  # what stands in the table was said
        if name not in self._before:
            self._before[name] = self._reminders.due(before)

    def changes(self, after: Callable[[str], Any]) -> Changes:
        """When the aggregates that were handled since the last commit are to be looked at next, where that changed.

        `after` gives their states.
        """
        changes = Changes()
        if self._reminders is not None:
            for name in sorted(self._before):
                due = self._reminders.due(after(name))
                if due == self._before[name] and name not in self._asked_anew:
                    continue
                if due is None:
                    changes.gone.append(name)
                else:
                    changes.wanted[name] = due
        return changes

    def parts(self, changes: Changes) -> list[Part]:
        """What a commit writes of them."""
        parts = [self._table.put(self._partition, changes.wanted)] if changes.wanted else []
        return [*parts, self._table.drop(changes.gone)] if changes.gone else parts

    def committed(self, changes: Changes) -> None:
        """They are in the table."""
        self._before.clear()
        self._asked_anew.clear()
        first = min(changes.wanted.values(), default=None)
        if first is not None and (self._next is None or first < self._next):
            self._next = first

    async def until(self, reader: PartitionReader, positions: Mapping[str, Position]) -> datetime | None:
        """A moment at which something was due, once every input is read to where it ended after it; else None."""
        if self._next is None:
            return None
        now = self._clock.now()
        self._late.set(max(0.0, (now - self._next).total_seconds()))
        if self._looking is None:
            if now < self._next or time.monotonic() < self._look_at:
                return None
            self._look_at = time.monotonic() + EVERY_S
            self._looking = _Looking(now, await reader.ends())
        looking = self._looking
        if any(positions.get(topic, Position()).next < end for topic, end in looking.ends.items()):
            return None
        self._looking = None
        return looking.until

    async def due(self, connection: Connection, until: datetime) -> list[Due]:
        """The first that are due by then."""
        found = await self._table.due(connection, self._partition, until, self._clock.ahead, AT_ONCE)
        if not found:
            self._next = await self._table.next(connection, self._partition)
        return found

    def outputs(self, codec: Codec, found: Sequence[Due], seq: int) -> list[Output]:
        """The messages that say so, numbered from `seq`; each has the time it was due."""
        assert self._reminders is not None  # noqa: S101 - else nothing is ever due
        told = self._reminders.told
        numbered = enumerate(found, start=seq)
        return [output_of(self._spec, codec, told(due.aggregate, due.at), n, due.at, None) for n, due in numbered]

    async def said(self, connection: Connection, found: Sequence[Due]) -> None:
        """In the transaction that appends the outputs."""
        await self._table.said(connection, found)
        REMINDERS.labels(self._spec.title).inc(len(found))
