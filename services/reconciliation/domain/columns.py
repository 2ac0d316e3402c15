"""The columns of a licence's lines: authorised, reserved, consumed, exited, per dimension.

A dimension has columns when its line states a unit (a currency). Available = authorised - reserved - consumed may fall
below zero: facts win.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from services.core.errors import Corrupt, Rejected
from services.core.messages import Amounts, CarryOver, Demand, HeldDraw, Licence, LicenceLine, LineBalance
from services.core.values import ZERO, LicenceRef
from services.reconciliation.domain.measures import WHOLE_DIGITS
from services.reconciliation.domain.spread import NO_SPREAD, Spread

_CAPACITY = Decimal(10) ** WHOLE_DIGITS


def opened(
    terms: Licence, balances: Iterable[LineBalance], carried: Iterable[CarryOver] = ()
) -> tuple[LineBalance, ...]:
    """The lines of the licence with what it now authorises; what is reserved, consumed and exited stays.

    It authorises what it states, what another licence handed over to it, and not what it handed over itself.
    """
    before = {balance.line: balance for balance in balances}
    return tuple(_opened(line, before.get(line.line), granted(terms.ref, line, carried)) for line in terms.lines)


def granted(ref: LicenceRef, line: LicenceLine, carried: Iterable[CarryOver]) -> tuple[Decimal, Decimal]:
    """Quantity and value that a line authorises; what was carried in another measure than the line's is not counted."""
    quantity, value = line.quantity or ZERO, line.value or ZERO
    for one in carried:
        if one.line == line.line:
            sign = 1 if one.licence == ref else -1
            quantity += sign * (one.quantity or ZERO) if one.unit == line.unit else ZERO
            value += sign * (one.value or ZERO) if one.currency == line.currency else ZERO
    return quantity, value


def _opened(line: LicenceLine, before: LineBalance | None, grants: tuple[Decimal, Decimal]) -> LineBalance:
    quantity = before.quantity if before else None
    value = before.value if before else None
    return LineBalance(
        line=line.line,
        quantity=None if line.unit is None else _authorising(grants[0], quantity),
        value=None if line.currency is None else _authorising(grants[1], value),
    )


def _authorising(authorised: Decimal, before: Amounts | None) -> Amounts:
    if before is None:
        return Amounts(authorised=authorised, reserved=ZERO, consumed=ZERO, exited=ZERO)
    return replace(before, authorised=authorised)


def drawn(amounts: Amounts | None) -> Decimal:
    """What is reserved and consumed; nothing without columns."""
    return ZERO if amounts is None else amounts.reserved + amounts.consumed


def returned(before: Iterable[LineBalance], after: Iterable[LineBalance]) -> bool:
    """Whether less is drawn of a line than before, in any dimension."""
    return any(
        drawn(now.quantity) < drawn(was.quantity) or drawn(now.value) < drawn(was.value)
        for was, now in zip(before, after, strict=True)
        if was is not now
    )


class Columns:
    """A working copy of the columns while one message is handled. Draws are lifted off and posted on; never kept.

    With them `spread`: the days they count on, of lines that limit what any window of days may draw.
    """

    def __init__(self, balances: tuple[LineBalance, ...], spread: Spread = NO_SPREAD) -> None:
        self.spread = spread
        self._settled = balances
        self._lines = {balance.line: balance for balance in balances}
        self._touched: set[int] = set()

    def of(self, line: int) -> LineBalance:
        """A line with what the posted draws hold of it."""
        return self._lines[line]

    def post(self, held: HeldDraw, demand: Demand) -> None:
        """Add what a draw of the demand holds."""
        if holds_anything(held):
            self._move(held, _added)
            if held.line in self.spread.lines:
                self.spread = self.spread.moved(held, demand, 1)

    def lift(self, held: HeldDraw, demand: Demand) -> None:
        """Take off what a draw of the demand holds."""
        if holds_anything(held):
            self._move(held, _taken_off)
            if held.line in self.spread.lines:
                self.spread = self.spread.moved(held, demand, -1)

    def use(self, line: int, quantity: Decimal, value: Decimal) -> None:
        """Consume what was used, which has left; less than nothing gives it back."""
        before = self._lines[line]
        after_quantity = _added(_kept(before.quantity), ZERO, quantity, quantity) if quantity else before.quantity
        after_value = _added(_kept(before.value), ZERO, value, value) if value else before.value
        self._touched.add(line)
        self._lines[line] = LineBalance(line=line, quantity=after_quantity, value=after_value)

    def _move(self, held: HeldDraw, moved: Callable[[Amounts, Decimal, Decimal, Decimal], Amounts]) -> None:
        line = held.line
        balance = self._lines.get(line)
        if balance is None:
            raise Corrupt(f"item {held.draw.item} holds an amount of line {line}, which has no columns")
        quantity, value = balance.quantity, balance.value
        if held.reserved_quantity or held.consumed_quantity or held.exited_quantity:
            quantity = moved(_kept(quantity), held.reserved_quantity, held.consumed_quantity, held.exited_quantity)
        if held.reserved_value or held.consumed_value or held.exited_value:
            value = moved(_kept(value), held.reserved_value, held.consumed_value, held.exited_value)
        self._touched.add(line)
        self._lines[line] = LineBalance(line=line, quantity=quantity, value=value)

    def settled(self) -> tuple[LineBalance, ...]:
        """The columns as they stand, in order of line.

        Corrupt when a touched column is below zero or more left than was consumed; Rejected when one is too long.
        """
        if self._touched:
            for line in sorted(self._touched):
                balance = self._lines[line]
                _check(balance.quantity, line, "quantity")
                _check(balance.value, line, "value")
            self._touched.clear()
            self._settled = tuple(self._lines.values())
        return self._settled


def holds_anything(held: HeldDraw) -> bool:
    """Whether the draw moves a column; what left is part of what is consumed."""
    return bool(held.reserved_quantity or held.reserved_value or held.consumed_quantity or held.consumed_value)


def _kept(amounts: Amounts | None) -> Amounts:
    if amounts is None:
        raise Corrupt("a draw holds an amount of a dimension without columns")
    return amounts


def _added(amounts: Amounts, reserved: Decimal, consumed: Decimal, exited: Decimal) -> Amounts:
    return Amounts(
        authorised=amounts.authorised,
        reserved=amounts.reserved + reserved,
        consumed=amounts.consumed + consumed,
        exited=amounts.exited + exited,
    )


def _taken_off(amounts: Amounts, reserved: Decimal, consumed: Decimal, exited: Decimal) -> Amounts:
    return Amounts(
        authorised=amounts.authorised,
        reserved=amounts.reserved - reserved,
        consumed=amounts.consumed - consumed,
        exited=amounts.exited - exited,
    )


def _check(amounts: Amounts | None, line: int, dimension: str) -> None:
    if amounts is None:
        return
    if amounts.reserved < ZERO or amounts.exited < ZERO or amounts.exited > amounts.consumed:
        raise Corrupt(f"line {line}, {dimension}: {amounts}")
    if drawn(amounts) >= _CAPACITY:
        raise Rejected(
            f"line {line}, {dimension}: the sum of all draws has more than {WHOLE_DIGITS} digits before the point"
        )
