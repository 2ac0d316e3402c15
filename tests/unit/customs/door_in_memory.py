"""The door's register on a log in memory: the same use cases, one message at a time, without an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from services.core.facts import Fact
from services.core.messages import DeclarationAccepted, DeclarationAmended
from services.core.values import Mrn
from services.customs.adapters.consignments import Consignments
from services.customs.adapters.declarers import Declarers
from services.customs.adapters.intake import Intake, Submission
from services.customs.adapters.log import MessageLog
from services.customs.adapters.register import Register
from services.customs.domain.amendment import Version
from services.customs.domain.consignment import Tale, declared, follow, tales
from services.customs.domain.consolidation import Placing, masters, spread
from services.customs.domain.lodgement import Outcome, State
from services.customs.domain.reading import Amended, Lodged, Logged, Word
from services.customs.handlers import AmendmentKey, LodgementKey, lodgement_key
from services.runtime.database import Connection
from services.runtime.outbox import Outbox

INTAKE = Intake(UTC)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOWHERE = cast("Connection", None)


class MemoryDoor:
    """Messages go in, facts come out; `outcomes` is what became of each message so far."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.outcomes: dict[str, Outcome] = {}
        self._messages: dict[str, Logged] = {}
        self._accepted: dict[Mrn, str] = {}
        self._references: dict[str, set[Mrn]] = {}
        self._tales: list[Tale] = []
        self._placings: list[Placing] = []
        self._answered: set[str] = set()
        self._told: set[tuple[str, Mrn]] = set()
        self._register = Register(
            cast("MessageLog", self),
            cast("Consignments", self),
            Declarers(checked=False),
            cast("Outbox", self),
            lambda: NOW,
        )

    async def take(self, *bodies: bytes) -> None:
        """These in one transaction."""
        submissions = [await INTAKE.submission("customs", body, "application/xml", None) for body in bodies]
        await self._register.receive(NOWHERE, submissions, [None] * len(bodies))

    def versions_told(self) -> list[DeclarationAccepted]:
        return [fact for fact in self.facts if isinstance(fact, DeclarationAccepted)]

    def became(self, message_id: str) -> Outcome:
        """What became of the message that its sender calls so."""
        (found,) = [m.id for m in self._messages.values() if m.reading.message_id == message_id]
        return self.outcomes[found]

    async def insert(self, _: Connection, received: Sequence[tuple[Submission, Outcome]], at: datetime) -> set[str]:
        fresh = {submission.id: (submission, outcome) for submission, outcome in received}
        fresh = {known: both for known, both in fresh.items() if known not in self._messages}
        for submission, outcome in fresh.values():
            self.outcomes[submission.id] = outcome
            self._messages[submission.id] = Logged(
                id=submission.id, party="customs", sha256=submission.sha256, received_at=at, reading=submission.reading
            )
        return set(fresh)

    async def receipts(self, _: Connection, ids: Sequence[str]) -> dict[str, Any]:
        return {known: {"id": known, "sha256": self._messages[known].sha256} for known in ids}

    async def append(self, _: Connection, facts: Sequence[Fact], _at: datetime, _traces: Sequence[str | None]) -> None:
        self.facts += facts

    async def lock_lodgements(self, _: Connection, keys: Sequence[LodgementKey]) -> None:
        assert list(keys) == sorted(keys)

    async def open_messages(
        self, _: Connection, fresh: Mapping[LodgementKey, Sequence[Logged]]
    ) -> tuple[dict[LodgementKey, list[Logged]], set[Mrn]]:
        groups, amended = {key: list(messages) for key, messages in fresh.items()}, set[Mrn]()
        known = {message.id for messages in fresh.values() for message in messages}
        for message in self._open():
            key = lodgement_key(message)
            if key in groups and message.id not in known:
                if message.reading.amends is not None:
                    amended.add(message.reading.amends)
                else:
                    groups[key].append(message)
        return groups, amended

    async def lock_acceptances(self, _: Connection, mrns: Sequence[Mrn]) -> dict[Mrn, bool]:
        assert list(mrns) == sorted(mrns)
        return {mrn: False for mrn in mrns if mrn in self._accepted}

    async def open_amendments(
        self, _: Connection, mrns: Sequence[Mrn], fresh: Mapping[AmendmentKey, Sequence[Logged]]
    ) -> dict[AmendmentKey, list[Logged]]:
        groups = {key: list(messages) for key, messages in fresh.items()}
        known = {message.id for messages in fresh.values() for message in messages}
        for message in self._open():
            if message.reading.amends in mrns and message.id not in known:
                key = (message.party, message.reading.system, cast("Mrn", message.reading.amends))
                groups.setdefault(key, []).append(message)
        return groups

    async def versions(self, _: Connection, mrns: Sequence[Mrn]) -> dict[Mrn, Version]:
        found = {mrn: self.outcomes[self._accepted[mrn]].fact for mrn in mrns}
        return {
            mrn: Version(
                fact, tuple(self._messages[s.message_id] for s in fact.sources) if fact.amended_at is not None else ()
            )
            for mrn, fact in found.items()
            if isinstance(fact, DeclarationAccepted)
        }

    async def update(self, _: Connection, outcomes: Sequence[Outcome]) -> None:
        assert len({outcome.id for outcome in outcomes}) == len(outcomes)
        for outcome in outcomes:
            self.outcomes[outcome.id] = outcome
            if outcome.fact is not None and not isinstance(outcome.fact, DeclarationAmended):
                self._accepted[outcome.fact.mrn] = outcome.id

    async def follow(self, _: Connection, fresh: Sequence[Logged], settled: Sequence[Outcome]) -> Sequence[Outcome]:
        named = declared(settled)
        for ucr, mrns in named.items():
            self._references.setdefault(ucr, set()).update(mrns)
        new = tales(fresh)
        told_of = [*new, *self._tales]
        self._tales += [replace(tale, fresh=False) for tale in new]
        for tale in new:
            granted = tale.movement.word is Word.GRANTED
            self._placings += [Placing(placed.ucr, placed.master, granted) for placed in tale.movement.placed]
            self._answered.update(tale.movement.answers)
        under = masters(self._placings, self._answered)
        moving = [tale for tale in told_of if tale.fresh or tale.movement.moved]
        outcomes = follow(spread(self._references, under), moving, self._told)
        for outcome in outcomes:
            self.outcomes[outcome.id] = outcome
            if outcome.shipment is not None:
                self._told.add((outcome.id, outcome.shipment))
        return outcomes

    def _open(self) -> list[Logged]:
        return [self._as_stored(m) for m in self._messages.values() if self.outcomes[m.id].open]

    def _as_stored(self, message: Logged) -> Logged:
        outcome = self.outcomes[message.id]
        rejected = isinstance(message.reading.statement, Lodged | Amended) and outcome.state is State.APPLIED
        return replace(message, closed=rejected, stated=outcome.fact_id is not None)
