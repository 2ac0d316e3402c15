"""Goods of a simplified and a supplementary declaration draw once, whichever the licence hears of first."""

from datetime import timedelta
from itertools import permutations

import pytest

from services.core.message import Message
from services.core.messages import Demand, DrawVerdict, Phase
from tests.builders import ACCEPTED_AT, a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play

SIMPLIFIED, SUPPLEMENTARY, OTHER = mrn(1), mrn(2), mrn(3)


def simplified(quantity: str = "2") -> Demand:
    return a_demand(a_draw(quantity, "200000"), mrn=SIMPLIFIED, phase=Phase.RELEASED)


def supplementary(quantity: str = "2", line: int = 1) -> Demand:
    draw = a_draw(quantity, "200000", line=line)
    return a_demand(draw, mrn=SUPPLEMENTARY, phase=Phase.RELEASED, completes=(SIMPLIFIED,))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_they_draw_once_in_any_order(order: tuple[int, ...]) -> None:
    messages: tuple[Message, ...] = (a_licence(), simplified(), supplementary())
    play = Play(*(messages[place] for place in order))
    assert (play.quantity(), play.value()) == ((0, 2, 0), (0, 200000, 0))
    assert play.held(SIMPLIFIED).consumed_quantity == 0
    assert play.held(SUPPLEMENTARY).consumed_quantity == 2
    assert [play.held(of).verdict for of in (SIMPLIFIED, SUPPLEMENTARY)] == [DrawVerdict.COVERED] * 2
    assert [play.held(of).reasons for of in (SIMPLIFIED, SUPPLEMENTARY)] == [(), ()]


def test_the_figures_of_the_supplementary_declaration_are_the_definitive_ones() -> None:
    play = Play(a_licence(), simplified("2"), supplementary("1"))
    assert play.quantity() == (0, 1, 0)


def test_once_it_is_invalidated_the_simplified_one_holds_its_amount_again() -> None:
    play = Play(a_licence(), simplified(), supplementary()).phase(SUPPLEMENTARY, Phase.INVALIDATED)
    assert play.quantity() == (0, 2, 0)
    assert play.held(SIMPLIFIED).consumed_quantity == 2


def test_one_that_cannot_be_booked_stands_in_for_nothing() -> None:
    play = Play(a_licence(), simplified(), supplementary(line=9))
    assert play.held(SIMPLIFIED).consumed_quantity == 2
    assert play.held(SUPPLEMENTARY).listed_only


def test_what_left_under_the_simplified_one_left_of_the_supplementary_one() -> None:
    play = Play(a_licence(), simplified(), supplementary()).phase(SIMPLIFIED, Phase.EXITED, final_exit=True)
    assert play.quantity() == (0, 2, 2)


def test_a_pre_lodged_declaration_is_answered_and_holds_nothing() -> None:
    play = Play(a_licence(), a_demand(pre_lodged=True))
    assert play.answer.verdict is DrawVerdict.COVERED
    assert play.quantity() == (0, 0, 0)
    play.ask(a_demand())
    assert play.quantity() == (1, 0, 0)


def test_a_pre_lodged_declaration_takes_nothing_from_one_that_is_accepted() -> None:
    play = Play(a_licence(a_line(quantity="1")), a_demand(pre_lodged=True), a_demand(mrn=OTHER))
    assert play.held(OTHER).verdict is DrawVerdict.COVERED
    play.ask(a_demand())
    assert play.answer.verdict is DrawVerdict.REFUSED


def test_a_retrospective_declaration_is_judged_at_the_moment_its_goods_left() -> None:
    long_ago = ACCEPTED_AT - timedelta(days=2_000)
    play = Play(a_licence(), a_demand(phase=Phase.EXITED, final_exit=True, judged_at=long_ago))
    assert "licence.not-valid" in play.answer.reasons
    assert Play(a_licence(), a_demand(phase=Phase.EXITED, final_exit=True)).answer.reasons == ()
