"""Use cases of the register: (what is known, what is asked) -> Decision. No outputs: the request was a repeat.

Refused 404, 409 or 412 when the register does not allow it; nothing is then stored.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import Change, Licence, LicenceStatus, Refusal, StatusChange
from services.licensing.domain.drafting import Draft, refuse_drafted
from services.licensing.domain.registered import Registered
from services.licensing.domain.status import IllegalStep, with_step

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IssueLicence:
    """A licence at revision 1, as the authority wrote it. `draft`: which revisions of its draft it may come from."""

    licence: Licence
    draft: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """A step in the life of a licence. `effective_at` None: at once. `expected`: the revisions the sender allows."""

    ref: str
    status: LicenceStatus
    reason: str | None
    effective_at: datetime | None
    expected: frozenset[int] | None
    at: datetime
    actor: str | None = None
    legal_basis: str | None = None
    party: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """A refused application at revision 1."""

    refusal: Refusal


def issue(known: Registered | None, asked: IssueLicence, draft: Draft | None = None) -> Decision[Registered]:
    """Enter a new licence. The same terms again are a repeat, whatever has happened to the licence since."""
    if known is None:
        if asked.draft is None:
            refuse_drafted(draft)
        return Decision(Registered(asked.licence, asked.licence), (asked.licence,))
    if not _same_terms(known.issued, asked.licence):
        raise Refused(
            409,
            "Another licence has this reference",
            (Fault("/ref", "ref-taken", f"{asked.licence.ref} was issued with other content; amend it instead"),),
        )
    return Decision(known)


def change_status(known: Registered | None, asked: ChangeStatus) -> Decision[Registered]:
    """Take one step. A step the history holds already is a repeat, even when `expected` is outdated by it."""
    if known is None:
        raise Refused(404, "No such licence")
    current = known.current
    if _is_repeat(current, asked):
        return Decision(known)
    if asked.expected is not None and current.revision not in asked.expected:
        raise Refused(
            412,
            "The licence has changed since",
            (Fault("If-Match", "revision", f"the licence is at revision {current.revision}"),),
        )
    at = max(asked.at, current.changed_at)
    step = StatusChange(
        status=asked.status,
        effective_at=asked.effective_at or at,
        reason=asked.reason,
        actor=asked.actor,
        legal_basis=asked.legal_basis,
    )
    try:
        statuses = with_step(current.statuses, step)
    except IllegalStep as error:
        raise Refused(
            409, "The licence does not allow this step", (Fault("/status", "illegal-step", str(error)),)
        ) from error
    change = Change(
        actor=asked.actor or current.authority,
        reason=asked.reason,
        legal_basis=asked.legal_basis,
        effective_at=step.effective_at,
        party=asked.party,
    )
    licence = replace(current, revision=current.revision + 1, statuses=statuses, changed_at=at, change=change)
    return Decision(replace(known, current=licence), (licence,))


def refuse(known: Refusal | None, asked: RecordRefusal) -> Decision[Refusal]:
    """Record a refusal. The same again is a repeat."""
    if known is None:
        return Decision(asked.refusal, (asked.refusal,))
    if replace(known, changed_at=asked.refusal.changed_at) != asked.refusal:
        raise Refused(
            409,
            "Another refusal has this reference",
            (Fault("/ref", "ref-taken", f"{asked.refusal.ref} was recorded with other content"),),
        )
    return Decision(known)


def _is_repeat(licence: Licence, asked: ChangeStatus) -> bool:
    """Without a time, asking for the latest step again is a repeat; with one, any step equal to it."""
    steps = licence.statuses if asked.effective_at is not None else licence.statuses[-1:]
    return any(
        (step.status, step.reason, asked.effective_at or step.effective_at)
        == (asked.status, asked.reason, step.effective_at)
        for step in steps
    )


def terms_of(licence: Licence) -> Licence:
    """What the authority wrote of a licence. The time zone is ours to derive; the rest is history."""
    return replace(licence, revision=1, statuses=(), time_zone="", changed_at=_NEVER, change=None)


def _same_terms(one: Licence, other: Licence) -> bool:
    return terms_of(one) == terms_of(other)
