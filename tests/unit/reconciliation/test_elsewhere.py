"""What customs of another Member State cleared: drawn once, whoever tells of it; and the notice that is awaited."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import Basis, DrawVerdict, LicenceType, Phase, ReportChannel, ReportKind, UsageReport
from services.core.values import CountryCode, Mrn
from services.reconciliation.adapters.comparison_view import comparison_view
from services.reconciliation.domain import licence_deadlines
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import licence_reminder
from tests.builders import ACCEPTED_AT, REF, a_demand, a_draw, a_licence, a_line
from tests.builders_usage import a_report, months
from tests.ledger_play import Play, recorded

MISSING, DIFFERENCE, OVERRUN = "write-off.notice-missing", "usage.report-difference", "quantity.overrun"
CUMULATIVE = ReportKind.CUMULATIVE
LINE = a_line(basis=Basis.QUANTITY, quantity="10", value=None, currency=None)
IN_MARCH = ACCEPTED_AT
"""2 March."""
UNTIL = datetime(2026, 4, 30, 22, tzinfo=UTC)
"""The end of 30 April in Brussels: a month after the 31st of March has no 31st."""
EARLY = datetime(2026, 4, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def notices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """That use is reported by the year, and as customs saw it, is looked for too (`test_usage_deadlines`)."""
    rows = tuple(row for row in licence_deadlines.AWAITED if row.name == "write-off.due")
    assert len(rows) == 1
    monkeypatch.setattr(licence_deadlines, "AWAITED", rows)


def licence(**changes: Any) -> Any:
    return a_licence(LINE, **{"type": LicenceType.GLOBAL, **changes})


def said(quantity: str, name: str = "R1", state: str = "NL", **changes: Any) -> UsageReport:
    """What the holder exported through there, in March."""
    fields = {"channel": ReportChannel.EXPORT, "cleared_in": CountryCode(state), "reported_at": EARLY, **months(3, 3)}
    return a_report(name, quantity, **{**fields, **changes})


def cleared(quantity: str, number: int = 1, state: str = "NL", at: datetime = IN_MARCH, **changes: Any) -> Any:
    """What customs there let go."""
    press = a_draw(quantity, None, currencies=())
    fields = {"mrn": Mrn(f"26{state}343000{number:06d}A1"), "phase": Phase.RELEASED, "accepted_at": at}
    return a_demand(press, **{**fields, **changes})


def test_it_is_drawn_once_whatever_is_told_first() -> None:
    for messages in ([said("7"), cleared("4")], [cleared("4"), said("7")]):
        for known_from in range(3):
            play = Play(*messages[:known_from], licence(), *messages[known_from:])
            assert play.quantity()[1] == 7
            assert list(verify(recorded(play.entries))) == []
            play.ask(cleared("5", 2))
            assert play.quantity()[1] == 9, "more was written off than is reported"


def test_a_notice_of_all_that_is_reported_is_covered_though_the_line_is_used_up() -> None:
    play = Play(licence(), said("10"), cleared("10"))
    assert (play.answer.verdict, play.codes, play.quantity()) == (DrawVerdict.COVERED, [], (0, 10, 0))
    play.phase(cleared("10").mrn, Phase.EXITED, final_exit=True)
    assert play.quantity() == (0, 10, 10)
    play.ask(cleared("1", 2))
    assert play.answer.reasons == (OVERRUN,)


def test_one_that_was_refused_is_covered_once_the_holder_reports_it() -> None:
    """The report draws no more than others do; what it draws is the shipment's to take."""
    play = Play(licence(), said("8", "BE", "FR"), cleared("4", phase=Phase.ACCEPTED))
    assert play.answer.reasons == (OVERRUN,)
    play.hand(said("4", "NL"))
    assert play.codes == [OVERRUN]
    play.hand(said("2", "back", "FR", kind=ReportKind.CONTRA))
    assert (play.answer.verdict, play.quantity()) == (DrawVerdict.COVERED, (4, 10, 10))
    play.phase(cleared("4").mrn, Phase.RELEASED)
    assert play.quantity() == (0, 10, 6)


def test_what_is_withdrawn_there_is_drawn_by_the_report_again() -> None:
    play = Play(licence(), said("7"), cleared("7"))
    play.phase(cleared("7").mrn, Phase.INVALIDATED)
    assert play.quantity() == (0, 7, 7)
    play.hand(said("0", "none", kind=CUMULATIVE))
    assert play.quantity() == (0, 0, 0)


@pytest.mark.parametrize(
    "shipment",
    [
        cleared("2", at=IN_MARCH - timedelta(days=5)),
        cleared("2", state="FR"),
        cleared("2", state="BE"),
        cleared("2", at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC)),
    ],
)
def test_of_another_period_or_state_both_draw(shipment: Any) -> None:
    play = Play(licence(), said("7"), shipment)
    assert play.quantity()[1] == 9
    assert Play(licence(), shipment, said("7")).quantity()[1] == 9


def test_in_another_time_zone_it_falls_into_the_period() -> None:
    play = Play(licence(), said("7"), cleared("2", at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC)))
    assert play.change(time_zone="UTC").quantity()[1] == 7
    assert list(verify(recorded(play.entries))) == []


def test_a_notice_that_does_not_come_within_a_month_is_said() -> None:
    play = Play(licence(), said("7"), cleared("4"))
    assert next_due(play.state) == UNTIL
    [finding] = play.wait().findings
    assert (finding.code, finding.line, finding.subject, finding.raised_at) == (MISSING, 1, REF, UNTIL)
    [compared] = finding.comparisons
    assert compared.what == "quantity cleared in NL from 2026-03-01 to 2026-03-31, reported and written off"
    assert (compared.declared, compared.licensed) == ("7 NAR", "4 NAR")
    assert next_due(play.state) is None
    assert next_due(play.ask(cleared("3", 2)).state) is None
    assert from_record(to_record(play.state)) == play.state


@pytest.mark.parametrize(
    ("messages", "codes"),
    [
        ([said("7"), cleared("4"), cleared("3", 2)], []),
        ([said("7"), cleared("8")], [DIFFERENCE]),
        ([said("0", kind=CUMULATIVE)], []),
        ([said("7", "R1", "BE")], []),
        ([cleared("3")], []),
        ([a_report("R1", "7")], []),
    ],
)
def test_what_was_told_by_then_is_compared(messages: list[Any], codes: list[str]) -> None:
    play = Play(licence(), *messages)
    play.hand(licence_reminder(REF, UNTIL))
    assert play.codes == codes


def test_when_more_is_reported_it_is_looked_at_again_at_the_end_of_that_day() -> None:
    play = Play(licence(), said("4"), cleared("4")).wait()
    assert play.codes == []
    late = datetime(2026, 6, 1, 9, tzinfo=UTC)
    play.hand(said("3", "R2", kind=ReportKind.LATE, reported_at=late))
    assert next_due(play.state) == datetime(2026, 6, 1, 22, tzinfo=UTC)
    assert play.wait().codes == [MISSING]


def test_our_customs_did_not_see_it_and_no_difference_is_found() -> None:
    play = Play(licence(), said("7"), cleared("4"), cleared("2", state="BE"), said("2", "own", cleared_in=None))
    state = play.state
    assert state.terms is not None
    reports, shipments = state.usage.reports, state.shipments.values()
    year = comparison_view(state.terms, reports, shipments, date(2026, 1, 1), date(2026, 12, 31))
    figures = year["lines"][0]["quantity"]
    names = ("reported", "unseen", "consumed", "elsewhere", "difference")
    assert [figures[name] for name in names] == ["2", "7", "2", "4", "0"]


STATES, PERIODS = st.sampled_from(["NL", "FR", "BE"]), st.tuples(st.integers(1, 3), st.integers(1, 3))
REPORTED = st.tuples(
    st.just("said"), STATES, PERIODS, st.integers(0, 6), st.sampled_from([CUMULATIVE, ReportKind.DELTA])
)
CLEARED = st.tuples(st.just("cleared"), STATES, st.integers(1, 3), st.integers(1, 6), st.sampled_from(Phase))


@given(st.lists(st.one_of(REPORTED, CLEARED), max_size=9), st.integers(0, 9))
def test_each_period_draws_the_more_of_what_is_reported_and_written_off(steps: list[Any], known_from: int) -> None:
    """Against a count of its own: month by month, for periods that are reported as one are whole months."""
    play, reports = Play(), list[UsageReport]()
    for place, step in enumerate(steps):
        if place == known_from:
            play.hand(licence())
        if step[0] == "said":
            _, state, (one, other), amount, kind = step
            report = said(str(amount), f"R{place}", state, kind=kind, **months(min(one, other), max(one, other)))
            if any(_clash(report, known) for known in reports):
                continue
            reports.append(report)
            play.hand(report)
        else:
            _, state, month, amount, phase = step
            play.ask(cleared(str(amount), place % 3, state, datetime(2026, month, 9, tzinfo=UTC), phase=phase))
    if play.state.terms is None:
        play.hand(licence())
    balance = play.quantity()
    held = {mrn: one.draws[0].consumed_quantity for mrn, one in play.state.shipments.items()}
    assert balance[1] == sum(held.values()) + _counted(play, reports, held)
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def _clash(one: UsageReport, other: UsageReport) -> bool:
    """Kept simple for the count: periods of a state are equal or apart, and a total comes before what is added."""
    if one.cleared_in != other.cleared_in:
        return False
    together = one.period_from <= other.period_to and other.period_from <= one.period_to
    return together and ((one.period_from, one.period_to) != (other.period_from, other.period_to))


def _counted(play: Play, reports: list[UsageReport], held: dict[Mrn, Decimal]) -> Decimal:
    beyond = Decimal(0)
    for state, first, last in {(one.cleared_in, one.period_from, one.period_to) for one in reports}:
        reported = Decimal(0)
        for one in reports:
            if (one.cleared_in, one.period_from) == (state, first):
                reported = (one.quantity or Decimal(0)) + (Decimal(0) if one.kind is CUMULATIVE else reported)
        seen = sum(
            amount
            for mrn, amount in held.items()
            if mrn[2:4] == state != "BE" and first <= play.state.shipments[mrn].demand.accepted_at.date() <= last
        )
        beyond += max(Decimal(0), reported - seen)
    return beyond


def test_a_report_that_waited_and_does_not_fit_gives_way_to_nothing() -> None:
    play = Play(replace(said("7"), unit=None), cleared("4"), licence(), cleared("4", 2))
    assert play.quantity()[1] == 8
