"""Joining what was asked of customs under one MRN, and what customs answered: WCO amendments and cancellations.

An amendment by pointers takes effect when customs grants it, as of when it was issued; one that is denied never does.
An answer names the declarant's own number of the request (LRN); where several have the same number it is about the
latest one issued before it. All stay to be joined, so that a message that comes late puts right which was meant; what
took effect is not stated again. A cancellation changes nothing either way: customs tells by an invalidation that it
took effect.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.core.values import Mrn
from services.customs.domain.lodgement import Outcome, State
from services.customs.domain.reading import Amendment, Answered, Cancellation, Logged


def answer(mrn: Mrn, messages: Sequence[Logged]) -> list[Outcome]:
    """What becomes of the open requests of one declaration, and of the answers to them."""
    asked = sorted(
        (m for m in messages if isinstance(m.reading.statement, Amendment | Cancellation)), key=lambda m: m.order
    )
    answers = [(m.reading.statement, m) for m in messages if isinstance(m.reading.statement, Answered)]
    outcomes: list[Outcome] = []
    for statement, message in sorted(answers, key=lambda pair: pair[1].order):
        if statement.granted is None:
            note = f"customs answered the request {message.reading.lrn}: status {statement.status or 'none'}"
            outcomes.append(Outcome(id=message.id, state=State.APPLIED, note=note, shipment=mrn))
            continue
        fitting = [m for m in asked if m.reading.lrn == message.reading.lrn and not m.later_than(message)]
        if not fitting:
            note = f"no request {message.reading.lrn} of {mrn} was received yet"
            outcomes.append(Outcome(id=message.id, state=State.WAITING, note=note, open=True, shipment=mrn))
            continue
        asked.remove(fitting[-1])
        outcomes += _answered(mrn, fitting[-1], message, granted=statement.granted)
    return outcomes + [_unanswered(mrn, request) for request in asked if not request.stated]


def _answered(mrn: Mrn, request: Logged, message: Logged, *, granted: bool) -> list[Outcome]:
    """Outcomes of both; of a request that took effect before only that of its answer."""
    lrn, fact = message.reading.lrn, request.requested()
    if granted and fact is not None:
        joined = Outcome(id=message.id, state=State.RECEIVED, shipment=mrn, fact_id=fact.fact_id, open=True)
        return [joined] if request.stated else [replace(joined, id=request.id, fact=message.supports(fact)), joined]
    if request.stated:
        note = f"customs denied the request {lrn}, which another answer had granted: another amendment takes it back"
        return [Outcome(id=message.id, state=State.APPLIED, note=note, open=True, shipment=mrn)]
    note = f"customs denied the request {lrn}: it changes nothing"
    if granted:
        note = f"customs granted the request {lrn}: it takes effect when customs invalidates (DMSINV)"
    return [Outcome(id=m.id, state=State.APPLIED, note=note, open=True, shipment=mrn) for m in (request, message)]


def _unanswered(mrn: Mrn, request: Logged) -> Outcome:
    statement = request.reading.statement
    if isinstance(statement, Cancellation):
        reason = statement.reason or "none given"
        note = f"a request to cancel (reason: {reason}): it takes effect when customs invalidates (DMSINV)"
        return Outcome(id=request.id, state=State.APPLIED, note=note, open=True, shipment=mrn)
    note = f"customs has not granted the amendment {request.reading.lrn} yet (DMSREQ)"
    return Outcome(id=request.id, state=State.WAITING, note=note, open=True, shipment=mrn)
