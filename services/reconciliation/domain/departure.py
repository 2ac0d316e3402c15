"""What left of each document an item was declared with, from the exit's totals of the item.

Totals fill the documents first to last, so what is missing returns from the last document first; what left beyond the
declared goes on the last one, where the ledger finds the excess. An amount that is not stated follows the quantity pro
rata, rounded down to the cent, so that never more value counts as gone than can be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from services.core.messages import ExitItem
from services.core.values import ZERO, Currency, Unit
from services.reconciliation.domain.codes import AsOf
from services.reconciliation.domain.measures import converted

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
# Two operands of 24 digits and their quotient, exactly.
EXACT_DIGITS = 80


@dataclass(frozen=True, slots=True)
class Share:
    """What one document of an item writes off, or what left of it."""

    quantity: Decimal | None
    unit: Unit | None
    amount: Decimal | None
    currency: Currency | None


def what_left(shares: Sequence[Share], totals: ExitItem | None, codes: AsOf) -> list[Share]:
    """What left of the documents of one item, in declared order; no totals: as declared."""
    if totals is None:
        return list(shares)
    quantities = _quantities_left(shares, totals.quantity, codes)
    if totals.amount is None:
        amounts = [_follow(share, quantity) for share, quantity in zip(shares, quantities, strict=True)]
    else:
        amounts = _amounts_left(shares, totals.amount)
    return [
        Share(quantity, share.unit, amount, share.currency)
        for share, quantity, amount in zip(shares, quantities, amounts, strict=True)
    ]


def nothing_left(shares: Sequence[Share]) -> list[Share]:
    """None of what the documents of an item write off."""
    return [
        replace(s, quantity=None if s.quantity is None else ZERO, amount=None if s.amount is None else ZERO)
        for s in shares
    ]


def _follow(share: Share, left: Decimal | None) -> Decimal | None:
    if share.amount is None or share.quantity is None or left is None:
        return share.amount
    return pro_rata(share.amount, left, share.quantity, CENT)


def _quantities_left(shares: Sequence[Share], total: Decimal | None, codes: AsOf) -> list[Decimal | None]:
    """A total is stated in the unit of the first document."""
    declared = [share.quantity for share in shares]
    unit = next((share.unit for share in shares if share.quantity is not None), None)
    if total is None or unit is None:
        return declared
    return _spread_alike(total, declared, [in_unit(share, unit, codes) for share in shares])


def in_unit(share: Share, unit: Unit, codes: AsOf) -> Decimal | None:
    """Its quantity in this unit; None when it states none or does not convert exactly."""
    return None if share.quantity is None or share.unit is None else converted(share.quantity, share.unit, unit, codes)


def _amounts_left(shares: Sequence[Share], total: Decimal) -> list[Decimal | None]:
    """A total is stated in the currency of the first document."""
    currency = next((share.currency for share in shares if share.amount is not None), None)
    alike = [share.amount if share.currency == currency else None for share in shares]
    return _spread_alike(total, [share.amount for share in shares], alike)


def _spread_alike(
    total: Decimal, declared: Sequence[Decimal | None], alike: Sequence[Decimal | None]
) -> list[Decimal | None]:
    """`alike` is what each document declares in the measure of the total; one in another measure follows pro rata."""
    filled = spread(total, alike)
    whole = sum((share for share in alike if share is not None), ZERO)
    left: list[Decimal | None] = []
    for share, same, part in zip(declared, alike, filled, strict=True):
        if share is None or same == share:
            left.append(part)
        elif same is None or part is None:
            left.append(pro_rata(share, total, whole, MICRO))
        else:
            left.append(pro_rata(share, part, same, MICRO))
    return left


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
