"""Legs that end by their date alone while goods are under way: nobody sends a message on that day.

As when one is revoked (`changed.without_leg`) the answer stands, and that goods which have not left are without a leg
is said. The licence's own last day changes nothing: it is judged at acceptance.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.core.days import end_of
from services.core.messages import Authorisation, DrawVerdict, HeldShipment
from services.core.values import Mrn
from services.reconciliation.domain.awaited import FailedDraw, Wait
from services.reconciliation.domain.changed import EVER, UNDER_WAY, case_of, latest_of
from services.reconciliation.domain.judged import leg_lost
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.second_keys import legs_lacking, requires

_INSTANT: Final = timedelta(microseconds=1)


def ends_of_legs(ledger: LicenceLedger) -> Iterable[Wait]:
    """The end of each leg that the licence requires."""
    terms = ledger.terms
    if not ledger.authorisations or terms is None:
        return ()
    legs = (of for of in ledger.authorisations if requires(terms, of.kind))
    return [Wait(f"{of.kind.value} {of.ref} {end.isoformat()}", end) for of in legs if (end := _end(of)) is not None]


def _end(of: Authorisation) -> datetime | None:
    """The first moment after its last day, in its zone; None where there is none."""
    if of.valid_to is None:
        return None
    try:
        return end_of(of.valid_to, of.time_zone)
    except OverflowError:
        return None  # the last day of the calendar


def left_without_leg(ledger: LicenceLedger, wait: Wait, rules: RuleSet) -> Iterator[FailedDraw]:
    """Covered draws of goods under way that had their legs until then, and have not any more."""
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
            lost = legs_lacking(case, end)
            before = legs_lacking(case, end - _INSTANT) if lost else lost
            if ended := [code for code in lost if code not in before]:
                yield demand, held, leg_lost(ended, end)


def covered_without_leg(
    ledger: LicenceLedger, told: Iterable[tuple[Mrn, HeldShipment | None]], now: datetime, rules: RuleSet
) -> Iterator[FailedDraw]:
    """Draws of goods under way that are covered now and were not before, of which a leg has ended since acceptance.

    Nobody looked at them when it ended: they came later. `told`: the shipments that were answered, with what they held.
    """
    terms = ledger.terms
    if not ledger.authorisations or terms is None:
        return
    moment = _looked_at(ledger, now)
    for mrn, before in told:
        shipment = ledger.shipments[mrn]
        demand, known = shipment.demand, _covered(before)
        if demand.phase not in UNDER_WAY or demand.accepted_at >= moment:
            continue
        for held in shipment.draws:
            place = (held.draw.item, held.draw.line)
            if held.verdict is not DrawVerdict.COVERED or place in known:
                continue
            if lost := legs_lacking(case_of(demand, held, terms, rules, ledger.authorisations), moment):
                yield demand, held, leg_lost(lost, moment)


def _covered(before: HeldShipment | None) -> set[tuple[int, int]]:
    """The places of the draws that were covered while the goods were under way: what they lost since was said."""
    if before is None or before.demand.phase not in UNDER_WAY:
        return set()
    return {(held.draw.item, held.draw.line) for held in before.draws if held.verdict is DrawVerdict.COVERED}


def _looked_at(ledger: LicenceLedger, now: datetime) -> datetime:
    """The latest moment that was looked at: a step that took effect, a reminder; before any end that is still to come.

    What ends after it is said by its own reminder.
    """
    reminded = ledger.reminded or EVER
    to_come = [wait.until - _INSTANT for wait in ends_of_legs(ledger) if wait.until > reminded]
    return min([max(reminded, latest_of(ledger.authorisations, now)), *to_come])
