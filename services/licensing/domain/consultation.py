"""Consultation of the state that denied an essentially identical transaction: Reg. (EU) 2021/821 art. 16(5).

It answers within 10 working days, or 30 where it asked for more; silence means that the transaction is not identical.
A grant in spite of a denial is notified to the Commission and the other Member States.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.core.errors import Fault, Refused

DAYS_TO_ANSWER: Final = 10
DAYS_AT_MOST: Final = 30
LEGAL_BASIS: Final = "Reg. (EU) 2021/821 art. 16(5)"


class Answer(StrEnum):
    """What a consulted state says."""

    IDENTICAL = "identical"
    NOT_IDENTICAL = "not-identical"
    MORE_TIME = "more-time"


class Standing(StrEnum):
    """How a consultation stands on a day."""

    WAITING = "waiting"
    IDENTICAL = "identical"
    NOT_IDENTICAL = "not-identical"
    SILENT = "silent, not identical"


@dataclass(frozen=True, slots=True)
class Consultation:
    """One denial that a state is asked about. `more_time`: it asked for the longer period."""

    denial: str
    state: str
    sent_at: date
    answer_due: date
    latest_due: date
    more_time: bool = False
    answer: Answer | None = None
    answered_at: date | None = None

    @property
    def due(self) -> date:
        """The last day on which an answer counts."""
        return self.latest_due if self.more_time else self.answer_due

    def standing(self, today: date) -> Standing:
        if self.answer is not None:
            return Standing(self.answer.value)
        return Standing.WAITING if today <= self.due else Standing.SILENT


@dataclass(frozen=True, slots=True)
class Decision:
    """What the authority decided after the check. `notify`: the denials in spite of which it was granted."""

    outcome: str
    reason: str
    actor: str
    decided_at: date
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """What has followed a check."""

    consultations: tuple[Consultation, ...] = ()
    decision: Decision | None = None


def working_days_after(day: date, count: int, is_working: Callable[[date], bool]) -> date:
    """The last day of a period of so many working days; the day it begins on is not counted (Reg. 1182/71 art. 3)."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def consult(course: Course, asked: Consultation, identical: Iterable[str], today: date) -> Course:
    """Begin a consultation. The same again changes nothing."""
    if asked.denial not in set(identical):
        raise _refused(422, "/denial", "not-matched", f"the check did not find {asked.denial} essentially identical")
    if asked.sent_at > today:
        raise _refused(422, "/sent_at", "in-the-future", f"today is {today}")
    _still_open(course)
    known = consultation_on(course, asked.denial)
    if known is None:
        return replace(course, consultations=(*course.consultations, asked))
    if (known.state, known.sent_at) != (asked.state, asked.sent_at):
        raise _refused(409, "/denial", "consulted", f"{known.state} was asked on {known.sent_at}")
    return course


def take_answer(course: Course, denial: str, answer: Answer, answered_at: date, today: date) -> Course:
    """Record what the state said, in time; the same again changes nothing. Later, its silence has spoken."""
    known = consultation_on(course, denial)
    if known is None:
        raise _refused(409, "/denial", "not-consulted", f"nobody was asked about {denial}")
    if (known.answer, known.answered_at) == (answer, answered_at):
        return course
    _still_open(course)
    if known.answer is not None:
        raise _refused(409, "/answer", "answered", f"answered {known.answer} on {known.answered_at}")
    if not known.sent_at <= answered_at <= today:
        raise _refused(422, "/answered_at", "out-of-order", f"not from {known.sent_at} to {today}")
    if answered_at > known.due:
        raise _refused(409, "/answered_at", "too-late", f"it had until {known.due}: its silence means not identical")
    if answer is Answer.MORE_TIME:
        changed = replace(known, more_time=True)
    else:
        changed = replace(known, answer=answer, answered_at=answered_at)
    return replace(course, consultations=tuple(changed if c is known else c for c in course.consultations))


def decide(course: Course, decision: Decision, identical: Sequence[str]) -> Course:
    """Record the authority's decision. A grant needs each state to have been asked, and to have answered or let it be.

    Where one said that the transaction is identical, the grant is one in spite of a denial, and is to be notified.
    """
    if course.decision is not None:
        if replace(decision, notify=course.decision.notify, decided_at=course.decision.decided_at) == course.decision:
            return course
        raise _refused(409, "/outcome", "decided", f"{course.decision.outcome} on {course.decision.decided_at}")
    if decision.outcome != "granted":
        return replace(course, decision=decision)
    notify: list[str] = []
    for denial in identical:
        known = consultation_on(course, denial)
        standing = None if known is None else known.standing(decision.decided_at)
        if known is None or standing is Standing.WAITING:
            detail = "its state was not consulted" if known is None else f"{known.state} may answer until {known.due}"
            raise _refused(409, "/outcome", "consultation-open", f"{denial}: {detail}")
        if standing is Standing.IDENTICAL:
            notify.append(denial)
    return replace(course, decision=replace(decision, notify=tuple(notify)))


def consultation_on(course: Course, denial: str) -> Consultation | None:
    """The one about this denial."""
    return next((one for one in course.consultations if one.denial == denial), None)


def _still_open(course: Course) -> None:
    if course.decision is not None:
        raise _refused(409, "", "decided", f"{course.decision.outcome} on {course.decision.decided_at}")


def _refused(status: int, path: str, code: str, detail: str) -> Refused:
    return Refused(status, "The check does not allow this", (Fault(path, code, detail),))
