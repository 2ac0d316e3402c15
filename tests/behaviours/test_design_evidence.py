"""DESIGN 7, findings: rule and version, every value compared, the messages with their hashes, the ledger entry."""

from collections.abc import Callable

import pytest

from services.core.messages import Cover, Entry, Finding
from services.reconciliation.domain.facts import all_facts
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
    left,
    licence,
    line,
    release,
    total,
)

Compared = list[tuple[str, str, str]]
MISMATCHES: dict[str, tuple[Callable[[], Exchange], Compared]] = {
    "licence.unknown": (lambda: Exchange(declaration(A, document())), [("licence", REF, "none")]),
    "licence.line-unknown": (
        lambda: Exchange(licence(), declaration(A, document(line=7))),
        [("licence line", "7", "1")],
    ),
    "licence.not-valid": (
        lambda: Exchange(licence(), declaration(A, document(), accepted_at="2026-01-14T22:59:59Z")),
        [
            ("day of acceptance", "2026-01-14", "2026-01-15 to 2028-01-14, Europe/Brussels"),
            ("status at acceptance", "2026-01-14T22:59:59+00:00", "ISSUED"),
        ],
    ),
    "exporter.mismatch": (
        lambda: Exchange(licence(), declaration(A, document(), exporter=STRANGER)),
        [("exporter EORI", "BE0999999999", "BE0314595348")],
    ),
    "consignee.mismatch": (
        lambda: Exchange(licence(consignees=[{"name": "Other", "country": "IN"}]), declaration(A, document())),
        [("consignee", "Bharat Forge (IN)", "Other (IN)")],
    ),
    "consignee.mismatch by EORI": (
        lambda: Exchange(
            licence(consignees=[{"name": "Bharat Forge", "eori": "IN1", "country": "IN"}]),
            declaration(A, document(), consignee={"name": "Bharat Forge", "eori": "IN2", "country": "IN"}),
        ),
        [("consignee", "Bharat Forge, IN2 (IN)", "Bharat Forge, IN1 (IN)")],
    ),
    "destination.mismatch": (
        lambda: Exchange(licence(), declaration(A, document(), country_of_destination="PK")),
        [("country of destination", "PK", "IN")],
    ),
    "procedure.not-covered": (
        lambda: Exchange(licence(), declaration(A, document(), procedure="23")),
        [("procedure", "23", "10")],
    ),
    "commodity.mismatch": (
        lambda: Exchange(licence({**line(), "commodity_codes": ["8401"]}), declaration(A, document())),
        [("commodity code", "84798300", "8401")],
    ),
    "write-off.missing": (
        lambda: Exchange(licence(both("1", "5.00")), declaration(A, document(None))),
        [("quantity", "none", "in NAR"), ("amount", "none", "in EUR")],
    ),
    "unit.mismatch": (
        lambda: Exchange(licence(), declaration(A, document("4", unit="KGM"))),
        [("unit", "4 KGM", "NAR")],
    ),
    "quantity.overrun": (
        lambda: Exchange(licence(), declaration(B, document("3")), declaration(A, document("8"))),
        [("quantity", "8 NAR", "10 NAR"), ("quantity drawn by others", "3 NAR", "10 NAR")],
    ),
    "value.overrun": (
        lambda: Exchange(licence(both("10", "100.00")), declaration(A, document("1", "100.01"))),
        [("value", "100.01 EUR", "100 EUR"), ("value drawn by others", "0 EUR", "100 EUR")],
    ),
    "exit.shortfall": (
        lambda: Exchange(licence(), declaration(A, document("4")), release(A), left(A, total("3"))),
        [("quantity declared and left", "4 NAR", "3 NAR")],
    ),
    "exit.excess": (
        lambda: Exchange(licence(), declaration(A, document("4")), release(A), left(A, total("5"))),
        [("quantity declared and left", "4 NAR", "5 NAR")],
    ),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_finding_holds_every_value_compared_its_rule_its_messages_and_its_entry(case: str) -> None:
    made, compared = MISMATCHES[case]
    code = case.split(maxsplit=1)[0]
    exchange = made()
    [finding] = exchange.findings(code)
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == compared
    assert (finding.mrn, finding.licence, finding.item) == (A, REF, 1)
    assert finding.rule.startswith(f"{code}@")
    assert_complete(exchange, finding)


def assert_complete(exchange: Exchange, finding: Finding) -> None:
    """Everything that DESIGN asks of a finding of the ledger."""
    assert finding.legal_basis
    assert finding.legal_basis_version.year > 2000
    assert finding.rule_set == exchange.rule_set.name
    assert all(len(source.sha256) == 64 and source.message_id for source in finding.sources)
    [entry] = [entry for entry in exchange.all(Entry) if entry.hash == (finding.entry and finding.entry.hash)]
    assert finding.entry is not None
    assert (entry.licence, entry.revision) == (finding.entry.licence, finding.entry.revision)


def messages_of(exchange: Exchange, mrn: str) -> dict[str, str]:
    """The kinds of the messages behind a shipment, by id."""
    shipment = exchange.shipments[mrn]
    return {source.message_id: source.kind for fact in all_facts(shipment) for source in fact.sources}


def test_a_finding_on_a_released_shipment_rests_on_its_declaration_and_its_release() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")), release(A))
    [finding] = exchange.findings("released.uncovered")
    assert [(c.what, c.declared, c.licensed) for c in finding.comparisons] == [
        ("release", "released", "refused: quantity.overrun")
    ]
    assert {source.message_id for source in finding.sources} == set(messages_of(exchange, A))
    assert_complete(exchange, finding)


def test_a_finding_on_an_amended_shipment_rests_also_on_the_message_that_says_when_it_was_accepted() -> None:
    exchange = Exchange(licence(), declaration(A, document("1"), accepted_at="2026-01-14T08:00:00Z"))
    exchange.send(declaration(A, document("11"), version=2, accepted_at="2026-03-02T08:15:00Z"))
    [finding] = exchange.findings("quantity.overrun")
    assert {source.message_id for source in finding.sources} == set(messages_of(exchange, A))


def test_a_finding_that_stands_is_not_raised_again_and_one_that_comes_back_is() -> None:
    exchange = Exchange(licence(), declaration(A, document("11")), declaration(A, document("11"), version=2))
    assert exchange.codes() == ["quantity.overrun"]
    exchange.send(declaration(A, document("9"), version=3), declaration(A, document("11"), version=4))
    first, second = exchange.findings("quantity.overrun")
    assert first.id != second.id


def test_a_verdict_and_a_cover_name_the_rule_set_they_were_made_with() -> None:
    exchange = Exchange(licence(), declaration(A, document()))
    last = exchange.last_verdict(A)
    assert last is not None
    assert last.rule_set == exchange.rule_set.name
    assert {cover.rule_set for cover in exchange.all(Cover)} == {exchange.rule_set.name}


def test_a_finding_of_the_order_of_facts_rests_on_all_of_them() -> None:
    exchange = Exchange(licence(), declaration(A, document()), release(A), left(A), invalidation(A))
    [finding] = exchange.findings("shipment.out-of-sequence")
    kinds = sorted(messages_of(exchange, A)[source.message_id] for source in finding.sources)
    assert kinds == ["exit", "invalidation"]
    assert finding.entry is None
