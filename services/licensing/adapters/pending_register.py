"""Amendments that take effect later, in PostgreSQL: taken, withdrawn, and laid over the licence at their time.

What becomes of one, the revision of the licence and the outbox are one transaction under the lock of the licence. So
it takes effect once, whatever dies when and however many processes find it due.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.core.errors import Fault
from services.core.messages import Change, Licence
from services.licensing.adapters.bodies import StoredLicence
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.live_denials import DenialIndex
from services.licensing.adapters.pending_views import overlaid, pending_of, stored
from services.licensing.adapters.register import Append, load_licences, lock_name, write_revisions
from services.licensing.adapters.search import Page
from services.licensing.domain.granting import Denied
from services.licensing.domain.kinds import as_authorised
from services.licensing.domain.pending import (
    Pending,
    Schedule,
    State,
    moved_faults,
    schedule,
    take_effect,
    withdraw,
)
from services.licensing.domain.registered import Registered
from services.runtime.database import Connection, Database

Judge = Callable[[StoredLicence], tuple[Fault, ...]]

# Locked by the name of its licence.
_OF_LICENCES = "SELECT content FROM licensing.pending WHERE ref = ANY(%s) ORDER BY effective_at, place"
_WRITE = """
INSERT INTO licensing.pending (id, ref, state, effective_at, content) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, content = excluded.content
"""
_DUE = """
SELECT content FROM licensing.pending p
WHERE state = 'waiting' AND effective_at <= least(%(now)s, now())
    AND NOT EXISTS (
        SELECT FROM licensing.pending s WHERE s.id = ANY(%(stuck)s) AND s.state = 'waiting' AND s.ref = p.ref
    )
ORDER BY effective_at, place LIMIT %(limit)s
"""
_COUNT = """
SELECT count(*) FILTER (WHERE state = 'refused') AS refused,
    min(effective_at) FILTER (WHERE state = 'waiting') AS next
FROM licensing.pending WHERE state IN ('waiting', 'refused')
"""


@dataclass(frozen=True, slots=True)
class Withdraw:
    id: str
    ref: str
    by: Change
    at: datetime


@dataclass(frozen=True, slots=True)
class TakeEffect:
    """`unwritable`: why no message can be made of it; it is then refused."""

    id: str
    ref: str
    at: datetime
    unwritable: str | None = None


Command = Schedule | Withdraw | TakeEffect


@dataclass(frozen=True, slots=True)
class Settled:
    """An amendment as it stands, and whether the request changed it."""

    pending: Pending
    changed: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the commands of a group are about; as it is after those that were decided. `pending`: in order of effect."""

    licences: dict[str, Registered]
    pending: dict[str, Pending]
    denied: Denied


class PendingAmendments:
    """Applies requests in order of arrival; each gets how the amendment stands, or the Refused that answers it."""

    def __init__(self, append: Append, judge: Judge, denials: DenialIndex) -> None:
        self._append = append
        self._judge = judge
        self._denials = denials

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Settled | Exception]:
        refs = {_licence(command) for command in commands}
        await lock(connection, [lock_name(ref) for ref in refs])
        licences = await load_licences(connection, refs)
        known = _Known(licences, await _load(connection, refs), await self._denials.denied(connection, refs))
        changed: dict[str, Pending] = {}

        def decide(command: Command) -> tuple[Settled, list[Licence]]:
            settled, made = self._decide(known, command)
            if settled.changed:
                changed[settled.pending.id] = known.pending[settled.pending.id] = settled.pending
            return settled, made

        group = decided(commands, traces, decide)
        if group.made:
            await write_revisions(connection, group.made)
            await self._append(connection, group.made, max(one.changed_at for one in group.made), group.traces)
        await _write(connection, changed.values())
        return group.answers

    def _decide(self, known: _Known, command: Command) -> tuple[Settled, list[Licence]]:
        match command:
            case Schedule(pending=pending):
                settled = Settled(*schedule(known.licences.get(pending.ref), known.pending.get(pending.id), command))
                if settled.changed:
                    known.denied.refuse(command.made, pending.recorded_at.date(), command.base)
                return settled, []
            case Withdraw():
                before = known.pending.get(command.id)
                after = withdraw(before, command.by, command.at)
                return Settled(after, after != before), []
            case TakeEffect():
                return self._take_effect(known, command)

    def _take_effect(self, known: _Known, command: TakeEffect) -> tuple[Settled, list[Licence]]:
        """Of those that wait with the same licence only the first can, so that they do in order."""
        pending, of_licence = (
            known.pending[command.id],
            (one for one in known.pending.values() if one.ref == command.ref),
        )
        if pending.id != next((one.id for one in of_licence if one.state is State.WAITING), None):
            return Settled(pending, changed=False), []
        if command.unwritable is not None:
            fault = Fault("", "unwritable", command.unwritable)
            refused = replace(pending, state=State.REFUSED, settled_at=command.at, faults=(fault,))
            return Settled(refused, changed=True), []
        current = known.licences[command.ref].current
        terms = overlaid(current, [pending.sent])
        made = as_authorised(terms.stored())
        moved = tuple(moved_faults(pending.sent, overlaid(current, [pending.before]).stored(), current, made))
        faults = moved or self._judge(terms) or known.denied.faults(made, command.at.date(), current)
        settled, decision = take_effect(known.licences[command.ref], pending, made, faults, command.at)
        known.licences[command.ref] = decision.state
        return Settled(settled, changed=True), [one for one in decision.outputs if isinstance(one, Licence)]


def _licence(command: Command) -> str:
    return command.pending.ref if isinstance(command, Schedule) else command.ref


async def _load(connection: Connection, refs: Collection[str]) -> dict[str, Pending]:
    """In the order in which they take effect."""
    rows = await (await connection.execute(_OF_LICENCES, (sorted(refs),))).fetchall()
    return {one.id: one for one in (pending_of(row["content"]) for row in rows)}


async def _write(connection: Connection, changed: Iterable[Pending]) -> None:
    rows = [(one.id, one.ref, one.state.value, one.change.effective_at, Jsonb(stored(one))) for one in changed]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(_WRITE, rows)


class PendingSearch:
    """Reads what is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, id_: str) -> Pending | None:
        found = await self._read("WHERE id = %(id)s", {"id": id_})
        return found[0] if found else None

    async def of_licence(self, ref: str) -> list[Pending]:
        """Those nobody is done with, in the order in which they take effect."""
        wanted = "WHERE ref = %(ref)s AND state IN ('waiting', 'refused') ORDER BY effective_at, place"
        return await self._read(wanted, {"ref": ref})

    async def page(self, page: Page, ref: str | None, state: State | None) -> list[Pending]:
        """In order of identity."""
        wanted = "WHERE id > %(after)s"
        if ref is not None:
            wanted += " AND ref = %(ref)s"
        if state is not None:
            wanted += " AND state = %(state)s"
        values = {"after": page.after, "limit": page.limit, "ref": ref, "state": state and state.value}
        return await self._read(wanted + " ORDER BY id LIMIT %(limit)s", values)

    async def due(self, now: datetime, limit: int, stuck: Collection[str]) -> list[Pending]:
        """Those whose time has come by this clock and the database's.

        `stuck`: such that cannot be settled; while one waits, those of its licence are passed over, for only the first
        of a licence takes effect.
        """
        values = {"now": now, "limit": limit, "stuck": list(stuck)}
        return [pending_of(row["content"]) for row in await self._database.rows(_DUE, values)]

    async def open(self) -> tuple[int, datetime | None]:
        """How many were refused and not put aside, and the time of the first that waits."""
        (row,) = await self._database.rows(_COUNT)
        return row["refused"], row["next"]

    async def _read(self, wanted: str, values: dict[str, Any]) -> list[Pending]:
        query = f"SELECT content FROM licensing.pending {wanted}"  # noqa: S608 - conditions of this module only
        return [pending_of(row["content"]) for row in await self._database.rows(query.encode(), values)]
