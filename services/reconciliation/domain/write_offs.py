"""The write-off table of a licence (boxes 23 to 27 of the form in Reg. (EU) 2021/821 annex III-A) from its entries.

On paper each deduction is written and stamped by hand; here each row is an entry, whose hash stands for the stamp.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.core.messages import Amounts, Basis, Entry, LicenceLine, LineBalance
from services.core.values import ZERO


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one dimension: `before` + `granted` - `written_off` = `remaining`. Both ends are None where nothing limits it.

    What is reserved is not written off yet. `granted` is what the authority gave or took; a negative `written_off` is
    what came back.
    """

    before: Decimal | None
    granted: Decimal
    written_off: Decimal
    remaining: Decimal | None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """One row: what an entry changed of a line.

    `document` is the MRN or the report of use, None for the authority's own; `state`: whose customs wrote it off.
    """

    line: int
    revision: int
    hash: str
    recorded_at: datetime
    document: str | None
    state: str | None
    quantity: Figures | None
    value: Figures | None


def write_offs(entries: Iterable[Entry]) -> Iterator[WriteOff]:
    """Rows in order of entry and line, from all entries of a licence in order."""
    known: dict[int, LineBalance] = {}
    lines: dict[int, LicenceLine] = {}
    for entry in entries:
        if entry.terms is not None:
            lines = {line.line: line for line in entry.terms.lines}
        for balance in entry.balances:
            before, line = known.get(balance.line, LineBalance(line=balance.line)), lines.get(balance.line)
            known[balance.line] = balance
            quantity = _figures(before.quantity, balance.quantity, limited=_limited(line, "quantity"))
            value = _figures(before.value, balance.value, limited=_limited(line, "value"))
            if _says(quantity) or _says(value):
                yield _row(entry, balance.line, quantity, value)


def _row(entry: Entry, line: int, quantity: Figures | None, value: Figures | None) -> WriteOff:
    mrn = None if entry.shipment is None else entry.shipment.mrn
    report = None if entry.usage is None else entry.usage.id
    return WriteOff(
        line=line,
        revision=entry.revision,
        hash=entry.hash,
        recorded_at=entry.recorded_at,
        document=mrn or report,
        state=None if mrn is None else mrn[2:4],
        quantity=quantity,
        value=value,
    )


def _limited(line: LicenceLine | None, dimension: str) -> bool:
    return line is not None and line.basis is not Basis.OPEN and getattr(line, dimension) is not None


def _figures(before: Amounts | None, after: Amounts | None, *, limited: bool) -> Figures | None:
    if after is None:
        return None
    authorised, consumed = (before.authorised, before.consumed) if before is not None else (ZERO, ZERO)
    return Figures(
        before=authorised - consumed if limited else None,
        granted=after.authorised - authorised,
        written_off=after.consumed - consumed,
        remaining=after.authorised - after.consumed if limited else None,
    )


def _says(figures: Figures | None) -> bool:
    return figures is not None and bool(figures.granted or figures.written_off)
