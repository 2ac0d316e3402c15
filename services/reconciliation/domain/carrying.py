"""What a licence that is replaced hands over to the one that replaces it (docs/decisions/0015-carry-over.md).

What is unused of each line when the licence closes goes over once, and is added to what the other states. The two
authorise together what they state together: what one gains the other has given away. What comes to a licence that
closed before is passed on, line by line, to the one that replaces it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from services.core.messages import Amounts, CarryOver, Licence, LineBalance
from services.core.values import ZERO, LicenceRef
from services.reconciliation.domain.columns import drawn
from services.reconciliation.domain.measures import controls_quantity, controls_value


def unused(terms: Licence, to: LicenceRef, balances: Iterable[LineBalance], revision: int) -> Iterator[CarryOver]:
    """What each line has left in the dimensions that limit it. `revision`: of the entry that gives the first away."""
    columns = {balance.line: balance for balance in balances}
    for line in terms.lines:
        balance = columns[line.line]
        quantity = _left(balance.quantity) if controls_quantity(line) else None
        value = _left(balance.value) if controls_value(line) else None
        if quantity or value:
            yield CarryOver(
                licence=to,
                replaced=terms.ref,
                revision=revision,
                line=line.line,
                quantity=quantity,
                unit=line.unit,
                value=value,
                currency=line.currency,
            )
            revision += 1


def passed_on(terms: Licence, one: CarryOver, balances: Iterable[LineBalance]) -> CarryOver | None:
    """What goes on of what came to a licence that is closed: at most what its line has left. None: nothing does."""
    line = next((line for line in terms.lines if line.line == one.line), None)
    if terms.replaced_by is None or line is None:
        return None
    balance = next(balance for balance in balances if balance.line == line.line)
    quantity = _at_most(one.quantity, balance.quantity) if one.unit == line.unit and controls_quantity(line) else None
    value = _at_most(one.value, balance.value) if one.currency == line.currency and controls_value(line) else None
    return replace(one, licence=terms.replaced_by, quantity=quantity, value=value) if quantity or value else None


def _at_most(carried: Decimal | None, amounts: Amounts | None) -> Decimal | None:
    return None if carried is None else min(carried, _left(amounts))


def _left(amounts: Amounts | None) -> Decimal:
    return ZERO if amounts is None else max(ZERO, amounts.authorised - drawn(amounts))
