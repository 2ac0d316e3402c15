"""The clocks of a dossier: each check that is to be done and each step of the advice that is awaited has a last day."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.core.days import end_of
from services.core.dossiers import decides
from services.core.messages import (
    Dossier,
    DossierSide,
    DossierStep,
    DossierStepKind,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """What runs, for whom, and to the end of which day. `check` None: the advice. `said`: it was said to be over."""

    check: str | None
    side: DossierSide
    due: date
    said: bool


def clocks(of: Dossier) -> tuple[Clock, ...]:
    """All that run. What is done, decided or closed has none."""
    found = [Clock(check.name, check.side, check.due, check.overdue) for check in of.checks if check.due is not None]
    if of.advice is not None and of.advice.due is not None:
        found.append(Clock(None, decides(of), of.advice.due, of.advice.overdue))
    return tuple(found)


def overdue(of: Dossier, now: datetime) -> tuple[Clock, ...]:
    """Those that are over."""
    return tuple(clock for clock in clocks(of) if end_of(clock.due, of.time_zone) <= now)


def first_end(of: Dossier, *, unsaid: bool = False) -> datetime | None:
    """When the first of the clocks is over; `unsaid`: of those that were not yet said to be."""
    ends = [end_of(clock.due, of.time_zone) for clock in clocks(of) if not (unsaid and clock.said)]
    return min(ends, default=None)


def said_overdue(of: Dossier, now: datetime) -> Dossier | None:
    """The revision that says which clocks ran out; None when none did that was not said before."""
    over = [clock for clock in overdue(of, now) if not clock.said]
    if not over:
        return None
    at, revision, names = max(now, of.changed_at), of.revision + 1, {clock.check for clock in over}
    steps = tuple(
        DossierStep(revision=revision, kind=DossierStepKind.OVERDUE, check=clock.check, at=at) for clock in over
    )
    return replace(
        of,
        revision=revision,
        checks=tuple(replace(check, overdue=check.overdue or check.name in names) for check in of.checks),
        advice=of.advice and replace(of.advice, overdue=of.advice.overdue or None in names),
        steps=(*of.steps, *steps),
        changed_at=at,
    )
