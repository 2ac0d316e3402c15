"""The shared dossier of an application for nuclear or nuclear-related goods: opening it, and its life.

(what is known, what is asked) -> Decision. No outputs: the request was a repeat, or the clock had been seen before.
Refused 403, 404, 409, 412 or 422 when the dossier does not allow it; nothing is then stored. Rules: `dossier_steps`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import (
    Dossier,
    DossierCheck,
    DossierSide,
    DossierStep,
    DossierStepKind,
    Involvement,
)
from services.core.values import LicenceRef
from services.licensing.domain.dossier_clocks import said_overdue
from services.licensing.domain.dossier_division import DIVISION
from services.licensing.domain.dossier_steps import Due, stepped

_FRESH_STARTS = frozenset(
    {DossierStepKind.CHECK_REOPENED, DossierStepKind.CHECK_ASSIGNED, DossierStepKind.ADVICE_WITHDRAWN}
)


@dataclass(frozen=True, slots=True)
class OpenDossier:
    """What the region brings in. Every check of the division is to be done."""

    ref: str
    application: str
    licence: LicenceRef | None
    authority: str
    federal: str
    involvement: Involvement
    goods: tuple[str, ...]
    time_zone: str
    actor: str
    reason: str | None
    due: Due
    at: datetime

    def dossier(self) -> Dossier:
        step = DossierStep(
            revision=1,
            kind=DossierStepKind.OPENED,
            side=DossierSide.REGION,
            actor=self.actor,
            reason=self.reason,
            licence=self.licence,
            at=self.at,
        )
        checks = (
            DossierCheck(name=task.name, technical=task.technical, side=task.side, due=self.due.check)
            for task in DIVISION
        )
        return Dossier(
            ref=self.ref,
            revision=1,
            application=self.application,
            licence=self.licence,
            authority=self.authority,
            federal=self.federal,
            involvement=self.involvement,
            goods=self.goods,
            time_zone=self.time_zone,
            checks=tuple(checks),
            steps=(step,),
            changed_at=self.at,
        )


@dataclass(frozen=True, slots=True)
class TakeStep:
    """A step by one of the two. Its side and revision are given here, by `acting_for` and what is known.

    `expected`: the revisions the sender allows; None: any.
    """

    ref: str
    acting_for: str
    step: DossierStep
    due: Due
    expected: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class RunOut:
    """Look at the clocks of a dossier."""

    ref: str
    at: datetime


def open_dossier(known: Dossier | None, asked: OpenDossier) -> Decision[Dossier]:
    """Enter a new one. The same again is a repeat, whatever has happened to it since."""
    new = asked.dossier()
    if known is None:
        return Decision(new, (new,))
    if _opening(known) != _opening(new):
        fault = Fault("/ref", "ref-taken", f"{new.ref} was opened with other content")
        raise Refused(409, "Another dossier has this reference", (fault,))
    return Decision(known)


def take_step(known: Dossier | None, asked: TakeStep) -> Decision[Dossier]:
    """Take one step. A step that the history holds already is a repeat, even when `expected` is outdated by it."""
    if known is None:
        raise Refused(404, "No such dossier")
    step = replace(asked.step, side=side_of(known, asked.acting_for))
    if _is_repeat(known, step):
        return Decision(known)
    if asked.expected is not None and known.revision not in asked.expected:
        fault = Fault("If-Match", "revision", f"the dossier is at revision {known.revision}")
        raise Refused(412, "The dossier has changed since", (fault,))
    step = replace(step, revision=known.revision + 1, at=max(step.at, known.changed_at))
    after = stepped(known, step, asked.due)
    after = replace(after, revision=step.revision, steps=(*known.steps, step), changed_at=step.at)
    return Decision(after, (after,))


def run_out(known: Dossier | None, asked: RunOut) -> Decision[Dossier]:
    """Say once which clocks are over."""
    if known is None:
        raise Refused(404, "No such dossier")
    after = said_overdue(known, asked.at)
    return Decision(known) if after is None else Decision(after, (after,))


def side_of(of: Dossier, acting_for: str) -> DossierSide:
    """Refused 403: it is neither of the two authorities of the dossier."""
    sides = {of.authority: DossierSide.REGION, of.federal: DossierSide.FEDERAL}
    if acting_for not in sides:
        fault = Fault("Acting-For", "not-yours", f"the dossier is of {of.authority} and {of.federal}")
        raise Refused(403, "The dossier is of other authorities", (fault,))
    return sides[acting_for]


def _opening(of: Dossier) -> tuple[object, ...]:
    first = of.steps[0]
    said = (first.actor, first.reason, first.licence)
    return (of.application, of.authority, of.federal, of.involvement, of.goods, *said)


def _is_repeat(known: Dossier, asked: DossierStep) -> bool:
    """Of a check, or of the advice, what came before it last began afresh does not count: that is to be done again."""
    if asked.kind is DossierStepKind.LINKED:
        pairs = ((known.licence, asked.licence), (known.federal_authorisation, asked.federal_authorisation))
        return all(new in (None, old) for old, new in pairs)
    for step in reversed(known.steps):
        if _subject(step) != _subject(asked):
            continue
        if step == replace(asked, revision=step.revision, at=step.at):
            return True
        if step.kind in _FRESH_STARTS:
            return False
    return False


def _subject(step: DossierStep) -> str:
    """What a step is about: a check by its name, the advice, the dossier itself."""
    if step.kind in (DossierStepKind.OPENED, DossierStepKind.LINKED, DossierStepKind.CLOSED):
        return "dossier"
    return f"check {step.check}" if step.check is not None else "advice"
