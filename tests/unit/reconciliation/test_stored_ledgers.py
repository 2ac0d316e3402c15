"""Stored ledgers against what their entries give: nothing when all is well, the licence and line when not."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from services.core.messages import Entry, Ledger, Phase
from services.reconciliation.adapters.invariants import check
from services.reconciliation.adapters.verification import differences
from services.reconciliation.domain.ledger import LicenceLedger, apply, to_record
from services.reconciliation.handlers.ledger import new_ledger
from tests.builders import REF, a_demand, a_licence, mrn
from tests.ledger_play import Play, recorded


def a_life() -> Play:
    """A licence with a covered, a refused and a released shipment."""
    play = Play(a_licence())
    for number in (1, 2, 3):
        play.ask(a_demand(mrn=mrn(number)))
    return play.phase(mrn(1), Phase.RELEASED)


def at(revision: int) -> LicenceLedger:
    state = new_ledger(REF)
    for entry in a_life().entries[:revision]:
        state = apply(state, entry)
    return state


def told(entries: list[Entry], snapshot: Ledger | None) -> list[str]:
    return [str(difference) for difference in differences(REF, recorded(entries), snapshot)]


@pytest.mark.parametrize("stored_at", [1, 3, 5])
def test_a_ledger_that_lags_behind_its_entries_is_no_difference(stored_at: int) -> None:
    assert told(a_life().entries, to_record(at(stored_at))) == []


def test_a_ledger_not_stored_yet_is_no_difference() -> None:
    assert told(a_life().entries, None) == []


def with_consumed(ledger: Ledger, amount: str) -> Ledger:
    (balance,) = ledger.balances
    assert balance.quantity is not None
    return replace(ledger, balances=(replace(balance, quantity=replace(balance.quantity, consumed=Decimal(amount))),))


ALTERED: list[tuple[Callable[[Ledger], Ledger], str]] = [
    (lambda s: with_consumed(s, "7"), f"{REF} revision 5, line 1: {{}}: quantity consumed is 7, entries give 1"),
    (lambda s: replace(s, balances=()), f"{REF} revision 5, line 1: {{}}: quantity exited is nothing, entries give 0"),
    (lambda s: replace(s, shipments=s.shipments[1:]), f"{REF} revision 5: {{}}: shipment {mrn(1)}"),
    (lambda s: replace(s, hash="00"), f"{REF} revision 5: {{}}: hash"),
    (lambda s: replace(s, arrivals=9), f"{REF} revision 5: {{}}: arrivals"),
    (lambda s: replace(s, revision=9), f"{REF} revision 9: the stored ledger is at revision 9, its entries lead to 5"),
]


@pytest.mark.parametrize(("alter", "expected"), ALTERED)
def test_an_altered_ledger_is_named_with_its_line(alter: Callable[[Ledger], Ledger], expected: str) -> None:
    wrong = told(a_life().entries, alter(to_record(at(5))))
    assert expected.format("the stored ledger differs from its entries") in wrong


def test_an_altered_entry_is_named() -> None:
    entries = a_life().entries
    (balance,) = entries[2].balances
    entries[2] = replace(entries[2], balances=(replace(balance, value=None),))
    wrong = told(entries, to_record(at(5)))
    assert any("revision 3: hash is" in difference for difference in wrong)
    assert any("revision 3, line 1: value" in difference for difference in wrong)


def test_a_missing_entry_is_named() -> None:
    entries = a_life().entries
    del entries[2]
    assert any("revision 3 is missing" in difference for difference in told(entries, to_record(at(5))))


def test_the_invariants_of_a_sound_ledger_are_zero() -> None:
    assert not check(at(5), recorded(a_life().entries))


def test_a_column_that_is_not_the_sum_of_its_draws_violates() -> None:
    ledger = at(5)
    (balance,) = ledger.balances
    checked = check(replace(ledger, balances=(replace(balance, value=None),)), recorded(a_life().entries))
    assert (bool(checked.draws), bool(checked.entries), checked.gaps) == (True, True, 0)


def test_without_its_entries_a_ledger_is_checked_against_its_draws_only() -> None:
    ledger = at(5)
    (balance,) = ledger.balances
    checked = check(replace(ledger, balances=(replace(balance, value=None),)), None)
    assert (bool(checked.draws), bool(checked.entries)) == (True, False)


def test_a_missing_revision_is_counted() -> None:
    entries = a_life().entries
    del entries[1:3]
    assert check(at(5), recorded(entries)).gaps == 2
