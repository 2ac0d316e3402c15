"""Exited outranks invalidated, which outranks the later of released and not released, which outrank accepted."""

from datetime import datetime

import pytest

from services.core.facts import Fact
from services.core.messages import Comparison, ExitResult, Finding, Phase, Severity
from tests.builders import ACCEPTED_AT
from tests.builders_customs import (
    MRN,
    a_declaration,
    a_document,
    a_refusal,
    a_release,
    a_replacement,
    a_total,
    an_amendment,
    an_exit,
    an_invalidation,
    an_item,
    hours,
)
from tests.builders_shipments import Way

B1 = ExitResult.B1
PHASES: tuple[tuple[tuple[Fact, ...], Phase, datetime], ...] = (
    ((), Phase.ACCEPTED, ACCEPTED_AT),
    ((a_release(after_h=2),), Phase.RELEASED, hours(2)),
    ((a_refusal(after_h=2),), Phase.NOT_RELEASED, hours(2)),
    ((a_refusal(after_h=2), a_release(after_h=3)), Phase.RELEASED, hours(3)),
    ((a_release(after_h=2), a_refusal(after_h=3)), Phase.NOT_RELEASED, hours(3)),
    ((a_release(after_h=2), a_refusal(after_h=2)), Phase.RELEASED, hours(2)),
    ((a_release(after_h=2), an_invalidation(after_h=4)), Phase.INVALIDATED, hours(4)),
    ((an_invalidation(after_h=1), a_release(after_h=2)), Phase.INVALIDATED, hours(1)),
    ((a_release(after_h=2), an_exit(after_h=30)), Phase.EXITED, hours(30)),
    ((an_exit(after_h=30), an_invalidation(after_h=40)), Phase.EXITED, hours(30)),
    ((a_release(after_h=2), an_exit(after_h=30, result=ExitResult.A4)), Phase.EXITED, hours(30)),
    ((a_release(after_h=2), an_exit(after_h=30, result=B1)), Phase.RELEASED, hours(2)),
    ((a_release(after_h=2), an_exit(after_h=30, result=B1), an_invalidation(after_h=40)), Phase.INVALIDATED, hours(40)),
)


@pytest.mark.parametrize(("facts", "phase", "since"), PHASES)
def test_facts_give_a_phase_and_its_moment(facts: tuple[Fact, ...], phase: Phase, since: datetime) -> None:
    way = Way().told(a_declaration(), *facts)
    demand = way.latest_demand()
    assert (demand.phase, demand.occurred_at, way.verdict().phase) == (phase, since, phase)


def test_goods_that_did_not_leave_return_nothing_to_the_licence() -> None:
    before = Way().told(a_declaration(), a_release())
    after = before.told(an_exit(result=B1))
    assert after.latest_demands() == before.latest_demands()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_exit_and_invalidation_together_raise_one_finding_in_any_order(order: tuple[int, ...]) -> None:
    facts: tuple[Fact, ...] = (a_declaration(), an_exit(), an_invalidation())
    way = Way().told(*(facts[i] for i in order))
    (finding,) = way.all(Finding)
    assert (finding.code, finding.subject, finding.severity) == ("shipment.out-of-sequence", MRN, Severity.CRITICAL)
    assert [s.message_id for s in finding.sources] == ["invalidated", "exited"]
    assert finding.id == Way().told(*facts).all(Finding)[0].id


def test_of_two_releases_the_later_counts_whichever_came_first() -> None:
    first, second = a_release(after_h=2), a_release(fact_id="again", after_h=5)
    for facts in ((first, second), (second, first)):
        assert Way().told(a_declaration(), *facts).latest_demand().occurred_at == hours(5)


def test_an_exit_after_release_was_refused_raises_a_finding() -> None:
    way = Way().told(a_declaration(), a_refusal(), an_exit())
    assert way.finding_codes() == ["shipment.out-of-sequence"]
    assert way.verdict().phase is Phase.EXITED


def test_a_release_long_after_invalidation_raises_a_finding_and_moves_nothing() -> None:
    before = Way().told(a_declaration(), an_invalidation(after_h=1))
    after = before.told(a_release(after_h=26))
    assert after.finding_codes() == ["shipment.out-of-sequence"]
    assert after.latest_demands() == before.latest_demands()


def test_a_second_release_after_invalidation_raises_a_finding_though_the_first_came_before() -> None:
    way = Way().told(a_declaration(), a_release(after_h=1), an_invalidation(after_h=4))
    assert way.finding_codes() == []
    assert way.told(a_release(fact_id="again", after_h=40)).finding_codes() == ["shipment.out-of-sequence"]


def test_moments_less_than_a_day_apart_have_no_order() -> None:
    way = Way().told(a_declaration(), an_invalidation(after_h=1), a_release(after_h=24))
    assert way.finding_codes() == []


def test_an_ordinary_life_raises_nothing() -> None:
    way = Way().told(a_declaration(), a_refusal(), a_release(after_h=3), an_exit(result=B1, fact_id="b1"), an_exit())
    assert way.finding_codes() == []


def test_an_amendment_or_exit_of_an_item_nobody_declared_raises_a_finding() -> None:
    way = Way().told(a_declaration(), an_amendment(a_replacement(a_document()), item=7), an_exit(a_total(9)))
    assert way.finding_codes() == ["shipment.out-of-sequence"] * 2
    assert [f.item for f in way.all(Finding)] == [7, 9]


def test_each_item_that_nobody_declared_has_a_finding_of_its_own() -> None:
    way = Way().told(a_declaration(), an_exit(a_total(8), a_total(9)))
    found = way.all(Finding)
    assert [f.item for f in found] == [8, 9]
    assert found[0].id != found[1].id


def test_an_amendment_of_an_item_that_a_later_version_dropped_raises_nothing() -> None:
    two_items = a_declaration(an_item(a_document()), an_item(a_document(), item=2))
    one_item = a_declaration(version=2, amended_at=hours(3))
    way = Way().told(two_items, an_amendment(a_replacement(a_document("L2")), item=2), one_item)
    assert way.finding_codes() == []


def test_the_first_of_two_different_statements_of_a_version_counts() -> None:
    first = a_declaration(an_item(a_document("L1", quantity="2.50")))
    second = a_declaration(an_item(a_document("L1", quantity="3")), fact_id="other", destination="PK")
    way = Way().told(first, second)
    (finding,) = way.all(Finding)
    assert finding.code == "shipment.version-conflict"
    assert [s.message_id for s in finding.sources] == ["accepted-1", "other"]
    assert Comparison(what="country_of_destination", declared="PK", licensed="IN") in finding.comparisons
    (items,) = (c for c in finding.comparisons if c.what == "items/1")
    assert "quantity: 2.5," in items.licensed
    assert "quantity: 3," in items.declared
    assert way.latest_demands() == Way().told(first).latest_demands()


def test_the_same_statement_of_a_version_in_another_message_is_no_conflict() -> None:
    way = Way().told(a_declaration(), a_declaration(fact_id="again"))
    assert way.finding_codes() == []
    assert way.latest_demand().revision == 1


def test_a_conflict_is_raised_once() -> None:
    way = Way().told(a_declaration(), a_declaration(fact_id="other", destination="PK"), a_release())
    assert way.finding_codes() == ["shipment.version-conflict"]
