"""Receiving a group of messages in one transaction: log, joins, facts, outbox.

Locks are taken in four kinds, each in key order and never an earlier kind after a later one: message ids, LRNs, MRNs,
consignment references.
Two processes that receive a declaration and its acceptance at the same moment therefore wait for each other at the
LRN's row, and the second sees what the first has stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import Counter

from services.core.errors import Corrupt, Fault, Refused
from services.core.facts import Fact
from services.core.values import Mrn
from services.customs import handlers
from services.customs.adapters.consignments import Consignments
from services.customs.adapters.declarers import Declarers
from services.customs.adapters.intake import Submission
from services.customs.adapters.log import MessageLog, warnings_of
from services.customs.domain.lodgement import Outcome
from services.customs.domain.reading import Logged
from services.runtime.database import Connection
from services.runtime.outbox import Outbox

RECEIVED = Counter("tolbrug_customs_received_total", "Messages taken, and repeats of them.", ["kind", "answer"])


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message in the log, as its sender is told. `duplicate`: it was there before."""

    row: Mapping[str, Any]
    duplicate: bool


def count(submission: Submission, receipt: Receipt) -> None:
    """Count a message that is durable, or the repeat of one."""
    RECEIVED.labels(submission.reading.kind, "repeat" if receipt.duplicate else "taken").inc()


class Register:
    """The `apply` of the door's group commit."""

    def __init__(
        self,
        log: MessageLog,
        consignments: Consignments,
        declarers: Declarers,
        outbox: Outbox,
        clock: Callable[[], datetime],
    ) -> None:
        self._log = log
        self._declarers = declarers
        self._consignments = consignments
        self._outbox = outbox
        self._clock = clock

    async def receive(
        self, connection: Connection, submissions: Sequence[Submission], traces: Sequence[str | None]
    ) -> Sequence[Receipt | Exception]:
        """One receipt or refusal per submission; facts of new ones are in the outbox."""
        at = self._clock()
        objections = await self._declarers.objections(connection, submissions)
        firsts = {s.id: s for s in reversed(submissions) if s.refusal is None and s.id not in objections}
        messages = {s.id: _logged(s, at) for s in firsts.values()}
        outcomes = {m.id: handlers.receive(m) for m in messages.values()}
        new = [(firsts[i], outcomes[i]) for i in sorted(firsts)]
        fresh = await self._log.insert(connection, new, at) if new else set[str]()
        known = {s.id for s in submissions} - fresh
        earlier = await self._log.receipts(connection, sorted(known)) if known else {}
        joined = await self._settle(connection, [messages[i] for i in fresh], outcomes)
        moved = await self._consignments.follow(connection, [messages[i] for i in sorted(fresh)], joined)
        stated = handlers.facts([*(outcomes[i] for i in sorted(fresh)), *joined, *moved])
        trace_of = dict(zip((s.id for s in submissions), traces, strict=True))
        await self._outbox.append(connection, stated, at, [_trace(fact, trace_of) for fact in stated])
        receipts = {i: _receipt(firsts[i], at) for i in fresh} | earlier
        refusals = [s.refusal or objections.get(s.id) for s in submissions]
        return [
            _answer(s, receipts.get(s.id), refusal, new=s.id in fresh and s is firsts[s.id])
            for s, refusal in zip(submissions, refusals, strict=True)
        ]

    async def _settle(
        self, connection: Connection, fresh: Sequence[Logged], stored: Mapping[str, Outcome]
    ) -> Sequence[Outcome]:
        """Join the new messages with those that wait for them, by LRN and by the MRN they amend: what that changes."""
        joining: dict[handlers.LodgementKey, list[Logged]] = {}
        amending: dict[handlers.AmendmentKey, list[Logged]] = {}
        for message in fresh:
            lrn, mrn = handlers.lodgement_key(message), handlers.amendment_key(message)
            if lrn is not None:
                joining.setdefault(lrn, []).extend([message] if mrn is None else [])
            if mrn is not None:
                amending.setdefault(mrn, []).append(message)
        if not joining and not amending:
            return []
        groups: Mapping[handlers.LodgementKey, Sequence[Logged]] = {}
        amended: set[Mrn] = {mrn for _, _, mrn in amending}
        if joining:
            await self._log.lock_lodgements(connection, sorted(joining))
            groups, waiting = await self._log.open_messages(connection, joining)
            amended |= waiting
        mrns = sorted({*handlers.acceptance_mrns([m for group in groups.values() for m in group]), *amended})
        known = await self._log.lock_acceptances(connection, mrns) if mrns else {}
        amendments = await self._log.open_amendments(connection, mrns, amending) if mrns else {}
        latest = await self._log.versions(connection, sorted({mrn for _, _, mrn in amendments} & known.keys()))
        registered = {mrn for mrn, only in known.items() if only}
        settled = handlers.settle(groups, known, registered, amendments, latest)
        changed = [outcome for outcome in settled if outcome != stored.get(outcome.id)]
        if changed:
            await self._log.update(connection, changed)
        return changed


def _trace(fact: Fact, trace_of: Mapping[str, str | None]) -> str | None:
    """The trace of the message that completed a fact: the one of its sources that came just now."""
    return next((trace_of[s.message_id] for s in fact.sources if s.message_id in trace_of), None)


def _logged(submission: Submission, at: datetime) -> Logged:
    return Logged(
        id=submission.id,
        party=submission.party,
        sha256=submission.sha256,
        received_at=at,
        reading=submission.reading,
    )


def _receipt(submission: Submission, at: datetime) -> Mapping[str, Any]:
    """What the log holds of a message that was not there before."""
    reading = submission.reading
    return {
        "id": submission.id,
        "message_id": reading.message_id,
        "kind": reading.kind,
        "mrn": reading.mrn,
        "lrn": reading.lrn,
        "sha256": submission.sha256,
        "received_at": at,
        "warnings": warnings_of(reading),
    }


def _answer(
    submission: Submission, row: Mapping[str, Any] | None, refusal: Refused | None, *, new: bool
) -> Receipt | Exception:
    """What was taken before stays taken, whatever is said against it now."""
    if row is None:
        return refusal or Corrupt(f"{submission.id} was neither stored nor refused")
    if row["sha256"] != submission.sha256:
        detail = "a message with this identity and other bytes was received before"
        return Refused(409, "This message contradicts an earlier one", (Fault("", "message.conflict", detail),))
    return Receipt(row, duplicate=not new)
