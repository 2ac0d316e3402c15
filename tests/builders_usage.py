"""Reports of use, as an authority sends them and as messages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.core.messages import ReportChannel, ReportKind, UsageReport
from services.core.values import Currency, LicenceRef, Unit

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
REPORT: dict[str, Any] = {
    "id": "R/2026/1",
    "line": 1,
    "kind": "delta",
    "channel": "electronic-transfer",
    "period_from": "2026-02-01",
    "period_to": "2026-02-28",
    "quantity": "1",
    "unit": "NAR",
    "value": "1000.50",
    "currency": "EUR",
    "destination": "IN",
    "end_user": "Bharat Forge",
}


def a_report(name: str = "R1", quantity: str | Decimal | None = "1", **changes: Any) -> UsageReport:
    """A report of e-mails in February 2026; `value` is in EUR when it is stated."""
    fields: dict[str, Any] = {
        "id": name,
        "licence": LicenceRef("VL/2026/000123"),
        "line": 1,
        "kind": ReportKind.DELTA,
        "channel": ReportChannel.ELECTRONIC_TRANSFER,
        "period_from": date(2026, 2, 1),
        "period_to": date(2026, 2, 28),
        "quantity": None if quantity is None else Decimal(quantity),
        "unit": Unit("NAR"),
        "reported_by": "BE0314595348",
        "reported_at": NOW,
        **changes,
    }
    if fields.get("value") is not None:
        fields["value"], fields["currency"] = Decimal(fields["value"]), Currency("EUR")
    return UsageReport(**fields)


def months(first: int, last: int) -> dict[str, Any]:
    """The period from a month of 2026 to the end of another."""
    after = date(2026 + last // 12, last % 12 + 1, 1)
    return {"period_from": date(2026, first, 1), "period_to": date.fromordinal(after.toordinal() - 1)}
