"""Alerts and findings as JSON. Times are RFC 3339 in UTC, enumerated words in lower case."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.core.message import plain
from services.core.messages import Alert, Finding, Source


@dataclass(frozen=True, slots=True)
class Opened:
    """When an alert came to be, by the clocks of the machines: not part of the message, which replays alike."""

    opened_at: datetime
    received_at: datetime | None


def alert_view(alert: Alert, opened: Opened | None = None) -> dict[str, Any]:
    """An alert; with `opened` also when the message behind it came in and when the alert was written."""
    view: dict[str, Any] = {
        "id": alert.id,
        "revision": alert.revision,
        "state": alert.state.lower(),
        "code": alert.code,
        "severity": alert.severity.lower(),
        "track": alert.track.lower(),
        "licence": alert.licence,
        "mrn": alert.mrn,
        "count": alert.count,
        "summary": alert.summary,
        "legal_basis": alert.legal_basis,
        "respond_by": time_text(alert.respond_by),
        "findings": list(alert.findings),
        "raised_at": time_text(alert.raised_at),
        "updated_at": time_text(alert.updated_at),
    }
    if opened is not None:
        view |= {"received_at": time_text(opened.received_at), "opened_at": time_text(opened.opened_at)}
    return view


def finding_view(finding: Finding) -> dict[str, Any]:
    """A finding with its evidence: enough to derive it again."""
    return {
        "id": finding.id,
        "subject": finding.subject,
        "code": finding.code,
        "severity": finding.severity.lower(),
        "track": finding.track.lower(),
        "mrn": finding.mrn,
        "licence": finding.licence,
        "item": finding.item,
        "line": finding.line,
        "summary": finding.summary,
        "legal_basis": finding.legal_basis,
        "legal_basis_version": finding.legal_basis_version.isoformat(),
        "respond_by": time_text(finding.respond_by),
        "rule": finding.rule,
        "rule_set": finding.rule_set,
        "comparisons": [plain(comparison) for comparison in finding.comparisons],
        "sources": [_source(source) for source in finding.sources],
        "entry": None if finding.entry is None else plain(finding.entry),
        "raised_at": time_text(finding.raised_at),
    }


def _source(source: Source) -> dict[str, Any]:
    return {**plain(source), "received_at": time_text(source.received_at)}


def time_text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
