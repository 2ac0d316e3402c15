"""When the use of a licence is to be reported, what is raised when it is not, and when holder and customs differ.

Reg. (EU) 2021/821 arts 12 and 27 with the decree of 14 March 2014: global and general licences by the year, others
also when they end, each within a month. A licence under which nothing was used is reported as nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from services.core.days import day_of, start_of
from services.core.messages import Comparison, Licence, LicenceStatus, LicenceType, UsageReport
from services.core.usage import YEARLY, reported_by_day
from services.reconciliation.domain.awaited import Wait
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.deadlines import GRACE
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.measures import shown
from services.reconciliation.domain.usage_comparison import Compared, compare, differs

OVERDUE: Final = "usage.report-overdue"
DIFFERENCE: Final = "usage.report-difference"
_VERSION: Final = 1
_EXPECTED: Final = YEARLY | {LicenceType.INDIVIDUAL}
_ENDED: Final = frozenset(
    {
        LicenceStatus.REVOKED,
        LicenceStatus.ANNULLED,
        LicenceStatus.SURRENDERED,
        LicenceStatus.EXPIRED,
        LicenceStatus.EXHAUSTED,
    }
)
_DAY: Final = timedelta(days=1)
_NEVER: Final = date(9998, 12, 31)
"""The last day that a door takes."""


class Due(NamedTuple):
    """The part of a year in which the licence could be used, and when its report is overdue."""

    first: date
    last: date
    by: date
    until: datetime

    @property
    def looked_at(self) -> datetime:
        """What was sent in time may be on its way for so long."""
        return self.until + GRACE


def reports_due(ledger: LicenceLedger) -> Iterator[Wait]:
    """Each period whose report became due since the licence was known, up to the first that still may come."""
    return (Wait(f"{due.first} {due.last}", due.looked_at) for due in _due(ledger))


def late_figures(ledger: LicenceLedger) -> Iterator[Wait]:
    """What is known of each year with reports, from when it closes on: whenever more comes it is looked at again.

    Late reports are looked at together at the end of their day. What customs says late, or was reported in time and is
    handled late, is looked at once it is there.
    """
    terms = ledger.terms
    if terms is None or not ledger.usage.years:
        return
    for due in _due(ledger):
        reports = ledger.usage.years.get(due.first.year)
        if reports is not None:
            until = due.looked_at
            if reports.latest >= due.until:
                day = day_of(reports.latest, terms.time_zone)
                until = max(until, start_of(day + _DAY, terms.time_zone))
            seen = "" if ledger.seen is None else ledger.seen.figures(due.first.year)
            yield Wait(f"{due.first.year} late {reports.how_many} {seen}", until)


def report_missing(ledger: LicenceLedger, wait: Wait) -> Failure | None:
    """Of a period of which some days are in no report."""
    due = next((due for due in _due(ledger) if wait.mark == f"{due.first} {due.last}"), None)
    if due is None:
        return None
    missing = unreported(ledger.usage.reports, due.first, due.last)
    if not missing:
        return None
    said = ", ".join(f"{first} to {last}" for first, last in missing[:5])
    stated = f"{due.first} to {due.last} by {due.by}"
    compared = Comparison(what="days in no report", declared=said, licensed=stated)
    return Failure(OVERDUE, _VERSION, Mismatch((compared,)))


def differences(ledger: LicenceLedger, wait: Wait) -> Iterator[tuple[int, Failure]]:
    """Lines of which holder and customs say different things of a year that is reported as a whole."""
    if ledger.terms is None:
        return
    year = int(wait.mark[:4])
    due = next((due for due in _due(ledger) if due.first.year == year), None)
    if due is None or unreported(ledger.usage.reports, due.first, due.last):
        return
    shipments = ledger.shipments.values()
    for one in compare(ledger.terms, ledger.usage.reports, shipments, date(year, 1, 1), date(year, 12, 31)):
        if differs(one):
            yield one.line.line, Failure(DIFFERENCE, _VERSION, Mismatch(tuple(_figures(one, year))))


def unreported(usage: Iterable[UsageReport], first: date, last: date) -> list[tuple[date, date]]:
    """The days of a period that lie in that of no report, as first and last days."""
    found: list[tuple[date, date]] = []
    day = first
    for report in sorted(usage, key=lambda one: one.period_from):
        if report.period_from > last or day > last:
            break
        if report.period_from > day:
            found.append((day, report.period_from - _DAY))
        day = max(day, report.period_to + _DAY)
    return found if day > last else [*found, (day, last)]


def _figures(one: Compared, year: int) -> Iterator[Comparison]:
    """Licensed, reported and seen, in the dimensions that the line counts."""
    line, reported, seen = one.line, one.reported, one.consumed
    dimensions = (
        ("quantity", line.unit, line.quantity, reported.quantity, seen.quantity),
        ("value", line.currency, line.value, reported.value, seen.value),
    )
    for name, measure, amount, *figures in dimensions:
        for what, figure in zip(("reported", "seen by customs"), figures if measure else (), strict=False):
            licensed = shown(amount, measure)
            yield Comparison(what=f"{name} {what} in {year}", declared=shown(figure, measure), licensed=licensed)


def _due(ledger: LicenceLedger) -> tuple[Due, ...]:
    terms, known_at = ledger.terms, ledger.known_at
    if terms is None or known_at is None or terms.type not in _EXPECTED:
        return ()
    looked_at = known_at if ledger.reminded is None else max(known_at, ledger.reminded)
    return _years(terms.type, terms.valid_from, _ends(terms), terms.time_zone, known_at, looked_at)


@lru_cache(maxsize=8192)
def _years(
    kind: LicenceType, valid_from: date, ends: date | None, time_zone: str, known_at: datetime, looked_at: datetime
) -> tuple[Due, ...]:
    """Up to the first that is to be looked at; a general authorisation may have no end. Asked around every message."""
    found: list[Due] = []
    for year in range(valid_from.year, (ends or _NEVER).year + 1):
        last = min(ends or _NEVER, date(year, 12, 31))
        by = reported_by_day(kind, ends, last)
        due = Due(max(valid_from, date(year, 1, 1)), last, by, start_of(by + _DAY, time_zone))
        if due.first <= due.last and due.until > known_at:
            found.append(due)
        if due.looked_at > looked_at:
            break
    return tuple(found)


def _ends(terms: Licence) -> date | None:
    """The last day on which it could be used: it expired, or the authority ended it before."""
    steps = sorted(terms.statuses, key=lambda one: one.effective_at)
    if not steps or steps[-1].status not in _ENDED:
        return terms.valid_to
    day = day_of(steps[-1].effective_at, terms.time_zone)
    return day if terms.valid_to is None else min(day, terms.valid_to)
