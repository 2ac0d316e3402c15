"""On which days the draws of a line count: kept for lines that limit what any window of days may draw.

A draw counts on the day it is judged at, in the licence's time zone, with what it holds. The index follows from terms
and shipments; it saves a demand from looking at all of them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Final, NamedTuple

from services.core.days import day_of
from services.core.messages import Demand, HeldDraw, HeldShipment, Licence
from services.core.values import ZERO


class OnDay(NamedTuple):
    """What is drawn on a day, which is counted as `date.toordinal`."""

    day: int
    quantity: Decimal
    value: Decimal


class Window(NamedTuple):
    """What is drawn from a day on, for as many days as were asked for."""

    start: int
    quantity: Decimal
    value: Decimal


Days = tuple[OnDay, ...]
"""Of one line, in order, without the days on which nothing is drawn."""
_DAY: Final = attrgetter("day")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the lines that have limits; a licence has few of them, and each step makes the mapping anew."""

    time_zone: str = "UTC"
    lines: Mapping[int, Days] = field(default_factory=dict)

    def day_of(self, demand: Demand) -> int:
        """The day its draws count on."""
        moment = demand.judged_at or demand.accepted_at
        return day_of(moment, self.time_zone).toordinal()

    def moved(self, held: HeldDraw, demand: Demand, sign: int) -> "Spread":
        """With what a draw holds, or, with sign -1, without it. Its line is one of `lines`."""
        days, day = self.lines[held.line], self.day_of(demand)
        at = bisect_left(days, day, key=_DAY)
        quantity = sign * (held.reserved_quantity + held.consumed_quantity)
        value = sign * (held.reserved_value + held.consumed_value)
        after = at
        if at < len(days) and days[at].day == day:
            quantity, value, after = days[at].quantity + quantity, days[at].value + value, at + 1
        now = (OnDay(day, quantity, value),) if quantity or value else ()
        return Spread(self.time_zone, {**self.lines, held.line: (*days[:at], *now, *days[after:])})

    def with_shipment(self, before: HeldShipment | None, now: HeldShipment) -> "Spread":
        """With a shipment in place of what it was."""
        spread = self
        for shipment, sign in ((before, -1), (now, 1)):
            for held in shipment.draws if shipment is not None else ():
                if held.line in spread.lines and _holds(held):
                    assert shipment is not None  # noqa: S101 - it has draws
                    spread = spread.moved(held, shipment.demand, sign)
        return spread


NO_SPREAD: Final = Spread()


def spread_of(terms: Licence | None, shipments: Iterable[HeldShipment], known: Spread = NO_SPREAD) -> Spread:
    """Of these shipments under these terms; `known` when nothing it rests on has changed."""
    limited = {line.line for line in terms.lines if line.periods} if terms is not None else set()
    if terms is None or not limited:
        return NO_SPREAD
    if known.lines.keys() == limited and known.time_zone == terms.time_zone:
        return known
    spread = Spread(terms.time_zone, dict.fromkeys(sorted(limited), ()))
    for shipment in shipments:
        spread = spread.with_shipment(None, shipment)
    return spread


def windows(days: Days, length: int, about: int | None = None) -> Iterator[Window]:
    """The windows of so many days that may be the fullest; only those with the day `about`, where one is given.

    Each begins on a day of a draw: one that begins between two holds no more than the one that begins later. O(days).
    """
    if about is not None:
        begin, end = about - length + 1, about + length
        days = days[bisect_left(days, begin, key=_DAY) : bisect_left(days, end, key=_DAY)]
    starts = [on.day for on in days if about is None or on.day < about] + ([] if about is None else [about])
    quantity, value, first, last = ZERO, ZERO, 0, 0
    for start in starts:
        while last < len(days) and days[last].day < start + length:
            quantity, value, last = quantity + days[last].quantity, value + days[last].value, last + 1
        while first < last and days[first].day < start:
            quantity, value, first = quantity - days[first].quantity, value - days[first].value, first + 1
        yield Window(start, quantity, value)


def less_on_a_day(before: Spread, now: Spread) -> bool:
    """Whether less is drawn on some day than before; both are of the same lines."""
    for line, days in before.lines.items():
        if days is not now.lines[line]:
            held = {on.day: on for on in now.lines[line]}
            for was in days:
                on = held.get(was.day)
                if on is None or on.quantity < was.quantity or on.value < was.value:
                    return True
    return False


def _holds(held: HeldDraw) -> bool:
    return bool(held.reserved_quantity or held.reserved_value or held.consumed_quantity or held.consumed_value)
