"""Amendments that take effect later: taken now, judged again at their time, never laid over what others changed.

waiting ──its time──▶ applied, or refused with its faults
waiting, refused ──by the authority──▶ withdrawn
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence
from services.licensing.domain.amending import AmendLicence, amend, ended_faults, fixed_faults
from services.licensing.domain.registered import Registered

Terms = Mapping[str, Any]


class State(StrEnum):
    WAITING = "waiting"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Pending:
    """`sent`: the terms that change; `before`: what each is to be by then, as JSON. `change` has the time of effect.

    `revision`: the one it became. `closed`: by whom and why it was withdrawn.
    """

    id: str
    ref: str
    sent: Terms
    before: Terms
    change: Change
    recorded_at: datetime
    state: State = State.WAITING
    settled_at: datetime | None = None
    revision: int | None = None
    faults: tuple[Fault, ...] = ()
    closed: Change | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`base`: the licence as it will be by then if all that waits before this is applied; `made`: with this as well."""

    pending: Pending
    base: Licence
    made: Licence
    expected: frozenset[int]


def schedule(known: Registered | None, twin: Pending | None, asked: Schedule) -> tuple[Pending, bool]:
    """The amendment, and whether it is new. The same again is a repeat, whatever became of it.

    Refused as an amendment that takes effect at once would be.
    """
    if known is None:
        raise Refused(404, "No such licence")
    if twin is not None:
        return twin, False
    if (revision := known.current.revision) not in asked.expected:
        fault = Fault("If-Match", "revision", f"the licence is at revision {revision}")
        raise Refused(412, "The licence has changed since", (fault,))
    change = asked.pending.change
    if faults := tuple(ended_faults(asked.base, change.effective_at, asked.pending.recorded_at)):
        raise Refused(409, "The licence has ended", faults)
    if faults := tuple(fixed_faults(asked.base, asked.made)):
        raise Refused(422, "The request is not acceptable", faults)
    return asked.pending, True


def withdraw(known: Pending | None, by: Change, at: datetime) -> Pending:
    """Take it back before its time, or put aside one that was refused. Again is a repeat; 409 when it was applied."""
    if known is None:
        raise Refused(404, "No such amendment")
    if known.state is State.WITHDRAWN:
        return known
    if known.state is State.APPLIED:
        fault = Fault("", "applied", f"it is revision {known.revision} of {known.ref}; amend that")
        raise Refused(409, "The amendment has taken effect", (fault,))
    return replace(known, state=State.WITHDRAWN, settled_at=at, closed=by)


def moved_faults(names: Iterable[str], was: Licence, now: Licence, made: Licence) -> Iterable[Fault]:
    """Fields that are not what they were to be: somebody changed them since, or an amendment before was not applied."""
    for name in names:
        if getattr(now, name) not in (getattr(was, name), getattr(made, name)):
            yield Fault(f"/{name}", "changed-since", "is not what it was to be when this was recorded")


def take_effect(
    known: Registered, pending: Pending, made: Licence, faults: tuple[Fault, ...], at: datetime
) -> tuple[Pending, Decision[Registered]]:
    """What becomes of it at its time, and of the licence. `faults` are those of `made`, the licence with its terms."""
    asked = AmendLicence(made, pending.change, frozenset({known.current.revision}), at)
    try:
        decision = Decision(known) if faults else amend(known, asked)
    except Refused as refused:
        faults, decision = refused.faults, Decision(known)
    if faults:
        return replace(pending, state=State.REFUSED, settled_at=at, faults=faults), decision
    revision = decision.state.current.revision
    return replace(pending, state=State.APPLIED, settled_at=at, revision=revision), decision
