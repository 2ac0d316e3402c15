"""The record: repeats, the chain of entries, snapshots, replay, and what verification finds."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.messages import Amounts, Basis, Entry, Ledger, LicenceLine, LicenceStatus, Phase
from services.core.values import LicenceRef, Unit
from services.reconciliation.domain.chain import canonical, hash_of, sealed
from services.reconciliation.domain.invariants import violations
from services.reconciliation.domain.ledger import apply, from_record, to_record
from services.reconciliation.domain.verification import entries_are_columns, verify
from services.reconciliation.handlers.ledger import answer_demand, new_ledger, record_licence
from services.runtime.codec import Codec
from tests.builders import ACCEPTED_AT, ISSUED, REF, a_demand, a_draw, a_licence, a_line, a_status, later, mrn
from tests.ledger_play import Play

CANONICAL = """
{"balances":[{"line":1,"value":{"authorised":"1.500000","consumed":"0.000000","exited":"0.000000",
"reserved":"0.000000"}}],"cause":"LICENCE","cause_id":"5c81baa35bff8106f35f4982ef17d587","licence":"VL/2026/000123",
"previous_hash":"","recorded_at":1772439360000000,"revision":1,"rule_set":"RULES","terms":{"authority":"BE-VLG",
"changed_at":1768435200000000,"destinations":["IN"],
"holder":{"country":"BE","eori":"BE0314595348","name":"Persbouw NV"},
"lines":[{"basis":"VALUE","commodity_codes":["847983"],"control_code":"2B204","currency":"EUR",
"description":"isostatic press","line":1,"value":"1.500000"}],"procedures":["10"],"ref":"VL/2026/000123",
"requires":{"end_use_certificate":false,"federal_authorisation":false,"state_guarantee":false},"revision":1,
"time_zone":"Europe/Brussels","type":"INDIVIDUAL","valid_from":"2026-01-15","valid_to":"2028-01-14"}}
"""


def a_full_play() -> Play:
    """Two lines, refused, reserved, released, short and freed shipments, an amended licence."""
    play = Play(a_demand(mrn=mrn(9)), a_licence(a_line(1), a_line(2, quantity="5")))
    play.ask(a_demand(a_draw("2", "150000.00"), a_draw("1", line=2, item=2), mrn=mrn(1)))
    play.ask(a_demand(a_draw("2"), mrn=mrn(2)))
    play.ask(a_demand(a_draw("4", line=2), mrn=mrn(3), phase=Phase.RELEASED))
    play.phase(mrn(3), Phase.EXITED, final_exit=True)
    play.change(statuses=(ISSUED, a_status(LicenceStatus.SUSPENDED)))
    play.phase(mrn(1), Phase.INVALIDATED)
    play.ask(a_demand(a_draw("7", line=2), mrn=mrn(4), phase=Phase.RELEASED))
    return play


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


def test_entries_are_numbered_without_gaps_and_chained() -> None:
    entries = a_full_play().entries
    assert [entry.revision for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.previous_hash for entry in entries] == ["", *(entry.hash for entry in entries[:-1])]
    assert all(entry.hash == hash_of(entry) for entry in entries)


def test_the_canonical_form_is_as_documented() -> None:
    line = a_line(basis=Basis.VALUE, quantity=None, unit=None, value="1.5")
    [entry] = Play(a_licence(line, consignees=(), statuses=())).entries
    assert canonical(entry).decode() == CANONICAL.replace("\n", "").replace("RULES", entry.rule_set)


def test_the_hash_does_not_depend_on_trailing_zeros() -> None:
    [entry] = Play(a_licence(a_line(quantity="2"))).entries
    [other] = Play(a_licence(a_line(quantity="2.000000"))).entries
    assert entry.hash == other.hash


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


def test_verification_finds_nothing_in_what_was_recorded() -> None:
    play = a_full_play()
    assert list(verify(play.entries)) == []
    assert list(entries_are_columns(play.entries, play.state)) == []


def shifted(entry: Entry, line: int) -> Entry:
    """The entry with one unit more consumed on a line, and a hash that agrees."""
    balances = tuple(
        replace(b, quantity=replace(b.quantity, consumed=b.quantity.consumed + 1))
        if b.line == line and b.quantity
        else b
        for b in entry.balances
    )
    return sealed(replace(entry, balances=balances))


def test_verification_names_the_first_line_that_differs() -> None:
    entries = a_full_play().entries
    entries[3] = shifted(entries[3], 2)
    [violation] = verify(entries)
    assert (violation.licence, violation.revision, violation.line) == (REF, 4, 2)
    assert "quantity consumed is 1, its draws hold 0" in str(violation)


def test_verification_finds_an_altered_entry_by_its_hash() -> None:
    entries = a_full_play().entries
    entries[2] = replace(entries[2], cause_id="another")
    [violation] = verify(entries)
    assert (violation.revision, violation.what.partition(" is ")[0]) == (3, "hash")


def test_verification_finds_an_altered_entry_with_a_new_hash_at_the_next() -> None:
    entries = a_full_play().entries
    entries[2] = sealed(replace(entries[2], cause_id="another"))
    [violation] = verify(entries)
    assert (violation.revision, violation.what.partition(" is ")[0]) == (4, "previous_hash")


def test_verification_finds_a_missing_entry() -> None:
    entries = a_full_play().entries
    del entries[4]
    assert next(verify(entries)).what == "revision 5 is missing"


def test_verification_finds_an_authorised_amount_nobody_granted() -> None:
    first, second, *_ = a_full_play().entries
    line = second.balances[1]
    granted = Amounts(authorised=Decimal(50), reserved=Decimal(0), consumed=Decimal(0), exited=Decimal(0))
    forged = sealed(replace(second, balances=(second.balances[0], replace(line, quantity=granted))))
    [violation] = verify([first, forged])
    assert (violation.line, violation.what) == (2, "quantity authorised is 50, the licence grants 5")


def test_a_ledger_whose_columns_are_not_its_draws_is_found() -> None:
    play = a_full_play()
    broken = replace(play.state, balances=shifted(play.entries[-1], 1).balances)
    [violation] = violations(broken)
    assert violation.line == 1


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
