"""Supplementary declarations on a licence: each stands in for those it completes, so that goods draw once.

Both meet in the licence's ledger, whatever the order they came in. While a supplementary declaration is booked there,
its draws hold the amounts, and those of the simplified declarations it completes hold nothing; once it no longer is,
they hold theirs again. Goods leave under the simplified ones: what left of them is what left of its draws (Reg. (EU)
952/2013 arts 166-167; docs/decisions/0012-supplementary-declarations.md).
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from services.core.messages import Demand, HeldDraw, HeldShipment, Licence, Phase
from services.core.values import ZERO, Mrn
from services.reconciliation.domain.bench import RELEASED, line_of
from services.reconciliation.domain.codes import Codes
from services.reconciliation.domain.columns import Columns
from services.reconciliation.domain.exit import departure
from services.reconciliation.domain.judged import Judged
from services.reconciliation.domain.versioned import Versioned


class Completing(NamedTuple):
    """Who stands in for whom on a licence: supplementary to simplified declarations, and back."""

    by_supplementary: Versioned[Mrn, tuple[Mrn, ...]]
    by_simplified: Versioned[Mrn, tuple[Mrn, ...]]

    def with_shipment(self, shipment: HeldShipment) -> "Completing":
        """The same after this shipment stands as it does."""
        mrn, by_simplified = shipment.mrn, self.by_simplified
        before, now = self.by_supplementary.get(mrn, ()), stands_in_for(shipment)
        if before == now:
            return self
        for other in sorted({*before, *now}):
            kept = {*by_simplified.get(other, ())} - {mrn} | ({mrn} if other in now else set())
            by_simplified = (
                by_simplified.with_item(other, tuple(sorted(kept))) if kept else by_simplified.without(other)
            )
        supplementary = self.by_supplementary
        return Completing(supplementary.with_item(mrn, now) if now else supplementary.without(mrn), by_simplified)


def completing(shipments: Iterable[HeldShipment] = ()) -> Completing:
    """Who stands in for whom among these."""
    known = Completing(Versioned(), Versioned())
    for shipment in shipments:
        if shipment.demand.completes:
            known = known.with_shipment(shipment)
    return known


def stands_in_for(shipment: HeldShipment) -> tuple[Mrn, ...]:
    """The declarations whose amounts it holds: none unless every draw of it is booked.

    One in another unit, by another holder, on an unknown line or withdrawn must not take away what goods were released
    on.
    """
    demand = shipment.demand
    if not demand.completes or demand.phase not in RELEASED or not shipment.draws:
        return ()
    return () if any(held.listed_only for held in shipment.draws) else demand.completes


def lift(columns: Columns, shipments: Iterable[HeldShipment]) -> None:
    """Take off what these hold, for the one that stands in for them to be judged."""
    for shipment in shipments:
        for held in shipment.draws:
            columns.lift(held, shipment.demand)


def post(columns: Columns, shipments: Iterable[HeldShipment]) -> None:
    """Put back what `lift` took off."""
    for shipment in shipments:
        for held in shipment.draws:
            columns.post(held, shipment.demand)


def with_exits(
    columns: Columns,
    terms: Licence | None,
    demand: Demand,
    judged: tuple[Judged, ...],
    others: Iterable[HeldShipment],
    codes: Codes,
) -> tuple[Judged, ...]:
    """The draws of a supplementary declaration with what left under those it completes, in order of item and line.

    Never more than it consumes: its figures are the definitive ones. Nothing when it stands in for none.
    """
    if demand.phase is not Phase.RELEASED or any(one.held.listed_only for one in judged):
        return judged
    gone = _gone(terms, others, codes)
    return tuple([_with_exit(columns, demand, one, gone) for one in judged])


def _gone(terms: Licence | None, shipments: Iterable[HeldShipment], codes: Codes) -> dict[int, tuple[Decimal, Decimal]]:
    """Quantity and value that left, by line."""
    gone: dict[int, tuple[Decimal, Decimal]] = {}
    for shipment in shipments:
        as_of = codes.as_of(shipment.demand.accepted_at)
        for held in shipment.draws if shipment.demand.phase is Phase.EXITED else ():
            line = line_of(held.draw, terms, held)
            if line is not None:
                left = departure(held.draw, line, shipment.demand, as_of).exited
                quantity, value = gone.get(line.line, (ZERO, ZERO))
                gone[line.line] = quantity + (left.quantity or ZERO), value + (left.value or ZERO)
    return gone


def _with_exit(columns: Columns, demand: Demand, one: Judged, gone: dict[int, tuple[Decimal, Decimal]]) -> Judged:
    held = one.held
    quantity, value = gone.get(held.line, (ZERO, ZERO))
    exited_quantity, exited_value = min(quantity, held.consumed_quantity), min(value, held.consumed_value)
    if not exited_quantity and not exited_value:
        return one
    gone[held.line] = quantity - exited_quantity, value - exited_value
    moved: HeldDraw = replace(held, exited_quantity=exited_quantity, exited_value=exited_value)
    columns.lift(held, demand)
    columns.post(moved, demand)
    return Judged(moved, one.new)
