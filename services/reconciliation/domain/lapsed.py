"""What goods under way stand on, and may lose on a day on which nobody sends a message.

That is the licence itself, which its authority may suspend, revoke or annul from a day on, and the legs beside it,
which end in that way or by their last day. The answer stands, for it is judged at acceptance; that goods which have not
left lost something is said once: with the message that tells of it, or by a reminder when its moment was still to come.
The licence's own last day changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from services.core.days import end_of
from services.core.messages import Authorisation, DrawVerdict, HeldShipment, Licence, LicenceStatus
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.awaited import FailedDraw, Wait, wait_id
from services.reconciliation.domain.case import Case
from services.reconciliation.domain.changed import UNDER_WAY, case_of
from services.reconciliation.domain.judged import support_lost
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.second_keys import LEGS, legs_lacking, requires
from services.reconciliation.domain.validity import USABLE, status_at

LAPSED: Final = "leg.lapsed"
"""Name of these waits."""
NOT_VALID: Final = "licence.not-valid"
_TAKEN_AWAY: Final = frozenset({LicenceStatus.SUSPENDED, LicenceStatus.REVOKED, LicenceStatus.ANNULLED})
"""By other steps a licence is used up or over, which takes nothing from goods that were accepted before."""
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_INSTANT: Final = timedelta(microseconds=1)


def ends(ledger: LicenceLedger) -> Iterable[Wait]:
    """When the licence is taken away from goods under way, and the end of each leg that it requires."""
    terms = ledger.terms
    if terms is None or not (ledger.authorisations or (len(terms.statuses) > 1 and ledger.shipments)):
        return ()
    return _ends(terms, ledger.authorisations)


def _ends(terms: Licence, beside: tuple[Authorisation, ...]) -> list[Wait]:
    found = [
        Wait(f"{step.status.value} {step.effective_at.isoformat()}", step.effective_at)
        for step in terms.statuses
        if step.status in _TAKEN_AWAY
    ]
    for of in beside:
        if requires(terms, of.kind):
            name, end = f"{of.kind.value} {of.ref}", _last_moment(of)
            steps = [(f"{s.status.value} ", s.effective_at) for s in of.statuses if s.status not in USABLE]
            moments = steps if end is None else [("", end), *steps]
            found += [Wait(f"{name} {how}{moment.isoformat()}", moment) for how, moment in moments]
    return found


def _last_moment(of: Authorisation) -> datetime | None:
    """The first moment after its last day, in its zone; None where there is none."""
    if of.valid_to is None:
        return None
    try:
        return end_of(of.valid_to, of.time_zone)
    except OverflowError:
        return None  # the last day of the calendar


def over_already(
    known: LicenceLedger, terms: Licence | None, beside: tuple[Authorisation, ...], now: datetime
) -> tuple[str, ...]:
    """Ids of the ends that a licence, or what stands beside it, tells of when they are past: no reminder need come."""
    if terms is None:
        return ()
    before = set() if known.terms is None else set(_ends(known.terms, known.authorisations))
    new = [wait for wait in _ends(terms, beside) if wait.until <= now and wait not in before]
    return tuple(wait_id(LAPSED, terms.ref, wait.mark) for wait in new)


def lost_by_change(ledger: LicenceLedger, known: LicenceLedger, now: datetime, rules: RuleSet) -> Iterator[FailedDraw]:
    """Draws of goods under way, covered before and after, that lack what they did not lack as the ledger was `known`.

    Of the licence as it now is, what fails at acceptance already is said elsewhere (`changed.released_without_cover`).
    """
    terms, before = ledger.terms, known.terms
    if terms is None or before is None or not (ledger.authorisations or known.authorisations or _ends(terms, ())):
        return
    latest = _latest(ledger, now)
    for mrn, shipment in known.shipments.items():
        covered, demand = _covered(shipment), shipment.demand
        moment = max(demand.accepted_at, latest)
        for held in ledger.shipments[mrn].draws if covered else ():
            if held.verdict is not DrawVerdict.COVERED or (held.draw.item, held.draw.line) not in covered:
                continue
            case = case_of(demand, held, terms, rules, ledger.authorisations)
            if lost := _lacking(case, moment):
                said = _lacking(case_of(demand, held, before, rules, known.authorisations), moment)
                said += _lacking(case, demand.accepted_at) if terms is not before else []
                if new := [code for code in lost if code not in said]:
                    yield demand, held, support_lost(new, moment)


def lost_at(ledger: LicenceLedger, wait: Wait, rules: RuleSet) -> Iterator[FailedDraw]:
    """Covered draws of goods under way that lacked nothing until then, and do since."""
    end, terms = wait.until, ledger.terms
    if terms is None:
        return
    for shipment in ledger.shipments.values():
        demand = shipment.demand
        if demand.phase not in UNDER_WAY or demand.accepted_at >= end:
            continue
        for held in shipment.draws:
            if held.verdict is not DrawVerdict.COVERED:
                continue
            case = case_of(demand, held, terms, rules, ledger.authorisations)
            lost = _lacking(case, end)
            before = _lacking(case, end - _INSTANT) if lost else lost
            if ended := [code for code in lost if code not in before]:
                yield demand, held, support_lost(ended, end)


def lost_before(
    ledger: LicenceLedger, answered: Mapping[Mrn, HeldShipment | None], now: datetime, rules: RuleSet
) -> Iterator[FailedDraw]:
    """Draws of goods under way that are covered now and were not before, and lost something since acceptance.

    Nobody looked at them when it ended. `answered`: with what they held before.
    """
    terms = ledger.terms
    if not answered or terms is None or not (ledger.authorisations or len(terms.statuses) > 1):
        return
    latest = _looked_at(ledger, now)
    for mrn, before in answered.items():
        demand, known = ledger.shipments[mrn].demand, _covered(before)
        if demand.phase not in UNDER_WAY or demand.accepted_at >= latest:
            continue
        for held in ledger.shipments[mrn].draws:
            if held.verdict is not DrawVerdict.COVERED or (held.draw.item, held.draw.line) in known:
                continue
            if lost := _lacking(case_of(demand, held, terms, rules, ledger.authorisations), latest):
                yield demand, held, support_lost(lost, latest)


def _lacking(case: Case, moment: datetime) -> list[str]:
    """The codes of what the draw would lack were it accepted at this moment."""
    taken = case.terms is not None and status_at(case.terms, moment) in _TAKEN_AWAY
    return ([NOT_VALID] if taken else []) + legs_lacking(case, moment)


def _covered(before: HeldShipment | None) -> set[tuple[int, int]]:
    """The places of the draws that were covered while the goods were under way: what they lost since was said."""
    if before is None or before.demand.phase not in UNDER_WAY:
        return set()
    return {(held.draw.item, held.draw.line) for held in before.draws if held.verdict is DrawVerdict.COVERED}


def _latest(ledger: LicenceLedger, now: datetime) -> datetime:
    """The latest moment by now at which anything began or ended of what goods stand on, or was recorded of it."""
    beside, own = (of for of in ledger.authorisations if of.kind in LEGS), ledger.terms.statuses if ledger.terms else ()
    moments = [moment for of in beside for moment in (of.changed_at, *(step.effective_at for step in of.statuses))]
    moments += [step.effective_at for step in own] + [wait.until for wait in ends(ledger)]
    return max((moment for moment in moments if moment <= now), default=_EVER)


def _looked_at(ledger: LicenceLedger, now: datetime) -> datetime:
    """The same or the last reminder, yet before any end that is left to a reminder."""
    ref = LicenceRef(ledger.licence)
    open_ends = [wait.until for wait in ends(ledger) if wait_id(LAPSED, ref, wait.mark) not in ledger.raised]
    return min([max(ledger.reminded or _EVER, _latest(ledger, now)), *(end - _INSTANT for end in open_ends)])
