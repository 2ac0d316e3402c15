"""The balance of a licence that is replaced goes over to the one that replaces it: once, whole, counted once."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.messages import Basis, CarryOver, DrawVerdict, EntryCause, EntryOrigin, Phase
from services.core.values import LicenceRef, Unit
from services.reconciliation.domain.ledger import from_record, to_record
from services.reconciliation.domain.verification import entries_are_columns, verify
from services.reconciliation.handlers.ledger import new_ledger
from tests.builders import REF, a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play, recorded

NEW = LicenceRef("VL/2026/000999")
OVERRUN = "quantity.overrun"


def the_new(*messages: Any) -> Play:
    play = Play()
    play.state = new_ledger(NEW)
    for message in messages:
        play.hand(message)
    return play


def new_licence(*lines: Any, **changes: Any) -> Any:
    return a_licence(*lines, ref=NEW, replaces=REF, **changes)


def asks(quantity: str = "1", number: int = 1, **changes: Any) -> Any:
    return a_demand(a_draw(quantity, "100.00"), mrn=mrn(number), **changes)


@pytest.mark.parametrize("field", ["replaces", "replaced_by", "split_from"])
def test_no_licence_gives_its_balance_to_itself(field: str) -> None:
    with pytest.raises(Rejected, match=field):
        the_new(a_licence(ref=NEW, **{field: NEW}))


def given(play: Play) -> list[CarryOver]:
    return [output for output in play.outputs if isinstance(output, CarryOver)]


def figures(carried: CarryOver) -> list[Any]:
    return [carried.quantity, carried.value]


def authorised(play: Play, line: int = 1) -> Any:
    """Quantity and value."""
    quantity, value = play.line(line).quantity, play.line(line).value
    assert quantity is not None
    assert value is not None
    return quantity.authorised, value.authorised


def is_sound(play: Play) -> None:
    entries = recorded(play.entries)
    assert list(verify(entries)) == []
    assert list(entries_are_columns(entries, play.state)) == []
    assert from_record(to_record(play.state)) == play.state


def test_what_is_unused_goes_over_and_is_added_to_what_the_other_states() -> None:
    old = Play(a_licence(a_line(1, quantity="5"), a_line(2, quantity="3")), asks("2")).change(replaced_by=NEW)
    one, two = given(old)
    assert (one.licence, one.replaced, one.line, one.unit, one.currency) == (NEW, REF, 1, "NAR", "EUR")
    assert figures(one) == [3, Decimal("249900.00")]
    assert [two.line, two.quantity] == [2, 3]
    entries = old.new_entries
    assert [(e.cause, e.origin) for e in entries[1:]] == [(EntryCause.LICENCE, EntryOrigin.CARRY_OVER)] * 2
    assert [e.revision for e in entries[1:]] == [one.revision, two.revision]
    assert authorised(old) == (2, 100)
    assert old.quantity() == (2, 0, 0)
    is_sound(old)
    new = the_new(new_licence(a_line(quantity="4"), a_line(2)), one, two)
    assert authorised(new) == (7, Decimal("499900.00"))
    assert authorised(new, 2)[0] == 5
    is_sound(new)


@pytest.mark.parametrize("first", ["licence", "carried"])
def test_it_does_not_matter_which_comes_first(first: str) -> None:
    [carried] = given(Play(a_licence()).change(replaced_by=NEW))
    messages = [new_licence(), carried] if first == "licence" else [carried, new_licence()]
    new = the_new(*messages)
    assert authorised(new) == (4, 500000)
    is_sound(new)


def test_it_is_given_once_whatever_comes_again() -> None:
    old = Play(a_licence()).change(replaced_by=NEW)
    [carried] = given(old)
    assert given(old.change(destinations=())) == []
    assert old.state.terms is not None
    assert old.hand(old.state.terms).outputs == ()
    new = the_new(new_licence(), carried)
    state = new.state
    assert (new.hand(carried).outputs, new.state) == ((), state)
    with pytest.raises(Corrupt):
        new.hand(replace(carried, quantity=Decimal(9)))
    with pytest.raises(Rejected):
        new.hand(replace(carried, licence=REF))


def test_goods_under_way_stay_and_what_returns_later_returns_there() -> None:
    old = Play(a_licence(), asks("2")).ask(asks("1", 2, phase=Phase.RELEASED)).change(replaced_by=NEW)
    assert [figures(carried) for carried in given(old)] == [[0, Decimal("249800.00")]]
    old.phase(mrn(1), Phase.RELEASED)
    assert (old.answer.verdict, old.quantity()) == (DrawVerdict.COVERED, (0, 3, 0))
    old.phase(mrn(1), Phase.INVALIDATED)
    assert (given(old), old.quantity()) == ([], (0, 1, 0))
    assert authorised(old)[0] == 2


def test_a_declaration_that_cites_the_old_number_afterwards_finds_nothing() -> None:
    old = Play(a_licence(), asks()).change(replaced_by=NEW).ask(asks(number=2))
    assert old.answer.reasons == (OVERRUN, "value.overrun")
    assert [c.licensed for c in old.findings[0].comparisons] == ["1 NAR", "1 NAR"]
    old.ask(asks(number=3, phase=Phase.RELEASED))
    assert "released.uncovered" in old.codes


def test_what_the_new_one_refused_is_judged_again() -> None:
    [carried] = given(Play(a_licence()).change(replaced_by=NEW))
    new = the_new(new_licence(a_line(quantity="1")), asks("3", licence=NEW))
    assert new.answer.reasons == (OVERRUN,)
    new.hand(carried)
    assert (new.answer.verdict, new.quantity()) == (DrawVerdict.COVERED, (3, 0, 0))
    is_sound(new)


def test_what_waited_for_a_licence_that_comes_as_replaced_is_judged_before() -> None:
    old = Play(asks("2")).hand(a_licence(a_line(quantity="5"), replaced_by=NEW))
    assert [carried.quantity for carried in given(old)] == [3]
    assert old.held().verdict is DrawVerdict.COVERED
    is_sound(old)


def test_an_over_run_and_an_open_line_give_nothing() -> None:
    over = Play(a_licence(a_line(basis=Basis.QUANTITY, value=None)), asks("3", phase=Phase.RELEASED))
    assert given(over.change(replaced_by=NEW)) == []
    assert given(Play(a_licence(a_line(basis=Basis.OPEN))).change(replaced_by=NEW)) == []
    [carried] = given(Play(a_licence(a_line(basis=Basis.QUANTITY))).change(replaced_by=NEW))
    assert figures(carried) == [2, None]


def test_it_stays_through_amendments_of_both_and_goes_on_with_the_next_replacement() -> None:
    old = Play(a_licence(), asks()).change(replaced_by=NEW)
    [carried] = given(old)
    old.change(lines=(a_line(quantity="3"),))
    assert authorised(old)[0] == 2
    new = the_new(carried, new_licence()).change(lines=(a_line(quantity="10"),))
    assert authorised(new)[0] == 11
    [onwards] = given(new.change(replaced_by=LicenceRef("VL/2027/000001")))
    assert (figures(onwards)[0], onwards.replaced) == (11, NEW)
    assert authorised(new)[0] == 0
    is_sound(old)
    is_sound(new)


def test_what_is_in_another_measure_than_the_line_is_recorded_and_not_counted() -> None:
    [carried] = given(Play(a_licence()).change(replaced_by=NEW))
    new = the_new(new_licence(), replace(carried, unit=Unit("KGM")), replace(carried, line=7))
    assert [authorised(new)[0], len(new.state.carried)] == [2, 2]
    is_sound(new)


@pytest.mark.parametrize("seed", range(8))
def test_together_they_authorise_what_they_state_whenever_the_old_one_closes(seed: int) -> None:
    rng = random.Random(seed)
    old, new = Play(a_licence(a_line(quantity="9"))), the_new(new_licence(a_line(quantity="4")))
    closes = rng.randrange(12)
    for step in range(12):
        if step == closes:
            old.change(replaced_by=NEW)
            for carried in given(old):
                new.hand(carried)
        play, ref = (old, REF) if rng.random() < 0.6 else (new, NEW)
        phase = rng.choice([Phase.ACCEPTED, Phase.ACCEPTED, Phase.RELEASED, Phase.INVALIDATED])
        play.ask(asks(str(rng.randint(1, 4)), rng.randint(1, 4), phase=phase, licence=ref))
    both = zip(authorised(old), authorised(new), strict=True)
    assert [one + other for one, other in both] == [13, Decimal("500000.00")]
    is_sound(old)
    is_sound(new)
