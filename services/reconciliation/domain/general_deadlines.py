"""What general authorisations ask for after goods left, and what is raised when it did not come in time.

The notice of first use; of goods that left for a fair, that they came back (`temporary`).

Reg. (EU) 2021/821 annex II, part 3: within 30 days after the first export (sections A to F); under EU007 30 days before
it (section G point 6), under EU008 10 (section H point 4). Where an authority asks for it before any first export,
nothing is awaited sooner. National general authorisations are treated as those of the Union.
Nothing is waited for once a revision of the licence states the notice.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from services.core.days import day_of, end_of, start_of
from services.core.messages import Comparison, DrawVerdict, GeneralAuthorisation, ReferenceKind
from services.core.values import Mrn
from services.reconciliation.domain.awaited import FailedDraw, Wait
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.temporary import DAYS, shown_for

RE_IMPORT: Final = "re-import.overdue"
OVERDUE: Final = "general-licence.notice-overdue"
_VERSION: Final = 1
_MARK: Final = "first use"
"""The same whatever was first: it is said once for a licence."""
_AFTER: Final = timedelta(days=30)
_BEFORE: Final = {GeneralAuthorisation.EU007: timedelta(days=30), GeneralAuthorisation.EU008: timedelta(days=10)}
_DAY: Final = timedelta(days=1)


class Notice(NamedTuple):
    """The last day for it, after the day of first use, and when it is looked for."""

    used: date
    by: date
    until: datetime


def notice_awaited(ledger: LicenceLedger) -> Iterable[Wait]:
    """The notice of a first use that none was given of."""
    notice = _notice(ledger)
    return () if notice is None else (Wait(_MARK, notice.until),)


def notice_missing(ledger: LicenceLedger, _: Wait) -> Failure | None:
    """That the licence as it now is states none."""
    notice, first = _notice(ledger), ledger.first_use
    if notice is None or first is None:
        return None
    due = f"by {notice.by}: first export {first.mrn} on {notice.used}"
    compared = Comparison(what="notice of first use", declared="none", licensed=due)
    return Failure(OVERDUE, _VERSION, Mismatch((compared,)))


def goods_to_come_back(ledger: LicenceLedger) -> Iterable[Wait]:
    """Each shipment that is not known to be back, until the end of its last day."""
    terms = ledger.terms
    if not ledger.away or terms is None:
        return ()
    ends = ((mrn, _back_by(left, terms.time_zone)) for mrn, left in ledger.away.items())
    return (Wait(mrn, until) for mrn, until in ends if until is not None)


def not_come_back(ledger: LicenceLedger, wait: Wait, _: RuleSet) -> Iterator[FailedDraw]:
    """Its covered draws."""
    mrn, terms = Mrn(wait.mark), ledger.terms
    left = ledger.away.get(mrn)
    if left is None or terms is None:
        return
    fairs = ", ".join(one.ref for one in terms.references if one.kind is ReferenceKind.EXHIBITION)
    day = day_of(left, terms.time_zone)
    due = f"by {day + DAYS}: left on {day} for {fairs or 'a fair'}"
    compared = Comparison(what="re-import", declared=shown_for(ledger.authorisations, mrn), licensed=due)
    shipment = ledger.shipments[mrn]
    for held in shipment.draws:
        if held.verdict is DrawVerdict.COVERED:
            yield shipment.demand, held, Failure(RE_IMPORT, _VERSION, Mismatch((compared,)))


@lru_cache(maxsize=8192)
def _back_by(left: datetime, time_zone: str) -> datetime | None:
    """Asked around every message. None at the end of the calendar."""
    try:
        return end_of(day_of(left, time_zone) + DAYS, time_zone)
    except OverflowError:
        return None


def _notice(ledger: LicenceLedger) -> Notice | None:
    """The one that is to be given; who is not registered is refused instead."""
    first, terms = ledger.first_use, ledger.terms
    if first is None or terms is None or terms.registered_at is None or terms.first_use_notified_at is not None:
        return None
    before = None if terms.general is None else _BEFORE.get(terms.general)
    return _of(first.moment, terms.time_zone, _AFTER if before is None else -before)


@lru_cache(maxsize=8192)
def _of(first: datetime, time_zone: str, after: timedelta) -> Notice | None:
    """Asked around every message. None at the end of the calendar."""
    try:
        used = day_of(first, time_zone)
        by = used + after
        return Notice(used, by, start_of(max(used, by) + _DAY, time_zone))
    except OverflowError:
        return None
