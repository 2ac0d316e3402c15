"""The notice of first use that general authorisations ask for, and what is raised when it was not given in time.

Reg. (EU) 2021/821 annex II, part 3: within 30 days after the first export (sections A to F); under EU007 30 days before
it (section G point 6), under EU008 10 (section H point 4). Where an authority asks for it before any first export,
nothing is awaited sooner. National general authorisations are treated as those of the Union.
Nothing is waited for once a revision of the licence states the notice.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from services.core.days import start_of, zone
from services.core.messages import Comparison, GeneralAuthorisation
from services.reconciliation.domain.awaited import Wait
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.ledger import LicenceLedger

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
        used = first.astimezone(zone(time_zone)).date()
        by = used + after
        return Notice(used, by, start_of(max(used, by) + _DAY, time_zone))
    except OverflowError:
        return None
