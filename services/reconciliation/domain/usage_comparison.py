"""Licensed, reported by the holder, seen by customs: the three figures of a licence line for a period.

A report belongs to a period when its own lies in it. What customs saw belongs to the day, in the licence's time zone,
of the step the shipment is at: its release, then its exit. Only exports that our customs clear are both reported and
seen; other use is reported alone.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.core.days import day_of
from services.core.messages import HeldShipment, Licence, LicenceLine, UsageReport
from services.core.usage import Account, Use, account_of, counting, use_of
from services.core.values import ZERO, CountryCode
from services.reconciliation.domain.elsewhere import is_elsewhere, shown_on, state_of, total
from services.reconciliation.domain.seen import SEEN
from services.reconciliation.domain.usage import draws


@dataclass(frozen=True, slots=True)
class Compared:
    """A licence line in a period. A dimension that the line does not count is zero throughout."""

    line: LicenceLine
    reported: Use
    """Exports that our customs clear, as the holder reports them."""
    unseen: Use
    """All other use that is reported: it draws by its report."""
    consumed: Use
    """Released by customs."""
    exited: Use
    """The part of it that left."""
    elsewhere: Use
    """Of `unseen`, what customs of other Member States wrote off: it is in neither of the two."""


def compare(
    terms: Licence, usage: Collection[UsageReport], shipments: Iterable[HeldShipment], first: date, last: date
) -> list[Compared]:
    """Every line of the licence, from the first day to the last."""
    reported, unseen = _reported(usage, first, last)
    held = tuple(shipments)
    noticed = _noticed(terms, usage, held, first, last)
    consumed, exited = _seen(terms, held, noticed, first, last)
    return [
        Compared(
            line,
            reported.get(line.line, Use()),
            unseen.get(line.line, Use()),
            consumed.get(line.line, Use()),
            exited.get(line.line, Use()),
            total(use for (number, _), use in noticed.items() if number == line.line),
        )
        for line in terms.lines
    ]


def crossing(usage: Iterable[UsageReport], first: date, last: date) -> Iterator[UsageReport]:
    """Reports that are in no comparison of the period, for part of theirs lies outside."""
    for report in usage:
        touches = report.period_from <= last and first <= report.period_to
        if touches and not (first <= report.period_from and report.period_to <= last):
            yield report


def _reported(usage: Iterable[UsageReport], first: date, last: date) -> tuple[dict[int, Use], dict[int, Use]]:
    accounts: dict[Account, list[UsageReport]] = {}
    for report in usage:
        accounts.setdefault(account_of(report), []).append(report)
    reported: dict[int, Use] = {}
    unseen: dict[int, Use] = {}
    for (line, _, _), reports in accounts.items():
        within = [one for one in counting(reports) if first <= one.period_from and one.period_to <= last]
        figures = unseen if draws(reports[0]) else reported
        figures[line] = figures.get(line, Use()).plus(use_of(within))
    return reported, unseen


def _noticed(
    terms: Licence, usage: Iterable[UsageReport], shipments: Collection[HeldShipment], first: date, last: date
) -> dict[tuple[int, CountryCode], Use]:
    """By line and state, what was written off there of what is reported as cleared there."""
    places = {(one.line, one.cleared_in) for one in usage if one.cleared_in is not None}
    return {
        (line, state): total(use for day, use in shown_on(terms, shipments, line, state) if first <= day <= last)
        for line, state in places
        if is_elsewhere(terms, state)
    }


def _seen(
    terms: Licence,
    shipments: Iterable[HeldShipment],
    noticed: Collection[tuple[int, CountryCode]],
    first: date,
    last: date,
) -> tuple[dict[int, Use], dict[int, Use]]:
    consumed: dict[int, Use] = {}
    exited: dict[int, Use] = {}
    for shipment in shipments:
        demand = shipment.demand
        if demand.phase not in SEEN or not first <= day_of(demand.occurred_at, terms.time_zone) <= last:
            continue
        for held in shipment.draws:
            line = held.line
            if noticed and (line, state_of(shipment.mrn)) in noticed:
                continue
            used = Use(held.consumed_quantity, held.consumed_value)
            consumed[line] = consumed.get(line, Use()).plus(used)
            exited[line] = exited.get(line, Use()).plus(Use(held.exited_quantity, held.exited_value))
    return consumed, exited


def differs(one: Compared) -> bool:
    """Whether holder and customs say different things, in a dimension that the line counts."""
    quantity = one.line.unit is not None and one.reported.quantity - one.consumed.quantity != ZERO
    return quantity or (one.line.currency is not None and one.reported.value - one.consumed.value != ZERO)
