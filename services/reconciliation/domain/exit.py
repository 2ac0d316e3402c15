"""What becomes of a released draw once its goods left: how much stays consumed, how much of it left.

The final exit returns what is missing (Impl. Reg. (EU) 2015/2447 art. 332(2)); what left beyond the declared is never
written off by itself (art. 332(3)).
"""

from dataclasses import dataclass
from decimal import Decimal

from services.core.messages import Comparison, Demand, Draw, LicenceLine, Phase
from services.core.values import ZERO
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.codes import AsOf
from services.reconciliation.domain.measures import NOTHING, Figures, declared, in_line_measure, shown

SHORTFALL = "exit.shortfall"
EXCESS = "exit.excess"
EXIT_CODES = frozenset({SHORTFALL, EXCESS})


@dataclass(frozen=True, slots=True)
class Departure:
    """What a draw writes off of its line, what it uses of it, what of that left, and what is wrong with it."""

    stated: Figures
    consumed: Figures
    exited: Figures
    failures: tuple[Failure, ...] = ()


def departure(draw: Draw, line: LicenceLine | None, demand: Demand, codes: AsOf) -> Departure:
    """Released goods use what was declared; goods that left, what left of it once nothing more will."""
    stated = NOTHING if line is None else declared(draw, line, codes)
    if demand.phase is not Phase.EXITED:
        return Departure(stated, stated, NOTHING)
    quantity = draw.quantity if draw.exited_quantity is None else draw.exited_quantity
    amount = draw.amount if draw.exited_amount is None else draw.exited_amount
    left = NOTHING if line is None else in_line_measure(draw, line, quantity, amount, codes)
    used_quantity, left_quantity = _used(stated.quantity, left.quantity, final=demand.final_exit)
    used_value, left_value = _used(stated.value, left.value, final=demand.final_exit)
    return Departure(
        stated,
        Figures(used_quantity, used_value),
        Figures(left_quantity, left_value),
        _failures(draw, quantity, amount, final=demand.final_exit),
    )


def _used(stated: Decimal | None, left: Decimal | None, *, final: bool) -> tuple[Decimal | None, Decimal | None]:
    """What stays consumed and what left of it. What left but does not convert exactly returns nothing."""
    if stated is None or left is None:
        return stated, None
    gone = max(ZERO, min(stated, left))
    return (gone if final else stated), gone


def _failures(draw: Draw, quantity: Decimal | None, amount: Decimal | None, *, final: bool) -> tuple[Failure, ...]:
    """Compared as declared, in the document's own unit: goods are missing whatever the licence counts in."""
    short: list[Comparison] = []
    over: list[Comparison] = []
    for what, stated, left, measures in (
        ("quantity", draw.quantity, quantity, draw.units),
        ("amount", draw.amount, amount, draw.currencies),
    ):
        if stated is None or left is None or stated == left:
            continue
        measure = "+".join(measures)
        compared = Comparison(
            what=f"{what} declared and left", declared=shown(stated, measure), licensed=shown(left, measure)
        )
        (short if left < stated else over).append(compared)
    found: list[Failure] = []
    if short and final:
        found.append(Failure(SHORTFALL, 1, Mismatch(tuple(short))))
    if over:
        found.append(Failure(EXCESS, 1, Mismatch(tuple(over))))
    return tuple(found)
