"""The three figures of each licence line for a period, as JSON (API.md): amounts as strings."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from services.core.messages import Basis, HeldShipment, Licence, UsageReport
from services.core.usage import Use
from services.core.values import format_amount
from services.reconciliation.domain.usage_comparison import Compared, compare, crossing


def comparison_view(
    terms: Licence, usage: Iterable[UsageReport], shipments: Iterable[HeldShipment], first: date, last: date
) -> dict[str, Any]:
    """`crossing`: ids of reports that are in no figure, for part of their period lies outside."""
    reports = tuple(usage)
    return {
        "ref": terms.ref,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "lines": [_line(one) for one in compare(terms, reports, shipments, first, last)],
        "crossing": [report.id for report in crossing(reports, first, last)],
    }


def _line(one: Compared) -> dict[str, Any]:
    line = one.line
    return {
        "line": line.line,
        "unit": line.unit,
        "currency": line.currency,
        "quantity": None if line.unit is None else _figures(one, "quantity", line.quantity),
        "value": None if line.currency is None else _figures(one, "value", line.value),
    }


def _figures(one: Compared, dimension: str, licensed: Decimal | None) -> dict[str, str | None]:
    """`unseen`: use that our customs never sees; `elsewhere`: what that of other Member States wrote off of it.

    `difference`: reported less what customs released.
    """

    def of(use: Use) -> Decimal:
        return use.quantity if dimension == "quantity" else use.value

    opens = one.line.basis is Basis.OPEN
    return {
        "licensed": None if licensed is None or opens else format_amount(licensed),
        "reported": format_amount(of(one.reported)),
        "unseen": format_amount(of(one.unseen)),
        "consumed": format_amount(of(one.consumed)),
        "exited": format_amount(of(one.exited)),
        "elsewhere": format_amount(of(one.elsewhere)),
        "difference": format_amount(of(one.reported) - of(one.consumed)),
    }
