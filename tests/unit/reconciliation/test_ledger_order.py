"""Who gets the amount: order of arrival, amendments, amounts that return, licences that change."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.core.errors import Rejected
from services.core.messages import Basis, DrawVerdict, EntryCause, LicenceStatus, Phase
from services.core.values import CommodityCode, CountryCode, Currency, Unit
from tests.builders import ISSUED, a_demand, a_draw, a_licence, a_line, a_status, mrn
from tests.ledger_play import Play

ONE, TWO, THREE = mrn(1), mrn(2), mrn(3)
IN_QUANTITY = a_line(basis=Basis.QUANTITY, quantity="10")
BEFORE_ACCEPTANCE = datetime(2026, 2, 1, tzinfo=UTC)


def played(*asked: tuple[int, str]) -> Play:
    """A licence for ten presses and shipments that ask for so many, in this order."""
    play = Play(a_licence(IN_QUANTITY))
    for number, quantity in asked:
        play.ask(a_demand(a_draw(quantity), mrn=mrn(number)))
    return play


def verdicts(play: Play) -> list[DrawVerdict]:
    return [draw.verdict for shipment in play.state.shipments.values() for draw in shipment.draws]


COVERED, REFUSED, FREED = DrawVerdict.COVERED, DrawVerdict.REFUSED, DrawVerdict.FREED


def test_who_comes_first_gets_the_amount() -> None:
    play = played((1, "6"), (2, "6"), (3, "4"))
    assert verdicts(play) == [COVERED, REFUSED, COVERED]
    assert play.quantity() == (10, 0, 0)


def test_an_amount_that_returns_goes_to_the_refused_in_order_of_arrival() -> None:
    play = played((1, "10"), (2, "6"), (3, "5"), (4, "4"))
    play.phase(ONE, Phase.INVALIDATED)
    assert verdicts(play) == [FREED, COVERED, REFUSED, COVERED]
    assert [(e.cause, e.shipment and e.shipment.mrn) for e in play.new_entries] == [
        (EntryCause.DEMAND, ONE),
        (EntryCause.REJUDGED, TWO),
        (EntryCause.REJUDGED, mrn(4)),
    ]
    assert [(c.mrn, c.revision) for c in play.covers] == [(ONE, 2), (TWO, 2), (mrn(4), 2)]
    assert {e.cause_id for e in play.new_entries} == {play.state.shipments[ONE].demand.identity}
    assert play.codes == [], "nothing new is wrong"


def test_a_smaller_amendment_returns_the_difference() -> None:
    play = played((1, "10"), (2, "3"))
    play.ask(a_demand(a_draw("7")))
    assert verdicts(play) == [COVERED, COVERED]
    assert play.quantity() == (10, 0, 0)


def test_a_refused_amendment_holds_nothing_and_its_amount_goes_on() -> None:
    play = played((1, "6"), (2, "6"))
    play.ask(a_demand(a_draw("11")))
    assert verdicts(play) == [REFUSED, COVERED]
    assert play.quantity() == (6, 0, 0)


def test_an_amendment_keeps_its_place_in_the_order_of_arrival() -> None:
    play = played((1, "11"), (2, "12"), (3, "10"))
    play.ask(a_demand(a_draw("8"), mrn=ONE)).ask(a_demand(a_draw("11"), mrn=ONE))
    play.phase(THREE, Phase.INVALIDATED)
    play.change(lines=(replace(IN_QUANTITY, quantity=Decimal(12)),))
    assert verdicts(play) == [COVERED, REFUSED, FREED]


def test_draws_are_judged_in_item_order() -> None:
    draws = (a_draw("6", item=2), a_draw("6", item=1))
    play = Play(a_licence(IN_QUANTITY), a_demand(*draws))
    [cover] = play.covers
    assert [(d.item, d.verdict) for d in cover.draws] == [(1, COVERED), (2, REFUSED)]


def test_a_licence_no_longer_cited_is_freed() -> None:
    play = played((1, "10"), (2, "1"))
    play.ask(replace(a_demand(), draws=()))
    assert play.state.shipments[ONE].draws == ()
    assert play.covers[0].draws == ()
    assert verdicts(play) == [COVERED]


def test_a_consumed_draw_that_grows_is_judged_again() -> None:
    play = played((1, "5"), (2, "5")).phase(ONE, Phase.RELEASED)
    play.phase(ONE, Phase.RELEASED, draws=(a_draw("6"),), version=2)
    assert play.answer.reasons == ("quantity.overrun",)
    assert play.quantity() == (5, 6, 0)
    assert play.codes == ["quantity.overrun", "released.uncovered"]


def test_a_consumed_draw_that_shrinks_returns_the_difference_and_is_not_judged() -> None:
    play = played((1, "10"), (2, "2")).phase(ONE, Phase.RELEASED)
    play.change(statuses=(ISSUED, a_status(LicenceStatus.REVOKED, BEFORE_ACCEPTANCE)))
    play.phase(ONE, Phase.RELEASED, draws=(a_draw("7"),), version=2)
    assert play.state.shipments[ONE].draws[0].verdict is COVERED
    assert play.quantity() == (0, 7, 0)
    assert play.codes == []


def test_a_consumed_draw_amended_to_another_destination_is_judged_again() -> None:
    play = played((1, "5")).phase(ONE, Phase.RELEASED)
    play.phase(ONE, Phase.RELEASED, draws=(a_draw("5", destination=CountryCode("PK")),), version=2)
    assert play.codes == ["destination.mismatch", "released.uncovered"]
    assert play.quantity() == (0, 5, 0)


def test_a_reservation_is_released_covered_though_others_overran_the_line() -> None:
    play = played((1, "6")).ask(a_demand(a_draw("9"), mrn=TWO, phase=Phase.RELEASED))
    assert play.answer.reasons == ("quantity.overrun",)
    play.phase(ONE, Phase.RELEASED)
    assert play.answer.verdict is COVERED
    assert play.quantity() == (0, 15, 0)


def test_on_release_the_item_that_holds_its_amount_keeps_it() -> None:
    play = Play(a_licence(IN_QUANTITY), a_demand(a_draw("11", item=1), a_draw("10", item=2)))
    play.phase(ONE, Phase.RELEASED, draws=(a_draw("10", item=1), a_draw("10", item=2)))
    assert verdicts(play) == [REFUSED, COVERED]


def test_a_suspension_refuses_a_reserved_draw_that_keeps_its_amount() -> None:
    play = played((1, "6"))
    suspended = a_status(LicenceStatus.SUSPENDED, BEFORE_ACCEPTANCE)
    play.change(statuses=(ISSUED, suspended))
    assert play.answer.reasons == ("licence.not-valid",)
    assert play.quantity() == (6, 0, 0)
    assert [e.cause for e in play.new_entries] == [EntryCause.LICENCE, EntryCause.REJUDGED]
    play.change(statuses=(ISSUED, suspended, a_status(LicenceStatus.REINSTATED, BEFORE_ACCEPTANCE)))
    assert play.answer.verdict is COVERED
    assert play.quantity() == (6, 0, 0)


def test_a_suspension_after_acceptance_changes_nothing() -> None:
    play = played((1, "6"))
    play.change(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED, datetime(2026, 4, 1, tzinfo=UTC))))
    assert [e.cause for e in play.new_entries] == [EntryCause.LICENCE]
    assert play.covers == []


def test_released_draws_are_not_judged_again_when_the_licence_changes() -> None:
    play = played((1, "6")).phase(ONE, Phase.RELEASED)
    play.change(statuses=(ISSUED, a_status(LicenceStatus.REVOKED, BEFORE_ACCEPTANCE)))
    assert play.covers == []
    assert verdicts(play) == [COVERED]


def test_a_larger_licence_covers_the_refused_in_order_of_arrival() -> None:
    play = played((1, "10"), (2, "6"), (3, "5"))
    play.change(lines=(replace(IN_QUANTITY, quantity=Decimal(16)),))
    assert verdicts(play) == [COVERED, COVERED, REFUSED]
    assert play.quantity() == (16, 0, 0)


def test_a_licence_lowered_below_what_is_drawn_keeps_reservations_and_is_found() -> None:
    play = played((1, "6"))
    play.change(lines=(replace(IN_QUANTITY, quantity=Decimal(5)),))
    assert play.quantity() == (6, 0, 0)
    assert verdicts(play) == [COVERED]
    [finding] = play.findings
    assert (finding.code, finding.subject, finding.mrn, finding.line) == ("quantity.overrun", a_licence().ref, None, 1)
    play.change(valid_to=None)
    assert play.findings == [], "nothing was lowered"
    play.phase(ONE, Phase.RELEASED)
    assert play.answer.verdict is COVERED


def test_draws_on_an_unknown_licence_wait_and_are_judged_when_it_arrives() -> None:
    play = Play(
        a_demand(a_draw("6"), mrn=ONE),
        a_demand(a_draw("6"), mrn=TWO, phase=Phase.RELEASED),
        a_demand(a_draw("1"), mrn=THREE, phase=Phase.INVALIDATED),
    )
    assert play.state.shipments[ONE].draws[0].reasons == ("licence.unknown",)
    assert play.state.shipments[TWO].draws[0].listed_only
    play.hand(a_licence(IN_QUANTITY))
    assert verdicts(play) == [COVERED, REFUSED, FREED]
    assert play.quantity() == (6, 6, 0)
    assert play.codes == ["quantity.overrun", "released.uncovered"]
    assert [c.mrn for c in play.covers] == [ONE, TWO]


def test_a_new_line_covers_what_cited_it_before() -> None:
    play = Play(a_licence(IN_QUANTITY), a_demand(a_draw("1", line=2)))
    assert play.answer.reasons == ("licence.line-unknown",)
    play.change(lines=(IN_QUANTITY, a_line(2, Basis.QUANTITY)))
    assert play.answer.verdict is COVERED
    assert play.quantity(2) == (1, 0, 0)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (replace(IN_QUANTITY, unit=Unit("KGM")), "line 1: unit"),
        (replace(IN_QUANTITY, currency=Currency("USD")), "line 1: currency"),
        (replace(IN_QUANTITY, basis=Basis.BOTH), "line 1: basis"),
        (replace(IN_QUANTITY, line=2), "line 1: a line once issued stays"),
    ],
)
def test_what_never_changes_after_issue_is_rejected(line: object, named: str) -> None:
    with pytest.raises(Rejected, match=named):
        played().change(lines=(line,))


def test_goods_that_may_be_added_to_a_line_may_change() -> None:
    play = Play(a_licence(IN_QUANTITY), a_demand(a_draw("1", commodity_code=CommodityCode("84601200"))))
    assert play.answer.reasons == ("commodity.mismatch",)
    play.change(lines=(replace(IN_QUANTITY, commodity_codes=(CommodityCode("847983"), CommodityCode("846012"))),))
    assert play.answer.verdict is COVERED
