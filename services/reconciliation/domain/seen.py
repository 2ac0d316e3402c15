"""What customs saw leave under a licence, by year: kept of licences whose use is reported, to be compared with that.

It counts in the year, in the licence's time zone, of the step the shipment is at: its release, then its exit. It
follows from terms and shipments.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.core.days import day_of
from services.core.messages import HeldShipment, Phase
from services.core.usage import Use
from services.core.values import format_amount
from services.reconciliation.domain.versioned import Versioned

SEEN: Final = frozenset({Phase.RELEASED, Phase.EXITED})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is consumed by shipments, by year and line."""

    time_zone: str
    years: Versioned[int, dict[int, Use]] = field(default_factory=Versioned)
    """The lines of each; one that nothing is left of is not there."""

    def with_shipment(self, before: HeldShipment | None, now: HeldShipment) -> "Seen":
        """With a shipment in place of what it was."""
        years = self.years
        for shipment, sign in ((before, -1), (now, 1)):
            if shipment is not None and shipment.demand.phase in SEEN:
                year = day_of(shipment.demand.occurred_at, self.time_zone).year
                lines = dict(years.get(year, {}))
                for held in shipment.draws:
                    more = Use(sign * held.consumed_quantity, sign * held.consumed_value)
                    lines[held.line] = lines.get(held.line, Use()).plus(more)
                left = {line: use for line, use in lines.items() if any(use)}
                years = years.with_item(year, left) if left else years.without(year)
        return Seen(self.time_zone, years)

    def figures(self, year: int) -> str:
        """What was seen in a year as text: the same figures give the same, nothing gives none."""
        uses = sorted(self.years.get(year, {}).items())
        return ", ".join(f"{line}: {format_amount(use.quantity)} {format_amount(use.value)}" for line, use in uses)


def seen_of(time_zone: str, shipments: Iterable[HeldShipment]) -> Seen:
    """Of these shipments."""
    seen = Seen(time_zone)
    for shipment in shipments:
        seen = seen.with_shipment(None, shipment)
    return seen
