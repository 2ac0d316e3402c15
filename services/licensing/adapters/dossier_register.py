"""Dossiers in PostgreSQL: a group of requests in one transaction, with the outbox; and reads of what is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.core.errors import Corrupt
from services.core.messages import Dossier, DossierSide
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.register import Append
from services.licensing.adapters.search import Page
from services.licensing.domain.dossier_clocks import first_end
from services.licensing.domain.dossier_notes import AddNote, Note, note
from services.licensing.domain.dossiers import OpenDossier, RunOut, TakeStep, open_dossier, run_out, take_step
from services.runtime.codec import Codec
from services.runtime.database import Connection, Database

Command = OpenDossier | TakeStep | RunOut | AddNote

_KNOWN = "SELECT content FROM licensing.dossier WHERE ref = ANY(%s) ORDER BY ref FOR NO KEY UPDATE"
_LATEST_NOTES = """
SELECT DISTINCT ON (dossier, side) dossier, side, number, actor, text, noted_at
FROM licensing.dossier_note WHERE dossier = ANY(%s) ORDER BY dossier, side, number DESC
"""
_WRITE = """
INSERT INTO licensing.dossier
    (ref, revision, authority, application, licence, open, due_at, remind_at, content, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, licence = excluded.licence, open = excluded.open,
    due_at = excluded.due_at, remind_at = excluded.remind_at, content = excluded.content,
    changed_at = excluded.changed_at
WHERE dossier.revision = excluded.revision - 1
"""
_WRITE_NOTE = (
    "INSERT INTO licensing.dossier_note (dossier, side, number, actor, text, noted_at) VALUES (%s, %s, %s, %s, %s, %s)"
)
_NOTES = """
SELECT dossier, side, number, actor, text, noted_at FROM licensing.dossier_note
WHERE dossier = %(ref)s AND side = %(side)s ORDER BY number
"""
_RUN_OUT = "SELECT ref FROM licensing.dossier WHERE remind_at <= %s ORDER BY remind_at, ref LIMIT %s"
_OVERDUE = "SELECT count(*) AS n FROM licensing.dossier WHERE due_at <= %s"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is of; None: whatever it is."""

    authority: str | None = None
    application: str | None = None
    licence: str | None = None
    open: bool | None = None
    overdue: bool | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What a request made or found, and whether it is new."""

    made: Dossier | Note
    new: bool


class DossierRegister:
    """Applies requests in order of arrival; each gets what was filed, or the Refused that answers it."""

    def __init__(self, codec: Codec, append: Append) -> None:
        self._codec = codec
        self._append = append

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Filed | Exception]:
        dossiers, notes = await self._load(connection, commands)

        def decide(command: Command) -> tuple[Filed, list[Dossier | Note]]:
            filed = _decide(dossiers, notes, command)
            if isinstance(filed.made, Note):
                notes[command.ref, filed.made.side] = filed.made
            else:
                dossiers[command.ref] = filed.made
            return filed, [filed.made] if filed.new else []

        group = decided(commands, traces, decide)
        made = [(one, trace) for one, trace in zip(group.made, group.traces, strict=True) if isinstance(one, Dossier)]
        revisions = [dossier for dossier, _ in made]
        if made:
            # First, for it refuses what makes no message.
            await self._append(connection, revisions, max(of.changed_at for of in revisions), [t for _, t in made])
        await self._write(connection, revisions, [one for one in group.made if isinstance(one, Note)])
        return group.answers

    async def _load(
        self, connection: Connection, commands: Sequence[Command]
    ) -> tuple[dict[str, Dossier], dict[tuple[str, DossierSide], Note]]:
        refs = sorted({command.ref for command in commands})
        await lock(connection, [f"dossier {ref}" for ref in refs])
        rows = await (await connection.execute(_KNOWN, (refs,))).fetchall()
        dossiers = [self._codec.decode_record(Dossier, bytes(row["content"])) for row in rows]
        noted = sorted({command.ref for command in commands if isinstance(command, AddNote)})
        found = await (await connection.execute(_LATEST_NOTES, (noted,))).fetchall() if noted else []
        notes = [_note(row) for row in found]
        return {of.ref: of for of in dossiers}, {(of.dossier, of.side): of for of in notes}

    async def _write(self, connection: Connection, dossiers: Sequence[Dossier], notes: Sequence[Note]) -> None:
        async with connection.cursor() as cursor:
            if dossiers:
                await cursor.executemany(_WRITE, [self._row(of) for of in dossiers])
                if cursor.rowcount != len(dossiers):
                    raise Corrupt("a dossier has changed under its lock")
            if notes:
                rows = [(of.dossier, of.side.value, of.number, of.actor, of.text, of.noted_at) for of in notes]
                await cursor.executemany(_WRITE_NOTE, rows)

    def _row(self, of: Dossier) -> tuple[object, ...]:
        ends = (first_end(of), first_end(of, unsaid=True))
        about = (of.authority, of.application, of.licence, of.outcome is None)
        return (of.ref, of.revision, *about, *ends, self._codec.encode_record(of), of.changed_at)


def _decide(dossiers: Mapping[str, Dossier], notes: Mapping[tuple[str, DossierSide], Note], command: Command) -> Filed:
    known = dossiers.get(command.ref)
    match command:
        case AddNote(ref=ref):
            latest = {side: of for (dossier, side), of in notes.items() if dossier == ref}
            return Filed(*note(known, latest, command))
        case OpenDossier():
            decision = open_dossier(known, command)
        case TakeStep():
            decision = take_step(known, command)
        case RunOut():
            decision = run_out(known, command)
    return Filed(decision.state, bool(decision.outputs))


def _note(row: Mapping[str, Any]) -> Note:
    return Note(**{**row, "side": DossierSide(row["side"])})


class DossierSearch:
    """Reads committed rows; never behind an answered request."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    async def one(self, ref: str) -> Dossier | None:
        found = await self._read("ref = %(ref)s", {"ref": ref})
        return found[0] if found else None

    async def page(self, page: Page, wanted: Wanted, now: datetime) -> list[Dossier]:
        """In order of reference."""
        conditions = ["ref > %(after)s"]
        conditions += [
            f"{name} = %({name})s"
            for name in ("authority", "application", "licence", "open")
            if getattr(wanted, name) is not None
        ]
        if wanted.overdue is not None:
            conditions.append("COALESCE(due_at <= %(now)s, false) = %(overdue)s")
        query = " AND ".join(conditions) + " ORDER BY ref LIMIT %(limit)s"
        return await self._read(query, {**asdict(wanted), "now": now, "after": page.after, "limit": page.limit})

    async def notes(self, ref: str, side: DossierSide) -> list[Note]:
        """Those of one side, as they were written."""
        return [_note(row) for row in await self._database.rows(_NOTES.encode(), {"ref": ref, "side": side.value})]

    async def run_out(self, now: datetime, limit: int) -> list[str]:
        """Dossiers with a clock that is over, which was not said yet; the longest first."""
        return [row["ref"] for row in await self._database.rows(_RUN_OUT.encode(), (now, limit))]

    async def overdue(self, now: datetime) -> int:
        """How many dossiers have a clock that is over."""
        return int((await self._database.rows(_OVERDUE.encode(), (now,)))[0]["n"])

    async def _read(self, wanted: str, values: Mapping[str, object]) -> list[Dossier]:
        query = f"SELECT content FROM licensing.dossier WHERE {wanted}"  # noqa: S608 - conditions of this module only
        rows = await self._database.rows(query.encode(), values)
        return [self._codec.decode_record(Dossier, bytes(row["content"])) for row in rows]
