"""Findings: a failure with all that is needed to derive it again, resting on the entry that records it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.core.facts import Fact
from services.core.messages import (
    Comparison,
    Demand,
    Entry,
    EntryRef,
    Finding,
    HeldDraw,
    Resemblance,
    Severity,
    Shipment,
    Source,
    Track,
)
from services.core.values import Mrn
from services.reconciliation.domain.case import Failure
from services.reconciliation.domain.legal import KINDS, Basis
from services.reconciliation.domain.rule_set import Mode

_MILDER: Final = {Mode.ALERT: Severity.WARNING, Mode.INFORM: Severity.INFO}


@dataclass(frozen=True, slots=True)
class _Place:
    """What is concerned: a draw, a licence line as a whole, or the licence as a whole."""

    line: int | None = None
    mrn: Mrn | None = None
    item: int | None = None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class OfShipment:
    """What is wrong with a shipment, and the facts that show it."""

    id: str
    code: str
    severity: Severity
    track: Track
    basis: Basis
    facts: Sequence[Fact]
    item: int | None = None
    respond_by: datetime | None = None


def of_draw(demand: Demand, held: HeldDraw, failure: Failure, entry: Entry) -> Finding:
    """The finding that a rule fails for a draw; its subject is the shipment."""
    line = held.line or held.draw.line or None
    return _finding(_Place(line, demand.mrn, held.draw.item, demand.sources), failure, entry)


def of_line(line: int, failure: Failure, entry: Entry) -> Finding:
    """The finding that a licence line as a whole is out of order; its subject is the licence."""
    return _finding(_Place(line), failure, entry)


def of_licence(identity: str, failure: Failure, entry: Entry, line: int | None = None) -> Finding:
    """The finding that something is wrong with the licence or a line of it; `identity`: as the entry lists it."""
    return _finding(_Place(line), failure, entry, identity)


def of_shipment(
    found: OfShipment, mrn: Mrn, summary: str, compared: tuple[Comparison, ...], rule_set: str, now: datetime
) -> Finding:
    """The finding that something is wrong with a shipment itself, whatever its licences say."""
    return Finding(
        id=found.id,
        subject=mrn,
        code=found.code,
        severity=found.severity,
        track=found.track,
        mrn=mrn,
        item=found.item,
        summary=summary,
        legal_basis=found.basis.article,
        legal_basis_version=found.basis.version,
        respond_by=found.respond_by,
        rule=f"{found.code}@1",
        rule_set=rule_set,
        comparisons=compared,
        sources=tuple(source for fact in found.facts for source in fact.sources),
        raised_at=now,
    )


def of_resemblance(resembling: Resemblance, shipment: Shipment, rule_set: str, now: datetime) -> Finding:
    """The finding that a shipment resembles a refusal or denial; it rests on all that was declared."""
    kind = KINDS[resembling.code]
    found = OfShipment(
        id=resembling.finding_id,
        code=resembling.code,
        severity=resembling.severity,
        track=kind.track,
        basis=kind.basis,
        facts=(*shipment.declarations, *shipment.amendments),
        item=resembling.item,
    )
    return of_shipment(found, shipment.mrn, resembling.summary, resembling.comparisons, rule_set, now)


def finding_id(*parts: object) -> str:
    """The same parts always give the same id, in a replay too."""
    return sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


def _finding(place: _Place, failure: Failure, entry: Entry, identity: str | None = None) -> Finding:
    kind = KINDS[failure.code]
    return Finding(
        id=identity or _identity(place, failure, entry),
        subject=place.mrn or entry.licence,
        code=failure.code,
        severity=_MILDER.get(failure.mismatch.mode, kind.severity),
        track=kind.track,
        mrn=place.mrn,
        licence=entry.licence,
        item=place.item,
        line=place.line,
        summary=_summary(place, failure, entry),
        legal_basis=kind.basis.article,
        legal_basis_version=kind.basis.version,
        rule=f"{failure.code}@{failure.version}",
        rule_set=entry.rule_set,
        comparisons=failure.mismatch.compared + failure.mismatch.passing,
        sources=place.sources,
        entry=EntryRef(licence=entry.licence, revision=entry.revision, hash=entry.hash),
        raised_at=entry.recorded_at,
    )


def _summary(place: _Place, failure: Failure, entry: Entry) -> str:
    where = entry.licence if place.line is None else f"{entry.licence} line {place.line}"
    who = where if place.mrn is None else f"{place.mrn} item {place.item} on {where}"
    values = "; ".join(f"{c.what} {c.declared} against {c.licensed}" for c in failure.mismatch.compared)
    return f"{who}: {KINDS[failure.code].sentence} ({values})"


def _identity(place: _Place, failure: Failure, entry: Entry) -> str:
    """The same for every replay; another when the same failure comes back after it was gone, with another entry."""
    values = [part for c in failure.mismatch.compared for part in (c.what, c.declared, c.licensed)]
    return finding_id(failure.code, entry.licence, place.mrn, place.item, place.line, entry.revision, *values)


def in_order(finding: Finding) -> tuple[str, int, int, str, str]:
    """Sort key of the findings one message gives rise to."""
    return finding.subject, finding.item or 0, finding.line or 0, finding.code, finding.id
