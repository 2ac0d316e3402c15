"""Limits on what may be drawn in any window of so many days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.core.messages import Basis, DrawVerdict, PeriodLimit, Phase
from services.core.values import ZERO
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.rule_set import Ceiling, Mode
from services.reconciliation.domain.rules import rule_set
from services.reconciliation.domain.spread import OnDay, Window, windows
from tests.builders import a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play

PERIOD = "period.overrun"
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def limited(*limits: PeriodLimit, **changes: Any) -> Any:
    line = replace(a_line(quantity="100", value="9000000.00"), periods=limits)
    return a_licence(replace(line, **changes))


def at_most(days: int, quantity: str | None = None, value: str | None = None) -> PeriodLimit:
    figures = [None if most is None else Decimal(most) for most in (quantity, value)]
    return PeriodLimit(days=days, quantity=figures[0], value=figures[1])


def on(day: int, quantity: str = "1", number: int | None = None, **changes: Any) -> Any:
    """A shipment accepted so many days after that Monday."""
    moment = MONDAY + timedelta(days=day)
    draw = a_draw(quantity, "100.00")
    return a_demand(draw, mrn=mrn(day + 10 if number is None else number), accepted_at=moment, **changes)


def asked(play: Play, *demands: Any) -> list[bool]:
    """Whether each is covered."""
    return [play.ask(demand).answer.verdict is DrawVerdict.COVERED for demand in demands]


def test_a_draw_that_fits_no_window_is_refused_and_says_which() -> None:
    play = Play(limited(at_most(7, "3")))
    assert asked(play, on(0, "2"), on(6, "2"), on(7, "2"), on(13, "1")) == [True, False, True, True]
    play = Play(limited(at_most(7, "3")), on(0, "2")).ask(on(6, "2"))
    assert play.answer.reasons == (PERIOD,)
    [finding] = play.findings
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("quantity in any 7 days", "2 NAR", "3 NAR"),
        ("quantity drawn by others from 2026-03-02 to 2026-03-08", "2 NAR", "3 NAR"),
    ]
    assert from_record(to_record(play.state)) == play.state


def test_one_that_comes_between_two_is_judged_in_every_window_with_its_day() -> None:
    play = Play(limited(at_most(3, "2")), on(0), on(4))
    assert asked(play, on(2), on(1, number=1), on(3, number=2)) == [True, False, False]
    play = Play(limited(at_most(3, "2")), on(0), on(2))
    assert asked(play, on(1)) == [False]


@pytest.mark.parametrize(("hour", "covered"), [(22, True), (23, False)])
def test_a_day_is_one_of_the_authority(hour: int, *, covered: bool) -> None:
    """At 23:00 in Greenwich it is the next day in Brussels."""
    play = Play(limited(at_most(1, "1")), on(1))
    late = replace(on(0), accepted_at=MONDAY.replace(hour=hour))
    assert asked(play, late) == [covered]


def test_a_window_may_go_beyond_the_end_of_the_calendar() -> None:
    """The door takes dates up to 9998."""
    play = Play(limited(at_most(3_660, "1")))
    for number in (1, 2):
        play.ask(replace(on(0, number=number), accepted_at=datetime(9995, 1, 1, tzinfo=UTC), phase=Phase.RELEASED))
    assert PERIOD in play.codes
    play.change(lines=limited(at_most(3_660, "0.5")).lines)
    [finding] = play.findings
    assert finding.comparisons[0].what == "quantity from 9995-01-01 to 9999-12-31, limit of 3660 days"


def test_each_limit_and_dimension_is_judged_in_what_the_line_states() -> None:
    limits = (at_most(30, "5", "250.00"), at_most(2, "2"))
    play = Play(limited(*limits), on(0, "2"))
    play.ask(on(1, "4"))
    assert [c.what for c in play.findings[0].comparisons][:2] == ["quantity in any 2 days", "quantity in any 30 days"]
    assert asked(play, on(5), on(6)) == [True, False]
    assert [c.what for c in play.findings[0].comparisons][:1] == ["value in any 30 days"]


def test_a_line_without_a_ceiling_can_have_a_limit() -> None:
    play = Play(limited(at_most(7, "3"), basis=Basis.OPEN, quantity=None, value=None))
    assert asked(play, on(0, "3"), on(1), on(7)) == [True, False, True]


def test_released_goods_consume_anyway_and_who_came_first_keeps() -> None:
    play = Play(limited(at_most(7, "3")), on(0, "2"))
    play.ask(on(1, "2", phase=Phase.RELEASED))
    assert (play.answer.reasons, sorted(play.codes)) == ((PERIOD,), [PERIOD, "released.uncovered"])
    assert play.quantity() == (2, 2, 0)
    assert play.phase(mrn(10), Phase.RELEASED).answer.verdict is DrawVerdict.COVERED
    assert play.phase(mrn(11), Phase.EXITED, final_exit=True).answer.reasons == (PERIOD,)


def test_an_amount_that_returns_to_a_window_is_given_out_again() -> None:
    play = Play(limited(at_most(7, "3")), on(0, "2"), on(20, "3")).ask(on(1, "2")).ask(on(21))
    play.phase(mrn(10), Phase.INVALIDATED)
    assert [play.held(mrn(number)).verdict for number in (11, 31)] == [DrawVerdict.COVERED, DrawVerdict.REFUSED]


def test_a_draw_that_moves_to_another_day_leaves_its_window_to_others() -> None:
    """Goods declared afterwards count on the day they left, which a correction may move."""
    play = Play(limited(at_most(1, "1")), on(5, number=1, judged_at=MONDAY)).ask(on(0))
    assert play.held(mrn(10)).verdict is DrawVerdict.REFUSED
    play.ask(on(5, number=1, judged_at=MONDAY + timedelta(days=1)))
    assert play.held(mrn(10)).verdict is DrawVerdict.COVERED


def test_what_is_only_pre_lodged_counts_in_no_window() -> None:
    play = Play(limited(at_most(7, "1")), on(0, pre_lodged=True))
    assert asked(play, on(1), on(0, number=1)) == [True, False]


@pytest.mark.parametrize(("was", "raised"), [((at_most(7, "9"),), True), ((), True), ((at_most(7, "2"),), False)])
def test_a_limit_lowered_below_what_is_drawn_leaves_reservations_and_is_said(was: Any, *, raised: bool) -> None:
    play = Play(limited(*was), on(0), on(3))
    play.ask(on(5))
    standing = play.quantity()
    play.change(lines=limited(at_most(7, "2" if was == (at_most(7, "2"),) else "1")).lines)
    assert (play.quantity(), PERIOD in play.codes) == (standing, raised or standing[0] == 3)
    if raised:
        [finding] = play.findings
        assert (finding.line, finding.mrn) == (1, None)
        assert finding.comparisons[0].what == "quantity from 2026-03-02 to 2026-03-08, limit of 7 days"


def test_a_limit_that_is_lifted_lets_in_what_it_refused() -> None:
    play = Play(limited(at_most(7, "1")), on(0)).ask(on(1))
    play.change(lines=limited().lines)
    assert (play.held(mrn(11)).verdict, play.state.spread.lines) == (DrawVerdict.COVERED, {})


def test_another_time_zone_counts_the_days_anew() -> None:
    play = Play(limited(at_most(1, "1")), replace(on(0), accepted_at=MONDAY.replace(hour=22)), on(1))
    assert [day.day for day in play.state.spread.lines[1]] == [
        date(2026, 3, 2).toordinal(),
        date(2026, 3, 3).toordinal(),
    ]
    play.change(time_zone="Asia/Tokyo")
    assert [day.quantity for day in play.state.spread.lines[1]] == [2]
    assert from_record(to_record(play.state)) == play.state


@pytest.mark.parametrize(("mode", "verdict"), [(Mode.BLOCK, DrawVerdict.REFUSED), (Mode.ALERT, DrawVerdict.COVERED)])
def test_what_an_overrun_does_is_the_choice_of_the_authority(mode: Mode, verdict: DrawVerdict) -> None:
    rules = rule_set(quantity=Ceiling(Decimal("0.5"), mode))
    play = Play(limited(at_most(7, "2")), on(0, "2"), rule_set=rules).ask(on(1))
    assert (play.answer.verdict, play.codes) == (verdict, [PERIOD])


def test_the_fullest_window_is_found_however_many_days_there_are() -> None:
    days = tuple(OnDay(day, Decimal(day % 7), ZERO) for day in range(0, 700, 3))
    for length, about in ((1, 30), (10, 31), (365, 300), (3660, 9)):
        naive = [
            sum(on.quantity for on in days if start <= on.day < start + length)
            for start in range(about - length + 1, about + 1)
        ]
        assert max(window.quantity for window in windows(days, length, about)) == max(naive)
    assert list(windows((), 5, 3)) == [Window(3, ZERO, ZERO)]
    assert list(windows((), 5)) == []
