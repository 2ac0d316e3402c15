"""The oracle of the peer job finds what is lost, wrong or out of order; and the load gives it something to find."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from services.cli.bench.peer.account import LicenceAccount, answer, apply, new_account
from services.cli.bench.peer.history import History
from services.cli.bench.peer.load import BEGIN, Load, licence
from services.cli.bench.peer.messages import Entry, Op, Verdict
from services.cli.bench.peer.oracle import Judgement, Oracle
from services.cli.bench.peer.scale import Scale, place_of

LOAD = Load(records=2_000, licences=50)


def played() -> tuple[Oracle, list[Entry]]:
    oracle, entries, accounts = Oracle(), list[Entry](), dict[str, LicenceAccount]()
    for offset, command in enumerate(LOAD.commands()):
        oracle.command(0, offset, command)
        before = accounts.get(command.licence) or new_account(command.licence)
        decision = answer(before, command, BEGIN, 0, offset)
        accounts[command.licence] = decision.state
        entries += [output for output in decision.outputs if isinstance(output, Entry)]
    return oracle, entries


def test_the_fold_and_the_oracle_agree() -> None:
    oracle, entries = played()
    assert len(entries) == LOAD.records
    assert oracle.judge(entries) == Judgement()


def test_the_load_is_the_same_each_time_with_some_repeats_and_over_runs() -> None:
    assert list(LOAD.commands()) == list(LOAD.commands())
    verdicts = Counter(entry.verdict for entry in played()[1])
    assert 0.01 < verdicts[Verdict.OVERRUN] / LOAD.records < 0.03
    assert 0.02 < verdicts[Verdict.DUPLICATE] / LOAD.records < 0.04


def test_of_licences_granted_before_there_is_no_grant() -> None:
    assert Op.GRANT not in {command.op for command in replace(LOAD, granted=True).commands()}


@pytest.mark.parametrize(
    ("spoilt", "judgement"),
    [
        (lambda e: [*e[:100], *e[101:]], Judgement(lost=1)),
        (lambda e: [*e, e[100]], Judgement(repeated=1)),
        (lambda e: [*e, replace(e[100], version=99)], Judgement(repeated=1, wrong=1)),
        (lambda e: [*e[:100], replace(e[100], balance_after=e[100].balance_after + 1), *e[101:]], Judgement(wrong=1)),
        (lambda e: [*e, replace(e[100], source_offset=10**6)], Judgement(wrong=1)),
        (lambda e: sorted(e, key=lambda entry: entry.verdict), None),
    ],
    ids=["lost", "twice", "twice with other content", "another balance", "of no command", "out of order"],
)
def test_what_is_not_as_it_must_be_is_found(
    spoilt: Callable[[list[Entry]], list[Entry]], judgement: Judgement | None
) -> None:
    oracle, entries = played()
    found = oracle.judge(spoilt(entries))
    assert found == judgement if judgement is not None else (found.lost, found.wrong > 0) == (0, True)


def test_a_made_up_history_is_one_that_the_fold_could_have_written() -> None:
    past = History(licences=2, entries=80)
    account = new_account(licence(1))
    for version in range(1, past.entries + 1):
        account = apply(account, past.entry(1, version, 0, version))
    assert account == past.account(1, 80)
    assert (account.balance, past.total) == (past.balance, 160)
    assert account.balance == Decimal(10**6 - 79)
    assert (History(1, 32).stored_version(), History(1, 33).stored_version(), past.stored_version()) == (0, 33, 67)


@pytest.mark.parametrize(
    ("text", "place"),
    [("20:3", Scale(History(20, 3), 20)), ("20:3:5", Scale(History(20, 3), 5)), ("20:3:20", Scale(History(20, 3), 20))],
)
def test_a_place_is_named_by_its_licences_their_entries_and_who_is_active(text: str, place: Scale) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["", "20", "20:0", "20:3:0", "20:3:21", "20:3:5:1", "20:-3", "a:b"])
def test_another_text_names_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="is not LICENCES"):
        place_of(text)
