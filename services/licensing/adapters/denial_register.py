"""Denials in PostgreSQL: a group of requests in one transaction, with the outbox; and reads of what is committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from services.core.errors import Corrupt, Fault, Refused
from services.core.messages import Denial
from services.licensing.adapters.denial_bodies import denial_content, denial_of
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.live_denials import lock_denials
from services.licensing.adapters.register import Append
from services.licensing.adapters.search import Page
from services.licensing.adapters.words import word
from services.licensing.domain.denials import Known, Review, record, review
from services.runtime.database import Connection, Database

_KNOWN = "SELECT ref, recorded, content FROM licensing.denial WHERE ref = ANY(%s) ORDER BY ref FOR NO KEY UPDATE"
_WRITE = """
INSERT INTO licensing.denial (ref, revision, status, review_due, recorded, content, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, status = excluded.status,
    review_due = excluded.review_due, content = excluded.content, changed_at = excluded.changed_at,
    stored = excluded.stored
WHERE denial.revision = excluded.revision - 1
"""


@dataclass(frozen=True, slots=True)
class RecordDenials:
    """All of them, or none. Each comes with where its reference stands in the request."""

    denials: tuple[tuple[str, Denial], ...]
    dry_run: bool = False


Command = RecordDenials | Review


@dataclass(frozen=True, slots=True)
class Done:
    """The denials asked about, as they stand, and how many revisions were made, or would be."""

    denials: tuple[Denial, ...]
    made: int


class DenialRegister:
    """Applies requests in order of arrival; each gets what was done, or the Refused that answers it."""

    def __init__(self, append: Append) -> None:
        self._append = append

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Done | Exception]:
        known = await _load(connection, commands)

        def decide(command: Command) -> tuple[Done, list[tuple[Known, Denial]]]:
            done, changed, made = _decide(known, command)
            if isinstance(command, RecordDenials) and command.dry_run:
                return done, []
            known.update(changed)
            return done, [(changed[denial.ref], denial) for denial in made]

        group = decided(commands, traces, decide)
        if group.made:
            await lock_denials(connection)
            await _write(connection, group.made)
            messages = [denial for _, denial in group.made]
            await self._append(connection, messages, max(denial.changed_at for denial in messages), group.traces)
        return group.answers


def _decide(known: dict[str, Known], command: Command) -> tuple[Done, dict[str, Known], list[Denial]]:
    """What is done, the denials it changes, and their new revisions. A list is refused as a whole, with every fault."""
    if isinstance(command, Review):
        decision = review(known.get(command.ref), command)
        made = [denial for denial in decision.outputs if isinstance(denial, Denial)]
        return Done((decision.state.current,), len(made)), {command.ref: decision.state}, made
    changed: dict[str, Known] = {}
    outputs: list[Denial] = []
    faults: list[Fault] = []
    for path, denial in command.denials:
        try:
            recorded = record(known.get(denial.ref), denial, path)
        except Refused as refused:
            faults += refused.faults
            continue
        changed[denial.ref] = recorded.state
        outputs += [one for one in recorded.outputs if isinstance(one, Denial)]
    if faults:
        raise Refused(409, "Another denial has this reference", tuple(faults))
    return Done(tuple(one.current for one in changed.values()), len(outputs)), changed, outputs


async def _load(connection: Connection, commands: Sequence[Command]) -> dict[str, Known]:
    refs: set[str] = set()
    for command in commands:
        refs |= {command.ref} if isinstance(command, Review) else {denial.ref for _, denial in command.denials}
    await lock(connection, [f"denial {ref}" for ref in refs])
    rows = await (await connection.execute(_KNOWN, (sorted(refs),))).fetchall()
    return {row["ref"]: Known(denial_of(row["recorded"]), denial_of(row["content"])) for row in rows}


async def _write(connection: Connection, outputs: Sequence[tuple[Known, Denial]]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(_WRITE, [_row(known, denial) for known, denial in outputs])
        if cursor.rowcount != len(outputs):
            raise Corrupt("a denial has changed under its lock")


def _row(known: Known, denial: Denial) -> tuple[object, ...]:
    contents = (Jsonb(denial_content(known.recorded)), Jsonb(denial_content(denial)))
    return (denial.ref, denial.revision, word(denial.status), denial.review_due, *contents, denial.changed_at)


class DenialSearch:
    """Reads committed denials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, ref: str) -> Denial | None:
        found = await self._read("ref = %(ref)s", {"ref": ref})
        return found[0] if found else None

    async def page(self, page: Page, status: str | None, due_by: date | None) -> list[Denial]:
        """In order of reference. `due_by`: whose review is due on that day or before."""
        wanted = "ref > %(after)s"
        if status is not None:
            wanted += " AND status = %(status)s"
        if due_by is not None:
            wanted += " AND review_due <= %(due_by)s"
        values = {"after": page.after, "limit": page.limit, "status": status, "due_by": due_by}
        return await self._read(wanted + " ORDER BY ref LIMIT %(limit)s", values)

    async def _read(self, wanted: str, values: dict[str, Any]) -> list[Denial]:
        query = f"SELECT content FROM licensing.denial WHERE {wanted}"  # noqa: S608 - conditions of this module only
        return [denial_of(row["content"]) for row in await self._database.rows(query.encode(), values)]
