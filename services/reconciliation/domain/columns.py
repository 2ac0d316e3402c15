"""The columns of a licence's lines: authorised, reserved, consumed, exited, per dimension.

A dimension has columns when its line states a unit (a currency). Available = authorised - reserved - consumed may fall
below zero: facts win.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.core.errors import Corrupt, Rejected
from services.core.messages import Amounts, HeldDraw, Licence, LicenceLine, LineBalance
from services.core.values import ZERO
from services.reconciliation.domain.measures import WHOLE_DIGITS, Figures

_CAPACITY = Decimal(10) ** WHOLE_DIGITS


def opened(terms: Licence, balances: Iterable[LineBalance]) -> tuple[LineBalance, ...]:
    """The lines of the licence with what it now authorises; what is reserved, consumed and exited stays."""
    before = {balance.line: balance for balance in balances}
    return tuple(_opened(line, before.get(line.line)) for line in terms.lines)


def _opened(line: LicenceLine, before: LineBalance | None) -> LineBalance:
    quantity = before.quantity if before else None
    value = before.value if before else None
    return LineBalance(
        line=line.line,
        quantity=None if line.unit is None else _authorising(line.quantity or ZERO, quantity),
        value=None if line.currency is None else _authorising(line.value or ZERO, value),
    )


def _authorising(authorised: Decimal, before: Amounts | None) -> Amounts:
    if before is None:
        return Amounts(authorised=authorised, reserved=ZERO, consumed=ZERO, exited=ZERO)
    return replace(before, authorised=authorised)


def drawn(amounts: Amounts | None) -> Decimal:
    """What is reserved and consumed; nothing without columns."""
    return ZERO if amounts is None else amounts.reserved + amounts.consumed


class Columns:
    """A working copy of the columns while one message is handled. Draws are lifted off and posted on; never kept."""

    def __init__(self, balances: Iterable[LineBalance]) -> None:
        self._lines = {balance.line: balance for balance in balances}
        self._touched: set[int] = set()

    def balances(self) -> tuple[LineBalance, ...]:
        """The columns as they stand, in order of line."""
        return tuple(self._lines.values())

    def drawn(self, line: int) -> Figures:
        """What the posted draws hold of a line."""
        balance = self._lines[line]
        return Figures(drawn(balance.quantity), drawn(balance.value))

    def post(self, held: HeldDraw) -> None:
        """Add what a draw holds."""
        if holds_anything(held):
            self._move(held, 1)

    def lift(self, held: HeldDraw) -> None:
        """Take off what a draw holds."""
        if holds_anything(held):
            self._move(held, -1)

    def _move(self, held: HeldDraw, sign: int) -> None:
        balance = self._lines.get(held.line)
        if balance is None:
            raise Corrupt(f"item {held.draw.item} holds an amount of line {held.line}, which has no columns")
        self._touched.add(held.line)
        self._lines[held.line] = LineBalance(
            line=held.line,
            quantity=_moved(
                balance.quantity,
                (sign * held.reserved_quantity, sign * held.consumed_quantity, sign * held.exited_quantity),
            ),
            value=_moved(
                balance.value, (sign * held.reserved_value, sign * held.consumed_value, sign * held.exited_value)
            ),
        )

    def check(self) -> None:
        """Corrupt when a touched column is below zero or more left than was consumed; Rejected when one is too long."""
        for line in sorted(self._touched):
            balance = self._lines[line]
            for dimension, amounts in (("quantity", balance.quantity), ("value", balance.value)):
                if amounts is not None:
                    _check(amounts, f"line {line}, {dimension}")
        self._touched.clear()


def holds_anything(held: HeldDraw) -> bool:
    """Whether the draw moves a column; what left is part of what is consumed."""
    return bool(held.reserved_quantity or held.reserved_value or held.consumed_quantity or held.consumed_value)


def _moved(amounts: Amounts | None, by: tuple[Decimal, Decimal, Decimal]) -> Amounts | None:
    if amounts is None:
        if any(by):
            raise Corrupt("a draw holds an amount of a dimension without columns")
        return None
    reserved, consumed, exited = by
    return Amounts(
        authorised=amounts.authorised,
        reserved=amounts.reserved + reserved,
        consumed=amounts.consumed + consumed,
        exited=amounts.exited + exited,
    )


def _check(amounts: Amounts, where: str) -> None:
    if amounts.reserved < ZERO or amounts.exited < ZERO or amounts.exited > amounts.consumed:
        raise Corrupt(f"{where}: {amounts}")
    if drawn(amounts) >= _CAPACITY:
        raise Rejected(f"{where}: the sum of all draws has more than {WHOLE_DIGITS} digits before the point")
