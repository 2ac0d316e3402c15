"""Manual quantity management: an officer of customs releases goods himself (Impl. Reg. (EU) 2024/2145 art. 8).

The judgement stands, unchanged, and the decision beside it. What the licence did not cover is the authority's business:
it is told who released the goods, when and why. An override of nothing that was refused is only recorded.
"""

from datetime import datetime
from typing import Final

from services.core.messages import (
    Comparison,
    Finding,
    Override,
    ReleaseOverridden,
    Severity,
    Shipment,
    Track,
    Verdict,
    VerdictKind,
)
from services.reconciliation.domain.findings import OfShipment, finding_id, of_shipment
from services.reconciliation.domain.legal import single_window

OVERRIDDEN: Final = "shipment.overridden"
_BASIS: Final = single_window("art. 8")


def overrides(shipment: Shipment) -> tuple[Override, ...]:
    """As a verdict shows them, in order of time."""
    return tuple(
        Override(decided_at=fact.decided_at, officer=fact.officer, reason=fact.reason) for fact in shipment.overrides
    )


def overridden(shipment: Shipment, verdict: Verdict, now: datetime) -> list[Finding]:
    """A finding for each override of a refusal; the same override always gives the same one."""
    if verdict.verdict is not VerdictKind.REFUSED:
        return []
    return [_finding(fact, verdict, now) for fact in shipment.overrides]


def _finding(fact: ReleaseOverridden, verdict: Verdict, now: datetime) -> Finding:
    reasons = sorted({reason for item in verdict.items for reason in item.reasons})
    decided = f"{fact.decided_at.isoformat()} by {fact.officer}: {fact.reason}"
    identity = finding_id(OVERRIDDEN, fact.mrn, fact.fact_id)
    found = OfShipment(identity, OVERRIDDEN, Severity.WARNING, Track.BOTH, _BASIS, (fact,))
    summary = f"an officer of customs decided on {fact.mrn} against a refusal ({decided})"
    compared = Comparison(what="release", declared=decided, licensed=f"refused: {', '.join(reasons)}")
    return of_shipment(found, fact.mrn, summary, (compared,), verdict.rule_set, now)
