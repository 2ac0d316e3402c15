"""Every stage with every message: the table, and the shipment that lives by it."""

from collections.abc import Callable, Mapping

import pytest

from services.core.facts import Fact
from services.core.messages import DeclarationForm, ExitProof, ExitResult, Finding, Phase, Severity, Stage
from services.reconciliation.adapters import life_cycle_page
from services.reconciliation.domain.facts import all_facts
from services.reconciliation.domain.life import TRANSITIONS, Event, Order
from tests.builders_customs import (
    a_declaration,
    a_document,
    a_presentation,
    a_refusal,
    a_release,
    a_replacement,
    an_amendment,
    an_arrival,
    an_exit,
    an_exit_release,
    an_exit_stop,
    an_invalidation,
    an_override,
)
from tests.builders_shipments import Way

BEFORE_EXIT = "UNDECLARED LODGED ACCEPTED RELEASED EXIT_STARTED"
MOVES: Mapping[str, Mapping[str, str]] = {
    "LODGED": {"LODGED": "UNDECLARED"},
    "ACCEPTED": {"ACCEPTED": "UNDECLARED LODGED"},
    "PRESENTED": {"ACCEPTED": "UNDECLARED LODGED"},
    "AMENDED": {},
    "OVERRIDDEN": {},
    "NOT_RELEASED": {"NOT_RELEASED": f"{BEFORE_EXIT} EXIT_STOPPED"},
    "RELEASED": {"RELEASED": "UNDECLARED LODGED ACCEPTED NOT_RELEASED"},
    "ARRIVED": {"EXIT_STARTED": "UNDECLARED LODGED ACCEPTED RELEASED EXIT_STOPPED"},
    "EXIT_STOPPED": {"EXIT_STOPPED": BEFORE_EXIT},
    "EXIT_RELEASED": {"EXIT_STARTED": "UNDECLARED LODGED ACCEPTED RELEASED NOT_RELEASED EXIT_STOPPED"},
    "PART_LEFT": {"PARTLY_EXITED": f"{BEFORE_EXIT} NOT_RELEASED EXIT_STOPPED INVALIDATED"},
    "NOT_LEFT": {"EXIT_STOPPED": "EXIT_STARTED"},
    "LEFT": {"EXITED": f"{BEFORE_EXIT} NOT_RELEASED EXIT_STOPPED PARTLY_EXITED INVALIDATED"},
    "INVALIDATED": {"INVALIDATED": f"{BEFORE_EXIT} NOT_RELEASED EXIT_STOPPED"},
}
"""Where each message leads, and from which stages; everywhere else the stage stays."""
OUT_OF_SEQUENCE: Mapping[str, str] = {
    "PRESENTED": "NOT_RELEASED RELEASED EXIT_STARTED EXIT_STOPPED PARTLY_EXITED EXITED INVALIDATED",
    "AMENDED": "INVALIDATED",
    "OVERRIDDEN": "INVALIDATED",
    "NOT_RELEASED": "UNDECLARED EXIT_STARTED PARTLY_EXITED EXITED",
    "RELEASED": "UNDECLARED PARTLY_EXITED EXITED INVALIDATED",
    "ARRIVED": "NOT_RELEASED EXITED INVALIDATED",
    "EXIT_STOPPED": "UNDECLARED EXITED",
    "EXIT_RELEASED": "UNDECLARED NOT_RELEASED EXITED INVALIDATED",
    "PART_LEFT": "UNDECLARED EXITED",
    "NOT_LEFT": "UNDECLARED EXITED",
    "LEFT": "UNDECLARED",
    "INVALIDATED": "UNDECLARED",
}
IMPOSSIBLE: Mapping[str, str] = {
    "PART_LEFT": "NOT_RELEASED EXIT_STOPPED INVALIDATED",
    "LEFT": "NOT_RELEASED EXIT_STOPPED INVALIDATED",
    "INVALIDATED": "PARTLY_EXITED EXITED",
}

FACTS: Mapping[Event, Callable[[float], Fact]] = {
    Event.PRESENTED: lambda h: a_presentation(fact_id="it", after_h=h),
    Event.AMENDED: lambda h: an_amendment(a_replacement(a_document(quantity="2")), fact_id="it", after_h=h),
    Event.OVERRIDDEN: lambda h: an_override(fact_id="it", after_h=h),
    Event.NOT_RELEASED: lambda h: a_refusal(fact_id="it", after_h=h),
    Event.RELEASED: lambda h: a_release(fact_id="it", after_h=h),
    Event.ARRIVED: lambda h: an_arrival(fact_id="it", after_h=h),
    Event.EXIT_STOPPED: lambda h: an_exit_stop(fact_id="it", after_h=h),
    Event.EXIT_RELEASED: lambda h: an_exit_release(fact_id="it", after_h=h),
    Event.PART_LEFT: lambda h: an_exit(fact_id="it", after_h=h, final=False),
    Event.NOT_LEFT: lambda h: an_exit(fact_id="it", after_h=h, result=ExitResult.B1),
    Event.LEFT: lambda h: an_exit(fact_id="it", after_h=h),
    Event.INVALIDATED: lambda h: an_invalidation(fact_id="it", after_h=h),
}
PRE_LODGED = a_declaration(pre_lodged=True)
LIVES: Mapping[Stage, tuple[Fact, ...]] = {
    Stage.LODGED: (PRE_LODGED,),
    Stage.ACCEPTED: (a_declaration(),),
    Stage.NOT_RELEASED: (a_declaration(), a_refusal()),
    Stage.RELEASED: (a_declaration(), a_release()),
    Stage.EXIT_STARTED: (a_declaration(), a_release(), an_arrival()),
    Stage.EXIT_STOPPED: (a_declaration(), a_release(), an_arrival(), an_exit_stop()),
    Stage.PARTLY_EXITED: (a_declaration(), a_release(), an_exit(final=False)),
    Stage.EXITED: (a_declaration(), a_release(), an_exit()),
    Stage.INVALIDATED: (a_declaration(), an_invalidation()),
}
"""How a shipment comes into a stage, within two days."""
PAIRS = [(stage, event) for stage in Stage for event in Event]
LIVED = [(stage, event) for stage in LIVES for event in FACTS]


def next_stage(stage: Stage, event: Event) -> Stage:
    return next((Stage(to) for to, sources in MOVES[event.name].items() if stage in sources.split()), stage)


def order(stage: Stage, event: Event) -> Order:
    if stage in IMPOSSIBLE.get(event.name, "").split():
        return Order.IMPOSSIBLE
    return Order.OUT_OF_SEQUENCE if stage in OUT_OF_SEQUENCE.get(event.name, "").split() else Order.IN_SEQUENCE


def stage_of(way: Way) -> Stage | None:
    return way.verdict().stage


@pytest.mark.parametrize(("stage", "event"), PAIRS)
def test_the_table_says_what_a_message_does_in_a_stage(stage: Stage, event: Event) -> None:
    step = TRANSITIONS[stage][event]
    assert (step.to or stage, step.order) == (next_stage(stage, event), order(stage, event))


@pytest.mark.parametrize("stage", LIVES)
def test_a_shipment_comes_into_each_stage_in_sequence(stage: Stage) -> None:
    way = Way().told(*LIVES[stage])
    assert (stage_of(way), way.finding_codes()) == (stage, [])


@pytest.mark.parametrize(("stage", "event"), LIVED)
def test_a_message_in_a_stage_moves_it_or_is_kept_and_raised_once(stage: Stage, event: Event) -> None:
    fact = FACTS[event](120)
    way = Way().told(*LIVES[stage]).told(fact)
    wrong = order(stage, event) is not Order.IN_SEQUENCE
    assert stage_of(way) is next_stage(stage, event)
    assert way.finding_codes() == (["shipment.out-of-sequence"] if wrong else [])
    assert fact in all_facts(way.shipment)
    assert way.told(fact, an_override(fact_id="later", after_h=3)).finding_codes() == way.finding_codes()


@pytest.mark.parametrize("event", FACTS)
def test_a_message_dated_before_acceptance_counts_and_is_raised_when_the_table_says_so(event: Event) -> None:
    way = Way().told(a_declaration(), FACTS[event](-96))
    moved = next_stage(Stage.UNDECLARED, event)
    assert stage_of(way) is (Stage.ACCEPTED if moved is Stage.UNDECLARED else moved)
    wrong = order(Stage.UNDECLARED, event) is not Order.IN_SEQUENCE
    assert way.finding_codes() == (["shipment.out-of-sequence"] if wrong else [])


@pytest.mark.parametrize(("stage", "event"), [pair for pair in LIVED if order(*pair) is Order.IMPOSSIBLE])
def test_the_impossible_is_raised_on_the_same_day_too(stage: Stage, event: Event) -> None:
    hours_after = {Stage.NOT_RELEASED: 2, Stage.EXIT_STOPPED: 22, Stage.INVALIDATED: 4}.get(stage, 30)
    assert len(Way().told(*LIVES[stage], FACTS[event](hours_after + 0.1)).finding_codes()) == 1


@pytest.mark.parametrize("stage", [Stage.NOT_RELEASED, Stage.EXIT_STOPPED, Stage.INVALIDATED])
def test_goods_that_left_though_refused_stopped_or_invalidated_are_critical(stage: Stage) -> None:
    (finding,) = Way().told(*LIVES[stage], an_exit()).all(Finding)
    assert finding.severity is Severity.CRITICAL


def test_missing_messages_contradict_nothing() -> None:
    way = Way().told(a_declaration(), an_exit())
    assert (stage_of(way), way.finding_codes()) == (Stage.EXITED, [])
    way = Way().told(a_declaration(), an_exit_release())
    assert (stage_of(way), way.verdict().phase, way.finding_codes()) == (Stage.EXIT_STARTED, Phase.RELEASED, [])


def test_a_whole_life_is_in_sequence() -> None:
    way = Way().told(
        PRE_LODGED,
        a_presentation(after_h=30),
        an_amendment(a_replacement(a_document()), after_h=31),
        a_release(after_h=50),
        an_arrival(after_h=90),
        an_exit_stop(after_h=120),
        an_arrival(fact_id="elsewhere", after_h=150, office="NL000510"),
        an_exit_release(after_h=160, office="NL000510"),
        an_exit(fact_id="half", after_h=190, final=False),
        an_exit(after_h=220, proof=ExitProof.ALTERNATIVE),
    )
    assert (stage_of(way), way.finding_codes()) == (Stage.EXITED, [])


@pytest.mark.parametrize("form", [DeclarationForm.RETROSPECTIVE, DeclarationForm.SUPPLEMENTARY, DeclarationForm.PAPER])
def test_what_is_declared_afterwards_may_have_happened_before_acceptance(form: DeclarationForm) -> None:
    way = Way().told(a_declaration(form=form), a_release(after_h=-60), an_exit(after_h=-50))
    assert (stage_of(way), way.finding_codes()) == (Stage.EXITED, [])
    assert Way().told(a_declaration(), an_exit(after_h=-50)).finding_codes() == ["shipment.out-of-sequence"]


def test_the_page_is_drawn_from_the_table() -> None:
    assert life_cycle_page.PAGE.read_text(encoding="utf-8") == life_cycle_page.page()
    assert life_cycle_page.main(["--check"]) == 0
