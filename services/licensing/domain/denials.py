"""Denials and their review: Reg. (EU) 2021/821 art. 16(2), which has them looked at every three years.

A denial is recorded once and then only reviewed: renewed, or revoked. From the third review on a renewal needs reasons.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from services.core.decision import Decision
from services.core.errors import Fault, Refused
from services.core.messages import Change, Denial, DenialStatus

YEARS_BETWEEN_REVIEWS: Final = 3
REASONED_FROM: Final = 3
LEGAL_BASIS: Final = "Reg. (EU) 2021/821 art. 16(2)"


class Outcome(StrEnum):
    """What a review ends with."""

    RENEWED = "renewed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it was held. `at`: when it is recorded."""

    ref: str
    outcome: Outcome
    reviewed_at: date
    reason: str | None
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A denial in the register: as it was recorded, and as it is."""

    recorded: Denial
    current: Denial


def three_years_after(day: date) -> date:
    """The same day three years on; 29 February becomes 28."""
    year = day.year + YEARS_BETWEEN_REVIEWS
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def new_denial(denial: Denial) -> Denial:
    """Revision 1. The review clock runs from the decision; where its day is not stated, from the day of recording."""
    due = three_years_after(denial.denied_at or denial.changed_at.date())
    return replace(denial, revision=1, status=DenialStatus.VALID, review_due=due)


def record(known: Known | None, denial: Denial, path: str) -> Decision[Known]:
    """Enter a denial. The same again is a repeat, whatever has happened to it since. `path`: where its reference is."""
    if known is None:
        return Decision(Known(denial, denial), (denial,))
    again = replace(denial, changed_at=known.recorded.changed_at, review_due=known.recorded.review_due)
    if again != known.recorded:
        detail = f"{denial.ref} was recorded with other content"
        raise Refused(409, "Another denial has this reference", (Fault(path, "ref-taken", detail),))
    return Decision(known)


def review(known: Known | None, asked: Review) -> Decision[Known]:
    """Renew or revoke. The latest review again is a repeat.

    Refused: 404 unknown, 409 revoked already or out of order, 422 without the reasons it needs.
    """
    if known is None:
        raise Refused(404, "No such denial")
    current = known.current
    if _is_repeat(current, asked):
        return Decision(known)
    if current.status is DenialStatus.REVOKED:
        raise _conflict("/outcome", "revoked", "a revoked denial is not reviewed")
    before = current.reviewed_at or current.denied_at
    if before is not None and asked.reviewed_at < before:
        raise _conflict("/reviewed_at", "out-of-order", f"before {before}, the day of what it follows")
    if asked.reviewed_at > asked.at.date():
        raise _unacceptable(
            "/reviewed_at", "in-the-future", f"a review is recorded once it was held: {asked.at.date()}"
        )
    number = current.reviews + 1
    if asked.reason is None and (number >= REASONED_FROM or asked.outcome is Outcome.REVOKED):
        raise _unacceptable("/reason", "reason-missing", f"review {number} ({asked.outcome}) must be reasoned")
    revoked = asked.outcome is Outcome.REVOKED
    reviewed = replace(
        current,
        revision=current.revision + 1,
        status=DenialStatus.REVOKED if revoked else DenialStatus.VALID,
        reviewed_at=asked.reviewed_at,
        review_due=None if revoked else three_years_after(asked.reviewed_at),
        reviews=number,
        change=_change(asked),
        changed_at=max(asked.at, current.changed_at),
    )
    return Decision(replace(known, current=reviewed), (reviewed,))


def is_overdue(denial: Denial, today: date) -> bool:
    """Whether its review should have been held."""
    return denial.status is DenialStatus.VALID and denial.review_due is not None and denial.review_due < today


def _change(asked: Review) -> Change:
    return Change(actor=asked.actor, reason=asked.reason, legal_basis=LEGAL_BASIS, effective_at=asked.at)


def _is_repeat(current: Denial, asked: Review) -> bool:
    change = current.change
    if change is None or current.reviewed_at != asked.reviewed_at:
        return False
    revoked = current.status is DenialStatus.REVOKED
    return (change.actor, change.reason, revoked) == (asked.actor, asked.reason, asked.outcome is Outcome.REVOKED)


def _conflict(path: str, code: str, detail: str) -> Refused:
    return Refused(409, "The denial does not allow this review", (Fault(path, code, detail),))


def _unacceptable(path: str, code: str, detail: str) -> Refused:
    return Refused(422, "The review is not acceptable", (Fault(path, code, detail),))
