"""What left of each draw: an item's exit totals, spread over the documents it was declared with.

Totals fill the draws first to last, so what is missing returns from the last document first; what left beyond the
declared goes on the last draw, where the ledger finds the excess. An amount that is not stated follows the quantity pro
rata, rounded down to the cent, so that never more value counts as gone than can be shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from services.core.messages import Draw, ExitItem
from services.core.values import ZERO

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
# Two operands of 24 digits and their quotient, exactly.
EXACT_DIGITS = 80


def what_left(draws: Sequence[Draw], totals: ExitItem | None) -> tuple[Draw, ...]:
    """The draws of one item, in declared order, with what left of each; no totals: as declared."""
    if totals is None:
        totals = ExitItem(item=0)
    quantities = _spread_like(totals.quantity, [d.quantity for d in draws], [d.units for d in draws])
    amounts = _spread_like(totals.amount, [d.amount for d in draws], [d.currencies for d in draws])
    if totals.amount is None:
        amounts = [_follow(draw, quantity) for draw, quantity in zip(draws, quantities, strict=True)]
    return tuple(
        replace(draw, exited_quantity=quantity, exited_amount=amount)
        for draw, quantity, amount in zip(draws, quantities, amounts, strict=True)
    )


def _follow(draw: Draw, left: Decimal | None) -> Decimal | None:
    if draw.amount is None or draw.quantity is None or left is None:
        return draw.amount
    return pro_rata(draw.amount, left, draw.quantity, CENT)


def _spread_like(
    total: Decimal | None, declared: Sequence[Decimal | None], measures: Sequence[tuple[str, ...]]
) -> list[Decimal | None]:
    """A total is stated in the measure (unit, currency) of the first document; draws in another one follow pro rata."""
    if total is None:
        return list(declared)
    measure = next((m for m, share in zip(measures, declared, strict=True) if share is not None), ())
    alike = [share if m == measure else None for m, share in zip(measures, declared, strict=True)]
    filled = spread(total, alike)
    whole = sum((share for share in alike if share is not None), ZERO)
    return [
        part if m == measure or share is None else pro_rata(share, total, whole, MICRO)
        for part, m, share in zip(filled, measures, declared, strict=True)
    ]


def spread(total: Decimal, shares: Sequence[Decimal | None]) -> list[Decimal | None]:
    """`total` over the shares, first to last, none above its size; what remains goes on the last one."""
    parts: list[Decimal | None] = []
    last, rest = None, total
    for place, share in enumerate(shares):
        part = None if share is None else min(share, rest)
        parts.append(part)
        if part is not None:
            last, rest = place, rest - part
    if last is not None:
        parts[last] = (parts[last] or ZERO) + rest
    return parts


def pro_rata(value: Decimal, part: Decimal, whole: Decimal, step: Decimal) -> Decimal:
    """`value` x `part` / `whole`, rounded down to a multiple of `step`; the whole gives `value` itself, unrounded."""
    if whole in (part, 0):
        return value
    with localcontext() as context:
        context.prec = EXACT_DIGITS
        return (value * part) // (whole * step) * step
