"""Findings as reconciliation raises them, and a secret to sign with."""

from datetime import UTC, date, datetime, timedelta

from services.core.messages import Finding, Severity, Track
from services.core.values import LicenceRef, Mrn

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM="
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_finding(name: str = "f1", severity: Severity = Severity.WARNING, minutes: int = 0) -> Finding:
    return Finding(
        id=name,
        subject="26BE343000000001A1",
        code="quantity.overrun",
        severity=severity,
        track=Track.ADMINISTRATIVE,
        mrn=Mrn("26BE343000000001A1"),
        licence=LicenceRef("VL/2026/000123"),
        summary=f"summary of {name}",
        legal_basis="Reg. (EU) 2021/821 art. 12",
        legal_basis_version=date(2021, 9, 9),
        rule="quantity-within-licence@1",
        rule_set="r1",
        raised_at=AT + timedelta(minutes=minutes),
    )
