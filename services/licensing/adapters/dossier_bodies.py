"""The JSON documents that dossiers come in as: opening one, a step, a note."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from services.core.errors import Fault
from services.core.messages import (
    AdviceDecision,
    CheckResult,
    DossierOutcome,
    DossierSide,
    DossierStep,
    DossierStepKind,
    Involvement,
    Opinion,
)
from services.licensing.adapters.authorisation_bodies import MINISTER
from services.licensing.adapters.control_list import bundled
from services.licensing.adapters.fields import Body, ControlCode, LongText, Reference, ShortText
from services.licensing.adapters.words import named
from services.licensing.domain.dossier_steps import Due
from services.licensing.domain.dossiers import OpenDossier, TakeStep

StepName = Literal[
    "check-done",
    "check-reopened",
    "check-assigned",
    "advice-requested",
    "advice-given",
    "advice-decided",
    "advice-withdrawn",
    "linked",
    "closed",
]
SideName = Literal["region", "federal"]

_NEEDS: Final[dict[StepName, tuple[frozenset[str], frozenset[str]]]] = {
    "check-done": (frozenset({"check", "result", "statement"}), frozenset()),
    "check-reopened": (frozenset({"check", "reason"}), frozenset()),
    "check-assigned": (frozenset({"check", "to", "agreed_with", "reason"}), frozenset()),
    "advice-requested": (frozenset(), frozenset({"statement"})),
    "advice-given": (frozenset({"opinion", "statement"}), frozenset({"conditions"})),
    "advice-decided": (frozenset({"decision"}), frozenset({"statement", "federal_authorisation"})),
    "advice-withdrawn": (frozenset({"reason"}), frozenset()),
    "linked": (frozenset(), frozenset({"licence", "federal_authorisation"})),
    "closed": (frozenset({"outcome"}), frozenset()),
}
"""What each step states, and what it may state beside that; every step has an actor, and may have a reason."""
_EVERY: Final = frozenset({"step", "actor", "reason"})


class OpenBody(Body):
    """An application for nuclear or nuclear-related goods. `involvement`: formal by the law of 9 February 1981."""

    ref: Reference
    application: Reference
    licence: Reference | None = None
    authority: ShortText
    federal: ShortText = MINISTER
    involvement: Literal["formal", "voluntary"]
    goods: Annotated[list[ControlCode], Field(min_length=1, max_length=999)]
    actor: ShortText
    reason: LongText | None = None

    def faults(self, acting_for: str, time_zone: str | None) -> tuple[Fault, ...]:
        """What is wrong between fields that are each well formed; `time_zone` is that of the authority."""
        found = []
        if acting_for != self.authority:
            found.append(Fault("/authority", "not-yours", f"a dossier is opened by its region, not by {acting_for}"))
        if self.authority == self.federal:
            found.append(Fault("/federal", "one-authority", "a dossier is shared by two"))
        if time_zone is None:
            found.append(Fault("/authority", "authority-unknown", "no time zone is configured for this authority"))
        for place, code in enumerate(self.goods):
            if not (stated := bundled()).knows(code):
                near = ", ".join(stated.nearest(code)) or "nothing"
                detail = f"{code} is not in Annex I ({stated.version}); nearest: {near}"
                found.append(Fault(f"/goods/{place}", "control-code-unknown", detail))
        return tuple(found)

    def opened(self, time_zone: str, due: Due, at: datetime) -> OpenDossier:
        return OpenDossier(
            ref=self.ref,
            application=self.application,
            licence=self.licence,
            authority=self.authority,
            federal=self.federal,
            involvement=named(Involvement, self.involvement),
            goods=tuple(sorted(set(self.goods))),
            time_zone=time_zone,
            actor=self.actor,
            reason=self.reason,
            due=due,
            at=at,
        )


class DossierStepBody(Body):
    """One step. Which of the other fields it states depends on `step`."""

    step: StepName
    actor: ShortText
    reason: LongText | None = None
    check: ShortText | None = None
    result: Literal["satisfactory", "unsatisfactory", "not-applicable"] | None = None
    statement: LongText | None = None
    to: SideName | None = None
    agreed_with: ShortText | None = None
    opinion: Literal["favourable", "unfavourable", "favourable-with-conditions"] | None = None
    conditions: Annotated[list[LongText], Field(default_factory=list, max_length=99)]
    decision: Literal["granted", "refused", "noted"] | None = None
    licence: Reference | None = None
    federal_authorisation: Reference | None = None
    outcome: Literal["completed", "abandoned"] | None = None

    def faults(self) -> tuple[Fault, ...]:
        """What the step lacks, and what is not for it."""
        needed, allowed = _NEEDS[self.step]
        stated = {name for name in type(self).model_fields if getattr(self, name) not in (None, [])}
        missing = [Fault(f"/{name}", "missing", f"{self.step} states it") for name in sorted(needed - stated)]
        other = sorted(stated - needed - allowed - _EVERY)
        found = missing + [Fault(f"/{name}", "not-of-this-step", f"{self.step} does not state it") for name in other]
        if self.step == "linked" and not stated & allowed:
            found.append(Fault("", "missing", "state `licence`, `federal_authorisation` or both"))
        return tuple(found)

    def taken(self, ref: str, acting_for: str, due: Due, expected: frozenset[int] | None, at: datetime) -> TakeStep:
        step = DossierStep(
            revision=0,
            kind=named(DossierStepKind, self.step),
            actor=self.actor,
            reason=self.reason,
            check=self.check,
            to=self.to and named(DossierSide, self.to),
            agreed_with=self.agreed_with,
            result=self.result and named(CheckResult, self.result),
            statement=self.statement,
            opinion=self.opinion and named(Opinion, self.opinion),
            conditions=tuple(self.conditions),
            decision=self.decision and named(AdviceDecision, self.decision),
            licence=self.licence,
            federal_authorisation=self.federal_authorisation,
            outcome=self.outcome and named(DossierOutcome, self.outcome),
            at=at,
        )
        return TakeStep(ref, acting_for, step, due, expected)


class NoteBody(Body):
    """What an authority writes down for itself."""

    actor: ShortText
    text: LongText
