"""Of three licences in a row, what the first left comes to the last, also when the one between closed before."""

import random
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.message import Message
from services.core.messages import CarriedOn, CarryOver, DrawVerdict, EntryOrigin, Phase
from services.core.values import LicenceRef, Unit
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import new_ledger
from tests.builders import REF, a_demand, a_draw, a_licence, a_line, mrn
from tests.ledger_play import Play, recorded

B, C, D = LicenceRef("VL/2026/000998"), LicenceRef("VL/2026/000999"), LicenceRef("VL/2027/000001")
NOTHING = a_line(quantity="0", value="0.00")


def of(ref: LicenceRef, *messages: Message) -> Play:
    play = Play()
    play.state = new_ledger(ref)
    for message in messages:
        play.hand(message)
    return play


def closed(*lines: Any, ref: LicenceRef = B, by: LicenceRef = C) -> Play:
    """A licence that was replaced before anything came to it."""
    return of(ref, a_licence(*(lines or (NOTHING,)), ref=ref)).change(replaced_by=by)


def of_the_first(*lines: Any) -> list[CarryOver]:
    play = Play(a_licence(*lines)).change(replaced_by=B)
    return [output for output in play.outputs if isinstance(output, CarryOver)]


def going_on(play: Play) -> list[CarriedOn]:
    return [output for output in play.outputs if isinstance(output, CarriedOn)]


def authorised(play: Play, line: int = 1) -> Any:
    quantity = play.line(line).quantity
    assert quantity is not None
    return quantity.authorised


def asks(quantity: str, number: int = 1, **changes: Any) -> Any:
    return a_demand(a_draw(quantity, "1.00"), mrn=mrn(number), **changes)


def test_what_comes_to_a_closed_licence_goes_on_to_the_next_and_the_next() -> None:
    [carried] = of_the_first()
    between = closed().hand(carried)
    [onward] = going_on(between)
    assert onward.carried == replace(carried, licence=C)
    assert authorised(between) == 0
    entries = between.new_entries
    assert [entry.origin for entry in entries] == [EntryOrigin.CARRY_OVER] * 2
    assert (onward.by, onward.revision) == (B, entries[-1].revision)
    last = closed(ref=C, by=D).hand(onward)
    [further] = going_on(last)
    assert (further.carried, further.by) == (replace(carried, licence=D), C)
    end = of(D, a_licence(NOTHING, ref=D), further)
    assert authorised(end) == 2
    for play in (between, last, end):
        assert list(verify(recorded(play.entries))) == []


def test_repeats_change_nothing_and_other_content_halts() -> None:
    [carried] = of_the_first()
    between = closed().hand(carried)
    [onward] = going_on(between)
    last = of(C, a_licence(NOTHING, ref=C), onward)
    for play, message in ((between, carried), (last, onward)):
        state = play.state
        assert (play.hand(message).outputs, play.state) == ((), state)
    with pytest.raises(Corrupt):
        last.hand(replace(onward, carried=replace(onward.carried, quantity=Decimal(9))))
    with pytest.raises(Corrupt):
        between.hand(replace(carried, quantity=Decimal(9)))
    with pytest.raises(Rejected):
        last.hand(replace(onward, carried=carried))


def test_the_same_line_of_both_comes_to_the_last() -> None:
    [carried] = of_the_first()
    between = closed(a_line(quantity="5"))
    [own] = [output for output in between.outputs if isinstance(output, CarryOver)]
    [onward] = going_on(between.hand(carried))
    assert own.identity != onward.identity != carried.identity
    for order in permutations([own, onward, a_licence(NOTHING, ref=C)]):
        assert authorised(of(C, *order)) == 7


def test_what_was_refused_of_the_closed_one_comes_first_and_the_rest_goes_on() -> None:
    [carried] = of_the_first(a_line(quantity="5"))
    between = closed().ask(asks("4", licence=B))
    assert between.answer.verdict is DrawVerdict.REFUSED
    [onward] = going_on(between.hand(carried))
    assert (between.held().verdict, between.quantity()) == (DrawVerdict.COVERED, (4, 0, 0))
    assert [onward.carried.quantity, authorised(between)] == [1, 4]


def test_an_over_run_of_the_closed_one_is_made_good_first_and_what_returned_to_it_stays() -> None:
    [carried] = of_the_first(a_line(quantity="5"))
    over = closed().ask(asks("3", licence=B, phase=Phase.RELEASED))
    assert [onward.carried.quantity for onward in going_on(over.hand(carried))] == [2]
    back = of(B, a_licence(a_line(quantity="3"), ref=B), asks("3", licence=B)).change(replaced_by=C)
    back.phase(mrn(1), Phase.INVALIDATED)
    assert [onward.carried.quantity for onward in going_on(back.hand(carried))] == [5]
    assert authorised(back) == 3


def test_nothing_goes_on_of_what_an_open_licence_got_or_does_not_count() -> None:
    [carried] = of_the_first()
    assert going_on(of(B, a_licence(ref=B), carried)) == []
    for other in (replace(carried, unit=Unit("KGM"), value=None), replace(carried, line=7)):
        assert going_on(closed().hand(other)) == []


@pytest.mark.parametrize("seed", range(20))
def test_together_they_authorise_what_they_state_in_any_order_with_repeats(seed: int) -> None:
    """Each ledger takes its messages in an order of its own, as its topics bring them, and some of them twice."""
    rng = random.Random(seed)
    stated = {REF: "5", B: "2", C: "1"}
    plays = {ref: of(ref) for ref in stated}
    waiting: list[Message] = []
    for (ref, quantity), by in zip(stated.items(), (B, C, None), strict=True):
        first = a_licence(a_line(quantity=quantity), a_line(2, quantity=quantity), ref=ref)
        waiting += [first, replace(first, revision=2, replaced_by=by)]
        waiting += [asks(str(rng.randint(1, 3)), number, licence=ref) for number in (1, 2)]
    while waiting:
        message = waiting.pop(rng.randrange(len(waiting)))
        play = plays[LicenceRef(message.key)]
        play.hand(message)
        fresh = [one for one in play.outputs if isinstance(one, CarryOver | CarriedOn)]
        waiting += fresh + [one for one in [message, *fresh] if rng.random() < 0.3 and not isinstance(one, CarriedOn)]
    for line in (1, 2):
        assert sum(authorised(play, line) for play in plays.values()) == 8
    for ref in (REF, B):
        held = sum(draw.draw.quantity or 0 for s in plays[ref].state.shipments.values() for draw in s.draws)
        assert authorised(plays[ref]) <= held
        assert authorised(plays[ref], 2) == 0
        assert list(verify(recorded(plays[ref].entries))) == []
