"""Consultation before a grant: its clock in working days, silence, and what a grant in spite of a denial needs."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Refused
from services.licensing.adapters.working_days import working_days
from services.licensing.domain.consultation import (
    Answer,
    Consultation,
    Course,
    Decision,
    Standing,
    consult,
    decide,
    take_answer,
    working_days_after,
)

SENT, DUE, LATEST = date(2026, 3, 2), date(2026, 3, 16), date(2026, 4, 14)
ASKED = Consultation("DN1", "DE", SENT, DUE, LATEST)
GRANT = Decision("granted", "another installation", "o-1", DUE)


def asked() -> Course:
    return consult(Course(), ASKED, ["DN1"], SENT)


def answered(answer: Answer, course: Course | None = None, on: date = DUE, today: date = LATEST) -> Course:
    return take_answer(course or asked(), "DN1", answer, on, today)


def code(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        action()
    return refused.value.faults[0].code


@pytest.mark.parametrize(
    ("sent", "state", "ten", "thirty"),
    [
        ("2026-03-02", "DE", "2026-03-16", "2026-04-15"),  # Good Friday is Germany's, Easter Monday both's
        ("2026-12-21", "DE", "2027-01-06", "2027-02-03"),  # Christmas; the second day in Germany; New Year
        ("2026-07-10", "DE", "2026-07-27", "2026-08-24"),  # 21 July is Belgium's
        ("2026-07-10", "FR", "2026-07-28", "2026-08-25"),  # and 14 July is France's; 15 August a Saturday
    ],
)
def test_working_days_leave_out_the_holidays_of_both_states(sent: str, state: str, ten: str, thirty: str) -> None:
    is_working = working_days("BE", state)
    ends = [working_days_after(date.fromisoformat(sent), days, is_working) for days in (10, 30)]
    assert [end.isoformat() for end in ends] == [ten, thirty]


def test_codes_of_customs_have_calendars_and_unknown_ones_are_told() -> None:
    assert not working_days("EL")(date(2026, 3, 25)), "Independence Day of Greece"
    with pytest.raises(ValueError, match="QX"):
        working_days("BE", "QX")


@given(st.dates(date(2020, 1, 1), date(2050, 1, 1)), st.integers(1, 40))
def test_a_period_ends_on_a_working_day_after_so_many_of_them(day: date, count: int) -> None:
    def worked(one: date) -> bool:
        return one.weekday() < 5

    end = working_days_after(day, count, worked)
    passed = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert worked(end)
    assert sum(map(worked, passed)) == count


def test_silence_means_not_identical_from_the_day_after_it_is_due() -> None:
    assert [ASKED.standing(DUE), ASKED.standing(DUE + timedelta(days=1))] == [Standing.WAITING, Standing.SILENT]
    assert code(lambda: answered(Answer.IDENTICAL, on=DUE + timedelta(days=1))) == "too-late"
    assert answered(Answer.IDENTICAL).consultations[0].standing(LATEST) is Standing.IDENTICAL


def test_more_time_moves_the_last_day_to_thirty_working_days() -> None:
    longer = answered(Answer.MORE_TIME)
    assert longer.consultations[0].standing(LATEST) is Standing.WAITING
    done = answered(Answer.NOT_IDENTICAL, longer, on=LATEST)
    assert done.consultations[0].standing(LATEST) is Standing.NOT_IDENTICAL


def test_steps_come_in_order_once_and_a_repeat_changes_nothing() -> None:
    done = answered(Answer.IDENTICAL)
    assert answered(Answer.IDENTICAL, done) == done
    assert consult(asked(), ASKED, ["DN1"], SENT) == asked()
    assert code(lambda: answered(Answer.NOT_IDENTICAL, done)) == "answered"
    assert code(lambda: answered(Answer.IDENTICAL, on=SENT - timedelta(days=1))) == "out-of-order"
    assert code(lambda: take_answer(Course(), "DN1", Answer.IDENTICAL, DUE, DUE)) == "not-consulted"
    assert code(lambda: consult(Course(), ASKED, ["DN2"], SENT)) == "not-matched"
    other = Consultation("DN1", "FR", SENT, DUE, LATEST)
    assert code(lambda: consult(asked(), other, ["DN1"], SENT)) == "consulted"


def test_a_grant_waits_for_every_state_that_is_to_be_asked() -> None:
    assert code(lambda: decide(Course(), GRANT, ["DN1"])) == "consultation-open"
    assert code(lambda: decide(asked(), GRANT, ["DN1"])) == "consultation-open"
    silent = Decision("granted", "…", "o-1", DUE + timedelta(days=1))
    assert decide(asked(), silent, ["DN1"]).decision == silent, "silence is not a denial to grant in spite of"


def test_a_grant_in_spite_of_a_denial_is_to_be_notified_and_a_refusal_is_not() -> None:
    done = decide(answered(Answer.IDENTICAL), GRANT, ["DN1"])
    assert done.decision is not None
    assert done.decision.notify == ("DN1",)
    assert decide(done, GRANT, ["DN1"]) == done
    refusal = Decision("refused", "…", "o-1", DUE)
    assert decide(Course(), refusal, ["DN1"]).decision == refusal
    assert code(lambda: decide(done, refusal, ["DN1"])) == "decided"
    assert code(lambda: consult(done, ASKED, ["DN1"], DUE)) == "decided"
