"""A shipment: the set of an MRN's facts, what it asks of licences, what they answered, and the verdict.

The generated record `Shipment` is both the state and its snapshot. Everything but `licences[].cover`, `judged` and the
revisions follows from the set of facts, so the order in which facts arrive decides nothing.
"""

from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.facts import Fact
from services.core.message import Message
from services.core.messages import Cover, Finding, LicenceDemand, Resemblance, Shipment
from services.core.values import Mrn
from services.reconciliation.domain.codes import DEFAULT_CODES, Codes
from services.reconciliation.domain.course import course
from services.reconciliation.domain.deadlines import overdue
from services.reconciliation.domain.declaration import current
from services.reconciliation.domain.demand import demands
from services.reconciliation.domain.facts import knows, with_fact, with_fields
from services.reconciliation.domain.findings import of_resemblance
from services.reconciliation.domain.override import overridden
from services.reconciliation.domain.phase import standing
from services.reconciliation.domain.screening import screening_of
from services.reconciliation.domain.sequence import raised
from services.reconciliation.domain.verdict import Judgement, judge


def empty(mrn: str) -> Shipment:
    """A shipment nothing is known of."""
    return Shipment(mrn=Mrn(mrn))


def with_new_fact(
    shipment: Shipment, fact: Fact, now: datetime, rule_set: str, codes: Codes = DEFAULT_CODES
) -> Decision[Shipment]:
    """The shipment with one more fact; outputs: demands by licence, the verdict, what is to be screened, then findings.

    A fact seen before changes nothing. While no declaration is known, facts wait: they ask nothing and get no verdict.
    """
    if knows(shipment, fact):
        return Decision(shipment)
    known = with_fact(shipment, fact)
    declaration, goes = current(known), course(known)
    wrong = raised(known, declaration, goes, now, rule_set)
    if declaration is None:
        return _with_findings(known, wrong)
    stands = standing(known)
    licences, changed = demands(known, declaration, stands, goes.stage, codes)
    found = judge(known, licences, declaration, (stands.phase, goes.stage), now, rule_set)
    state = _judged(known, licences, found)
    outputs = (*changed, found.verdict) if found.is_new else tuple(changed)
    asked = screening_of(known, declaration, fact, stands.phase)
    outputs = outputs if asked is None else (*outputs, asked)
    wrong += overridden(known, found.verdict, now)
    return _with_findings(state, wrong, outputs)


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
    stands = standing(shipment).phase, course(shipment).stage
    found = judge(shipment, licences, declaration, stands, now, rule_set)
    wrong = overridden(shipment, found.verdict, now)
    return _with_findings(_judged(shipment, licences, found), wrong, (found.verdict,) if found.is_new else ())


def with_time_passed(shipment: Shipment, now: datetime, rule_set: str, lead: float) -> Decision[Shipment]:
    """The shipment as of `now`, without a message; outputs: findings on what was awaited until then."""
    return _with_findings(shipment, overdue(shipment, now, rule_set, lead))


def with_resemblance(shipment: Shipment, found: Resemblance, now: datetime, rule_set: str) -> Decision[Shipment]:
    """What a screening found; output: the finding, once however often the same is found."""
    return _with_findings(shipment, [of_resemblance(found, shipment, rule_set, now)])


def _judged(shipment: Shipment, licences: tuple[LicenceDemand, ...], found: Judgement) -> Shipment:
    """The shipment with these demands and covers, and the verdict that follows from them."""
    return with_fields(shipment, licences=licences, verdict=found.verdict, judged=found.judged)


def _with_findings(shipment: Shipment, wrong: list[Finding], outputs: tuple[Message, ...] = ()) -> Decision[Shipment]:
    """Each finding once, however often the facts show it again; after the other outputs."""
    known = set(shipment.findings)
    new = [finding for finding in wrong if finding.id not in known]
    if not new:
        return Decision(shipment, outputs)
    findings = tuple(sorted(known | {finding.id for finding in new}))
    return Decision(with_fields(shipment, findings=findings), (*outputs, *new))
