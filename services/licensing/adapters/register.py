"""The register in PostgreSQL: a group of requests in one transaction, with the outbox."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb
from pydantic_core import to_json

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.message import Message
from services.core.messages import Licence, Refusal
from services.licensing import handlers
from services.licensing.adapters.bodies import StoredLicence, StoredRefusal
from services.licensing.adapters.draft_table import load_drafts, write_drafts
from services.licensing.adapters.groups import Decided, decided, lock
from services.licensing.adapters.live_denials import DenialIndex
from services.licensing.adapters.views import as_stored, licence_content, refusal_view
from services.licensing.domain.amending import AmendLicence, amend
from services.licensing.domain.drafting import Draft, issued_from
from services.licensing.domain.granting import Denied
from services.licensing.domain.registered import Registered
from services.licensing.domain.replacing import replaced_by
from services.licensing.domain.splitting import split_off
from services.licensing.handlers import ChangeStatus, IssueLicence, RecordRefusal
from services.runtime.columns import Texts
from services.runtime.database import Connection

Command = IssueLicence | AmendLicence | ChangeStatus | RecordRefusal
Outcome = Decision[Registered] | Decision[Refusal]
Revision = Licence | Refusal
Append = Callable[[Connection, Sequence[Message], datetime, Sequence[str | None]], Awaitable[None]]

_REGISTERED = """
SELECT l.ref, first.content AS issued, now.content AS current
FROM licensing.licence l
JOIN licensing.licence_revision first ON first.ref = l.ref AND first.revision = 1
LEFT JOIN licensing.licence_revision now ON l.revision > 1 AND now.ref = l.ref AND now.revision = l.revision
WHERE l.ref = ANY(%s) ORDER BY l.ref
"""
_LOCKED = _REGISTERED + " FOR NO KEY UPDATE OF l"
_REFUSALS = "SELECT ref, content FROM licensing.refusal WHERE ref = ANY(%s) ORDER BY ref FOR NO KEY UPDATE"
# One statement for all rows, whatever their number: a row costs a third of what it does in a statement of its own.
_ISSUE = """
INSERT INTO licensing.licence (ref, revision, authority, type, holder, valid_from, valid_to, statuses, changed_at)
SELECT r, 1, a, t, h, f::date, u::date, s::jsonb, c::timestamptz
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS rows (r, a, t, h, f, u, s, c)
"""
_CHANGE = """
UPDATE licensing.licence SET revision = %s, authority = %s, type = %s, holder = %s, valid_from = %s, valid_to = %s,
    statuses = %s::jsonb, changed_at = %s
WHERE ref = %s AND revision = %s
"""
_WRITE_REVISIONS = """
INSERT INTO licensing.licence_revision (ref, revision, content, changed_at)
SELECT r, n::bigint, j::jsonb, c::timestamptz
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS rows (r, n, j, c)
"""
_WRITE_REFUSAL = """
INSERT INTO licensing.refusal (ref, revision, authority, applicant, destination, decided_at, content, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the commands of a group are about; as it is after those that were decided."""

    licences: dict[str, Registered]
    refusals: dict[str, Refusal]
    drafts: dict[str, Draft]
    denied: Denied


class Register:
    """Applies requests in order of arrival; each gets its decision, or the Refused that answers it."""

    def __init__(self, append: Append, denials: DenialIndex) -> None:
        self._append = append
        self._denials = denials

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Outcome | Exception]:
        known = await self._load(connection, commands)
        drafts = dict(known.drafts)
        group = _decided(known, commands, traces)
        await write_revisions(connection, group.made)
        await write_drafts(connection, [one for ref, one in known.drafts.items() if one is not drafts.get(ref)])
        if group.made:
            await self._append(connection, group.made, max(made.changed_at for made in group.made), group.traces)
        return group.answers

    async def judge(self, connection: Connection, commands: Sequence[Command]) -> list[Outcome | Exception]:
        """What `apply` would answer now. Nothing is locked or written."""
        known = await self._load(connection, commands, to_write=False)
        return _decided(known, commands, [None] * len(commands)).answers

    async def _load(self, connection: Connection, commands: Sequence[Command], *, to_write: bool = True) -> _Known:
        licence_refs = {ref for command in commands for ref in _licence_refs(command)}
        refusal_refs = {command.refusal.ref for command in commands if isinstance(command, RecordRefusal)}
        if to_write:
            names = [*map(lock_name, licence_refs), *(f"licensing refusal {ref}" for ref in refusal_refs)]
            await lock(connection, names)
        licences = await load_licences(connection, licence_refs, to_write=to_write)
        refusals: dict[str, Refusal] = {}
        if refusal_refs:
            for row in await (await connection.execute(_REFUSALS, (sorted(refusal_refs),))).fetchall():
                refusals[row["ref"]] = refusal_of(row["content"])
        drafts = await load_drafts(connection, [one.licence.ref for one in commands if isinstance(one, IssueLicence)])
        granted = [one for one in commands if isinstance(one, IssueLicence | AmendLicence)]
        applications = {ref for one in granted for ref in _licence_refs(one)}
        denied = await self._denials.denied(connection, applications, to_write=to_write)
        return _Known(licences, refusals, drafts, denied)


def _decided(known: _Known, commands: Sequence[Command], traces: Sequence[str | None]) -> Decided[Outcome, Revision]:
    def decide(command: Command) -> tuple[Outcome, list[Revision]]:
        outcome = _decide(known, command)
        return outcome, _revisions(outcome)

    return decided(commands, traces, decide)


def _decide(known: _Known, command: Command) -> Outcome:
    licences, refusals = known.licences, known.refusals
    match command:
        case IssueLicence():
            return _issue(known, command)
        case AmendLicence(terms=terms):
            before = licences.get(terms.ref)
            amended = amend(before, command)
            if amended.outputs and before is not None:
                known.denied.refuse(amended.state.current, command.at.date(), before.current)
            licences[terms.ref] = amended.state
            return amended
        case ChangeStatus(ref=ref):
            changed = handlers.change_status(licences.get(ref), command)
            licences[ref] = changed.state
            return changed
        case RecordRefusal(refusal):
            refused = handlers.refuse(refusals.get(refusal.ref), command)
            refusals[refusal.ref] = refused.state
            return refused


def _issue(known: _Known, command: IssueLicence) -> Decision[Registered]:
    licence, licences = command.licence, known.licences
    draft = known.drafts.get(licence.ref)
    issued = handlers.issue(licences.get(licence.ref), command, draft)
    if issued.outputs:
        gone = None if command.draft is None else issued_from(draft, licence, command.draft)
        touched = _touched(licences, licence)
        known.denied.refuse(licence, licence.changed_at.date())
        licences.update(touched)
        if gone is not None:
            known.drafts[licence.ref] = gone
        issued = Decision(issued.state, (*issued.outputs, *(one.current for one in touched.values())))
    licences[licence.ref] = issued.state
    return issued


def _touched(licences: Mapping[str, Registered], licence: Licence) -> dict[str, Registered]:
    """What the issue of a licence changes of another: the one it replaces, or the one it is split off from."""
    if (whole := licence.split_from) is not None:
        return {whole: split_off(licences.get(whole), licence)}
    if (old := licence.replaces) is not None:
        return {old: replaced_by(licences.get(old), licence)}
    return {}


def _revisions(outcome: Outcome) -> list[Revision]:
    return [message for message in outcome.outputs if isinstance(message, Licence | Refusal)]


async def load_licences(
    connection: Connection, refs: Collection[str], *, to_write: bool = True
) -> dict[str, Registered]:
    """Those that exist, locked when they may be written; `groups.lock` comes before, by the name of `lock_name`."""
    if not refs:
        return {}
    rows = await (await connection.execute(_LOCKED if to_write else _REGISTERED, (Texts(sorted(refs)),))).fetchall()
    return {row["ref"]: _registered(row["issued"], row["current"]) for row in rows}


def _registered(issued: Mapping[str, object], current: Mapping[str, object] | None) -> Registered:
    """`current` None: nothing has changed since."""
    first = licence_of(issued)
    return Registered(first, first if current is None else licence_of(current))


def lock_name(ref: str) -> str:
    """What a licence is locked by, also before it is there."""
    return f"licensing licence {ref}"


def _licence_refs(command: Command) -> tuple[str, ...]:
    """All that are read or written."""
    match command:
        case IssueLicence(licence):
            return tuple(ref for ref in (licence.ref, licence.replaces, licence.split_from) if ref is not None)
        case AmendLicence(terms=terms):
            return (terms.ref,)
        case ChangeStatus(ref=ref):
            return (ref,)
        case RecordRefusal():
            return ()


async def write_revisions(connection: Connection, outputs: Sequence[Revision]) -> None:
    """Each licence one revision further, and what is kept of it; the rows are locked."""
    licences = [message for message in outputs if isinstance(message, Licence)]
    refusals = [message for message in outputs if isinstance(message, Refusal)]
    if licences:
        await _write_licences(connection, licences)
    if refusals:
        async with connection.cursor() as cursor:
            await cursor.executemany(_WRITE_REFUSAL, [_refusal_row(refusal) for refusal in refusals])


async def _write_licences(connection: Connection, licences: Sequence[Licence]) -> None:
    """Of those that are new the first revision, then what follows in order, then the content of all."""
    # One after the other: a thousand contents at once take a sixth longer, for they leave the caches.
    written = [_written(licence) for licence in licences]
    new = [row for licence, (row, _) in zip(licences, written, strict=True) if licence.revision == 1]
    if new:
        await connection.execute(_ISSUE, [Texts(column) for column in zip(*new, strict=True)])
    later = [(licence, row) for licence, (row, _) in zip(licences, written, strict=True) if licence.revision > 1]
    if later:
        async with connection.cursor() as cursor:
            await cursor.executemany(_CHANGE, [(x.revision, *row[1:], x.ref, x.revision - 1) for x, row in later])
            if cursor.rowcount != len(later):
                raise Corrupt("a licence has changed under its lock")
    revisions = [(x.ref, str(x.revision), text, row[-1]) for x, (row, text) in zip(licences, written, strict=True)]
    await connection.execute(_WRITE_REVISIONS, [Texts(column) for column in zip(*revisions, strict=True)])


def _written(licence: Licence) -> tuple[tuple[str | None, ...], str]:
    """The columns of a licence, but for the revision, as PostgreSQL reads them from text; and its content."""
    content = licence_content(licence)
    steps = to_json(content["statuses"]).decode()
    about = (licence.ref, licence.authority, licence.type.value, licence.holder.eori)
    row = (*about, content["valid_from"], content["valid_to"], steps, content["changed_at"])
    return row, to_json(as_stored(content)).decode()


def _refusal_row(refusal: Refusal) -> tuple[object, ...]:
    content = Jsonb(refusal_view(refusal))
    about = (refusal.authority, refusal.applicant.eori, refusal.destination, refusal.decided_at)
    return (refusal.ref, refusal.revision, *about, content, refusal.changed_at)


def licence_of(content: Mapping[str, object]) -> Licence:
    """A stored revision."""
    return StoredLicence.model_validate(content).stored()


def refusal_of(content: Mapping[str, object]) -> Refusal:
    """A stored refusal."""
    return StoredRefusal.model_validate(content).stored()
