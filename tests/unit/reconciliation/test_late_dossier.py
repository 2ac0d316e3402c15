"""What runs out in a dossier: a finding of each, once, and an alert of each dossier."""

from datetime import UTC, datetime, timedelta

from services.alerting.domain.alert import Case, alert_id
from services.alerting.handlers import raise_alert
from services.core.messages import Dossier, Finding, Severity, Track
from services.licensing.domain.dossiers import RunOut, run_out
from services.reconciliation.domain.watch_list import empty_list
from services.reconciliation.handlers.screening import say_what_ran_out
from tests.builders_dossiers import a_dossier, after, all_checked

OVER = datetime(2026, 3, 16, 23, 0, tzinfo=UTC)
"""The end of the last day of all checks, in Brussels."""
ADVISED = datetime(2026, 4, 14, 22, 0, tzinfo=UTC)
"""That of the advice."""
LIST = empty_list("share-0")


def late(of: Dossier, at: datetime = OVER) -> Dossier:
    return run_out(of, RunOut(of.ref, at)).state


def raised(of: Dossier) -> list[Finding]:
    decision = say_what_ran_out(LIST, of, OVER)
    assert decision.state is LIST
    return [one for one in decision.outputs if isinstance(one, Finding)]


def test_each_check_that_is_late_is_raised_with_whose_it_is() -> None:
    findings = raised(late(after(a_dossier(), "check-done")))
    assert [(one.code, one.subject, one.mrn, one.licence) for one in findings] == 7 * [
        ("dossier.overdue", "DOS/2026/7", None, None)
    ]
    assert {(one.severity, one.track, one.raised_at) for one in findings} == {
        (Severity.WARNING, Track.ADMINISTRATIVE, OVER)
    }
    compared = {one.comparisons[0].what: one.comparisons[0].licensed for one in findings}
    assert compared["completeness, by BE-VLG"] == "by 2026-03-16"
    assert compared["safeguards, by BE-FED"] == "by 2026-03-16"
    assert "DOS/2026/7 of APP/2026/41" in findings[0].summary


def test_the_advice_is_raised_for_whose_turn_it_is() -> None:
    (asked,) = raised(late(after(all_checked(a_dossier()), "advice-requested"), ADVISED))
    assert asked.comparisons[0].what == "advice, by BE-FED"
    voluntary = after(all_checked(a_dossier(involvement="voluntary")), "advice-requested", "advice-given", "linked")
    (given,) = raised(late(voluntary, ADVISED))
    assert (given.comparisons[0].what, given.comparisons[0].licensed) == ("advice, by BE-VLG", "by 2026-03-18")
    assert "(VL/2026/000123)" in given.summary


def test_a_revision_says_what_ran_out_in_it_and_nothing_else() -> None:
    of = late(a_dossier())
    assert raised(a_dossier()) == []
    assert raised(after(of, "check-done")) == []
    assert raised(of) == raised(of)
    again = late(after(of, "check-done", "check-reopened"), OVER + timedelta(days=1))
    (finding,) = raised(again)
    assert finding.id not in {one.id for one in raised(of)}


def test_each_dossier_has_one_alert_of_its_own() -> None:
    mine, other = raised(late(a_dossier())), raised(late(a_dossier(ref="DOS/2026/8")))
    assert {alert_id(one) for one in mine} != {alert_id(one) for one in other}
    case = Case()
    for finding in mine:
        case = raise_alert(case, finding, OVER).state
    assert case.alert is not None
    assert (case.alert.count, len({alert_id(one) for one in mine})) == (8, 1)
