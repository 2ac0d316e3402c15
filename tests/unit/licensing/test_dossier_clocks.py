"""Clocks of a dossier: whose they are, when they are over, and that it is said once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.core.messages import DossierSide, DossierStepKind
from services.licensing.adapters.dossier_clock import Days
from services.licensing.domain import dossier_clocks
from services.licensing.domain.dossiers import RunOut, run_out, take_step
from tests.builders_dossiers import DUE, a_dossier, a_step, after, all_checked, kinds

OVER = datetime(2026, 3, 16, 23, 0, tzinfo=UTC)
"""The end of 16 March 2026 in Brussels."""


def test_a_check_is_late_once_its_last_day_is_over_where_the_dossier_is() -> None:
    of = a_dossier()
    assert dossier_clocks.first_end(of) == OVER
    assert dossier_clocks.overdue(of, OVER - timedelta(microseconds=1)) == ()
    assert [(clock.check, clock.side) for clock in dossier_clocks.overdue(of, OVER)][:1] == [
        ("completeness", DossierSide.REGION)
    ]


def test_it_is_said_once_in_one_revision_for_all_that_ran_out() -> None:
    of = after(a_dossier(), "check-done")
    said = run_out(of, RunOut(of.ref, OVER))
    assert kinds(said.state)[-7:] == [DossierStepKind.OVERDUE] * 7
    assert (said.state.revision, len(said.outputs)) == (3, 1)
    assert [check.overdue for check in said.state.checks if check.name == "end-use"] == [False]
    assert run_out(said.state, RunOut(of.ref, OVER + timedelta(days=9))).outputs == ()
    assert dossier_clocks.first_end(said.state, unsaid=True) is None
    assert dossier_clocks.first_end(said.state) == OVER


def test_nothing_is_said_before_it_is_over() -> None:
    assert run_out(a_dossier(), RunOut("DOS/2026/7", OVER - timedelta(seconds=1))).outputs == ()


def test_what_begins_again_runs_again() -> None:
    said = run_out(after(a_dossier(), "check-done"), RunOut("", OVER)).state
    again = after(said, "check-reopened")
    assert dossier_clocks.first_end(again, unsaid=True) == OVER
    late = run_out(again, RunOut("", OVER))
    assert [step.check for step in late.state.steps[-1:]] == ["end-use"]


def test_whose_task_it_becomes_has_the_whole_time_for_it() -> None:
    late = run_out(a_dossier(), RunOut("", OVER)).state
    moved = take_step(late, replace(a_step("check-assigned", at=OVER), due=replace(DUE, check=date(2026, 3, 31)))).state
    (clock,) = [clock for clock in dossier_clocks.clocks(moved) if clock.check == "end-use"]
    assert (clock.side, clock.due, clock.said) == (DossierSide.FEDERAL, date(2026, 3, 31), False)


def test_the_advice_has_a_clock_for_whose_turn_it_is() -> None:
    def turn(involvement: str, *names: str) -> list[tuple[DossierSide, date]]:
        of = after(all_checked(a_dossier(involvement=involvement)), *names)
        return [(clock.side, clock.due) for clock in dossier_clocks.clocks(of)]

    federal, region = DossierSide.FEDERAL, DossierSide.REGION
    assert turn("formal", "advice-requested") == [(federal, DUE.advice)]
    assert turn("formal", "advice-requested", "advice-given") == [(federal, DUE.decision)]
    assert turn("voluntary", "advice-requested") == [(federal, DUE.advice)]
    assert turn("voluntary", "advice-requested", "advice-given") == [(region, DUE.decision)]
    assert turn("formal", "advice-requested", "advice-given", "advice-decided") == []
    assert turn("formal", "advice-requested", "advice-withdrawn") == []


def test_an_advice_that_is_late_is_said_once_and_no_more_when_it_is_given() -> None:
    of = after(all_checked(a_dossier()), "advice-requested")
    late = run_out(of, RunOut("", datetime(2026, 4, 14, 22, 0, tzinfo=UTC))).state
    assert late.advice is not None
    assert late.advice.overdue
    given = take_step(late, a_step("advice-given", at=late.changed_at)).state
    assert given.advice is not None
    assert not given.advice.overdue


def test_a_closed_dossier_has_no_clocks() -> None:
    assert dossier_clocks.clocks(after(a_dossier(), "closed")) == ()


def test_days_are_working_days() -> None:
    due = Days(1, 10, 30).due("Europe/Brussels")
    assert all(day.weekday() < 5 for day in (due.check, due.advice, due.decision))
    assert due.check < due.advice < due.decision
