"""Facts in any order and any number give the same demands and the same verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Corrupt
from services.core.facts import Fact
from services.core.messages import Demand, ExitResult, Phase, Stage, Verdict
from services.reconciliation.domain.course import course
from tests.builders_customs import (
    a_declaration,
    a_document,
    a_presentation,
    a_refusal,
    a_release,
    a_replacement,
    a_total,
    an_amendment,
    an_arrival,
    an_exit,
    an_exit_release,
    an_exit_stop,
    an_invalidation,
    an_item,
    an_override,
    hours,
)
from tests.builders_shipments import Way, without_numbers

DECLARED: tuple[Fact, ...] = (
    a_declaration(an_item(a_document("L1"), a_document("L2", line=None)), pre_lodged=True),
    a_declaration(an_item(a_document("L2", quantity="2")), version=2, amended_at=hours(1), accepted_at=hours(1)),
    an_amendment(a_replacement(a_document("L3")), fact_id="delta-1", after_h=0.5),
    an_amendment(a_replacement(a_document("L4", quantity="3"), 1), fact_id="delta-2", after_h=1.5),
    an_amendment(a_replacement(a_document("L5")), fact_id="delta-3", after_h=1.5),
)
HAPPENED: tuple[Fact, ...] = (
    a_refusal(after_h=2),
    a_release(after_h=3),
    an_exit(fact_id="not-left", after_h=9, result=ExitResult.B1),
    an_exit(a_total(1, quantity="1"), fact_id="half", after_h=30, final=False),
    an_exit(a_total(1, quantity="2"), fact_id="most", after_h=29),
    an_invalidation(after_h=50),
    a_presentation(after_h=1),
    an_override(after_h=2.5),
    an_arrival(after_h=20),
    an_exit_stop(after_h=21),
    an_exit_release(after_h=22),
    an_exit_release(fact_id="at-another", after_h=60),
    a_refusal(fact_id="withdrawn", after_h=61),
    a_release(fact_id="released-again", after_h=4),
)


AT_EXIT = {Stage.EXIT_STARTED, Stage.EXIT_STOPPED}
STAGES = {
    Phase.ACCEPTED: {Stage.LODGED, Stage.ACCEPTED, *AT_EXIT},
    Phase.RELEASED: {Stage.RELEASED, *AT_EXIT},
    Phase.NOT_RELEASED: {Stage.NOT_RELEASED},
    Phase.INVALIDATED: {Stage.INVALIDATED},
    Phase.EXITED: {Stage.PARTLY_EXITED, Stage.EXITED},
}


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Some facts, and the same facts in two orders with some of them repeated."""
    chosen = [*draw(st.sets(st.sampled_from(range(len(DECLARED))), min_size=1))]
    happened = [*draw(st.sets(st.sampled_from(range(len(HAPPENED)))))]
    facts = [*(DECLARED[i] for i in chosen), *(HAPPENED[i] for i in happened)]
    repeated = draw(st.lists(st.sampled_from(facts), max_size=4))
    return draw(st.permutations(facts + repeated)), draw(st.permutations(facts))


@given(arrivals())
def test_any_order_of_arrival_gives_the_same_demands_and_verdict(orders: tuple[list[Fact], list[Fact]]) -> None:
    one, other = (Way().told(*order).answered() for order in orders)
    assert without_numbers(one) == without_numbers(other)


@given(arrivals())
def test_any_order_of_arrival_leads_to_the_same_stage_and_the_same_contradictions(
    orders: tuple[list[Fact], list[Fact]],
) -> None:
    one, other = (course(Way().told(*order).shipment) for order in orders)
    assert one == other


@given(arrivals())
def test_the_stage_is_one_that_the_phase_allows(orders: tuple[list[Fact], list[Fact]]) -> None:
    way = Way().told(a_declaration(version=9), *orders[0])
    assert way.verdict().stage in STAGES[way.verdict().phase]


@given(st.permutations([*DECLARED, *HAPPENED[:5]]), st.data())
def test_answers_given_in_between_change_nothing_of_the_end(order: list[Fact], data: st.DataObject) -> None:
    way = Way()
    for fact in order:
        way = way.told(fact)
        way = way.answered() if data.draw(st.booleans()) else way
    assert without_numbers(way.answered()) == without_numbers(Way().told(*DECLARED, *HAPPENED[:5]).answered())


@given(st.permutations([*DECLARED, *HAPPENED]))
def test_revisions_of_demands_and_verdicts_rise_by_one_without_gaps(order: list[Fact]) -> None:
    way = Way().told(*order).answered()
    assert [v.revision for v in way.all(Verdict)] == list(range(1, len(way.all(Verdict)) + 1))
    for licence in {d.licence for d in way.all(Demand)}:
        revisions = [d.revision for d in way.all(Demand) if d.licence == licence]
        assert revisions == list(range(1, len(revisions) + 1))


def test_a_repeated_fact_changes_nothing() -> None:
    way = Way().told(a_declaration(), a_release()).answered()
    again = way.told(a_declaration(), a_release())
    assert again == way


def test_a_fact_that_comes_back_with_other_content_halts() -> None:
    way = Way().told(a_release(after_h=2))
    with pytest.raises(Corrupt, match="released"):
        way.told(a_release(after_h=3))


def test_an_id_of_another_kind_of_fact_halts() -> None:
    way = Way().told(a_release(fact_id="same"))
    with pytest.raises(Corrupt, match="same"):
        way.told(an_exit(fact_id="same"))


@pytest.mark.parametrize("early", HAPPENED, ids=lambda fact: type(fact).__name__ + " " + fact.fact_id)
def test_a_fact_before_its_declaration_waits_without_demand_or_verdict(early: Fact) -> None:
    assert Way().told(early).outputs == ()


def test_an_amendment_before_its_declaration_waits() -> None:
    assert Way().told(an_amendment(a_replacement(a_document("L2")))).outputs == ()


def test_outputs_are_demands_by_licence_the_verdict_the_screening_then_findings() -> None:
    way = Way().told(an_exit(), an_invalidation())
    (raised,) = way.outputs
    told = way.told(a_declaration(an_item(a_document("L2"), a_document("L1"))))
    kinds = [type(output).__name__ for output in told.outputs]
    assert kinds == ["Finding", "Demand", "Demand", "Verdict", "Screening"]
    assert [d.licence for d in told.all(Demand)] == ["L1", "L2"]
    assert told.outputs[0] == raised
