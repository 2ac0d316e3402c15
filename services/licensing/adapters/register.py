"""The register in PostgreSQL: a group of requests in one transaction, with the outbox."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.message import Message
from services.core.messages import Licence, Refusal
from services.licensing import handlers
from services.licensing.adapters.bodies import StoredLicence, StoredRefusal
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.views import licence_content, refusal_view, step_view
from services.licensing.domain.amending import AmendLicence, amend
from services.licensing.domain.registered import Registered
from services.licensing.domain.replacing import replaced_by
from services.licensing.domain.splitting import split_off
from services.licensing.handlers import ChangeStatus, IssueLicence, RecordRefusal
from services.runtime.database import Connection

Command = IssueLicence | AmendLicence | ChangeStatus | RecordRefusal
Outcome = Decision[Registered] | Decision[Refusal]
Revision = Licence | Refusal
Append = Callable[[Connection, Sequence[Message], datetime, Sequence[str | None]], Awaitable[None]]

_REGISTERED = """
SELECT l.ref, first.content AS issued, now.content AS current
FROM licensing.licence l
JOIN licensing.licence_revision first ON first.ref = l.ref AND first.revision = 1
JOIN licensing.licence_revision now ON now.ref = l.ref AND now.revision = l.revision
WHERE l.ref = ANY(%s) ORDER BY l.ref FOR UPDATE OF l
"""
_REFUSALS = "SELECT ref, content FROM licensing.refusal WHERE ref = ANY(%s) ORDER BY ref FOR UPDATE"
_WRITE = """
INSERT INTO licensing.licence (ref, revision, authority, type, holder, valid_from, valid_to, statuses, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, authority = excluded.authority, type = excluded.type,
    holder = excluded.holder, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    statuses = excluded.statuses, changed_at = excluded.changed_at
WHERE licence.revision = excluded.revision - 1
"""
_WRITE_REVISION = "INSERT INTO licensing.licence_revision (ref, revision, content, changed_at) VALUES (%s, %s, %s, %s)"
_WRITE_REFUSAL = """
INSERT INTO licensing.refusal (ref, revision, authority, applicant, destination, decided_at, content, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


class Register:
    """Applies requests in order of arrival; each gets its decision, or the Refused that answers it."""

    def __init__(self, append: Append) -> None:
        self._append = append

    async def apply(
        self, connection: Connection, commands: Sequence[Command], traces: Sequence[str | None]
    ) -> list[Outcome | Exception]:
        licences, refusals = await _load(connection, commands)

        def decide(command: Command) -> tuple[Outcome, list[Revision]]:
            outcome = _decide(licences, refusals, command)
            return outcome, _revisions(outcome)

        group = decided(commands, traces, decide)
        await write_revisions(connection, group.made)
        if group.made:
            await self._append(connection, group.made, max(made.changed_at for made in group.made), group.traces)
        return group.answers


def _decide(licences: dict[str, Registered], refusals: dict[str, Refusal], command: Command) -> Outcome:
    match command:
        case IssueLicence(licence):
            issued = handlers.issue(licences.get(licence.ref), command)
            if issued.outputs:
                touched = _touched(licences, licence)
                licences.update(touched)
                issued = Decision(issued.state, (*issued.outputs, *(one.current for one in touched.values())))
            licences[licence.ref] = issued.state
            return issued
        case AmendLicence(terms=terms):
            amended = amend(licences.get(terms.ref), command)
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


def _touched(licences: Mapping[str, Registered], licence: Licence) -> dict[str, Registered]:
    """What the issue of a licence changes of another: the one it replaces, or the one it is split off from."""
    if (whole := licence.split_from) is not None:
        return {whole: split_off(licences.get(whole), licence)}
    if (old := licence.replaces) is not None:
        return {old: replaced_by(licences.get(old), licence)}
    return {}


def _revisions(outcome: Outcome) -> list[Revision]:
    return [message for message in outcome.outputs if isinstance(message, Licence | Refusal)]


async def _load(
    connection: Connection, commands: Sequence[Command]
) -> tuple[dict[str, Registered], dict[str, Refusal]]:
    licence_refs = {ref for command in commands for ref in _licence_refs(command)}
    refusal_refs = {command.refusal.ref for command in commands if isinstance(command, RecordRefusal)}
    names = [lock_name(ref) for ref in licence_refs] + [f"licensing refusal {ref}" for ref in refusal_refs]
    await lock(connection, names)
    licences = await load_licences(connection, licence_refs)
    refusals: dict[str, Refusal] = {}
    if refusal_refs:
        for row in await (await connection.execute(_REFUSALS, (sorted(refusal_refs),))).fetchall():
            refusals[row["ref"]] = refusal_of(row["content"])
    return licences, refusals


async def load_licences(connection: Connection, refs: Collection[str]) -> dict[str, Registered]:
    """Those that exist, locked; `groups.lock` comes before, by the name of `lock_name`."""
    if not refs:
        return {}
    rows = await (await connection.execute(_REGISTERED, (sorted(refs),))).fetchall()
    return {row["ref"]: Registered(licence_of(row["issued"]), licence_of(row["current"])) for row in rows}


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
    async with connection.cursor() as cursor:
        if licences:
            await cursor.executemany(_WRITE, [_row(licence) for licence in licences])
            if cursor.rowcount != len(licences):
                raise Corrupt("a licence has changed under its lock")
            revisions = [(x.ref, x.revision, Jsonb(licence_content(x)), x.changed_at) for x in licences]
            await cursor.executemany(_WRITE_REVISION, revisions)
        if refusals:
            await cursor.executemany(_WRITE_REFUSAL, [_refusal_row(refusal) for refusal in refusals])


def _row(licence: Licence) -> tuple[object, ...]:
    steps = Jsonb([step_view(step) for step in licence.statuses])
    holder, valid = licence.holder.eori, (licence.valid_from, licence.valid_to)
    kind = licence.type.value
    return (licence.ref, licence.revision, licence.authority, kind, holder, *valid, steps, licence.changed_at)


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
