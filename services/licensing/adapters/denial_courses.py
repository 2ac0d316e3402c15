"""What follows a check against denials, over HTTP: consultations, answers and the decision. Kept with the check."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from services.core.errors import Fault, Refused
from services.licensing.adapters.answers import now
from services.licensing.adapters.faults import NOT_ACCEPTABLE, DoorRoute
from services.licensing.adapters.fields import Body, Country, Day, LongText, Reference, ShortText
from services.licensing.adapters.working_days import working_days
from services.licensing.domain.consultation import (
    DAYS_AT_MOST,
    DAYS_TO_ANSWER,
    LEGAL_BASIS,
    Answer,
    Consultation,
    Course,
    Decision,
    consult,
    decide,
    take_answer,
    working_days_after,
)
from services.runtime.database import Database

OWN_STATE = "BE"
_COURSE = TypeAdapter(Course)
_CHECK = """
SELECT c.found, d.course FROM licensing.denial_check c LEFT JOIN licensing.denial_course d ON d.check_id = c.id
WHERE c.id = %s
"""
_KEEP = """
INSERT INTO licensing.denial_course (check_id, course, changed_at) VALUES (%s, %s, %s)
ON CONFLICT (check_id) DO UPDATE SET course = excluded.course, changed_at = excluded.changed_at
"""
Change = Callable[[Course, Sequence[str]], Course]


class ConsultationBody(Body):
    """`state`: the one that is asked, by its code; its public holidays and ours do not count."""

    denial: Reference
    state: Country
    sent_at: Day | None = None


class AnswerBody(Body):
    denial: Reference
    answer: Literal["identical", "not-identical", "more-time"]
    answered_at: Day | None = None


class DecisionBody(Body):
    outcome: Literal["granted", "refused"]
    reason: LongText
    actor: ShortText


class DenialCourses:
    """Courses in PostgreSQL; requests on one check follow each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, check_id: str, today: date) -> dict[str, Any]:
        """The course on a day. Refused 404 when there is no such check."""
        rows = await self._database.rows(_CHECK.encode(), (check_id,))
        if not rows:
            raise Refused(404, "No such check")
        return _view(_read(rows[0]["course"]), today)

    async def change(self, check_id: str, change: Change, at: datetime) -> dict[str, Any]:
        """The course as it stands after. Refused 404 when there is no such check."""
        async with self._database.transaction() as connection:
            row = await (await connection.execute(f"{_CHECK} FOR NO KEY UPDATE OF c".encode(), (check_id,))).fetchone()
            if row is None:
                raise Refused(404, "No such check")
            identical = [one["denial"] for one in row["found"] if one["band"] == "essentially-identical"]
            course = change(_read(row["course"]), identical)
            kept = _COURSE.dump_python(course, mode="json")
            await connection.execute(_KEEP, (check_id, Jsonb(kept), at))
        return _view(course, at.date())


def course_router(courses: DenialCourses) -> APIRouter:
    """The routes of what follows a check."""
    router = APIRouter(route_class=DoorRoute, prefix="/v1/denial-checks/{check_id}", tags=["licensing"])

    @router.get("/course")
    async def show(check_id: str) -> Response:
        return JSONResponse(await courses.one(_id(check_id), now().date()))

    @router.post("/consultations")
    async def begin(check_id: str, body: ConsultationBody) -> Response:
        at = now()
        asked = _consultation(body, at.date())
        done = await courses.change(_id(check_id), lambda c, found: consult(c, asked, found, at.date()), at)
        return JSONResponse(done)

    @router.post("/answers")
    async def answer(check_id: str, body: AnswerBody) -> Response:
        at = now()
        given, day = Answer(body.answer), body.answered_at or at.date()
        done = await courses.change(_id(check_id), lambda c, _: take_answer(c, body.denial, given, day, at.date()), at)
        return JSONResponse(done)

    @router.post("/decision")
    async def decision(check_id: str, body: DecisionBody) -> Response:
        at = now()
        made = Decision(body.outcome, body.reason, body.actor, at.date())
        return JSONResponse(await courses.change(_id(check_id), lambda c, found: decide(c, made, found), at))

    return router


def _id(check_id: str) -> str:
    if not check_id.isalnum():
        raise Refused(404, "No such check")
    return check_id


def _consultation(body: ConsultationBody, today: date) -> Consultation:
    sent = body.sent_at or today
    if sent > today:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("/sent_at", "in-the-future", f"today is {today}"),))
    try:
        is_working = working_days(OWN_STATE, body.state)
    except ValueError as error:
        raise Refused(422, NOT_ACCEPTABLE, (Fault("/state", "calendar-unknown", str(error)),)) from error
    due, latest = (working_days_after(sent, days, is_working) for days in (DAYS_TO_ANSWER, DAYS_AT_MOST))
    return Consultation(body.denial, body.state, sent, due, latest)


def _read(stored: Any) -> Course:
    return Course() if stored is None else _COURSE.validate_python(stored)


def _view(course: Course, today: date) -> dict[str, Any]:
    """`standing` is that of the day; a grant in spite of a denial shows the notice that it needs."""
    decision = course.decision
    notice = None
    if decision is not None and decision.notify:
        notice = {
            "to": "the Commission and the other Member States",
            "legal_basis": LEGAL_BASIS,
            "denials": list(decision.notify),
            "reason": decision.reason,
        }
    shown: dict[str, Any] = _COURSE.dump_python(course, mode="json")
    for view, one in zip(shown["consultations"], course.consultations, strict=True):
        view |= {"due": one.due.isoformat(), "standing": one.standing(today).value}
    return {**shown, "notice": notice}
