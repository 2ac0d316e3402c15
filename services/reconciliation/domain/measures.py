"""What a draw asks, in the measure of the licence line: its unit with qualifier, its currency.

Only mass converts, exactly and with the same qualifier: `KGM#G` is not `KGM`. An amount that would need more than the
six decimals of the ledger does not convert at all, because nothing is ever rounded.
"""

from dataclasses import dataclass
from decimal import Decimal

from services.core.messages import Basis, Draw, LicenceLine
from services.core.values import ZERO, Unit, format_amount
from services.reconciliation.domain.codes import AsOf

DECIMALS = 6
WHOLE_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Figures:
    """A quantity in the line's unit and a value in its currency; None: no figure in that measure."""

    quantity: Decimal | None = None
    value: Decimal | None = None


NOTHING = Figures(ZERO, ZERO)
_IN_QUANTITY = frozenset({Basis.QUANTITY, Basis.BOTH})
_IN_VALUE = frozenset({Basis.VALUE, Basis.BOTH})


def controls_quantity(line: LicenceLine) -> bool:
    return line.basis in _IN_QUANTITY


def controls_value(line: LicenceLine) -> bool:
    return line.basis in _IN_VALUE


def converted(amount: Decimal, stated: Unit, wanted: Unit, codes: AsOf) -> Decimal | None:
    """The amount in the wanted unit, or None when it does not convert exactly."""
    if stated == wanted:
        return amount
    unit, _, qualifier = stated.partition("#")
    target, _, target_qualifier = wanted.partition("#")
    if qualifier != target_qualifier:
        return None
    power, target_power = codes.power_of_ten(unit), codes.power_of_ten(target)
    if power is None or target_power is None:
        return None
    moved = amount.scaleb(power - target_power).normalize()
    exponent = moved.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent >= -DECIMALS and moved.adjusted() < WHOLE_DIGITS
    return moved if exact else None


def in_line_measure(
    draw: Draw, line: LicenceLine, quantity: Decimal | None, amount: Decimal | None, codes: AsOf
) -> Figures:
    """These figures of the draw in the line's unit and currency; several units or currencies cannot be summed."""
    in_unit = in_currency = None
    if quantity is not None and line.unit is not None and len(draw.units) == 1:
        in_unit = converted(quantity, draw.units[0], line.unit, codes)
    if amount is not None and line.currency is not None and draw.currencies == (line.currency,):
        in_currency = amount
    return Figures(in_unit, in_currency)


def declared(draw: Draw, line: LicenceLine, codes: AsOf) -> Figures:
    """What the draw writes off; a figure of zero or less is none."""
    quantity = draw.quantity if draw.quantity is not None and draw.quantity > ZERO else None
    amount = draw.amount if draw.amount is not None and draw.amount > ZERO else None
    return in_line_measure(draw, line, quantity, amount, codes)


def shown(amount: Decimal | None, measure: str | None = None) -> str:
    """An amount as text for evidence, the same whatever its number of trailing zeros; `none` when there is none."""
    if amount is None:
        return "none"
    number = format_amount(amount)
    return f"{number} {measure}" if measure else number
