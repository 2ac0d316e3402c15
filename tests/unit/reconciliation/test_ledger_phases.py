"""From acceptance to exit: what a draw holds of its licence line in each phase."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.messages import Basis, Draw, DrawVerdict, EntryCause, Phase
from services.core.values import CountryCode, Eori, Unit
from tests.builders import a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play

ONE = mrn(1)


def left(draw: Draw, quantity: str | None, amount: str | None = None) -> Draw:
    return replace(
        draw,
        exited_quantity=None if quantity is None else Decimal(quantity),
        exited_amount=None if amount is None else Decimal(amount),
    )


def test_an_accepted_draw_reserves_quantity_and_value() -> None:
    play = Play(a_licence(), a_demand())
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.COVERED, ())
    assert play.quantity() == (1, 0, 0)
    assert play.value() == (100000, 0, 0)
    assert play.findings == []
    [entry] = play.new_entries
    assert (entry.revision, entry.cause, entry.cause_id) == (2, EntryCause.DEMAND, a_demand().identity)


def test_release_consumes_what_was_reserved() -> None:
    play = Play(a_licence(), a_demand()).phase(ONE, Phase.RELEASED)
    assert play.quantity() == (0, 1, 0)
    assert play.answer.verdict is DrawVerdict.COVERED
    assert play.findings == []


def test_exit_counts_what_left() -> None:
    play = Play(a_licence(), a_demand()).phase(ONE, Phase.RELEASED).phase(ONE, Phase.EXITED, final_exit=True)
    assert play.quantity() == (0, 1, 1)
    assert play.value() == (0, 100000, 100000)
    assert play.findings == []


@pytest.mark.parametrize("phase", [Phase.NOT_RELEASED, Phase.INVALIDATED])
@pytest.mark.parametrize("before", [Phase.ACCEPTED, Phase.RELEASED])
def test_goods_that_are_not_released_or_invalidated_hold_nothing(before: Phase, phase: Phase) -> None:
    play = Play(a_licence(), a_demand(phase=before)).phase(ONE, phase)
    assert play.quantity() == play.value() == (0, 0, 0)
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.FREED, ())


def test_a_refused_draw_holds_nothing_while_accepted() -> None:
    play = Play(a_licence(), a_demand(a_draw(quantity="3")))
    assert (play.answer.verdict, play.answer.reasons) == (DrawVerdict.REFUSED, ("quantity.overrun",))
    assert play.quantity() == play.value() == (0, 0, 0)
    assert play.codes == ["quantity.overrun"]


def test_a_refused_draw_that_is_released_is_consumed_below_zero() -> None:
    play = Play(a_licence(), a_demand(a_draw(quantity="3"))).phase(ONE, Phase.RELEASED)
    assert play.quantity() == (0, 3, 0)
    assert play.answer.reasons == ("quantity.overrun",)
    assert play.codes == ["released.uncovered"], "the over-run was said at acceptance"
    assert not play.held().listed_only


def test_a_refused_draw_seen_first_at_release_raises_both_findings() -> None:
    play = Play(a_licence(), a_demand(a_draw(quantity="3"), phase=Phase.RELEASED))
    assert play.codes == ["quantity.overrun", "released.uncovered"]


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (a_draw(line=7), "licence.line-unknown"),
        (a_draw(units=(Unit("KGM"),)), "unit.mismatch"),
        (a_draw(currencies=("USD",)), "currency.mismatch"),
    ],
)
def test_released_goods_that_do_not_agree_with_the_line_are_only_listed(draw: Draw, reason: str) -> None:
    play = Play(a_licence(), a_demand(draw, phase=Phase.RELEASED))
    assert play.answer.reasons == (reason,)
    assert play.held().listed_only
    assert play.quantity() == play.value() == (0, 0, 0)
    assert "released.uncovered" in play.codes


def test_goods_released_under_the_licence_of_another_holder_are_only_listed() -> None:
    other = replace(a_demand().exporter, eori=Eori("BE0400000089"))
    play = Play(a_licence(), a_demand(exporter=other, phase=Phase.RELEASED))
    assert play.held().listed_only
    assert play.quantity() == (0, 0, 0)


def test_released_goods_to_a_forbidden_destination_are_consumed() -> None:
    play = Play(a_licence(), a_demand(a_draw(destination=CountryCode("PK")), phase=Phase.RELEASED))
    assert play.answer.reasons == ("destination.mismatch",)
    assert not play.held().listed_only
    assert play.quantity() == (0, 1, 0)


def test_the_final_exit_returns_what_is_missing() -> None:
    play = Play(a_licence(), a_demand(a_draw("2", "200000.00"), phase=Phase.RELEASED))
    short = left(a_draw("2", "200000.00"), "1", "100000.00")
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(short,))
    assert play.quantity() == (0, 1, 1)
    assert play.value() == (0, 100000, 100000)
    assert play.codes == ["exit.shortfall"]
    [finding] = play.findings
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("quantity declared and left", "2 NAR", "1 NAR"),
        ("amount declared and left", "200000 EUR", "100000 EUR"),
    ]
    assert play.answer.verdict is DrawVerdict.COVERED, "a shortfall refuses nothing"


def test_an_exit_that_is_not_final_returns_nothing() -> None:
    play = Play(a_licence(), a_demand(a_draw("2", "200000.00"), phase=Phase.RELEASED))
    play.phase(ONE, Phase.EXITED, draws=(left(a_draw("2", "200000.00"), "1", "100000.00"),))
    assert play.quantity() == (0, 2, 1)
    assert play.codes == []


def test_more_that_left_than_declared_is_found_and_never_written_off() -> None:
    play = Play(a_licence(), a_demand(phase=Phase.RELEASED))
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(left(a_draw(), "2", "200000.00"),))
    assert play.quantity() == (0, 1, 1)
    assert play.codes == ["exit.excess"]
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(left(a_draw(), "2", "200000.00"),), version=2)
    assert play.codes == [], "it was said"


def test_nothing_that_left_returns_everything() -> None:
    play = Play(a_licence(), a_demand(phase=Phase.RELEASED))
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(left(a_draw(), "0", "0"),))
    assert play.quantity() == play.value() == (0, 0, 0)
    assert play.codes == ["exit.shortfall"]


def test_an_exit_corrected_upwards_asks_for_the_amount_again() -> None:
    draw = a_draw("2", "200000.00")
    play = Play(a_licence(), a_demand(draw, phase=Phase.RELEASED))
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(left(draw, "1", "100000.00"),))
    play.ask(a_demand(mrn=mrn(2)))
    play.phase(ONE, Phase.EXITED, final_exit=True, draws=(left(draw, "2", "200000.00"),))
    assert play.answer.reasons == ("quantity.overrun", "value.overrun")
    assert play.quantity() == (1, 2, 2)


def test_invalidation_after_exit_frees_what_left() -> None:
    play = Play(a_licence(), a_demand(phase=Phase.EXITED, final_exit=True)).phase(ONE, Phase.INVALIDATED)
    assert play.quantity() == (0, 0, 0)


def test_both_is_all_or_nothing() -> None:
    play = Play(a_licence(), a_demand(a_draw("1", "250000.01")))
    assert play.answer.reasons == ("value.overrun",)
    assert play.quantity() == play.value() == (0, 0, 0)


def test_the_uncontrolled_dimension_is_recorded_and_never_judged() -> None:
    play = Play(a_licence(a_line(basis=Basis.QUANTITY)), a_demand(a_draw("2", "900000.00")))
    assert play.answer.verdict is DrawVerdict.COVERED
    assert (play.quantity(), play.value()) == ((2, 0, 0), (900000, 0, 0))


def test_an_uncontrolled_figure_in_another_measure_is_not_recorded() -> None:
    draw = a_draw("5", units=(Unit("KGM"),))
    play = Play(a_licence(a_line(basis=Basis.VALUE)), a_demand(draw))
    assert play.answer.verdict is DrawVerdict.COVERED
    assert (play.quantity(), play.value()) == ((0, 0, 0), (100000, 0, 0))


def test_an_open_line_records_without_a_ceiling() -> None:
    line = a_line(basis=Basis.OPEN, quantity=None, value=None)
    play = Play(a_licence(line), a_demand(a_draw("5000", "9000000.00")))
    assert play.answer.verdict is DrawVerdict.COVERED
    play.phase(ONE, Phase.RELEASED)
    assert play.quantity() == (0, 5000, 0)
    assert play.value() == (0, 9000000, 0)


def test_an_open_line_without_a_unit_has_no_columns() -> None:
    line = a_line(basis=Basis.OPEN, quantity=None, unit=None, value=None, currency=None)
    play = Play(a_licence(line), a_demand()).phase(ONE, Phase.RELEASED)
    assert play.answer.verdict is DrawVerdict.COVERED
    assert (play.line().quantity, play.line().value) == (None, None)


def test_a_document_without_line_number_draws_on_the_only_line() -> None:
    play = Play(a_licence(), a_demand(a_draw(line=0)))
    assert play.answer.verdict is DrawVerdict.COVERED
    assert play.held().line == 1
    assert play.answer.line == 0, "as demanded"


def test_kilograms_draw_on_a_line_in_grams() -> None:
    line = a_line(basis=Basis.QUANTITY, quantity="1500", unit="GRM")
    play = Play(a_licence(line), a_demand(a_draw("1.5", units=(Unit("KGM"),))))
    assert play.answer.verdict is DrawVerdict.COVERED
    assert play.quantity() == (1500, 0, 0)
