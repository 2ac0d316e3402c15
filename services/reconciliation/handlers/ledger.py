"""The ledger fold: what a licence, what stands beside it, a demand of a shipment or time changes in a licence's ledger.

Outputs are in one order: the entry of the message, the entries of shipments judged again in order of arrival, the
covers in the same order, the findings sorted. A repeat is known by its content: a lower revision is skipped, the same
again changes nothing, the same revision with other content halts the partition.
"""

from collections.abc import Iterable
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Corrupt, Rejected
from services.core.messages import (
    Authorisation,
    CarriedOn,
    CarryOver,
    Demand,
    HeldShipment,
    Licence,
    LicenceReminder,
)
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.booking import Booking
from services.reconciliation.domain.changed import released_without_cover
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.licence_deadlines import ended, failed_draws, new_on_lines
from services.reconciliation.domain.period_limits import windows_overdrawn
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.second_keys import check_authorisation, known_of
from services.reconciliation.domain.terms import check_terms, lines_overdrawn
from services.reconciliation.domain.usage import drawn_since, lines_overused


def new_ledger(licence: str) -> LicenceLedger:
    """The empty ledger of a licence that nothing is known of."""
    return LicenceLedger(licence=LicenceRef(licence))


def record_licence(
    state: LicenceLedger, licence: Licence, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """The licence as it now stands; unreleased draws are judged again, and on its arrival all that waited for it.

    Rejected when it changes the basis, unit or currency of a line, drops a line, or cannot be judged by.
    """
    known = state.terms
    if known is not None and licence.revision <= known.revision:
        return _repeat(state, same=licence == known, older=licence.revision < known.revision, what=licence.identity)
    check_terms(licence, known)
    booking = Booking(state, licence.identity, now, rule_set)
    more = drawn_since(state, licence)
    entry = booking.licence(licence, more)
    for line, failure in lines_overdrawn(licence, known, entry.balances, rule_set):
        booking.raise_for_line(line, failure, entry)
    for line, failure in windows_overdrawn(licence, known, booking.ledger.spread, rule_set):
        booking.raise_for_line(line, failure, entry)
    for line, failure in lines_overused(licence, entry, more, rule_set):
        booking.raise_for_line(line, failure, entry)
    if known is None:
        for shipment in _by_arrival(booking.ledger, booking.ledger.shipments):
            booking.licence_arrived(shipment)
    else:
        for shipment in _by_arrival(booking.ledger, state.unreleased):
            booking.licence_changed(shipment)
        for demand, held, lost in released_without_cover(booking.ledger, known, licence, rule_set):
            booking.raise_for_draw(demand, held, lost, entry)
    booking.say_what_is_lost()
    if licence.replaced_by is not None and (known is None or known.replaced_by is None):
        booking.hand_over(licence.replaced_by)
    return booking.decision()


def record_carry_over(
    state: LicenceLedger, carried: CarryOver, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """What another licence had left, added to what this one states; refused draws are judged again.

    What remains of it goes on when this one was replaced before it came. Replay: of each line of a licence it is given
    once. Corrupt when it comes back with other content.
    """
    return _carried(state, carried, carried.identity, now, rule_set)


def record_carried_on(
    state: LicenceLedger, passed: CarriedOn, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """The same, of what was handed to a licence that this one replaces after that had closed."""
    return _carried(state, passed.carried, passed.identity, now, rule_set)


def _carried(
    state: LicenceLedger, carried: CarryOver, cause_id: str, now: datetime, rules: RuleSet
) -> Decision[LicenceLedger]:
    if carried.licence != state.licence:
        raise Rejected(f"{cause_id} goes to {carried.licence}, this is the ledger of {state.licence}")
    for known in state.carried:
        if (known.licence, known.replaced, known.line) == (carried.licence, carried.replaced, carried.line):
            return _repeat(state, same=known == carried, older=False, what=cause_id)
    booking = Booking(state, cause_id, now, rules)
    booking.carry(carried)
    if state.terms is not None:
        for shipment in _by_arrival(booking.ledger, booking.ledger.wanting):
            booking.amount_returned(shipment)
        booking.carry_on(carried)
    booking.say_what_is_lost()
    return booking.decision()


def record_authorisation(
    state: LicenceLedger, authorisation: Authorisation, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """What stands beside the licence as it now is; unreleased draws are judged again, and who loses a leg is said.

    Rejected when it cannot be judged by.
    """
    known, revision = known_of(state.authorisations, authorisation), authorisation.revision
    if known is not None and revision <= known.revision:
        older = revision < known.revision
        return _repeat(state, same=authorisation == known, older=older, what=authorisation.identity)
    check_authorisation(authorisation)
    booking = Booking(state, authorisation.identity, now, rule_set)
    booking.authorisation(authorisation)
    if state.terms is not None:
        for shipment in _by_arrival(booking.ledger, state.unreleased):
            booking.licence_changed(shipment)
    booking.say_what_is_lost()
    return booking.decision()


def answer_demand(
    state: LicenceLedger, demand: Demand, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """The demand's draws replace those the shipment had; when an amount returns, refused draws are judged again.

    What is covered as of acceptance, and came after a leg had ended, is said too.
    """
    if demand.licence != state.licence:
        raise Rejected(f"demand {demand.identity} is on {demand.licence}, this is the ledger of {state.licence}")
    held = state.shipments.get(demand.mrn)
    if held is not None and demand.revision <= held.demand.revision:
        older = demand.revision < held.demand.revision
        return _repeat(state, same=demand == held.demand, older=older, what=demand.identity)
    booking = Booking(state, demand.identity, now, rule_set)
    if booking.demand(demand, held):
        for shipment in _by_arrival(booking.ledger, booking.ledger.wanting):
            if shipment.mrn != demand.mrn:
                booking.amount_returned(shipment)
    booking.say_what_is_lost()
    return booking.decision()


def licence_reminder(licence: str, due: datetime) -> LicenceReminder:
    """What the runtime tells this fold when a ledger is to be looked at again."""
    return LicenceReminder(licence=LicenceRef(licence), due=due)


def record_licence_reminder(
    state: LicenceLedger, told: LicenceReminder, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[LicenceLedger]:
    """Look at what has ended by the time it was due, which a record keeps too coarsely; an entry even if all is well.

    Replay: one of no later time than the last is a repeat, whatever came since.
    """
    del now
    if state.reminded is not None and told.due <= state.reminded:
        return Decision(state)
    over = ended(state, told.due)
    booking = Booking(state, told.identity, told.due, rule_set)
    on_lines = new_on_lines(state, over)
    entry = booking.reminder({*on_lines, *(identity for _, _, identity in over)})
    for demand, held, failure in failed_draws(state, over, rule_set):
        booking.raise_for_draw(demand, held, failure, entry)
    for row, wait, identity in over:
        about = row.licence(state, wait)
        if about is not None:
            booking.raise_for_licence(identity, about, entry)
    for identity, (line, failure) in on_lines.items():
        booking.raise_for_licence(identity, failure, entry, line)
    return booking.decision()


def _repeat(state: LicenceLedger, *, same: bool, older: bool, what: str) -> Decision[LicenceLedger]:
    if not same and not older:
        raise Corrupt(f"message {what} came before with other content")
    return Decision(state)


def _by_arrival(ledger: LicenceLedger, mrns: Iterable[Mrn]) -> Iterable[HeldShipment]:
    """These shipments in order of arrival, as they stand before any of them is judged again."""
    return sorted((ledger.shipments[mrn] for mrn in mrns), key=lambda shipment: shipment.arrival)
