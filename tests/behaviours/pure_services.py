"""The decisions of all services, without engines: what the plan expects can be tried in seconds.

Stories run one after the other, every message to its end before the next; the order inside a story is kept.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from services.core.decision import Decision
from services.core.errors import Refused
from services.core.message import Message
from services.core.messages import (
    Authorisation,
    Cover,
    DeclarationAccepted,
    Demand,
    Denial,
    Finding,
    Licence,
    Refusal,
    Resemblance,
    Screening,
    Shipment,
    UsageReport,
    Verdict,
    Watched,
)
from services.core.values import LicenceRef, Mrn
from services.customs import handlers as customs
from services.customs.adapters.intake import read
from services.customs.domain.amendment import Version
from services.customs.domain.lodgement import Outcome
from services.customs.domain.reading import Logged, message_id
from services.licensing import handlers as licensing
from services.licensing.adapters.authorisation_bodies import DocumentBody, FederalAuthorisationBody
from services.licensing.adapters.bodies import LicenceBody, RefusalBody, StepBody
from services.licensing.adapters.denial_bodies import DenialBody
from services.licensing.adapters.usage_bodies import UsageBody
from services.licensing.domain.authorising import enter
from services.licensing.domain.granting import Denied
from services.licensing.domain.live_denials import LiveDenials
from services.licensing.domain.registered import Registered
from services.reconciliation.adapters.comparison_view import comparison_view
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.shipment import empty
from services.reconciliation.domain.watch_list import empty_list
from services.reconciliation.handlers import ledger, screening
from services.reconciliation.handlers.usage import record_usage
from services.reconciliation.topology import SCREENING_HANDLERS, SHIPMENT_HANDLERS
from services.simulator.declarations import Outgoing
from services.simulator.keys import Key
from services.simulator.licences import Licence as Planned
from services.simulator.licences import StatusStep
from services.simulator.reports import Figures, Report

ZONE = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class PureServices:
    """State of all aggregates in dicts; one message at a time, to its last consequence."""

    def __init__(self) -> None:
        self.ledgers: dict[LicenceRef, LicenceLedger] = {}
        self.verdicts: dict[Mrn, Verdict] = {}
        self.findings: list[Finding] = []
        self._shipments: dict[Mrn, Shipment] = {}
        self._watched = empty_list(screening.ALONE[0])
        self._denied = LiveDenials()
        self._register: dict[str, Registered] = {}
        self._open: dict[customs.LodgementKey, list[Logged]] = defaultdict(list)
        self._amending: dict[customs.AmendmentKey, list[Logged]] = defaultdict(list)
        self._versions: dict[Mrn, Version] = {}
        self._seen: dict[str, bytes] = {}
        self._accepted: set[Mrn] = set()
        self._now = NOW

    def refuse(self, refusals: Iterable[Mapping[str, object]], denials: Iterable[Mapping[str, object]]) -> None:
        """What was refused here, and denied elsewhere."""
        self._run([RefusalBody.model_validate(body).refusal(NOW) for body in refusals])
        denied = [DenialBody.model_validate(body).denial(NOW) for body in denials]
        for denial in denied:
            self._denied.put(denial)
        self._run(denied)

    def issue(self, planned: Planned) -> None:
        licence = LicenceBody.model_validate(planned.body()).licence("Europe/Brussels", NOW)
        Denied(self._denied, {}).refuse(licence, NOW.date())
        decision = licensing.issue(None, licensing.IssueLicence(licence))
        self._register[planned.ref] = decision.state
        self._run(decision.outputs)

    def authorise(self, planned: Key) -> None:
        """Enter what stands beside a licence."""
        body, zone = planned.body(), "Europe/Brussels"
        if planned.kind == "federal-authorisation":
            asked = FederalAuthorisationBody.model_validate(body).entered(zone, NOW)
        else:
            asked = DocumentBody.model_validate(body).entered(planned.licence.ref, zone, NOW)
        self._run(enter(None, asked).outputs)

    def report(self, planned: Report) -> None:
        """Use as the holder reports it."""
        licence = self._register[planned.licence.ref].current
        self._run([UsageBody.model_validate(planned.body()).report(licence, NOW)])

    def figures(self, asked: Figures) -> str:
        """Licensed, reported and seen, in words."""
        held = self.ledgers[asked.licence.ref]
        assert held.terms is not None
        view = comparison_view(held.terms, held.usage.reports, held.shipments.values(), asked.first, asked.last)
        return asked.came(view)

    def change_status(self, step: StatusStep) -> None:
        body = StepBody.model_validate(step.body())
        asked = licensing.ChangeStatus(
            ref=step.ref, status=body.step, reason=body.reason, effective_at=body.effective_at, expected=None, at=NOW
        )
        decision = licensing.change_status(self._register[step.ref], asked)
        self._register[step.ref] = decision.state
        self._run(decision.outputs)

    def receive(self, message: Outgoing) -> int:
        """The status the door would answer."""
        try:
            reading = read(message.body, message.content_type, None, ZONE)
        except Refused as refused:
            return refused.status
        digest = sha256(message.body).hexdigest()
        name = message_id("customs", reading.identity or ("sha256", digest))
        if name in self._seen:
            return 200 if self._seen[name] == message.body else 409
        self._seen[name] = message.body
        logged = Logged(id=name, party="customs", sha256=digest, received_at=self._tick(), reading=reading)
        self._run(customs.facts(self._outcomes(logged)))
        return 202

    def _outcomes(self, logged: Logged) -> list[Outcome]:
        lrn, mrn = customs.lodgement_key(logged), customs.amendment_key(logged)
        if lrn is None and mrn is None:
            return [customs.receive(logged)]
        if mrn is not None:
            self._amending[mrn].append(logged)
        elif lrn is not None:
            self._open[lrn].append(logged)
        groups = {} if lrn is None else {lrn: self._open[lrn]}
        mrns = {*customs.acceptance_mrns([m for group in groups.values() for m in group]), *([mrn[2]] if mrn else ())}
        amending = {key: waiting for key, waiting in self._amending.items() if key[2] in mrns}
        outcomes = customs.settle(groups, self._accepted, (), amending, self._versions)
        still, took = ({o.id for o in outcomes if o.open}, {o.id for o in outcomes if o.open and o.fact is not None})
        for waiting in (*groups.values(), *amending.values()):
            left = [one for one in waiting if one.id in still or one.stated]
            waiting[:] = [replace(one, stated=one.stated or one.id in took) for one in left]
        stated = [outcome.fact for outcome in outcomes if outcome.fact is not None]
        self._accepted |= {fact.mrn for fact in stated}
        self._versions |= {fact.mrn: Version(fact) for fact in stated if isinstance(fact, DeclarationAccepted)}
        return outcomes

    def _run(self, messages: Iterable[Message]) -> None:
        waiting = deque(messages)
        while waiting:
            waiting.extend(self._handle(waiting.popleft()))

    def _handle(self, message: Message) -> tuple[Message, ...]:
        now = self._tick()
        match message:
            case Licence() | Authorisation() | Demand() | UsageReport():
                ref = LicenceRef(message.key)
                judged = _judged(self.ledgers.get(ref) or ledger.new_ledger(ref), message, now)
                self.ledgers[ref] = judged.state
                return judged.outputs
            case Verdict():
                self.verdicts[message.mrn] = message
            case Finding():
                self.findings.append(message)
            case Refusal() | Denial() | Watched() | Screening():
                screened = SCREENING_HANDLERS[type(message)](self._watched, message, now)
                self._watched = screened.state
                return screened.outputs
            case _ if message.TOPIC in ("customs.declaration.v1", Cover.TOPIC, Resemblance.TOPIC):
                mrn = Mrn(message.key)
                taken = SHIPMENT_HANDLERS[type(message)](self._shipments.get(mrn) or empty(mrn), message, now)
                self._shipments[mrn] = taken.state
                return taken.outputs
        return ()

    def _tick(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now


def _judged(
    state: LicenceLedger, message: Licence | Authorisation | Demand | UsageReport, now: datetime
) -> Decision[LicenceLedger]:
    match message:
        case UsageReport():
            return record_usage(state, message, now)
        case Licence():
            return ledger.record_licence(state, message, now)
        case Authorisation():
            return ledger.record_authorisation(state, message, now)
        case Demand():
            return ledger.answer_demand(state, message, now)
