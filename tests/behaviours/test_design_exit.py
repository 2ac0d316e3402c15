"""DESIGN 6, the exit: totals so far, what is missing returns at the end, what is too much is found."""

import pytest

from tests.behaviours.exchange import Exchange
from tests.behaviours.written import (
    OTHER_REF,
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
    release,
    total,
)


def exported(*documents: dict[str, object], exits: list[dict[str, object]], terms: dict[str, object]) -> Exchange:
    return Exchange(
        terms, licence(both("10", "1000.00"), ref=OTHER_REF), declaration(A, *documents), release(A), *exits
    )


def test_amounts_are_totals_so_far_and_only_the_final_exit_returns_what_is_missing() -> None:
    first = left(A, total("2"), at="2026-03-03T08:00:00Z", final=False, message_id="first")
    second = left(A, total("3"), at="2026-03-04T08:00:00Z", final=False, message_id="second")
    exchange = exported(document("5"), exits=[first], terms=licence())
    assert (exchange.balance(), exchange.codes()) == ("0 5 2 5", [])
    assert (exchange.send(second).balance(), exchange.codes()) == ("0 5 3 5", [])
    exchange.send(left(A, total("3"), at="2026-03-05T08:00:00Z"))
    assert (exchange.balance(), exchange.codes()) == ("0 3 3 7", ["exit.shortfall"])


def test_an_earlier_total_that_comes_late_takes_nothing_back() -> None:
    first = left(A, total("2"), at="2026-03-03T08:00:00Z", final=False, message_id="first")
    second = left(A, total("3"), at="2026-03-04T08:00:00Z", final=False, message_id="second")
    assert exported(document("5"), exits=[second, first], terms=licence()).balance() == "0 5 3 5"


def test_an_item_that_is_not_listed_left_as_declared() -> None:
    declared = declaration(A, items=[item(document("2")), item(document("3"), number=2)])
    exchange = Exchange(licence(), declared, release(A), left(A, total("1", number=2)))
    assert exchange.balance() == "0 3 3 7"


def test_what_is_missing_returns_from_the_last_document_first_on_two_lines() -> None:
    terms = licence(line("10"), line("10", number=2))
    exchange = exported(document("3", line=2), document("2"), exits=[left(A, total("4"))], terms=terms)
    assert (exchange.balance(1), exchange.balance(2)) == ("0 1 1 9", "0 3 3 7")


def test_what_is_missing_returns_from_the_last_document_first_on_two_licences() -> None:
    documents = [document("3", "300.00", ref=OTHER_REF), document("2", "200.00")]
    exchange = exported(*documents, exits=[left(A, total("4"))], terms=licence(both("10", "1000.00")))
    assert (exchange.balance(), exchange.value()) == ("0 1 1 9", "0 100 100 900")
    assert (exchange.balance(ref=OTHER_REF), exchange.value(ref=OTHER_REF)) == ("0 3 3 7", "0 300 300 700")


def test_what_is_missing_returns_from_the_last_document_first_also_within_one_line() -> None:
    documents = [document("1", "100.00"), document("1", "300.00")]
    exchange = exported(*documents, exits=[left(A, total("1"))], terms=licence(both("10", "1000.00")))
    assert (exchange.balance(), exchange.value()) == ("0 1 1 9", "0 100 100 900")


def test_the_last_document_is_the_last_one_though_its_line_was_cited_before() -> None:
    terms = licence(line("10"), line("10", number=2))
    documents = [document("1"), document("1", line=2), document("1")]
    exchange = exported(*documents, exits=[left(A, total("2"))], terms=terms)
    assert (exchange.balance(1), exchange.balance(2)) == ("0 1 1 9", "0 1 1 9")


@pytest.mark.parametrize(
    ("quantity", "value"), [("2", "0 66.66 66.66 933.34"), ("1", "0 33.33 33.33 966.67"), ("3", "0 100 100 900")]
)
def test_the_value_follows_the_quantity_pro_rata_down_to_the_cent(quantity: str, value: str) -> None:
    terms = licence(both("10", "1000.00"))
    assert exported(document("3", "100.00"), exits=[left(A, total(quantity))], terms=terms).value() == value


def test_a_value_that_is_stated_counts_as_stated() -> None:
    terms = licence(both("10", "1000.00"))
    exchange = exported(document("3", "100.00"), exits=[left(A, total("2", "70.00"))], terms=terms)
    assert (exchange.balance(), exchange.value()) == ("0 2 2 8", "0 70 70 930")


def test_an_excess_is_found_and_never_written_off() -> None:
    exchange = exported(document("3"), document("2", ref=OTHER_REF), exits=[left(A, total("6"))], terms=licence())
    assert (exchange.balance(), exchange.balance(ref=OTHER_REF)) == ("0 3 3 7", "0 2 2 8")
    [finding] = exchange.findings("exit.excess")
    assert finding.licence == OTHER_REF


@pytest.mark.parametrize("result", ["A1", "A4"])
def test_a1_and_a4_mean_that_the_goods_left(result: str) -> None:
    assert exported(document("3"), exits=[left(A, result=result)], terms=licence()).balance() == "0 3 3 7"


def test_b1_means_that_they_did_not_and_what_is_consumed_stays_until_invalidated() -> None:
    exchange = exported(document("3"), exits=[left(A, total("0"), result="B1")], terms=licence())
    assert (exchange.balance(), exchange.codes()) == ("0 3 0 7", [])
    assert exchange.send(invalidation(A, "2026-03-06T08:00:00Z")).balance() == "0 0 0 10"


def test_an_invalidation_after_the_exit_moves_nothing_and_is_found() -> None:
    exchange = exported(document("3"), exits=[left(A)], terms=licence())
    exchange.send(invalidation(A, "2026-03-06T08:00:00Z"))
    assert (exchange.balance(), exchange.verdict(A)) == ("0 3 3 7", "covered")
    assert exchange.codes() == ["shipment.out-of-sequence"]
    [finding] = exchange.findings("shipment.out-of-sequence")
    assert len(finding.sources) == 2


def test_an_amendment_after_the_exit_counts() -> None:
    exchange = exported(document("3"), exits=[left(A, total("3"))], terms=licence())
    exchange.send(declaration(A, document("4"), version=2))
    assert (exchange.balance(), exchange.codes()) == ("0 3 3 7", ["exit.shortfall"])


def test_an_exit_without_any_release_is_consumed() -> None:
    exchange = Exchange(licence(), declaration(A, document("3")), left(A), declaration(B, document("8")))
    assert (exchange.balance(), exchange.verdict(B)) == ("0 3 3 7", "refused")
