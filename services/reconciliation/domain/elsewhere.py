"""Exports that customs of another Member State cleared: they draw once, however many tell of them.

The holder reports them, as totals of a period (`cleared_in`); the notice of that customs, or its own messages, come in
at the customs door as any shipment, whose MRN names the state. What such shipments draw on a line in the period of a
report, the report does not draw again: together they draw the more of the two. So it does not matter what comes first.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from services.core.days import day_of
from services.core.messages import HeldShipment, Licence, UsageReport
from services.core.usage import Account, Use, counting, use_of
from services.core.values import ZERO, CountryCode, Mrn

Shown = Sequence[tuple[date, Use]]
"""What shipments draw on one line, each on the day of its acceptance, which does not change when goods leave."""


class Told(NamedTuple):
    """What is told of one state in the longest periods that are reported as one, from the first day to the last."""

    first: date
    last: date
    reports: tuple[UsageReport, ...]
    reported: Use
    shown: Use

    @property
    def beyond(self) -> Use:
        """What the reports draw: no shipment draws it."""
        quantity, value = self.reported.quantity - self.shown.quantity, self.reported.value - self.shown.value
        return Use(max(quantity, ZERO), max(value, ZERO))


def state_of(mrn: Mrn) -> CountryCode:
    """The state whose customs accepted the declaration (DE 12 01 001 000), or wrote off the paper (0006)."""
    return CountryCode(mrn[2:4])


def is_elsewhere(terms: Licence, state: CountryCode | None) -> bool:
    """Whether it is another state than that of the authority."""
    return state is not None and state != terms.authority[:2]


def told(counted: Iterable[UsageReport], shown: Shown = ()) -> list[Told]:
    """The reports of one account that count, in order of their longest periods, beside what is shown in them."""
    reports = sorted(counted, key=lambda one: (one.period_from, -one.period_to.toordinal()))
    longest: list[tuple[date, date]] = []
    for report in reports:
        if not longest or report.period_from > longest[-1][1]:
            longest.append((report.period_from, report.period_to))
    return [_told(first, last, reports, shown) for first, last in longest]


def _told(first: date, last: date, reports: Iterable[UsageReport], shown: Shown) -> Told:
    within = tuple(one for one in reports if first <= one.period_from and one.period_to <= last)
    return Told(first, last, within, use_of(within), total(use for day, use in shown if first <= day <= last))


def total(uses: Iterable[Use]) -> Use:
    """All of it."""
    quantity, value = ZERO, ZERO
    for use in uses:
        quantity += use.quantity
        value += use.value
    return Use(quantity, value)


def beyond(counted: Iterable[UsageReport], shown: Shown) -> Use:
    """What reports of one account that count draw beyond what shipments do."""
    return total(one.beyond for one in told(counted, shown)) if shown else use_of(counted)


def shown_on(
    terms: Licence, shipments: Iterable[HeldShipment], line: int, state: CountryCode | None
) -> list[tuple[date, Use]]:
    """What the shipments that another state cleared draw on a line; of the authority's own state nothing counts."""
    if not is_elsewhere(terms, state):
        return []
    found: list[tuple[date, Use]] = []
    for shipment in shipments:
        if state_of(shipment.mrn) == state:
            day = day_of(shipment.demand.accepted_at, terms.time_zone)
            draws = (held for held in shipment.draws if held.line == line)
            found += [(day, Use(held.consumed_quantity, held.consumed_value)) for held in draws]
    return found


def drawn_by(
    terms: Licence, account: Account, reports: Iterable[UsageReport], shipments: Iterable[HeldShipment]
) -> Use:
    """What all reports of one account, in order of arrival, draw of its line."""
    line, _, state = account
    return beyond(counting(reports), shown_on(terms, shipments, line, state) if state is not None else ())
