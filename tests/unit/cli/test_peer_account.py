"""The peer job's rules: what a command does to a licence's account, and what an entry makes of it again."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.cli.bench.peer.account import (
    LicenceAccount,
    answer,
    apply,
    from_record,
    made_version,
    new_account,
    to_record,
)
from services.cli.bench.peer.load import Load
from services.cli.bench.peer.messages import Command, Entry, Op, Verdict
from services.core.errors import Corrupt

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LICENCE = "VL/2026/000123"


def command(op: Op, quantity: str, mrn: str = "26BE0000000000001A", item: int = 1) -> Command:
    return Command(licence=LICENCE, mrn=mrn, item=item, op=op, quantity=Decimal(quantity), declared_at=NOW)


def told(account: LicenceAccount, each: Command, offset: int = 0) -> tuple[LicenceAccount, Entry]:
    decision = answer(account, each, NOW, 3, offset)
    (entry,) = decision.outputs
    assert isinstance(entry, Entry)
    return decision.state, entry


def after(*commands: Command) -> LicenceAccount:
    account = new_account(LICENCE)
    for each in commands:
        account, _ = told(account, each)
    return account


GRANT = command(Op.GRANT, "100", mrn="grant")


def test_grants_and_releases_add_and_draws_subtract() -> None:
    account = after(GRANT, command(Op.DRAW, "40.5"), command(Op.RELEASE, "0.000001"))
    assert (account.balance, account.version) == (Decimal("59.500001"), 3)


def test_an_entry_tells_the_command_its_place_and_what_it_left() -> None:
    _, entry = told(after(GRANT), command(Op.DRAW, "100"), offset=41)
    assert entry == Entry(
        licence=LICENCE,
        version=2,
        mrn="26BE0000000000001A",
        item=1,
        op=Op.DRAW,
        quantity=Decimal(100),
        verdict=Verdict.APPLIED,
        balance_after=Decimal(0),
        source_partition=3,
        source_offset=41,
    )


@pytest.mark.parametrize(
    ("repeat", "verdict"),
    [
        (command(Op.DRAW, "10"), Verdict.DUPLICATE),
        (command(Op.DRAW, "99"), Verdict.DUPLICATE),
        (command(Op.DRAW, "10", item=2), Verdict.APPLIED),
        (command(Op.RELEASE, "10"), Verdict.APPLIED),
        (command(Op.DRAW, "10", mrn="another"), Verdict.APPLIED),
        (command(Op.DRAW, "90.000001", item=2), Verdict.OVERRUN),
    ],
    ids=["the same", "the same, of another quantity", "another item", "another op", "another mrn", "too much"],
)
def test_a_command_is_applied_once_and_never_beyond_the_balance(repeat: Command, verdict: Verdict) -> None:
    before = after(GRANT, command(Op.DRAW, "10"))
    account, entry = told(before, repeat)
    assert entry.verdict is verdict
    assert (account is before) == (verdict is not Verdict.APPLIED)
    assert (entry.version, entry.balance_after) == (account.version, account.balance)
    assert made_version(entry) == (account.version if verdict is Verdict.APPLIED else None)


def test_an_over_run_may_be_drawn_once_there_is_enough() -> None:
    overrun = command(Op.DRAW, "150")
    account, entry = told(after(GRANT, overrun, command(Op.RELEASE, "50", mrn="back")), overrun)
    assert (entry.verdict, account.balance) == (Verdict.APPLIED, Decimal(0))


def test_an_account_stays_as_it_is_whatever_follows_it() -> None:
    before = after(GRANT)
    one, _ = told(before, command(Op.DRAW, "1", mrn="one"))
    two, _ = told(before, command(Op.DRAW, "2", mrn="two"))
    assert (before.version, before.has_applied("one/1/DRAW"), before.has_applied("two/1/DRAW")) == (1, False, False)
    assert (one.has_applied("one/1/DRAW"), one.has_applied("two/1/DRAW")) == (True, False)
    assert (two.has_applied("one/1/DRAW"), two.has_applied("two/1/DRAW")) == (False, True)
    assert to_record(before).applied == ("grant/1/GRANT",)
    assert to_record(two).applied == ("grant/1/GRANT", "two/1/DRAW")


def test_entries_and_a_stored_state_in_the_middle_give_the_account_again() -> None:
    account, entries = new_account("LOAD/0000000"), list[Entry]()
    for each in Load(records=300, licences=1).commands():
        account, entry = told(account, each)
        entries.append(entry)
    verdicts = [entry.verdict for entry in entries]
    assert {verdict: verdicts.count(verdict) > 0 for verdict in Verdict} == dict.fromkeys(Verdict, True)
    again = new_account("LOAD/0000000")
    for number, entry in enumerate(e for e in entries if made_version(e) is not None):
        again = apply(again, entry)
        if number == 50:
            again = from_record(to_record(again))
    assert again == account


def test_an_entry_that_does_not_follow_is_refused() -> None:
    _, entry = told(after(GRANT), command(Op.DRAW, "1"))
    with pytest.raises(Corrupt, match="does not follow version 0"):
        apply(new_account(LICENCE), entry)
