"""A judged draw: what it now holds, and which findings are new.

A finding stands as long as its rule fails on the same compared values; its fingerprint is kept with the draw, so that a
judgement made again raises only what is new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.core.messages import Comparison, Draw, DrawCover, DrawVerdict, HeldDraw, LicenceLine
from services.core.values import ZERO
from services.reconciliation.domain.case import Failure, Mismatch
from services.reconciliation.domain.exit import EXIT_CODES
from services.reconciliation.domain.measures import NOTHING, Figures

UNCOVERED: Final = "released.uncovered"
CHANGED: Final = "licence.changed-under-shipment"
_NOT_REASONS = EXIT_CODES | {UNCOVERED, CHANGED}
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """A draw as it now stands, and the failures to raise findings for."""

    held: HeldDraw
    new: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a draw stands as it does: its reasons, the findings that stand, and the failures that are new among them."""

    reasons: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    new: tuple[Failure, ...] = ()


NO_GROUNDS: Final = Grounds()


def held_draw(
    draw: Draw,
    line: LicenceLine | None,
    verdict: DrawVerdict,
    grounds: Grounds = NO_GROUNDS,
    *,
    reserved: Figures = NOTHING,
    consumed: Figures = NOTHING,
    exited: Figures = NOTHING,
    listed_only: bool = False,
) -> HeldDraw:
    """What a draw holds; a figure in no measure of the line holds nothing."""
    return HeldDraw(
        draw=draw,
        line=0 if line is None else line.line,
        verdict=verdict,
        reasons=grounds.reasons,
        listed_only=listed_only,
        reserved_quantity=reserved.quantity or ZERO,
        reserved_value=reserved.value or ZERO,
        consumed_quantity=consumed.quantity or ZERO,
        consumed_value=consumed.value or ZERO,
        exited_quantity=exited.quantity or ZERO,
        exited_value=exited.value or ZERO,
        findings=grounds.findings,
    )


def answers(draws: Iterable[HeldDraw]) -> tuple[DrawCover, ...]:
    """What is told of them."""
    return tuple(
        [
            DrawCover(item=held.draw.item, line=held.draw.line, verdict=held.verdict, reasons=held.reasons)
            for held in draws
        ]
    )


def grounds(
    verdict: DrawVerdict,
    failures: tuple[Failure, ...],
    before: HeldDraw | None,
    *,
    standing: frozenset[str] = _NONE,
    released: bool = False,
) -> Grounds:
    """Reasons and findings. `standing` are codes that were not judged this time: those the draw had, it keeps."""
    kept = standing.intersection(before.reasons) if before is not None and standing else _NONE
    if not failures and not kept:
        return NO_GROUNDS
    reasons = tuple(sorted({f.code for f in failures if f.code not in _NOT_REASONS} | kept))
    if released and verdict is DrawVerdict.REFUSED:
        failures = (*failures, _uncovered(reasons))
    earlier = before.findings if before is not None else ()
    fingerprints = {fingerprint(failure): failure for failure in failures}
    stand = {known for known in earlier if known.partition(":")[0] in kept}
    return Grounds(
        reasons,
        tuple(sorted(stand.union(fingerprints))),
        tuple(failure for known, failure in fingerprints.items() if known not in earlier),
    )


def under_changed_licence(why: Grounds, before: HeldDraw) -> Grounds:
    """Grounds of an accepted draw that is refused now: that it was covered before is said once, while it is refused."""
    if before.verdict is not DrawVerdict.COVERED:
        standing = [known for known in before.findings if known.partition(":")[0] == CHANGED]
        return replace(why, findings=tuple(sorted([*why.findings, *standing])))
    failure = cover_lost(why.reasons)
    findings = tuple(sorted([*why.findings, fingerprint(failure)]))
    return replace(why, findings=findings, new=(*why.new, failure))


def cover_lost(reasons: Iterable[str]) -> Failure:
    """The failure of a draw that its licence covered until it changed."""
    now = f"refused: {', '.join(reasons)}"
    return Failure(CHANGED, 1, Mismatch((Comparison(what="answer before and now", declared="covered", licensed=now),)))


def support_lost(codes: Iterable[str], moment: datetime) -> Failure:
    """The failure of a draw whose answer stands, while its licence, or what must stand beside it, no longer does."""
    now = f"{', '.join(codes)} at {moment.isoformat()}"
    what = "licence and what stands beside it, at acceptance and since"
    return Failure(CHANGED, 1, Mismatch((Comparison(what=what, declared="covered", licensed=now),)))


def fingerprint(failure: Failure) -> str:
    """Code and digest of the values compared, without the passing ones."""
    values = (part for c in failure.mismatch.compared for part in (c.what, c.declared, c.licensed))
    digest = sha256("\x1f".join((failure.code, str(failure.version), *values)).encode()).hexdigest()
    return f"{failure.code}:{digest[:24]}"


def _uncovered(reasons: tuple[str, ...]) -> Failure:
    compared = Comparison(what="release", declared="released", licensed=f"refused: {', '.join(reasons)}")
    return Failure(UNCOVERED, 1, Mismatch((compared,)))
