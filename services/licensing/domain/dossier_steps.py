"""What a dossier allows, step by step: a rule for each kind, which gives the dossier after it.

    check    to do ──done──▶ done ──re-opened──▶ to do           each side does its own; none is done twice
    advice   none ──requested──▶ requested ──given──▶ given ──decided──▶ decided
             requested or given ──withdrawn──▶ withdrawn ──requested──▶ requested
    dossier  open ──closed──▶ closed                             then only links are added

Refused 409 when the dossier does not allow the step now, 422 when the step itself lacks something.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from services.core.dossiers import decides
from services.core.errors import Fault, Refused
from services.core.messages import (
    AdviceDecision,
    AdviceState,
    CheckResult,
    Dossier,
    DossierAdvice,
    DossierCheck,
    DossierOutcome,
    DossierSide,
    DossierStep,
    DossierStepKind,
    Involvement,
    Opinion,
)

NAMES: Final = {DossierSide.REGION: "the region", DossierSide.FEDERAL: "the federal side"}
UNDER_WAY: Final = (AdviceState.REQUESTED, AdviceState.GIVEN)


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of each clock that would start today."""

    check: date
    advice: date
    decision: date


def stepped(of: Dossier, step: DossierStep, due: Due) -> Dossier:
    """What the step makes of checks, advice, links and outcome; its number and history are the caller's."""
    if of.outcome is not None and step.kind is not DossierStepKind.LINKED:
        raise conflict("/step", "closed", f"the dossier is closed ({of.outcome.lower()}): open another one")
    return RULES[step.kind](of, step, due)


def _done(of: Dossier, step: DossierStep, _due: Due) -> Dossier:
    check = _check(of, step)
    if check.result is not None:
        raise conflict("/check", "check-done", f"{_was_done(check)}; re-open it, with a reason, to have it done again")
    if check.side is not step.side:
        raise conflict("/check", "not-your-task", f"{check.name} is the task of {NAMES[check.side]}")
    return _with(
        of,
        replace(
            check,
            result=step.result,
            statement=step.statement,
            done_by=step.side,
            done_by_actor=step.actor,
            done_at=step.at,
            due=None,
            overdue=False,
        ),
    )


def _reopened(of: Dossier, step: DossierStep, due: Due) -> Dossier:
    """By either: whoever doubts a result has it done again by whose task it is."""
    check = _check(of, step)
    if check.result is None:
        raise conflict("/check", "check-to-do", f"{check.name} is not done yet")
    _reasoned(step, "a check is done again")
    return _with(of, DossierCheck(name=check.name, technical=check.technical, side=check.side, due=due.check))


def _assigned(of: Dossier, step: DossierStep, due: Due) -> Dossier:
    check = _check(of, step)
    if check.result is not None:
        raise conflict("/check", "check-done", f"{_was_done(check)}: there is nothing left to hand over")
    if step.to is None or step.to is check.side:
        raise conflict("/to", "already-theirs", f"{check.name} is the task of {NAMES[check.side]}")
    _reasoned(step, "a task changes hands")
    return _with(of, replace(check, side=step.to, due=due.check, overdue=False))


def _requested(of: Dossier, step: DossierStep, due: Due) -> Dossier:
    _turn_of(DossierSide.REGION, step, "requests the advice")
    if of.advice is not None and of.advice.state is not AdviceState.WITHDRAWN:
        raise conflict("/step", "illegal-step", f"the advice is {of.advice.state.lower()}")
    return replace(of, advice=DossierAdvice(state=AdviceState.REQUESTED, due=due.advice))


def _given(of: Dossier, step: DossierStep, due: Due) -> Dossier:
    _turn_of(DossierSide.FEDERAL, step, "gives the advice")
    advice = _advice(of, AdviceState.REQUESTED)
    if bool(step.conditions) != (step.opinion is Opinion.FAVOURABLE_WITH_CONDITIONS):
        raise lacking("/conditions", "conditions", "stated with favourable-with-conditions, and only with that")
    return replace(
        of,
        advice=replace(
            advice,
            state=AdviceState.GIVEN,
            opinion=step.opinion,
            conditions=step.conditions,
            due=due.decision,
            overdue=False,
        ),
    )


def _decided(of: Dossier, step: DossierStep, _due: Due) -> Dossier:
    """The minister may grant in spite of the advice, and then says why. Who asked voluntarily takes note."""
    advice = _advice(of, AdviceState.GIVEN)
    _turn_of(decides(of), step, "decides on this advice")
    if (step.decision is AdviceDecision.NOTED) != (of.involvement is Involvement.VOLUNTARY):
        expected = "noted" if of.involvement is Involvement.VOLUNTARY else "granted or refused"
        raise lacking("/decision", "decision", f"what follows a {of.involvement.lower()} advice is {expected}")
    granted = step.decision is AdviceDecision.GRANTED
    if step.federal_authorisation is not None and not granted:
        raise lacking("/federal_authorisation", "not-granted", "only a grant has an authorisation")
    if granted and advice.opinion is Opinion.UNFAVOURABLE:
        _reasoned(step, "it is granted in spite of an unfavourable advice")
    decided = replace(advice, state=AdviceState.DECIDED, decision=step.decision, due=None, overdue=False)
    return replace(of, advice=decided, federal_authorisation=step.federal_authorisation or of.federal_authorisation)


def _withdrawn(of: Dossier, step: DossierStep, _due: Due) -> Dossier:
    _turn_of(DossierSide.REGION, step, "withdraws the request")
    advice = _advice(of, *UNDER_WAY)
    _reasoned(step, "a request is withdrawn")
    return replace(of, advice=replace(advice, state=AdviceState.WITHDRAWN, due=None, overdue=False))


def _linked(of: Dossier, step: DossierStep, _due: Due) -> Dossier:
    """The numbers that an application gets in the end. Another one than is known needs a reason."""
    if step.federal_authorisation is not None and not _granted(of):
        raise conflict("/federal_authorisation", "not-granted", "nothing was granted yet")
    known = ((of.licence, step.licence), (of.federal_authorisation, step.federal_authorisation))
    if any(None not in pair and pair[0] != pair[1] for pair in known):
        _reasoned(step, "another reference is known")
    return replace(
        of,
        licence=step.licence or of.licence,
        federal_authorisation=step.federal_authorisation or of.federal_authorisation,
    )


def _closed(of: Dossier, step: DossierStep, _due: Due) -> Dossier:
    _turn_of(DossierSide.REGION, step, "closes the dossier")
    if of.advice is not None and of.advice.state in UNDER_WAY:
        raise conflict("/step", "advice-under-way", f"the advice is {of.advice.state.lower()}: decide or withdraw it")
    if step.outcome is DossierOutcome.COMPLETED:
        open_checks = [check.name for check in of.checks if check.result is None]
        if open_checks:
            raise conflict("/outcome", "checks-to-do", f"still to be done: {', '.join(open_checks)}")
        decided = of.advice is not None and of.advice.state is AdviceState.DECIDED
        if of.involvement is Involvement.FORMAL and not decided:
            raise conflict("/outcome", "undecided", "the minister has not decided")
    else:
        _reasoned(step, "the dossier is abandoned")
    checks = tuple(replace(check, due=None, overdue=False) for check in of.checks)
    return replace(of, outcome=step.outcome, checks=checks)


RULES: Final[Mapping[DossierStepKind, Callable[[Dossier, DossierStep, Due], Dossier]]] = {
    DossierStepKind.CHECK_DONE: _done,
    DossierStepKind.CHECK_REOPENED: _reopened,
    DossierStepKind.CHECK_ASSIGNED: _assigned,
    DossierStepKind.ADVICE_REQUESTED: _requested,
    DossierStepKind.ADVICE_GIVEN: _given,
    DossierStepKind.ADVICE_DECIDED: _decided,
    DossierStepKind.ADVICE_WITHDRAWN: _withdrawn,
    DossierStepKind.LINKED: _linked,
    DossierStepKind.CLOSED: _closed,
}


def _check(of: Dossier, step: DossierStep) -> DossierCheck:
    found = next((check for check in of.checks if check.name == step.check), None)
    if found is None:
        raise lacking("/check", "check-unknown", f"one of {', '.join(check.name for check in of.checks)}")
    return found


def _was_done(check: DossierCheck) -> str:
    result = (check.result or CheckResult.UNKNOWN).lower().replace("_", "-")
    whose = NAMES.get(check.done_by or DossierSide.UNKNOWN, "another authority")
    when = check.done_at and check.done_at.isoformat()
    return f"{check.name} was done ({result}) by {check.done_by_actor} for {whose} at {when}"


def _with(of: Dossier, check: DossierCheck) -> Dossier:
    return replace(of, checks=tuple(check if one.name == check.name else one for one in of.checks))


def _advice(of: Dossier, *states: AdviceState) -> DossierAdvice:
    if of.advice is None or of.advice.state not in states:
        state = "not requested" if of.advice is None else of.advice.state.lower()
        raise conflict("/step", "illegal-step", f"the advice is {state}")
    return of.advice


def _granted(of: Dossier) -> bool:
    return of.advice is not None and of.advice.decision is AdviceDecision.GRANTED


def _turn_of(side: DossierSide, step: DossierStep, what: str) -> None:
    if step.side is not side:
        raise conflict("/step", "not-your-step", f"{NAMES[side]} {what}")


def _reasoned(step: DossierStep, why: str) -> None:
    if step.reason is None:
        raise lacking("/reason", "reason-missing", why)


def conflict(path: str, code: str, detail: str) -> Refused:
    """The dossier stands in the way."""
    return Refused(409, "The dossier does not allow this step", (Fault(path, code, detail),))


def lacking(path: str, code: str, detail: str) -> Refused:
    """The step is not whole, whatever the dossier is."""
    return Refused(422, "The step is not acceptable", (Fault(path, code, detail),))
