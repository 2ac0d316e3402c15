"""Goods that left for a fair under EU004: awaited back within 120 days, and what shows that they are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Rejected
from services.core.messages import (
    Authorisation,
    AuthorisationKind,
    GeneralAuthorisation,
    Licence,
    LicenceStatus,
    LicenceType,
    Phase,
    Reference,
    ReferenceKind,
    Requirements,
    Severity,
    Track,
)
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.temporary import away_of
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import licence_reminder
from tests.builders import (
    ACCEPTED_AT,
    ISSUED,
    REF,
    a_demand,
    a_draw,
    a_licence,
    a_line,
    a_status,
    an_authorisation,
    mrn,
)
from tests.ledger_play import Play, recorded

OVERDUE = "re-import.overdue"
DAY = timedelta(days=1)
UNTIL = datetime(2026, 7, 2, 22, 0, tzinfo=UTC)
"""The end of 2 July in Brussels: 120 days after 4 March, when the goods left."""
FAIR = Reference(kind=ReferenceKind.EXHIBITION, ref="Hannover Messe", dated=date(2026, 4, 24))


@pytest.fixture(autouse=True)
def re_imports_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(row for row in licence_deadlines.AWAITED if row.name == "re-import.due")
    assert len(rows) == 1
    monkeypatch.setattr(licence_deadlines, "AWAITED", rows)


def for_fairs(**changes: Any) -> Licence:
    terms = {
        "type": LicenceType.UNION_GENERAL,
        "general": GeneralAuthorisation.EU004,
        "registered_at": date(2026, 1, 15),
        "references": (FAIR,),
    }
    return a_licence(a_line(quantity="1000", value="100000000"), **{**terms, **changes})


def left(number: int = 1, *draws: Any, after: timedelta = 2 * DAY, **changes: Any) -> Any:
    fields = {"mrn": mrn(number), "phase": Phase.EXITED, "final_exit": True, "occurred_at": ACCEPTED_AT + after}
    return a_demand(*draws, **{**fields, **changes})


def back(number: int = 1, day: date = date(2026, 7, 2), **changes: Any) -> Authorisation:
    fields = {"kind": AuthorisationKind.RE_IMPORT, "ref": f"IM/{number}", "mrn": mrn(number), "valid_to": None}
    return an_authorisation(**{**fields, "valid_from": day, **changes})


def test_goods_that_are_not_known_to_be_back_are_said_once_for_each_item() -> None:
    play = Play(for_fairs(), left(1, a_draw(), a_draw(item=2)))
    assert next_due(play.state) == UNTIL
    columns = play.quantity()
    findings = play.wait().findings
    assert [(one.code, one.mrn, one.item) for one in findings] == [(OVERDUE, mrn(1), 1), (OVERDUE, mrn(1), 2)]
    assert {(one.severity, one.track, one.raised_at) for one in findings} == {(Severity.CRITICAL, Track.BOTH, UNTIL)}
    [compared] = findings[0].comparisons
    assert (compared.declared, compared.licensed) == (
        "none",
        "by 2026-07-02: left on 2026-03-04 for Hannover Messe",
    )
    assert (play.quantity(), play.covers, next_due(play.state)) == (columns, [], None)
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def test_of_shipments_that_left_on_one_day_each_is_said_and_one_that_came_later_too() -> None:
    """Their waits end at one moment."""
    play = Play(for_fairs(), left(1), left(2), left(3), back(2)).wait()
    assert [one.mrn for one in play.findings] == [mrn(1), mrn(3)]
    play.ask(left(4)).wait()
    assert [one.mrn for one in play.findings] == [mrn(4)]


@pytest.mark.parametrize(
    "proof",
    [
        back(),
        back(kind=AuthorisationKind.RE_IMPORT_WAIVER, valid_from=date(2026, 8, 1)),
        back(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED), a_status(LicenceStatus.REINSTATED))),
    ],
)
def test_what_shows_that_they_are_back_or_need_not_be_ends_the_wait(proof: Authorisation) -> None:
    for messages in ([left(), proof], [proof, left()]):
        play = Play(for_fairs(), *messages)
        assert next_due(play.state) is None
        play.hand(licence_reminder(REF, UNTIL))
        assert play.codes == []


@pytest.mark.parametrize(
    ("proof", "declared"),
    [
        (back(day=date(2026, 7, 3)), "2026-07-03, too late"),
        (back(2), "none"),
        (back(statuses=(ISSUED, a_status(LicenceStatus.ANNULLED))), "2026-07-02, annulled"),
        (an_authorisation(), "none"),
    ],
)
def test_what_does_not_show_it_leaves_the_wait(proof: Authorisation, declared: str) -> None:
    play = Play(for_fairs(), left(), proof).wait()
    assert play.codes == [OVERDUE]
    assert play.findings[0].comparisons[0].declared == declared


def test_a_proof_that_is_annulled_is_awaited_again() -> None:
    play = Play(for_fairs(), left(), back())
    play.hand(back(revision=2, statuses=(ISSUED, a_status(LicenceStatus.ANNULLED))))
    assert play.wait().codes == [OVERDUE]


def test_the_days_count_from_release_until_the_exit_is_known() -> None:
    play = Play(for_fairs(), a_demand(phase=Phase.RELEASED))
    assert next_due(play.state) == UNTIL - 2 * DAY
    play.phase(mrn(1), Phase.EXITED, final_exit=True, occurred_at=ACCEPTED_AT + 2 * DAY)
    assert next_due(play.state) == UNTIL
    play.phase(mrn(1), Phase.INVALIDATED)
    assert next_due(play.state) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"general": GeneralAuthorisation.EU003},
        {"type": LicenceType.INDIVIDUAL, "general": None},
        {"registered_at": None},
        {"valid_to": None, "time_zone": "Asia/Tokyo", "registered_at": date(2026, 3, 3)},
    ],
)
def test_under_another_licence_or_without_cover_nothing_must_come_back(changes: dict[str, Any]) -> None:
    assert next_due(Play(for_fairs(**changes), left()).state) is None


def test_a_proof_is_no_leg_and_ends_none() -> None:
    """It changes no answer, and a leg that lapsed is not said again because it came."""
    terms = for_fairs(
        requires=Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
    )
    play = Play(terms, an_authorisation(), a_demand(phase=Phase.RELEASED))
    assert play.answer.reasons == ()
    play.hand(back(changed_at=datetime(2027, 6, 1, tzinfo=UTC)))
    assert (play.codes, play.covers, len(play.new_entries)) == ([], [], 1)
    play = Play(terms, back(), a_demand())
    assert play.answer.reasons == ("federal-authorisation.missing",)


def test_a_proof_of_no_shipment_is_rejected() -> None:
    with pytest.raises(Rejected, match="no kind"):
        Play(for_fairs(), back(mrn=None))


def test_goods_that_leave_at_the_end_of_the_calendar_are_not_waited_for() -> None:
    at = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    assert next_due(Play(for_fairs(valid_to=None), back(), left(occurred_at=at)).state) is None


STEP = st.tuples(
    st.sampled_from(["licence", "goods", "proof"]), st.integers(1, 3), st.sampled_from(Phase), st.integers(0, 9)
)


@given(st.lists(STEP, max_size=12))
def test_who_is_away_follows_from_what_the_ledger_holds_whatever_came_when(steps: list[Any]) -> None:
    play, revisions = Play(), dict.fromkeys(range(1, 4), 0)
    for what, number, phase, days in steps:
        if what == "licence" and play.state.terms is None:
            play.hand(for_fairs())
        elif what == "licence":
            play.change(general=GeneralAuthorisation.EU004 if days else GeneralAuthorisation.EU003)
        elif what == "goods":
            play.ask(a_demand(mrn=mrn(number), phase=phase, occurred_at=ACCEPTED_AT + days * DAY))
        else:
            revisions[number] += 1
            play.hand(back(number, date(2026, 7, days + 1), revision=revisions[number]))
        state = play.state
        assert state.away == away_of(state.terms, state.shipments.values(), state.authorisations)
        assert from_record(to_record(state)) == state
