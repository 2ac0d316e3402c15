"""Invariants of a ledger: each must find nothing, always. A violation is never corrected, it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.core.messages import Amounts, HeldDraw, LineBalance, Phase
from services.core.usage import Use
from services.core.values import ZERO, format_amount
from services.reconciliation.domain.columns import holds_anything
from services.reconciliation.domain.ledger import LicenceLedger, is_stood_in
from services.reconciliation.domain.usage import drawn_by_use

QUANTITY: Final = "quantity"
VALUE: Final = "value"
_MOVED: Final = ("reserved", "consumed", "exited")
_USED: Final = ("consumed", "exited")


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, where, and by how much."""

    licence: str
    revision: int
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.licence} revision {self.revision}"
        return f"{place}: {self.what}" if self.line is None else f"{place}, line {self.line}: {self.what}"


Sums = dict[tuple[int, str, str], Decimal]
"""Line, dimension and column to amount."""


def add(sums: Sums, draws: tuple[HeldDraw, ...], sign: int) -> None:
    """Add (or, with sign -1, subtract) what draws hold."""
    for held in draws:
        for dimension in (QUANTITY, VALUE):
            for column in _MOVED:
                amount: Decimal = getattr(held, f"{column}_{dimension}")
                if amount:
                    key = (held.line, dimension, column)
                    sums[key] = sums.get(key, ZERO) + sign * amount


def add_use(sums: Sums, used: Mapping[int, Use], sign: int) -> None:
    """Add (or, with sign -1, subtract) what reports draw: it is consumed and has left."""
    for line, use in used.items():
        for dimension, amount in ((QUANTITY, use.quantity), (VALUE, use.value)):
            for column in _USED if amount else ():
                key = (line, dimension, column)
                sums[key] = sums.get(key, ZERO) + sign * amount


def columns_of(balances: tuple[LineBalance, ...]) -> Mapping[tuple[int, str], Amounts]:
    """The columns by line and dimension."""
    found: dict[tuple[int, str], Amounts] = {}
    for balance in balances:
        if balance.quantity is not None:
            found[balance.line, QUANTITY] = balance.quantity
        if balance.value is not None:
            found[balance.line, VALUE] = balance.value
    return found


def differences(sums: Sums, balances: tuple[LineBalance, ...]) -> Iterator[tuple[int, str]]:
    """Where columns are not the sums: line and a sentence, in order of line, dimension and column."""
    columns = columns_of(balances)
    places = {(line, dimension) for line, dimension, _ in sums} | set(columns)
    for line, dimension in sorted(places):
        amounts = columns.get((line, dimension))
        for column in _MOVED:
            stated: Decimal = ZERO if amounts is None else getattr(amounts, column)
            total = sums.get((line, dimension, column), ZERO)
            if stated != total:
                yield line, f"{dimension} {column} is {format_amount(stated)}, its draws hold {format_amount(total)}"


def draws_are_columns(ledger: LicenceLedger) -> Iterator[Violation]:
    """The sum of the draws, and of the use that is reported, is the columns, per line and dimension."""
    sums: Sums = {}
    for shipment in ledger.shipments.values():
        add(sums, shipment.draws, 1)
    add_use(sums, drawn_by_use(ledger.terms, ledger.usage, ledger.shipments.values()), 1)
    for line, what in differences(sums, ledger.balances):
        yield Violation(ledger.licence, ledger.revision, what, line)


def exited_is_consumed(ledger: LicenceLedger) -> Iterator[Violation]:
    """What left was consumed, and no column is below zero."""
    for (line, dimension), amounts in columns_of(ledger.balances).items():
        if amounts.exited > amounts.consumed:
            exited, consumed = format_amount(amounts.exited), format_amount(amounts.consumed)
            what = f"{dimension} exited {exited} exceeds consumed {consumed}"
            yield Violation(ledger.licence, ledger.revision, what, line)
        for column in _MOVED:
            amount: Decimal = getattr(amounts, column)
            if amount < ZERO:
                yield Violation(
                    ledger.licence, ledger.revision, f"{dimension} {column} is {format_amount(amount)}", line
                )


def goods_draw_once(ledger: LicenceLedger) -> Iterator[Violation]:
    """What a supplementary declaration stands in for holds nothing, and neither does what is only pre-lodged."""
    for shipment in ledger.shipments.values():
        demand = shipment.demand
        early = demand.pre_lodged and demand.phase is Phase.ACCEPTED
        if (early or is_stood_in(ledger, demand)) and any(map(holds_anything, shipment.draws)):
            why = "is pre-lodged" if early else "is completed by another"
            yield Violation(ledger.licence, ledger.revision, f"{shipment.mrn} {why} and holds an amount")


def violations(ledger: LicenceLedger) -> Iterator[Violation]:
    """Everything that does not hold in a ledger; O(shipments)."""
    yield from draws_are_columns(ledger)
    yield from exited_is_consumed(ledger)
    yield from goods_draw_once(ledger)
