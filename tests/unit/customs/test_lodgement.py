"""Joining what was lodged with what customs answered: the same in any order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.core.messages import DeclarationAccepted, GoodsPresented, Item, Party
from services.core.values import CommodityCode, CountryCode, Eori, Mrn
from services.customs import handlers
from services.customs.domain.declaration import Declaration
from services.customs.domain.lodgement import Outcome, State, join
from services.customs.domain.reading import Acceptance, Lodged, Logged, NothingToDo, Reading, Rejection, Statement
from tests.unit.customs.written import LRN, MRN, OTHER_MRN

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def logged(
    name: str, statement: Statement, *, declarant: str | None = None, minute: int = 0, stated: bool = True
) -> Logged:
    at = NOON + timedelta(minutes=minute)
    reading = Reading(
        kind=type(statement).__name__,
        system="AES",
        identity=(name,),
        message_id=f"source-{name}",
        statement=statement,
        lrn=LRN,
        declarant=declarant,
        stated_at=at if stated else None,
    )
    return Logged(id=name, party="customs", sha256=name, received_at=at, reading=reading)


def lodged(name: str, declarant: str = "BE1", *, minute: int = 0, exporter: str = "BE2") -> Logged:
    item = Item(item=1, commodity_code=CommodityCode("84798300"), description="press", procedure="10")
    declaration = Declaration(
        office_of_export=None,
        procedure="10",
        exporter=Party(eori=Eori(exporter)),
        declarant=None,
        consignee=None,
        country_of_destination=CountryCode("IN"),
        items=(item,),
    )
    return logged(name, Lodged(declaration), declarant=declarant, minute=minute)


def accepted(
    name: str, declarant: str | None = "BE1", *, mrn: str = MRN, minute: int = 30, correlates: str | None = None
) -> Logged:
    at = NOON + timedelta(minutes=minute)
    return logged(name, Acceptance(Mrn(mrn), at, 1, correlates), declarant=declarant, minute=minute)


def rejected(name: str, *, minute: int = 20) -> Logged:
    return logged(name, Rejection(None), minute=minute)


def in_any_order(*messages: Logged, known: tuple[str, ...] = ()) -> dict[str, Outcome]:
    """The outcomes, which are the same whatever the order."""
    first, *others = [
        {outcome.id: outcome for outcome in join(order, [Mrn(mrn) for mrn in known])}
        for order in permutations(messages)
    ]
    assert all(other == first for other in others)
    assert set(first) == {message.id for message in messages}
    return first


def test_a_declaration_and_its_acceptance_are_one_fact_with_the_id_of_the_acceptance() -> None:
    outcomes = in_any_order(lodged("d"), accepted("a"))
    made = outcomes["a"].fact
    assert isinstance(made, DeclarationAccepted)
    assert (made.fact_id, made.mrn, made.lrn, made.version) == ("a", MRN, LRN, 1)
    assert [source.message_id for source in made.sources] == ["d", "a"]
    assert made.accepted_at == NOON + timedelta(minutes=30)
    assert outcomes["d"] == Outcome(id="d", state=State.RECEIVED, shipment=Mrn(MRN), fact_id="a")
    assert not outcomes["a"].open


def test_each_half_waits_for_the_other_and_says_so() -> None:
    (waiting,) = join([lodged("d")], [])
    assert (waiting.state, waiting.open, waiting.fact) == (State.WAITING, True, None)
    assert waiting.note == f"no acceptance of LRN {LRN} was received yet"
    (waiting,) = join([accepted("a")], [])
    assert (waiting.state, waiting.open, waiting.shipment) == (State.WAITING, True, MRN)
    assert waiting.note == f"no declaration with LRN {LRN} was received yet"


def test_another_declarant_with_the_same_lrn_is_not_meant() -> None:
    outcomes = in_any_order(lodged("mine"), lodged("theirs", "FR1", minute=5), accepted("a"))
    assert outcomes["mine"].fact_id == "a"
    assert (outcomes["theirs"].state, outcomes["theirs"].fact_id) == (State.WAITING, None)


def test_an_acceptance_that_names_no_declarant_waits_while_it_is_ambiguous() -> None:
    outcomes = in_any_order(lodged("one", "BE1"), lodged("two", "FR1"), accepted("a", None))
    assert all(outcome.fact is None and outcome.open for outcome in outcomes.values())
    assert outcomes["a"].note == f"ambiguous: declarants BE1, FR1 use LRN {LRN}"


def test_an_acceptance_that_names_no_declarant_takes_the_only_one() -> None:
    assert in_any_order(lodged("one", "FR1"), accepted("a", None))["one"].fact_id == "a"


def test_the_source_may_say_which_declaration_it_answers() -> None:
    first, second = lodged("one", "BE1"), lodged("two", "FR1", minute=5)
    outcomes = in_any_order(first, second, accepted("a", None, correlates="source-one"))
    assert outcomes["one"].fact_id == "a"


def test_a_declaration_lodged_again_replaces_the_one_before() -> None:
    outcomes = in_any_order(lodged("old"), lodged("new", minute=5, exporter="BE3"), accepted("a"))
    made = outcomes["a"].fact
    assert isinstance(made, DeclarationAccepted)
    assert made.exporter.eori == "BE3"
    assert outcomes["old"].state is State.WAITING


def test_a_repeated_acceptance_gives_no_second_fact() -> None:
    outcomes = in_any_order(lodged("d"), accepted("a"), accepted("again", minute=40))
    assert [outcome.id for outcome in outcomes.values() if outcome.fact] == ["a"]
    assert outcomes["again"] == Outcome(
        id="again",
        state=State.APPLIED,
        note="a repeat: this MRN was accepted before",
        shipment=Mrn(MRN),
    )


def test_an_acceptance_of_an_mrn_known_before_takes_no_declaration() -> None:
    outcomes = in_any_order(lodged("d"), accepted("a"), known=(MRN,))
    assert outcomes["a"].state is State.APPLIED
    assert outcomes["d"].state is State.WAITING


def test_two_shipments_under_one_lrn_are_two_facts() -> None:
    outcomes = in_any_order(
        lodged("d1", "BE1"), accepted("a1", "BE1"), lodged("d2", "FR1"), accepted("a2", "FR1", mrn=OTHER_MRN)
    )
    assert {name: outcome.fact_id for name, outcome in outcomes.items()} == {
        "d1": "a1",
        "a1": "a1",
        "d2": "a2",
        "a2": "a2",
    }


def test_a_rejection_closes_what_was_lodged() -> None:
    outcomes = in_any_order(lodged("d"), rejected("r"))
    assert (outcomes["d"].state, outcomes["d"].note) == (State.APPLIED, "customs rejected it")
    assert (outcomes["r"].state, outcomes["r"].open) == (State.APPLIED, False)


def test_a_rejection_before_its_declaration_is_done_and_still_closes_it_later() -> None:
    (alone,) = join([rejected("r")], [])
    assert (alone.state, alone.open) == (State.APPLIED, True)


def test_a_rejection_says_nothing_about_a_later_declaration() -> None:
    outcomes = in_any_order(lodged("again", minute=25), rejected("r", minute=20))
    assert outcomes["again"].state is State.WAITING


def test_the_declaration_lodged_after_a_rejection_is_the_accepted_one() -> None:
    outcomes = in_any_order(lodged("first"), rejected("r"), lodged("second", minute=25), accepted("a"))
    assert outcomes["second"].fact_id == "a"
    assert outcomes["first"].note == "customs rejected it"


def test_a_rejection_never_loses_a_shipment_that_customs_accepts() -> None:
    closed = Logged(
        id="d",
        party="customs",
        sha256="d",
        received_at=NOON,
        reading=lodged("d").reading,
        closed=True,
    )
    assert in_any_order(closed, accepted("a"))["d"].fact_id == "a"


def test_the_keys_of_locks_are_those_of_messages_that_join() -> None:
    assert handlers.lodgement_key(lodged("d")) == ("customs", "AES", LRN)
    assert handlers.lodgement_key(logged("n", NothingToDo("so it is"))) is None
    assert handlers.acceptance_mrns([accepted("a", mrn=OTHER_MRN), accepted("b"), lodged("d")]) == sorted(
        [MRN, OTHER_MRN]
    )


@pytest.mark.parametrize("first", [0, 1])
def test_one_mrn_accepted_under_two_lrns_of_one_group_is_one_fact(first: int) -> None:
    groups = {("customs", "AES", f"L{n}"): [lodged(f"d{n}"), accepted(f"a{n}")] for n in (first, 1 - first)}
    made = handlers.facts(handlers.settle(groups, []))
    assert [fact.fact_id for fact in made] == ["a0"]


def test_a_message_that_needs_no_effect_is_applied_with_its_reason() -> None:
    outcome = handlers.receive(logged("n", NothingToDo("so it is")))
    assert (outcome.state, outcome.note, outcome.fact) == (State.APPLIED, "so it is", None)


def registered(name: str, *, minute: int = 10) -> Logged:
    """Customs gave a pre-lodged declaration its MRN (DMSRCV)."""
    at = NOON + timedelta(minutes=minute)
    return logged(name, Acceptance(Mrn(MRN), at, 1, pre_lodged=True), minute=minute)


def legally_accepted(name: str, *, minute: int = 30) -> Logged:
    """Customs accepted it (DMSACC)."""
    at = NOON + timedelta(minutes=minute)
    return logged(name, Acceptance(Mrn(MRN), at, 2, pre_lodged=False), minute=minute)


@pytest.mark.parametrize("minute", [5, 30], ids=["states an earlier hour", "states a later hour"])
def test_a_registered_declaration_is_accepted_when_its_goods_are_presented(minute: int) -> None:
    messages = [lodged("declared"), registered("received"), legally_accepted("accepted", minute=minute)]
    for order in permutations(messages):
        outcomes = {outcome.id: outcome for outcome in join(order, [])}
        made, presented = outcomes["received"].fact, outcomes["accepted"].fact
        assert isinstance(made, DeclarationAccepted)
        assert (made.pre_lodged, made.version, made.accepted_at) == (True, 1, NOON + timedelta(minutes=10))
        assert isinstance(presented, GoodsPresented)
        assert presented.presented_at == NOON + timedelta(minutes=minute)
        assert not any(outcome.open for outcome in outcomes.values())


def test_an_acceptance_of_an_mrn_that_was_registered_before_says_the_goods_are_there() -> None:
    (outcome,) = join([legally_accepted("accepted")], [Mrn(MRN)], [Mrn(MRN)])
    assert isinstance(outcome.fact, GoodsPresented)
    assert [source.message_id for source in outcome.fact.sources] == ["accepted"]


def test_an_acceptance_without_registration_is_of_a_declaration_that_is_no_longer_pre_lodged() -> None:
    outcomes = {outcome.id: outcome for outcome in join([lodged("declared"), legally_accepted("accepted")], [])}
    made = outcomes["accepted"].fact
    assert isinstance(made, DeclarationAccepted)
    assert not made.pre_lodged


def test_what_comes_after_the_acceptance_is_a_repeat() -> None:
    for late in (registered("late"), legally_accepted("late")):
        (outcome,) = join([late], [Mrn(MRN)])
        assert (outcome.fact, outcome.state) == (None, State.APPLIED)
