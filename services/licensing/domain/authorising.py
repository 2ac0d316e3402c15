"""What must stand beside a licence: federal authorisation, end-use certificate, state guarantee. Entering it, its life.

(what is known, what is asked) -> Decision. No outputs: the request was a repeat. Refused 404, 409 or 412 when the
register does not allow it; nothing is then stored. Its status follows the same table as that of a licence (`status`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import Authorisation, AuthorisationKind, Change, LicenceStatus, StatusChange
from services.licensing.domain.status import IllegalStep, with_step

NAMES = {
    AuthorisationKind.FEDERAL_AUTHORISATION: "federal authorisation",
    AuthorisationKind.END_USE_CERTIFICATE: "end-use certificate",
    AuthorisationKind.STATE_GUARANTEE: "state guarantee",
    AuthorisationKind.RE_IMPORT: "proof of re-import",
    AuthorisationKind.RE_IMPORT_WAIVER: "waiver of re-import",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where it stands in the register: the minister numbers authorisations; who gives a document numbers per licence.

    `scope` is the licence; it is empty for a federal authorisation, whose own reference says which one it is.
    """

    kind: AuthorisationKind
    scope: str
    ref: str


@dataclass(frozen=True, slots=True)
class EnterAuthorisation:
    """At revision 1, as it was written. `step`: the status it has on arrival, when it is not simply issued."""

    authorisation: Authorisation
    step: StatusChange | None = None

    @property
    def place(self) -> Place:
        of = self.authorisation
        return Place(of.kind, "" if of.kind is AuthorisationKind.FEDERAL_AUTHORISATION else of.licence, of.ref)


@dataclass(frozen=True, slots=True)
class ChangeAuthorisation:
    """A step in its life. `effective_at` None: at once. `expected`: the revisions the sender allows; None: any."""

    place: Place
    status: LicenceStatus
    reason: str | None
    effective_at: datetime | None
    actor: str | None
    legal_basis: str | None
    expected: frozenset[int] | None
    at: datetime
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One in the register: as it was entered, and as it is."""

    entered: Authorisation
    current: Authorisation


def enter(known: Kept | None, asked: EnterAuthorisation) -> Decision[Kept]:
    """Enter a new one. The same again is a repeat, whatever has happened to it since."""
    new = asked.authorisation
    if asked.step is not None:
        new = replace(new, statuses=_stepped(new, asked.step))
    if known is None:
        return Decision(Kept(new, new), (new,))
    if not _same(known.entered, new):
        name = NAMES[new.kind]
        fault = Fault("/ref", "ref-taken", f"{new.ref} was entered with other content; change its status instead")
        raise Refused(409, f"Another {name} has this reference", (fault,))
    return Decision(known)


def change(known: Kept | None, asked: ChangeAuthorisation) -> Decision[Kept]:
    """Take one step. A step the history holds already is a repeat, even when `expected` is outdated by it."""
    if known is None:
        raise Refused(404, f"No such {NAMES[asked.place.kind]}")
    current = known.current
    if _is_repeat(current, asked):
        return Decision(known)
    if asked.expected is not None and current.revision not in asked.expected:
        fault = Fault("If-Match", "revision", f"it is at revision {current.revision}")
        raise Refused(412, "It has changed since", (fault,))
    at = max(asked.at, current.changed_at)
    step = StatusChange(
        status=asked.status,
        effective_at=asked.effective_at or at,
        reason=asked.reason,
        actor=asked.actor,
        legal_basis=asked.legal_basis,
    )
    made = replace(
        current,
        revision=current.revision + 1,
        statuses=_stepped(current, step),
        change=_change(current, step, asked.party),
        changed_at=at,
    )
    return Decision(replace(known, current=made), (made,))


def _change(of: Authorisation, step: StatusChange, party: str | None) -> Change | None:
    """None: nobody is named."""
    if step.actor is None and party is None:
        return None
    return Change(
        actor=step.actor or of.issued_by,
        reason=step.reason,
        legal_basis=step.legal_basis,
        effective_at=step.effective_at,
        party=party,
    )


def _stepped(of: Authorisation, step: StatusChange) -> tuple[StatusChange, ...]:
    try:
        return with_step(of.statuses, step)
    except IllegalStep as error:
        fault = Fault("/status", "illegal-step", str(error))
        raise Refused(409, f"The {NAMES[of.kind]} does not allow this step", (fault,)) from error


def _is_repeat(of: Authorisation, asked: ChangeAuthorisation) -> bool:
    """Without a time, asking for the latest step again is a repeat; with one, any step equal to it."""
    steps = of.statuses if asked.effective_at is not None else of.statuses[-1:]
    wanted = (asked.status, asked.reason, asked.actor, asked.legal_basis)
    return any(
        (step.status, step.reason, step.actor, step.legal_basis) == wanted
        and asked.effective_at in (None, step.effective_at)
        for step in steps
    )


def _same(one: Authorisation, other: Authorisation) -> bool:
    """Whether the same was written. When it came is no part of that, nor is our zone."""
    if [step.status for step in one.statuses] != [step.status for step in other.statuses]:
        return False
    return one == replace(other, statuses=one.statuses, time_zone=one.time_zone, changed_at=one.changed_at)
