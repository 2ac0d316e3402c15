"""DESIGN 6, the table of the ledger: what a draw holds in each phase, covered and refused."""

from typing import Any

import pytest

from services.core.errors import Rejected
from services.core.messages import Entry
from tests.behaviours.exchange import Exchange
from tests.behaviours.written import (
    REF,
    STRANGER,
    A,
    B,
    both,
    declaration,
    document,
    invalidation,
    item,
    left,
    licence,
    line,
    no_release,
    release,
    total,
)


def test_accepted_and_covered_reserves_and_refused_holds_nothing() -> None:
    assert Exchange(licence(), declaration(A, document("4"))).balance() == "4 0 0 6"
    refused = Exchange(licence(), declaration(A, document("11")))
    assert (refused.balance(), refused.verdict(A), refused.reasons(A)) == ("0 0 0 10", "refused", ["quantity.overrun"])


def test_released_consumes() -> None:
    exchange = Exchange(licence(), declaration(A, document("4")), release(A))
    assert (exchange.balance(), exchange.verdict(A), exchange.codes()) == ("0 4 0 6", "covered", [])


def test_released_though_refused_consumes_below_zero_and_is_uncovered() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")), release(A))
    assert (exchange.balance(), exchange.verdict(A)) == ("0 11 0 -1", "refused")
    assert exchange.codes() == ["quantity.overrun", "released.uncovered"]


DISAGREEING = {
    "line": (declaration(A, document("4", line=2)), "licence.line-unknown"),
    "unit": (declaration(A, document("4", unit="KGM")), "unit.mismatch"),
    "holder": (declaration(A, document("4"), exporter=STRANGER), "exporter.mismatch"),
}


@pytest.mark.parametrize("what", DISAGREEING)
def test_released_where_line_unit_or_holder_disagree_is_listed_and_columns_stay(what: str) -> None:
    declared, reason = DISAGREEING[what]
    exchange = Exchange(licence(), declared, release(A), left(A))
    assert exchange.balance() == "0 0 0 10"
    [draw] = exchange.ledger()["draws"]
    assert (draw["mrn"], draw["verdict"], draw["listed_only"], draw["reasons"]) == (A, "refused", True, [reason])
    assert exchange.codes() == sorted([reason, "released.uncovered"])


def test_released_in_another_currency_is_listed_and_columns_stay() -> None:
    terms = licence(line(None, basis="value", unit=None, value="500.00", currency="EUR"))
    exchange = Exchange(terms, declaration(A, document(None, "400.00", currency="USD")), release(A))
    assert (exchange.value(), exchange.reasons(A)) == ("0 0 0 500", ["currency.mismatch"])
    assert exchange.ledger()["draws"][0]["listed_only"] is True


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"country_of_destination": "PK"}, "destination.mismatch"),
        ({"procedure": "23"}, "procedure.not-covered"),
        ({"accepted_at": "2028-01-15T10:00:00Z"}, "licence.not-valid"),
    ],
)
def test_released_against_any_other_rule_consumes_because_facts_win(changes: dict[str, Any], reason: str) -> None:
    exchange = Exchange(licence(), declaration(A, document("4"), **changes))
    assert (exchange.balance(), exchange.reasons(A)) == ("0 0 0 10", [reason])
    assert exchange.send(release(A)).balance() == "0 4 0 6"
    assert "released.uncovered" in exchange.codes()


def test_exited_is_consumed_and_counts_what_left() -> None:
    exchange = Exchange(licence(), declaration(A, document("4")), release(A), left(A))
    assert (exchange.balance(), exchange.verdict(A), exchange.codes()) == ("0 4 4 6", "covered", [])


def test_exited_though_refused_is_consumed_all_the_same() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")), release(A), left(A))
    assert (exchange.balance(), exchange.verdict(A)) == ("0 11 11 -1", "refused")
    assert exchange.codes() == ["quantity.overrun", "released.uncovered"]


def test_what_is_missing_at_exit_returns_and_what_is_too_much_is_only_found() -> None:
    short = Exchange(licence(), declaration(A, document("4")), release(A), left(A, total("3")))
    assert (short.balance(), short.codes()) == ("0 3 3 7", ["exit.shortfall"])
    much = Exchange(licence(), declaration(A, document("4")), release(A), left(A, total("5")))
    assert (much.balance(), much.codes()) == ("0 4 4 6", ["exit.excess"])


@pytest.mark.parametrize("end", [no_release(A), invalidation(A)], ids=["not released", "invalidated"])
@pytest.mark.parametrize("quantity", ["4", "11"])
def test_not_released_and_invalidated_hold_nothing(end: dict[str, str], quantity: str) -> None:
    assert Exchange(licence(), declaration(A, document(quantity)), end).balance() == "0 0 0 10"


def test_invalidation_after_release_returns_what_was_consumed_to_those_who_were_refused() -> None:
    exchange = Exchange(licence(), declaration(A, document("8")), release(A), declaration(B, document("5")))
    assert (exchange.balance(), exchange.verdict(B)) == ("0 8 0 2", "refused")
    exchange.send(invalidation(A))
    assert (exchange.balance(), exchange.verdict(B)) == ("5 0 0 5", "covered")


def test_a_demand_replaces_the_draws_and_judges_each_in_item_order() -> None:
    exchange = Exchange(licence(), declaration(A, items=[item(document("6")), item(document("4"), number=2)]))
    assert exchange.balance() == "10 0 0 0"
    exchange.send(declaration(A, items=[item(document("4"), number=2), item(document("7"))], version=2))
    assert exchange.balance() == "7 0 0 3"
    assert [(draw["item"], draw["verdict"]) for draw in exchange.ledger()["draws"]] == [(1, "covered"), (2, "refused")]


def test_available_is_authorised_less_reserved_less_consumed_per_line_and_dimension() -> None:
    terms = licence(both("10", "1000.00"), both("20", "5000.00", number=2))
    exchange = Exchange(terms, declaration(A, document("1", "100.00"), document("2", "700.00", line=2)), release(A))
    exchange.send(declaration(B, document("3", "300.00"), document("4", "900.00", line=2)))
    assert (exchange.balance(), exchange.value()) == ("3 1 0 6", "300 100 0 600")
    assert (exchange.balance(2), exchange.value(2)) == ("4 2 0 14", "900 700 0 3400")


def test_unit_currency_and_basis_of_a_line_never_change_and_goods_may() -> None:
    exchange = Exchange(licence(both("10", "1000.00")))
    for lines in ([line(unit="KGM")], [line()], [line(basis="both", value="1000.00", currency="USD")]):
        with pytest.raises(Rejected, match="never changes after issue"):
            exchange.amend(lines=lines)
    changed = {**both("12", "900.00"), "commodity_codes": ["8479"], "description": "press"}
    assert exchange.amend(lines=[changed]).balance() == "0 0 0 12"


def test_every_change_of_a_licence_is_an_entry_even_when_no_amount_moves() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")))
    exchange.amend(valid_to="2029-01-14").step("suspended", "2026-04-01T00:00:00+00:00")
    entries = exchange.all(Entry)
    assert [(entry.revision, entry.cause.value) for entry in entries] == [
        (1, "LICENCE"),
        (2, "DEMAND"),
        (3, "LICENCE"),
        (4, "LICENCE"),
    ]
    assert exchange.ledger(REF)["revision"] == 4
