"""What left is spread over the documents an item was declared with."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.facts import Fact
from services.core.messages import ArrivedAtExit, GoodsExited, Stage
from services.reconciliation.domain.course import course
from services.reconciliation.domain.departure import CENT, pro_rata, spread
from tests.builders_customs import MRN, a_declaration, a_document, a_release, a_total, an_exit, an_item, hours
from tests.builders_shipments import Way

AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=6)


def left(exits: list[GoodsExited], *documents: Any) -> list[tuple[str, str | None, str | None]]:
    """Per draw: licence, quantity and amount that left."""
    way = Way().told(a_declaration(an_item(*documents)), a_release(), *exits)
    return [
        (demand.licence, shown(draw.exited_quantity), shown(draw.exited_amount))
        for demand in way.latest_demands()
        for draw in demand.draws
    ]


def shown(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def test_an_item_that_is_not_listed_left_as_declared() -> None:
    assert left([an_exit()], a_document("L1", quantity="2", amount="5.00")) == [("L1", "2", "5.00")]


def test_before_the_exit_nothing_is_said_to_have_left() -> None:
    assert left([], a_document("L1")) == [("L1", None, None)]


def test_what_is_missing_returns_from_the_last_document_first() -> None:
    documents = [a_document("L2", quantity="2", amount=None), a_document("L1", quantity="3", amount=None)]
    assert left([an_exit(a_total(1, "4"))], *documents) == [("L1", "2", None), ("L2", "2", None)]
    assert left([an_exit(a_total(1, "1"))], *documents) == [("L1", "0", None), ("L2", "1", None)]


def test_what_left_beyond_the_declared_goes_on_the_last_document() -> None:
    documents = [a_document("L1", quantity="2", amount=None), a_document("L2", quantity="3", amount=None)]
    assert left([an_exit(a_total(1, "6"))], *documents) == [("L1", "2", None), ("L2", "4", None)]


def test_an_amount_not_stated_follows_the_quantity_down_to_the_cent() -> None:
    document = a_document("L1", quantity="3", amount="100.00")
    assert left([an_exit(a_total(1, "2"))], document) == [("L1", "2", "66.66")]


def test_the_whole_quantity_keeps_the_amount_as_declared_even_below_a_cent() -> None:
    document = a_document("L1", quantity="3", amount="100.005")
    assert left([an_exit(a_total(1, "3"))], document) == [("L1", "3", "100.005")]


def test_an_excess_of_quantity_is_an_excess_of_amount() -> None:
    document = a_document("L1", quantity="2", amount="100.00")
    assert left([an_exit(a_total(1, "3"))], document) == [("L1", "3", "150.00")]


def test_a_stated_amount_is_spread_like_the_quantity() -> None:
    documents = [a_document("L1", quantity="1", amount="60.00"), a_document("L2", quantity="1", amount="40.00")]
    assert left([an_exit(a_total(1, "2", "70.00"))], *documents) == [("L1", "1", "60.00"), ("L2", "1", "10.00")]


def test_a_draw_without_quantity_keeps_its_amount_when_only_a_quantity_is_stated() -> None:
    assert left([an_exit(a_total(1, "1"))], a_document("L1", quantity=None)) == [("L1", None, "100000.00")]


def test_a_total_is_in_the_unit_of_the_first_document_and_others_follow_pro_rata() -> None:
    documents = [a_document("L1", quantity="2", amount=None), a_document("L2", quantity="900", unit="KGM", amount=None)]
    assert left([an_exit(a_total(1, "1"))], *documents) == [("L1", "1", None), ("L2", "450.000000", None)]


def test_the_latest_partial_exit_gives_the_total_so_far() -> None:
    exits = [
        an_exit(a_total(1, "2"), fact_id="b", after_h=20, final=False),
        an_exit(a_total(1, "1"), fact_id="a", after_h=10, final=False),
    ]
    assert left(exits, a_document("L1", quantity="3", amount=None)) == [("L1", "2", None)]


def test_a_final_exit_goes_before_a_later_one_that_is_not() -> None:
    exits = [
        an_exit(a_total(1, "3"), fact_id="last", after_h=20),
        an_exit(a_total(1, "2"), fact_id="late", after_h=21, final=False),
    ]
    assert left(exits, a_document("L1", quantity="3", amount=None)) == [("L1", "3", None)]


def test_of_a_part_without_figures_nothing_is_known_to_have_left() -> None:
    part = an_exit(fact_id="late", after_h=21, final=False)
    document = a_document("L1", quantity="3", amount="5.00")
    assert left([part], document, a_document("L2", quantity=None)) == [("L1", "0", "0"), ("L2", None, "0")]
    assert left([an_exit(a_total(1, "1"), final=False), part], document) == [("L1", "1", "1.66")]
    assert left([part, an_exit()], document) == [("L1", "3", "5.00")]


NOTIFIED = replace(an_exit(fact_id="a carrier's", after_h=40), notified=True)
CONFIRMED = an_exit(fact_id="customs'", after_h=60)


@pytest.mark.parametrize(
    ("split", "exits", "final"),
    [
        (True, [NOTIFIED], False),
        (True, [NOTIFIED, replace(NOTIFIED, fact_id="another", exited_at=hours(50))], False),
        (True, [NOTIFIED, CONFIRMED], True),
        (True, [replace(NOTIFIED, notified=False)], True),
        (False, [NOTIFIED], True),
    ],
)
def test_goods_that_arrived_in_parts_have_left_when_customs_says_so(
    *, split: bool, exits: list[GoodsExited], final: bool
) -> None:
    arrival = ArrivedAtExit(fact_id="arrival", mrn=MRN, sources=(), arrived_at=hours(35), split=split)
    facts: list[Fact] = [a_declaration(), a_release(), arrival, *exits]
    for order in permutations(facts):
        way = Way().told(*order)
        assert way.latest_demand().final_exit is final
        assert course(way.shipment).stage is (Stage.EXITED if final else Stage.PARTLY_EXITED)


@pytest.mark.parametrize("final", [True, False])
def test_only_a_final_exit_makes_the_demand_final(final: bool) -> None:  # noqa: FBT001 - a parameter of the test
    way = Way().told(a_declaration(), a_release(), an_exit(final=final))
    assert way.latest_demand().final_exit is final


def test_no_phase_but_exit_is_final() -> None:
    assert Way().told(a_declaration(), a_release()).latest_demand().final_exit is False


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=5))
def test_nothing_that_left_is_lost_or_invented(total: Decimal, shares: list[Decimal]) -> None:
    parts = [part or Decimal(0) for part in spread(total, shares)]
    assert sum(parts) == total
    assert all(part <= share for part, share in zip(parts[:-1], shares[:-1], strict=True))
    assert all(part >= 0 for part in parts)


@given(AMOUNTS, AMOUNTS, st.decimals(min_value="0.000001", max_value=10**12, places=6))
def test_pro_rata_is_exact_to_the_cent_and_never_more(value: Decimal, part: Decimal, whole: Decimal) -> None:
    result = pro_rata(value, part, whole, CENT)
    exact = Fraction(value) * Fraction(part) / Fraction(whole)
    assert Fraction(result) == (Fraction(value) if part == whole else Fraction(floor(exact * 100), 100))
