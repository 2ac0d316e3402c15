"""When use is to be reported, what is raised when it is not, and when holder and customs differ: once for each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.core.messages import (
    Basis,
    LicenceStatus,
    LicenceType,
    Phase,
    ReportChannel,
    ReportKind,
    Severity,
    UsageReport,
)
from services.core.values import CountryCode
from services.reconciliation.adapters.comparison_view import comparison_view
from services.reconciliation.domain.deadlines import GRACE
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.licence_deadlines import next_due
from services.reconciliation.domain.usage_deadlines import unreported
from services.reconciliation.domain.verification import verify
from tests.builders import ISSUED, a_demand, a_draw, a_licence, a_line, a_status, mrn
from tests.builders_usage import a_report, months
from tests.ledger_play import Play, recorded

OVERDUE, DIFFERENCE = "usage.report-overdue", "usage.report-difference"
EXPORT = ReportChannel.EXPORT
GLOBAL = {"type": LicenceType.GLOBAL, "valid_to": date(2028, 1, 14)}
LINE = a_line(basis=Basis.QUANTITY, quantity="10", value=None, currency=None)
DEADLINE = datetime(2027, 1, 31, 23, tzinfo=UTC)
"""The end of 31 January in Brussels."""
CLOSES = DEADLINE + GRACE
LATE = DEADLINE + timedelta(days=9, hours=12)


def total(name: str, quantity: str, **changes: Any) -> UsageReport:
    """All exports of 2026."""
    year = {"period_from": date(2026, 1, 1), "period_to": date(2026, 12, 31)}
    return a_report(name, quantity, **{"kind": ReportKind.CUMULATIVE, "channel": EXPORT, **year, **changes})


def released(*reports: UsageReport, **changes: Any) -> Play:
    """A licence of which customs saw one press leave, and what was reported."""
    press = a_draw("1", None, currencies=())
    play = Play(a_licence(LINE, **{**GLOBAL, **changes}), a_demand(press))
    play.phase(mrn(1), Phase.RELEASED)
    for report in reports:
        play.hand(report)
    return play


def dues(play: Play, most: int = 4) -> list[datetime]:
    found: list[datetime] = []
    while len(found) < most and (due := next_due(play.state)) is not None:
        found.append(due)
        play.wait()
    return found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (GLOBAL, [DEADLINE, datetime(2028, 1, 31, 23, tzinfo=UTC), datetime(2029, 1, 31, 23, tzinfo=UTC)]),
        ({**GLOBAL, "type": LicenceType.LARGE_PROJECT, "valid_to": date(2026, 6, 30)}, [DEADLINE]),
        ({"valid_to": date(2026, 6, 30)}, [datetime(2026, 7, 30, 22, tzinfo=UTC)]),
        ({"valid_to": date(2027, 1, 31)}, [DEADLINE, datetime(2027, 2, 28, 23, tzinfo=UTC)]),
        ({"statuses": (ISSUED, a_status(LicenceStatus.EXHAUSTED))}, [datetime(2026, 4, 2, 22, tzinfo=UTC)]),
        ({"type": LicenceType.TRANSIT}, []),
    ],
)
def test_use_is_reported_by_the_year_and_of_an_individual_licence_also_when_it_ends(
    changes: dict[str, Any], expected: list[datetime]
) -> None:
    assert dues(Play(a_licence(**changes))) == [due + GRACE for due in expected]


def test_without_a_step_or_reinstated_at_once_it_ends_with_its_term() -> None:
    revoked = a_status(LicenceStatus.REVOKED)
    for steps in ((), (ISSUED, revoked, replace(revoked, status=LicenceStatus.REINSTATED))):
        play = Play(a_licence(type=LicenceType.INDIVIDUAL, valid_to=date(2026, 6, 30), statuses=steps))
        assert dues(play) == [datetime(2026, 7, 31, 22, tzinfo=UTC)]


def test_a_general_authorisation_without_end_is_reported_every_year() -> None:
    play = Play(a_licence(type=LicenceType.UNION_GENERAL, valid_to=None))
    assert [due.year for due in dues(play)] == [2027, 2028, 2029, 2030]


def test_years_that_closed_before_the_licence_was_known_are_not_asked_for() -> None:
    play = Play(a_licence(type=LicenceType.GLOBAL, valid_from=date(2023, 3, 1), valid_to=date(2026, 5, 1)))
    assert dues(play) == [CLOSES], "the licence came in March 2026"


def test_a_report_that_does_not_come_is_said_once_with_the_days_that_lack() -> None:
    play = Play(a_licence(LINE, **GLOBAL), a_report("A", "1"))
    [finding] = play.wait().findings
    assert (finding.code, finding.severity, finding.line) == (OVERDUE, Severity.WARNING, None)
    assert [(c.declared, c.licensed) for c in finding.comparisons] == [
        ("2026-01-15 to 2026-01-31, 2026-03-01 to 2026-12-31", "2026-01-15 to 2026-12-31 by 2027-01-31")
    ]
    assert finding.raised_at == CLOSES
    assert next_due(play.state) == datetime(2028, 2, 1, 23, tzinfo=UTC)
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


@pytest.mark.parametrize("parts", [[(1, 12)], [(1, 6), (7, 12)]])
def test_what_is_reported_in_time_is_not_overdue_and_nothing_is_a_report(parts: list[tuple[int, int]]) -> None:
    nil = [total(f"R{first}", "0", **_period(first, last)) for first, last in parts]
    assert Play(a_licence(LINE, **GLOBAL), *nil).wait().codes == []


def _period(first: int, last: int) -> dict[str, Any]:
    return {"period_from": date(2026, first, 1), "period_to": date(2026, last, {6: 30, 12: 31}[last])}


def test_holder_and_customs_differ_when_the_year_closes() -> None:
    assert released(total("A", "1")).wait().codes == []
    play = released(total("A", "3")).wait()
    [finding] = play.findings
    assert (finding.code, finding.line, finding.subject) == (DIFFERENCE, 1, play.state.licence)
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("quantity reported in 2026", "3 NAR", "10 NAR"),
        ("quantity seen by customs in 2026", "1 NAR", "10 NAR"),
    ]
    assert finding.id in play.state.raised
    assert list(verify(recorded(play.entries))) == []


def test_what_is_not_reported_at_all_is_overdue_and_not_compared() -> None:
    assert released().wait().codes == [OVERDUE]


def test_a_late_report_is_compared_at_the_end_of_its_day_with_all_that_came_on_it() -> None:
    play = released().wait()
    play.hand(total("A", "3", reported_at=LATE))
    assert next_due(play.state) == datetime(2027, 2, 10, 23, tzinfo=UTC)
    play.hand(total("B", "1", reported_at=LATE + timedelta(hours=1)))
    assert play.wait().codes == [], "the last total of the day is what customs saw"
    play.hand(total("C", "3", reported_at=LATE + timedelta(days=1)))
    assert play.wait().codes == [DIFFERENCE]
    play.hand(total("E", "4", reported_at=LATE + timedelta(days=1)))
    assert play.wait().codes == [DIFFERENCE], "what is handled after the end of its day is compared too"
    visit = total("D", "2", reported_at=LATE + timedelta(days=2), channel=ReportChannel.VISIT)
    assert play.hand(visit).wait().codes == [], "the same figures are raised once"


def test_a_report_in_time_that_is_handled_after_the_year_closed_is_compared_too() -> None:
    in_time = DEADLINE - timedelta(hours=30)
    play = released(total("A", "1", reported_at=in_time)).wait()
    assert play.codes == []
    play.hand(total("B", "3", reported_at=in_time + timedelta(hours=1)))
    assert next_due(play.state) == CLOSES + timedelta(microseconds=1)
    assert play.wait().codes == [DIFFERENCE]
    assert released().wait().hand(total("A", "3", reported_at=in_time)).wait().codes == [DIFFERENCE]


def test_a_report_in_time_that_is_a_day_on_its_way_is_not_missed() -> None:
    in_time = total("A", "1", reported_at=DEADLINE - timedelta(minutes=1))
    assert next_due(released().state) == CLOSES, "a day is left to what is on its way"
    play = released(in_time).wait()
    assert (play.state.reminded, play.codes) == (CLOSES, [])


def release(number: int, **changes: Any) -> Any:
    press = a_draw("1", None, currencies=())
    occurred_at = datetime(2026, 12, 20, tzinfo=UTC)
    return a_demand(press, mrn=mrn(number), phase=Phase.RELEASED, **{"occurred_at": occurred_at, **changes})


def test_what_customs_says_late_of_a_closed_year_is_compared_once_it_is_there() -> None:
    play = released(total("A", "1")).wait()
    assert (play.codes, next_due(play.state)) == ([], datetime(2028, 2, 1, 23, tzinfo=UTC))
    play.ask(release(2))
    assert next_due(play.state) == CLOSES + timedelta(microseconds=1)
    [finding] = play.wait().findings
    assert (finding.code, [c.declared for c in finding.comparisons]) == (DIFFERENCE, ["1 NAR", "2 NAR"])
    assert next_due(play.state) == datetime(2028, 2, 1, 23, tzinfo=UTC)
    play.ask(release(3, occurred_at=datetime(2027, 3, 1, tzinfo=UTC)))
    assert next_due(play.state) == datetime(2028, 2, 1, 23, tzinfo=UTC), "of another year"
    play.phase(mrn(2), Phase.INVALIDATED)
    assert next_due(play.state) == datetime(2028, 2, 1, 23, tzinfo=UTC), "these figures were compared before"
    play.phase(mrn(1), Phase.INVALIDATED)
    assert play.wait().codes == [DIFFERENCE], "nothing is left"
    assert list(verify(recorded(play.entries))) == []
    assert from_record(to_record(play.state)) == play.state


def test_days_are_those_of_the_zone_that_a_revision_states() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    play = released(total("A", "1")).ask(release(2, occurred_at=late)).change(time_zone="UTC")
    assert play.wait().codes == [DIFFERENCE]
    assert from_record(to_record(play.state)) == play.state


def test_days_in_no_report_are_found_between_and_around_them() -> None:
    first, last = date(2026, 1, 1), date(2026, 6, 30)
    reports = [a_report("A", **months(2, 2)), a_report("B", **months(2, 3)), a_report("C", **months(5, 5))]
    assert [(a.month, b.month) for a, b in unreported(reports, first, last)] == [(1, 1), (4, 4), (6, 6)]
    assert unreported([a_report("A", **months(1, 6))], first, last) == []


def test_the_comparison_shows_three_figures_of_the_days_asked_for() -> None:
    elsewhere = {"channel": EXPORT, "cleared_in": CountryCode("NL")}
    play = released(total("A", "3"), a_report("B", "2", **elsewhere), a_report("C", "0.5"))
    terms, state = play.state.terms, play.state
    assert terms is not None

    def shown(first: date, last: date) -> Any:
        return comparison_view(terms, state.usage.reports, state.shipments.values(), first, last)

    year = shown(date(2026, 1, 1), date(2026, 12, 31))
    figures = {
        "licensed": "10",
        "reported": "3",
        "unseen": "2.5",
        "consumed": "1",
        "exited": "0",
        "elsewhere": "0",
        "difference": "2",
    }
    assert year["lines"] == [{"line": 1, "unit": "NAR", "currency": None, "quantity": figures, "value": None}]
    assert year["crossing"] == []
    march = shown(date(2026, 3, 1), date(2026, 3, 31))
    assert march["lines"][0]["quantity"] | {"licensed": None} == {
        "licensed": None,
        "reported": "0",
        "unseen": "0",
        "consumed": "1",
        "exited": "0",
        "elsewhere": "0",
        "difference": "-1",
    }
    assert march["crossing"] == ["A"]
    assert shown(date(2026, 4, 1), date(2026, 4, 30))["lines"][0]["quantity"]["consumed"] == "0"
