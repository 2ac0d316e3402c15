"""What a licence that is replaced hands over to the one that replaces it (docs/decisions/0015-carry-over.md).

What is unused of each line when the licence closes goes over once, and is added to what the other states. The two
authorise together what they state together: what one gains the other has given away.
"""

from collections.abc import Iterable, Iterator
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


def _left(amounts: Amounts | None) -> Decimal:
    return ZERO if amounts is None else max(ZERO, amounts.authorised - drawn(amounts))
