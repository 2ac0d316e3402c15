"""What was used of a licence, as `usageData` tells it: totals of each line, and what made them since the last file.

A total takes the place of the one before. Single uses are those of the entries between two revisions, so no two files
that follow one another tell the same one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from services.core.days import day_of
from services.core.messages import Amounts, Basis, Entry, Licence, LicenceLine, LicenceStatus, LineBalance
from services.core.values import ZERO
from services.reconciliation.domain.measures import controls_quantity, controls_value
from services.reconciliation.domain.validity import standing
from services.reconciliation.domain.write_offs import WriteOff, write_offs

OPEN: Final = "O"
_LETTERS: Final[Mapping[LicenceStatus, str]] = {
    LicenceStatus.EXHAUSTED: "E",
    LicenceStatus.EXPIRED: "D",
    LicenceStatus.SURRENDERED: "S",
    LicenceStatus.REVOKED: "C",
    LicenceStatus.ANNULLED: "C",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A use, or with `back` what came back of one; in the unit and currency of the line."""

    document: str
    day: date
    trader: str
    quantity: Decimal
    value: Decimal
    back: bool


@dataclass(frozen=True, slots=True)
class LineUsage:
    """`quantity` and `value` are all that was used so far; 0 where the line does not count in it."""

    line: int
    quantity: Decimal
    value: Decimal
    currency: str | None
    uses: tuple[Used, ...]


@dataclass(frozen=True, slots=True)
class LicenceUsage:
    """As of the last entry that it was made of. `status`: O, E, D, S or C."""

    licence: str
    revision: int
    status: str
    completed: date | None
    lines: tuple[LineUsage, ...]


def usage_of(terms: Licence, first: int, entries: Sequence[Entry], at: datetime) -> LicenceUsage | None:
    """From the entry before revision `first`, if there is one, and those from there on; None: there is nothing to tell.

    `terms` as they now stand, `at` is now.
    """
    last = entries[-1]
    rows = [row for row in write_offs(entries) if row.revision >= first and _moved(row)]
    status = _status(terms, last.balances, at)
    if not rows and status == OPEN:
        return None
    by_revision = {entry.revision: entry for entry in entries}
    balances = {balance.line: balance for balance in last.balances}
    lines = tuple(
        _line(line, balances.get(line.line), tuple(_uses(terms, line, rows, by_revision))) for line in terms.lines
    )
    reserved = any(_reserved(balance) for balance in last.balances)
    # While a declaration holds some of it, more use will be told.
    completed = None if status == OPEN or reserved else day_of(last.recorded_at, terms.time_zone)
    return LicenceUsage(terms.ref, last.revision, status, completed, lines)


def _moved(row: WriteOff) -> bool:
    return any(figures is not None and figures.written_off for figures in (row.quantity, row.value))


def _status(terms: Licence, balances: Sequence[LineBalance], at: datetime) -> str:
    if terms.replaced_by is not None:
        return "C"
    stands = standing(terms, at)
    if letter := _LETTERS.get(stands.status):
        return letter
    if terms.valid_to is not None and stands.day > terms.valid_to.isoformat():
        return "D"
    known = {balance.line: balance for balance in balances}
    return "E" if terms.lines and all(_used_up(line, known.get(line.line)) for line in terms.lines) else OPEN


def _used_up(line: LicenceLine, balance: LineBalance | None) -> bool:
    """Whether one figure that limits the line is used to the last."""
    if balance is None:
        return False
    limits = (balance.quantity, controls_quantity(line)), (balance.value, controls_value(line))
    return line.basis is not Basis.OPEN and any(
        counts and amounts is not None and amounts.consumed >= amounts.authorised for amounts, counts in limits
    )


def _reserved(balance: LineBalance) -> bool:
    return any(amounts is not None and amounts.reserved for amounts in (balance.quantity, balance.value))


def _line(line: LicenceLine, balance: LineBalance | None, uses: tuple[Used, ...]) -> LineUsage:
    return LineUsage(
        line=line.line,
        quantity=_consumed(None if balance is None else balance.quantity) if controls_quantity(line) else ZERO,
        value=_consumed(None if balance is None else balance.value) if controls_value(line) else ZERO,
        currency=line.currency if controls_value(line) else None,
        uses=uses,
    )


def _consumed(amounts: Amounts | None) -> Decimal:
    return ZERO if amounts is None else amounts.consumed


def _uses(terms: Licence, line: LicenceLine, rows: Sequence[WriteOff], entries: Mapping[int, Entry]) -> Iterator[Used]:
    for row in rows:
        quantity = row.quantity.written_off if row.quantity is not None and controls_quantity(line) else ZERO
        value = row.value.written_off if row.value is not None and controls_value(line) else ZERO
        if row.line != line.line or row.document is None or not (quantity or value):
            continue
        entry = entries[row.revision]
        demand = None if entry.shipment is None else entry.shipment.demand
        moment = row.recorded_at if demand is None else demand.accepted_at
        trader = (demand and demand.exporter.eori) or terms.holder.eori or ""
        # Of one use the two never move in opposite directions.
        back = quantity < ZERO or value < ZERO
        yield Used(row.document, day_of(moment, terms.time_zone), trader, abs(quantity), abs(value), back)
