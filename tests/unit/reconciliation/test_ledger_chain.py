"""The chain of a licence's entries, and what verification finds in it."""

from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest

from schemas import loader
from services.core.errors import Rejected, Transient
from services.core.messages import Amounts, Entry
from services.reconciliation.domain.chain import LAST_FIELD, hash_of, sealed
from services.reconciliation.domain.invariants import violations
from services.reconciliation.domain.verification import Recorded, entries_are_columns, verify
from services.runtime.codec import Codec
from tests.builders import REF, a_licence, a_line
from tests.ledger_play import Play, a_full_play, recorded


def test_entries_are_numbered_without_gaps_and_chained() -> None:
    entries = a_full_play().entries
    assert [entry.revision for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.previous_hash for entry in entries] == ["", *(entry.hash for entry in entries[:-1])]


def test_the_hash_is_that_of_the_published_bytes_before_it() -> None:
    for entry in a_full_play().entries:
        body = Codec().encode(entry)[5:]
        assert body.endswith(b"\x80\x01" + entry.hash.encode())
        assert entry.hash == sha256(body[:-66]).hexdigest() == hash_of(body)


def test_a_sealed_entry_is_written_as_one_that_was_never_sealed() -> None:
    for entry in a_full_play().entries:
        assert entry.avro() == replace(entry).avro()


def versions_of_entry() -> list[loader.JsonObject]:
    released = [schema for schema in loader.released().values() if schema["name"] == "Entry"]
    return [*released, loader.definition(Entry.SCHEMA)]


@pytest.mark.parametrize("version", versions_of_entry())
def test_the_hash_is_the_last_field_and_the_one_before_it_the_second_last(version: loader.JsonObject) -> None:
    last = [(field["name"], field["type"]) for field in version["fields"][-2:]]
    assert last == [("previous_hash", "string"), ("hash", "string")]


def test_an_entry_is_sealed_once() -> None:
    [entry] = Play(a_licence()).entries
    with pytest.raises(ValueError, match="has a hash already"):
        sealed(entry)


def test_an_entry_that_does_not_fit_its_schema_is_rejected() -> None:
    [entry] = Play(a_licence()).entries
    with pytest.raises(Rejected, match="revision"):
        sealed(replace(entry, revision=2**63, hash=""))


def test_the_hash_does_not_depend_on_trailing_zeros() -> None:
    [entry] = Play(a_licence(a_line(quantity="2"))).entries
    [other] = Play(a_licence(a_line(quantity="2.000000"))).entries
    assert entry.hash == other.hash


def test_verification_finds_nothing_in_what_was_recorded() -> None:
    play = a_full_play()
    assert list(verify(recorded(play.entries))) == []
    assert list(entries_are_columns(recorded(play.entries), play.state)) == []


def shifted(entry: Entry, line: int) -> Entry:
    """The entry with one unit more consumed on a line, and a hash that agrees."""
    balances = tuple(
        replace(b, quantity=replace(b.quantity, consumed=b.quantity.consumed + 1))
        if b.line == line and b.quantity
        else b
        for b in entry.balances
    )
    return sealed(replace(entry, balances=balances, hash=""))


def test_verification_names_the_first_line_that_differs() -> None:
    entries = a_full_play().entries
    entries[3] = shifted(entries[3], 2)
    [violation] = verify(recorded(entries))
    assert (violation.licence, violation.revision, violation.line) == (REF, 4, 2)
    assert "quantity consumed is 1, its draws hold 0" in str(violation)


def test_verification_finds_an_altered_entry_by_its_hash() -> None:
    entries = a_full_play().entries
    entries[2] = replace(entries[2], cause_id="another")
    [violation] = verify(recorded(entries))
    assert (violation.revision, violation.what.partition(" is ")[0]) == (3, "hash")


def test_verification_finds_an_altered_entry_with_a_new_hash_at_the_next() -> None:
    entries = a_full_play().entries
    entries[2] = sealed(replace(entries[2], cause_id="another", hash=""))
    [violation] = verify(recorded(entries))
    assert (violation.revision, violation.what.partition(" is ")[0]) == (4, "previous_hash")


def test_verification_finds_a_missing_entry() -> None:
    entries = a_full_play().entries
    del entries[4]
    assert next(verify(recorded(entries))).what == "revision 5 is missing"


def test_verification_finds_an_authorised_amount_nobody_granted() -> None:
    first, second, *_ = a_full_play().entries
    line = second.balances[1]
    granted = Amounts(authorised=Decimal(50), reserved=Decimal(0), consumed=Decimal(0), exited=Decimal(0))
    forged = sealed(replace(second, balances=(second.balances[0], replace(line, quantity=granted)), hash=""))
    [violation] = verify(recorded([first, forged]))
    assert (violation.line, violation.what) == (2, "quantity authorised is 50, the licence grants 5")


def test_verification_finds_every_bit_that_was_altered() -> None:
    codec = Codec()
    entries = recorded(a_full_play().entries[:3])
    value = codec.encode(entries[2].entry)
    for place in range(len(value)):
        altered = bytes([*value[:place], value[place] ^ 1, *value[place + 1 :]])
        try:
            entry = codec.decode(altered)
        except (Rejected, Transient):
            continue
        if isinstance(entry, Entry):
            assert list(verify([*entries[:2], Recorded(entry, altered[5:])])), place


def test_an_entry_of_another_version_of_the_schema_is_verified_by_its_own_bytes() -> None:
    [entry] = Play(a_licence()).entries
    other = entry.avro()[:-LAST_FIELD] + b"a field that this release does not read"
    digits = sha256(other).hexdigest()
    body = other + b"\x80\x01" + digits.encode()
    assert list(verify([Recorded(replace(entry, hash=digits), body)])) == []
    [violation] = verify([Recorded(replace(entry, hash=digits), entry.avro())])
    assert violation.what.startswith("hash is")


def test_a_ledger_whose_columns_are_not_its_draws_is_found() -> None:
    play = a_full_play()
    broken = replace(play.state, balances=shifted(play.entries[-1], 1).balances)
    [violation] = violations(broken)
    assert violation.line == 1
