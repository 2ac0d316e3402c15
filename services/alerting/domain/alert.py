"""Findings of the same licence, code and shipment, or of the same dossier, are one alert."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.core.messages import Alert, AlertState, Finding, Severity, Track

_RANK: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Step:
    """A finding, and the alert as this finding left it."""

    alert: Alert
    finding: Finding


@dataclass(frozen=True, slots=True)
class Case:
    """An alert and the steps that led to it since it was loaded: the stored ones are not loaded again.

    `alert` is None before the first finding.
    """

    alert: Alert | None = None
    steps: tuple[Step, ...] = ()


def alert_id(finding: Finding) -> str:
    """The alert a finding belongs to. All its findings have the same subject, hence the same partition.

    Of no shipment or licence, it is of its subject: a dossier.
    """
    parts = [finding.licence or "", finding.code, finding.mrn or ""]
    if finding.licence is None and finding.mrn is None:
        parts.append(finding.subject)
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def opened(finding: Finding) -> Alert:
    """The alert after its first finding."""
    return Alert(
        id=alert_id(finding),
        revision=1,
        state=AlertState.OPEN,
        code=finding.code,
        severity=finding.severity,
        track=finding.track,
        licence=finding.licence,
        mrn=finding.mrn,
        count=1,
        summary=finding.summary,
        legal_basis=finding.legal_basis,
        respond_by=finding.respond_by,
        findings=(finding.id,),
        raised_at=finding.raised_at,
        updated_at=finding.raised_at,
    )


def joined(alert: Alert, finding: Finding) -> Alert:
    """The alert after one more finding: the highest severity, the earliest answer due, the latest words.

    A closed alert opens again: what its closing answered has happened once more.
    """
    return replace(
        alert,
        revision=alert.revision + 1,
        state=AlertState.OPEN if alert.state is AlertState.CLOSED else alert.state,
        severity=max(alert.severity, finding.severity, key=_RANK.__getitem__),
        track=alert.track if alert.track is finding.track else Track.BOTH,
        count=alert.count + 1,
        summary=finding.summary,
        legal_basis=finding.legal_basis,
        respond_by=_earliest(alert.respond_by, finding.respond_by),
        findings=(*alert.findings, finding.id),
        raised_at=min(alert.raised_at, finding.raised_at),
        updated_at=max(alert.updated_at, finding.raised_at),
    )


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((time for time in (one, other) if time is not None), default=None)
