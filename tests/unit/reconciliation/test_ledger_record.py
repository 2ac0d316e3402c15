"""The record: repeats, snapshots, replay."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.messages import Entry, Ledger, LicenceLine, Phase
from services.core.values import LicenceRef, Unit
from services.reconciliation.domain.ledger import apply, from_record, to_record
from services.reconciliation.handlers.ledger import answer_demand, new_ledger, record_licence
from services.runtime.codec import Codec
from tests.builders import ACCEPTED_AT, REF, a_demand, a_draw, a_licence, a_line, later, mrn
from tests.ledger_play import Play, a_full_play


def test_a_repeat_changes_nothing() -> None:
    play = Play(a_licence(), a_demand())
    before = play.state
    play.hand(a_demand()).hand(a_licence())
    assert (play.outputs, play.state) == ((), before)


def test_a_lower_revision_changes_nothing() -> None:
    play = Play(a_licence(revision=2), a_demand(revision=3))
    before = play.state
    play.hand(a_demand(a_draw("2"), revision=2)).hand(a_licence(a_line(quantity="9")))
    assert (play.outputs, play.state) == ((), before)


def test_the_same_revision_with_other_content_halts() -> None:
    play = Play(a_licence(), a_demand())
    with pytest.raises(Corrupt):
        play.hand(a_demand(a_draw("2")))
    with pytest.raises(Corrupt):
        play.hand(a_licence(authority="BE-WAL"))


def test_a_repeat_that_was_decoded_is_the_same() -> None:
    play = Play(a_licence(), a_demand())
    play.hand(a_demand(a_draw("1.000000", "100000.000000")))
    assert play.outputs == ()


def test_a_demand_on_another_licence_is_rejected() -> None:
    with pytest.raises(Rejected, match="VL/2026/9"):
        Play(a_demand(licence=LicenceRef("VL/2026/9")))


@pytest.mark.parametrize(
    ("lines", "time_zone"),
    [
        ((a_line(quantity=None),), "Europe/Brussels"),
        ((a_line(currency=None),), "Europe/Brussels"),
        ((a_line(2), a_line(1)), "Europe/Brussels"),
        ((a_line(),), "Europe/Nowhere"),
    ],
)
def test_a_licence_that_cannot_be_judged_by_is_rejected(lines: tuple[LicenceLine, ...], time_zone: str) -> None:
    with pytest.raises(Rejected):
        Play(a_licence(*lines, time_zone=time_zone))


def test_a_sum_too_long_for_its_column_is_rejected() -> None:
    huge = a_draw("900000000000000000")
    play = Play(a_licence(), a_demand(huge, mrn=mrn(1), phase=Phase.RELEASED))
    before = play.state
    with pytest.raises(Rejected, match="line 1, quantity"):
        play.hand(a_demand(huge, mrn=mrn(2), phase=Phase.RELEASED))
    assert play.state == before
    assert list(before.shipments) == [mrn(1)]


def test_applying_the_entries_gives_the_ledger() -> None:
    play = a_full_play()
    ledger = new_ledger(REF)
    for entry in play.entries:
        ledger = apply(ledger, entry)
    assert ledger == play.state
    assert list(ledger.shipments) == list(play.state.shipments)


def test_an_entry_that_does_not_follow_is_not_applied() -> None:
    first, second, *_ = a_full_play().entries
    with pytest.raises(Corrupt):
        apply(new_ledger(REF), second)
    with pytest.raises(Corrupt):
        apply(apply(new_ledger(REF), first), replace(second, previous_hash="0" * 64))


def test_a_snapshot_and_its_encoding_give_the_same_ledger() -> None:
    play = a_full_play()
    codec = Codec()
    record = to_record(play.state)
    stored = codec.decode_record(Ledger, codec.encode_record(record))
    assert stored == record
    assert from_record(stored) == play.state


def test_a_restored_ledger_decides_as_the_live_one_byte_for_byte() -> None:
    play = a_full_play()
    codec = Codec()
    restored = from_record(codec.decode_record(Ledger, codec.encode_record(to_record(play.state))))
    demand = a_demand(a_draw("1", line=2), mrn=mrn(9), revision=7, phase=Phase.RELEASED)
    live = answer_demand(play.state, demand, later(99))
    again = answer_demand(restored, demand, later(99))
    assert [codec.encode(output) for output in live.outputs] == [codec.encode(output) for output in again.outputs]
    assert live.outputs


def test_handling_does_not_alter_the_ledger_it_was_given() -> None:
    state = record_licence(new_ledger(REF), a_licence(), ACCEPTED_AT).state
    one = answer_demand(state, a_demand(mrn=mrn(1)), ACCEPTED_AT)
    other = answer_demand(state, a_demand(a_draw("2"), mrn=mrn(2)), ACCEPTED_AT)
    assert (len(state.shipments), list(one.state.shipments), list(other.state.shipments)) == (0, [mrn(1)], [mrn(2)])


def test_a_broken_column_halts_the_next_message() -> None:
    play = Play(a_licence(), a_demand(phase=Phase.RELEASED))
    line = play.state.balances[0]
    assert line.quantity is not None
    broken = replace(play.state, balances=(replace(line, quantity=replace(line.quantity, consumed=Decimal(0))),))
    with pytest.raises(Corrupt, match="line 1, quantity"):
        answer_demand(broken, a_demand(revision=2, phase=Phase.INVALIDATED), later(9))


def test_units_with_a_qualifier_survive_the_record() -> None:
    line = a_line(unit="KGM#G")
    play = Play(a_licence(line), a_demand(a_draw(units=(Unit("KGM#G"),))))
    assert from_record(to_record(play.state)) == play.state


def test_a_ledger_holds_each_draw_once_however_it_came_to_be() -> None:
    play = a_full_play()
    codec = Codec()
    restored = from_record(codec.decode_record(Ledger, codec.encode_record(to_record(play.state))))
    followed = new_ledger(REF)
    for entry in play.entries:
        read = codec.decode(codec.encode(entry))
        assert isinstance(read, Entry)
        followed = apply(followed, read)
    for ledger in (play.state, restored, followed):
        held = [(one.draw, s.demand) for s in ledger.shipments.values() for one in s.draws]
        assert held
        assert all(demand.remembered is None for _, demand in held)
        assert all(any(draw is asked for asked in demand.draws) for draw, demand in held)
