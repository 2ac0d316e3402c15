"""The notice of first use of a general authorisation: awaited from the first export, and its absence said once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import GeneralAuthorisation, Licence, LicenceType, Phase, Severity, Track
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.first_use import FirstUse, first_use_of
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import licence_reminder
from tests.builders import ACCEPTED_AT, REF, a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play, recorded

OVERDUE = "general-licence.notice-overdue"
DAY = timedelta(days=1)
UNTIL = datetime(2026, 4, 1, 22, 0, tzinfo=UTC)
"""The end of 1 April in Brussels: 30 days after 2 March."""
EU001: dict[str, Any] = {
    "type": LicenceType.UNION_GENERAL,
    "general": GeneralAuthorisation.EU001,
    "registered_at": date(2026, 1, 15),
}


@pytest.fixture(autouse=True)
def notices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of use are waited for too (`test_usage_deadlines`)."""
    rows = tuple(row for row in licence_deadlines.AWAITED if row.name == "notice.due")
    assert len(rows) == 1
    monkeypatch.setattr(licence_deadlines, "AWAITED", rows)


def registered(**changes: Any) -> Licence:
    return a_licence(a_line(quantity="1000", value="100000000"), **{**EU001, **changes})


def exported(number: int = 1, phase: Phase = Phase.RELEASED, **changes: Any) -> Any:
    return a_demand(mrn=mrn(number), phase=phase, **changes)


def test_a_first_use_without_notice_is_said_once_after_thirty_days() -> None:
    play = Play(registered(), exported())
    assert next_due(play.state) == UNTIL
    columns = play.quantity()
    [finding] = play.wait().findings
    assert (finding.code, finding.severity, finding.track) == (OVERDUE, Severity.WARNING, Track.ADMINISTRATIVE)
    assert (finding.subject, finding.mrn, finding.raised_at) == (REF, None, UNTIL)
    [compared] = finding.comparisons
    assert (compared.declared, compared.licensed) == ("none", f"by 2026-04-01: first export {mrn(1)} on 2026-03-02")
    assert (play.quantity(), play.covers, tuple(play.state.raised)) == (columns, [], (finding.id,))
    assert next_due(play.state) is None
    play.ask(exported(2, accepted_at=ACCEPTED_AT - 9 * DAY))
    assert next_due(play.state) is None
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def test_a_revision_that_states_the_notice_ends_the_wait() -> None:
    play = Play(registered(), exported()).change(first_use_notified_at=date(2026, 3, 20))
    assert next_due(play.state) is None
    play.hand(licence_reminder(REF, UNTIL))
    assert (play.codes, [entry.raised for entry in play.new_entries]) == ([], [()])


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.NOT_RELEASED, Phase.INVALIDATED])
def test_what_was_not_released_is_no_export(phase: Phase) -> None:
    assert next_due(Play(registered(), exported(phase=phase)).state) is None


def test_it_counts_from_acceptance_and_its_days_do_not_change_when_goods_leave() -> None:
    play = Play(registered(), exported(occurred_at=ACCEPTED_AT + 3 * DAY))
    play.phase(mrn(1), Phase.EXITED, final_exit=True, occurred_at=ACCEPTED_AT + 9 * DAY)
    assert next_due(play.state) == UNTIL


def test_of_goods_declared_after_they_left_it_counts_from_their_exit() -> None:
    play = Play(registered(), exported(phase=Phase.EXITED, judged_at=ACCEPTED_AT - 5 * DAY))
    assert next_due(play.state) == datetime(2026, 3, 27, 23, 0, tzinfo=UTC)


def test_the_next_export_counts_when_the_first_is_invalidated() -> None:
    play = Play(registered(), exported(), exported(2, accepted_at=ACCEPTED_AT + 7 * DAY))
    play.phase(mrn(1), Phase.INVALIDATED)
    assert next_due(play.state) == UNTIL + 7 * DAY
    play.phase(mrn(2), Phase.INVALIDATED)
    assert next_due(play.state) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"type": LicenceType.GLOBAL, "general": None},
        {"registered_at": None},
        {"excluded_items": ("2B204",)},
        {"time_zone": "Asia/Tokyo", "registered_at": date(2026, 3, 3)},
    ],
)
def test_what_the_authorisation_does_not_cover_is_no_use_of_it(changes: dict[str, Any]) -> None:
    assert next_due(Play(registered(**changes), exported()).state) is None


def test_exports_before_the_registration_was_known_count_when_it_comes() -> None:
    play = Play(exported(), registered())
    assert play.wait().codes == [OVERDUE]


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"type": LicenceType.NATIONAL_GENERAL, "general": GeneralAuthorisation.NATIONAL}, UNTIL),
        ({"time_zone": "America/New_York"}, datetime(2026, 4, 2, 4, 0, tzinfo=UTC)),
        ({"general": GeneralAuthorisation.EU007}, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),
        ({"general": GeneralAuthorisation.EU008}, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),
    ],
)
def test_until_when_it_is_waited_for(changes: dict[str, Any], until: datetime) -> None:
    """Under EU007 and EU008 notice is given before the first export."""
    play = Play(registered(**changes), exported())
    assert next_due(play.state) == until
    assert play.wait().codes == [OVERDUE]


@pytest.mark.parametrize(
    ("general", "by"),
    [("EU001", "2026-04-01"), ("EU006", "2026-04-01"), ("EU007", "2026-01-31"), ("EU008", "2026-02-20")],
)
def test_the_day_by_which_it_was_to_be_given_is_said(general: str, by: str) -> None:
    """Annex II: within 30 days after it; section G point 6, 30 days before it; section H point 4, 10 days before it."""
    [finding] = Play(registered(general=GeneralAuthorisation(general)), exported()).wait().findings
    assert finding.comparisons[0].licensed.startswith(f"by {by}: ")


def test_the_end_of_the_calendar_is_not_waited_for() -> None:
    play = Play(registered(valid_to=None), exported(accepted_at=datetime(9999, 12, 30, tzinfo=UTC)))
    assert next_due(play.state) is None


STEP = st.tuples(st.integers(1, 4), st.sampled_from(Phase), st.integers(0, 5), st.sampled_from(["1", "600"]))


@given(st.lists(STEP, max_size=12), st.integers(0, 12))
def test_the_first_use_is_that_of_all_shipments_whatever_came_when(steps: list[Any], known_from: int) -> None:
    play = Play()
    for place, (number, phase, days, quantity) in enumerate(steps):
        if place == known_from:
            play.hand(registered())
        at = ACCEPTED_AT + days * DAY
        play.ask(a_demand(a_draw(quantity), mrn=mrn(number), phase=phase, accepted_at=at))
        assert play.state.first_use == first_use_of(play.state.terms, play.state.shipments.values())
    expected = [
        FirstUse(held.demand.accepted_at, held.mrn)
        for held in play.state.shipments.values()
        if held.demand.phase in {Phase.RELEASED, Phase.EXITED} and held.draws[0].verdict.name == "COVERED"
    ]
    assert play.state.first_use == (min(expected, default=None) if play.state.terms else None)
    assert from_record(to_record(play.state)) == play.state
