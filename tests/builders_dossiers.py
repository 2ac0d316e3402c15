"""Dossiers of applications for nuclear goods, and steps in them."""

from datetime import UTC, date, datetime
from typing import Any

from services.core.messages import Dossier, DossierStepKind
from services.licensing.adapters.dossier_bodies import DossierStepBody, OpenBody
from services.licensing.domain.dossier_steps import Due
from services.licensing.domain.dossiers import OpenDossier, TakeStep, open_dossier, take_step

REGION, FEDERAL = "BE-VLG", "BE-FED"
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
DUE = Due(check=date(2026, 3, 16), advice=date(2026, 4, 14), decision=date(2026, 3, 18))

DOSSIER: dict[str, Any] = {
    "ref": "DOS/2026/7",
    "application": "APP/2026/41",
    "authority": REGION,
    "involvement": "formal",
    "goods": ["2B204", "0C003"],
    "actor": "an officer",
}
STEPS: dict[str, dict[str, Any]] = {
    "check-done": {"check": "end-use", "result": "satisfactory", "statement": "civil production"},
    "check-reopened": {"check": "end-use", "reason": "a new end user"},
    "check-assigned": {"check": "end-use", "to": "federal", "agreed_with": "the secretary", "reason": "known there"},
    "advice-requested": {},
    "advice-given": {"opinion": "favourable", "statement": "under safeguards"},
    "advice-decided": {"decision": "granted"},
    "advice-withdrawn": {"reason": "the applicant changed the goods"},
    "linked": {"licence": "VL/2026/000123"},
    "closed": {"outcome": "abandoned", "reason": "the applicant withdrew"},
}
ACTING = {name: FEDERAL if name in ("advice-given", "advice-decided") else REGION for name in STEPS}


def step_body(name: str, **changes: Any) -> dict[str, Any]:
    """The document of a step, as one of its side would send it."""
    return {"step": name, "actor": f"someone at {ACTING[name]}", **STEPS[name], **changes}


def an_opening(**changes: Any) -> OpenDossier:
    return OpenBody.model_validate({**DOSSIER, **changes}).opened("Europe/Brussels", DUE, OPENED)


def a_dossier(**changes: Any) -> Dossier:
    return open_dossier(None, an_opening(**changes)).state


def a_step(
    name: str, *, by: str | None = None, at: datetime = LATER, expected: frozenset[int] | None = None, **changes: Any
) -> TakeStep:
    body = DossierStepBody.model_validate(step_body(name, **changes))
    return body.taken(DOSSIER["ref"], by or ACTING[name], DUE, expected, at)


def after(of: Dossier, *names: str) -> Dossier:
    """The dossier after these steps, each by whose step it is."""
    for name in names:
        of = take_step(of, a_step(name)).state
    return of


def all_checked(of: Dossier) -> Dossier:
    for check in of.checks:
        side = {"REGION": REGION, "FEDERAL": FEDERAL}[check.side.value]
        of = take_step(of, a_step("check-done", by=side, check=check.name)).state
    return of


def kinds(of: Dossier) -> list[DossierStepKind]:
    return [step.kind for step in of.steps]
