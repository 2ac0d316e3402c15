"""DESIGN 6, measures: exact decimals, units with their qualifier, mass among itself, one currency, or nothing."""

import pytest

from tests.behaviours.exchange import Exchange
from tests.behaviours.written import A, B, declaration, document, item, left, licence, line, release, total


def weighed(unit: str = "KGM", quantity: str = "1000") -> dict[str, object]:
    return licence(line(quantity, unit=unit))


@pytest.mark.parametrize(
    ("quantity", "unit", "balance"),
    [
        ("400", "KGM", "400 0 0 600"),
        ("0.4", "TNE", "400 0 0 600"),
        ("2", "DTN", "200 0 0 800"),
        ("4000", "GRM", "4 0 0 996"),
        ("0.001", "GRM", "0.000001 0 0 999.999999"),
    ],
)
def test_mass_converts_exactly(quantity: str, unit: str, balance: str) -> None:
    assert Exchange(weighed(), declaration(A, document(quantity, unit=unit))).balance() == balance


@pytest.mark.parametrize(
    ("licensed", "quantity", "declared"),
    [("KGM", "1", "NAR"), ("KGM", "1", "KGM#G"), ("KGM#G", "1", "KGM"), ("KGM#G", "0.1", "TNE"), ("TNE", "0.5", "GRM")],
)
def test_what_is_another_unit_or_does_not_convert_exactly_is_a_mismatch(
    licensed: str, quantity: str, declared: str
) -> None:
    exchange = Exchange(weighed(licensed), declaration(A, document(quantity, unit=declared)))
    assert (exchange.reasons(A), exchange.balance()) == (["unit.mismatch"], "0 0 0 1000")


def test_a_qualifier_that_agrees_converts_too() -> None:
    assert Exchange(weighed("KGM#G"), declaration(A, document("0.1", unit="TNE#G"))).balance() == "100 0 0 900"


def test_documents_of_one_item_in_kilograms_and_tonnes_are_one_draw() -> None:
    documents = [document("500", unit="KGM"), document("0.2", unit="TNE")]
    exchange = Exchange(weighed(), declaration(A, *documents), release(A))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "0 700 0 300")
    exchange.send(left(A, total("600")))
    assert (exchange.balance(), exchange.codes()) == ("0 600 600 400", ["exit.shortfall"])


def test_documents_of_one_item_in_pieces_and_kilograms_have_no_sum() -> None:
    exchange = Exchange(weighed(), declaration(A, document("5", unit="KGM"), document("2", unit="NAR")))
    assert exchange.reasons(A) == ["unit.mismatch"]


def test_a_unit_or_currency_without_a_figure_disturbs_nothing() -> None:
    bare = {**document(None), "unit": "NAR", "currency": "USD"}
    exchange = Exchange(weighed(), declaration(A, document("5", unit="KGM"), bare))
    assert (exchange.verdict(A), exchange.balance()) == ("covered", "5 0 0 995")


def test_a_currency_must_be_the_lines() -> None:
    terms = licence(line(None, basis="value", unit=None, value="500.00", currency="EUR"))
    assert Exchange(terms, declaration(A, document(None, "5.00", currency="USD"))).reasons(A) == ["currency.mismatch"]
    two = [document(None, "5.00"), document(None, "5.00", currency="USD")]
    assert Exchange(terms, declaration(A, *two)).reasons(A) == ["currency.mismatch"]


def test_without_a_figure_net_mass_is_never_taken_instead() -> None:
    exchange = Exchange(weighed(), declaration(A, items=[item(document(None), net_mass_kg="400.000")]), release(A))
    assert (exchange.reasons(A), exchange.balance()) == (["write-off.missing"], "0 0 0 1000")


def test_without_a_figure_statistical_value_is_never_taken_instead() -> None:
    terms = licence(line(None, basis="value", unit=None, value="500.00", currency="EUR"))
    assert Exchange(terms, declaration(A, document("1"))).reasons(A) == ["write-off.missing"]


def test_amounts_are_exact_to_the_sixth_decimal_and_the_eighteenth_digit() -> None:
    all_of_it = "999999999999999999.999999"
    exchange = Exchange(weighed(quantity=all_of_it), declaration(A, document("999999999999999999.999998", unit="KGM")))
    assert exchange.send(declaration(B, document("0.000001", unit="KGM"))).balance() == f"{all_of_it} 0 0 0"


def test_a_document_without_a_line_is_on_the_only_line_and_stays_there_when_lines_are_added() -> None:
    exchange = Exchange(licence(), declaration(A, document("4", line=None)), declaration(B, document("3", line=None)))
    exchange.send(release(B))
    exchange.amend(lines=[line(), line("5", number=2)])
    assert exchange.balance() == "4 3 0 3"
    assert (exchange.send(left(B)).balance(), exchange.verdict(B)) == ("4 3 3 3", "covered")
    assert (exchange.send(release(A)).balance(), exchange.verdict(A)) == ("0 7 3 3", "covered")
