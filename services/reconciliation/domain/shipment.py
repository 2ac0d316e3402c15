"""A shipment: the set of an MRN's facts, what it asks of licences, what they answered, and the verdict.

The generated record `Shipment` is both the state and its snapshot. Everything but `licences[].cover`, `judged` and the
revisions follows from the set of facts, so the order in which facts arrive decides nothing.
"""

from dataclasses import replace
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.message import Message
from services.core.messages import Cover, Finding, LicenceDemand, Shipment
from services.core.values import Mrn
from services.reconciliation.domain.declaration import Declaration, current
from services.reconciliation.domain.demand import asked, numbered
from services.reconciliation.domain.facts import Fact, knows, with_fact
from services.reconciliation.domain.sequence import contradictions, finding_of
from services.reconciliation.domain.verdict import judge


def empty(mrn: str) -> Shipment:
    """A shipment nothing is known of."""
    return Shipment(mrn=Mrn(mrn))


def with_new_fact(shipment: Shipment, fact: Fact, now: datetime, rule_set: str) -> Decision[Shipment]:
    """The shipment with one more fact; outputs: demands by licence, then the verdict, then findings.

    A fact seen before changes nothing. While no declaration is known, facts wait: they ask nothing and get no verdict.
    """
    if knows(shipment, fact):
        return Decision(shipment)
    shipment = with_fact(shipment, fact)
    declaration = current(shipment)
    outputs: tuple[Message, ...] = ()
    if declaration is not None:
        licences, changed = numbered(shipment, asked(shipment, declaration))
        decision = _judged(shipment, licences, declaration, now, rule_set)
        shipment, outputs = decision.state, (*changed, *decision.outputs)
    raised = [finding_of(wrong, shipment, now, rule_set) for wrong in contradictions(shipment, declaration)]
    shipment, new = _with_findings(shipment, raised)
    return Decision(shipment, (*outputs, *new))


def with_cover(shipment: Shipment, cover: Cover, now: datetime, rule_set: str) -> Decision[Shipment]:
    """The shipment with a licence's answer; output: the verdict, when it changes.

    A lower revision than the one held is a repeat. Corrupt: the same revision with other content, or an answer to a
    demand that was never made.
    """
    held = next((known for known in shipment.licences if known.demand.licence == cover.licence), None)
    if held is None or cover.demand_revision > held.demand.revision:
        raise Corrupt(f"cover {cover.revision} of {cover.licence} answers a demand that {cover.mrn} never made")
    if held.cover is not None and cover.revision <= held.cover.revision:
        if cover.revision == held.cover.revision and cover != held.cover:
            raise Corrupt(
                f"cover {cover.revision} of {cover.licence} for {cover.mrn} came twice with different content"
            )
        return Decision(shipment)
    answered = LicenceDemand(demand=held.demand, cover=cover)
    licences = tuple(answered if known is held else known for known in shipment.licences)
    declaration = current(shipment)
    if declaration is None:
        raise Corrupt(f"{cover.mrn} asked {cover.licence} without a declaration")
    return _judged(shipment, licences, declaration, now, rule_set)


def _judged(
    shipment: Shipment, licences: tuple[LicenceDemand, ...], declaration: Declaration, now: datetime, rule_set: str
) -> Decision[Shipment]:
    """The shipment with these demands and covers, and the verdict that follows from them when it is new."""
    found = judge(shipment, licences, declaration, now, rule_set)
    state = replace(shipment, licences=licences, judged=found.judged, verdict=found.verdict)
    return Decision(state, (found.verdict,) if found.is_new else ())


def _with_findings(shipment: Shipment, raised: list[Finding]) -> tuple[Shipment, list[Finding]]:
    """Each finding once, however often the facts show it again."""
    known = set(shipment.findings)
    new = [finding for finding in raised if finding.id not in known]
    if not new:
        return shipment, new
    return replace(shipment, findings=tuple(sorted(known | {finding.id for finding in new}))), new
