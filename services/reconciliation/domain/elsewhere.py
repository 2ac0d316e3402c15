"""Exports that customs of another Member State cleared: they draw once, however many tell of them.

The holder reports them, as totals of a period (`cleared_in`); the notice of that customs, or its own messages, come in
at the customs door as any shipment, whose MRN names the state. What such shipments draw on a line in the period of a
report, the report does not draw again: together they draw the more of the two. So it does not matter what comes first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import NamedTuple

from services.core.days import day_of
from services.core.messages import HeldShipment, Licence
from services.core.usage import Account, Part, Period, Use
from services.core.values import ZERO, CountryCode, Mrn

Shown = Sequence[tuple[date, Use]]
"""What shipments draw on one line, each on the day of its acceptance, which does not change when goods leave."""


class Told(NamedTuple):
    """What is told of one state in the longest periods that are reported as one, from the first day to the last."""

    first: date
    last: date
    latest: datetime
    """When the last report of it was made."""
    reported: Use
    shown: Use

    @property
    def beyond(self) -> Use:
        """What the reports draw: no shipment draws it."""
        more = self.reported.less(self.shown)
        return Use(max(more.quantity, ZERO), max(more.value, ZERO))


def state_of(mrn: Mrn) -> CountryCode:
    """The state whose customs accepted the declaration (DE 12 01 001 000), or wrote off the paper (0006)."""
    return CountryCode(mrn[2:4])


def is_elsewhere(terms: Licence, state: CountryCode | None) -> bool:
    """Whether it is another state than that of the authority."""
    return state is not None and state != terms.authority[:2]


def told(parts: Mapping[Period, Part], shown: Shown = ()) -> list[Told]:
    """What counts of one account, in order of its longest periods, beside what is shown in them."""
    found: list[Told] = []
    for period, part in sorted(parts.items(), key=lambda each: (each[0].first, -each[0].last.toordinal())):
        if not found or period.first > found[-1].last:
            found.append(Told(*period, part.latest, part.use, Use()))
        else:
            one = found[-1]
            latest, reported = max(one.latest, part.latest), one.reported.plus(part.use)
            found[-1] = one._replace(latest=latest, reported=reported)
    if not shown:
        return found
    return [one._replace(shown=total(use for day, use in shown if one.first <= day <= one.last)) for one in found]


def total(uses: Iterable[Use]) -> Use:
    """All of it."""
    return reduce(Use.plus, uses, Use())


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


def drawn_by(terms: Licence, account: Account, parts: Mapping[Period, Part], shipments: Iterable[HeldShipment]) -> Use:
    """What the reports of one account draw of its line, beyond what shipments do."""
    line, _, state = account
    shown = shown_on(terms, shipments, line, state) if state is not None else ()
    return total(one.beyond for one in told(parts, shown)) if shown else total(part.use for part in parts.values())
