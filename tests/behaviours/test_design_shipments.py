"""DESIGN 6, the shipments: a set of facts, one demand per licence ever cited, one verdict."""

from itertools import permutations

import pytest

from services.core.messages import Demand, Verdict
from tests.behaviours.exchange import Exchange
from tests.behaviours.written import (
    OTHER_REF,
    REF,
    A,
    declaration,
    document,
    invalidation,
    item,
    left,
    licence,
    no_release,
    release,
)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_highest_version_counts_whatever_comes_first(order: tuple[int, ...]) -> None:
    versions = [declaration(A, document(str(n)), version=n) for n in (1, 2, 3)]
    exchange = Exchange(licence(), *(versions[place] for place in order))
    assert exchange.balance() == "3 0 0 7"
    assert exchange.all(Verdict)[-1].version == 3


LIFE = {
    "released": release(A, "2026-03-02T10:00:00Z"),
    "refused": no_release(A, "2026-03-02T11:00:00Z"),
    "released again": release(A, "2026-03-02T12:00:00Z", message_id="again"),
    "invalidated": invalidation(A, "2026-03-02T13:00:00Z"),
    "exited": left(A, at="2026-03-03T17:40:00Z"),
}


@pytest.mark.parametrize(
    ("facts", "balance"),
    [
        (["released"], "0 1 0 9"),
        (["refused"], "0 0 0 10"),
        (["released", "refused"], "0 0 0 10"),
        (["released", "refused", "released again"], "0 1 0 9"),
        (["released", "invalidated"], "0 0 0 10"),
        (["released", "refused", "released again", "invalidated"], "0 0 0 10"),
        (["released", "exited"], "0 1 1 9"),
        (["released", "refused", "exited"], "0 1 1 9"),
        (["released", "invalidated", "exited"], "0 1 1 9"),
    ],
)
def test_exited_beats_invalidated_beats_the_later_decision_on_release(facts: list[str], balance: str) -> None:
    for order in permutations([declaration(A, document()), *(LIFE[name] for name in facts)]):
        assert Exchange(licence(), *order).balance() == balance


def test_facts_wait_for_their_declaration_without_a_demand_or_a_verdict() -> None:
    exchange = Exchange(licence(), release(A), left(A))
    assert (exchange.all(Demand), exchange.verdict(A)) == ([], "none")
    assert exchange.send(declaration(A, document())).balance() == "0 1 1 9"


def test_each_licence_ever_cited_gets_one_demand_and_none_of_its_draws_frees_all() -> None:
    exchange = Exchange(licence(), licence(ref=OTHER_REF), declaration(A, document("4"), document("2", ref=OTHER_REF)))
    exchange.send(declaration(A, document("1", ref=OTHER_REF), version=2))
    last = {demand.licence: demand for demand in exchange.all(Demand)}
    assert {ref: len(demand.draws) for ref, demand in last.items()} == {REF: 0, OTHER_REF: 1}
    assert (exchange.balance(), exchange.balance(ref=OTHER_REF)) == ("0 0 0 10", "1 0 0 9")


def test_a_licence_that_only_an_older_version_cites_is_asked_though_that_version_comes_late() -> None:
    exchange = Exchange(declaration(A, document("1", ref=OTHER_REF), version=2), declaration(A, document("4")))
    assert {demand.licence: len(demand.draws) for demand in exchange.all(Demand)} == {REF: 0, OTHER_REF: 1}


def test_a_cover_never_makes_a_demand() -> None:
    exchange = Exchange(licence(), answering=False).send(declaration(A, document("4"), document("1", ref=OTHER_REF)))
    asked = exchange.all(Demand)
    assert exchange.answer().all(Demand) == asked


def test_the_verdict_waits_for_every_licences_cover_of_the_latest_demand() -> None:
    exchange = Exchange(licence(), licence(ref=OTHER_REF), answering=False)
    exchange.send(declaration(A, document("4"), document("1", ref=OTHER_REF)))
    assert exchange.verdict(A) == "pending"
    exchange.send(declaration(A, document("5"), document("1", ref=OTHER_REF), version=2))
    assert exchange.answer(in_reverse=True).verdict(A) == "covered"
    exchange.send(declaration(A, document("6"), document("1", ref=OTHER_REF), version=3))
    assert exchange.verdict(A) == "pending"
    assert exchange.answer().verdict(A) == "covered"


def test_a_verdict_waits_for_a_licence_that_the_declaration_no_longer_cites() -> None:
    exchange = Exchange(licence(), answering=False).send(declaration(A, document("4")))
    exchange.send(declaration(A, version=2))
    assert exchange.verdict(A) == "pending"
    assert exchange.answer().verdict(A) == "not-controlled"


def test_across_licences_a_verdict_is_not_atomic() -> None:
    exchange = Exchange(licence(), licence(ref=OTHER_REF), declaration(A, document("4"), document("11", ref=OTHER_REF)))
    assert (exchange.balance(), exchange.balance(ref=OTHER_REF)) == ("4 0 0 6", "0 0 0 10")
    assert exchange.verdict(A) == "refused"


def test_items_of_a_verdict_mix_refused_before_pending_before_covered_before_not_controlled() -> None:
    fine, refused, free = item(document("1")), item(document("11"), number=2), item(number=3)
    waiting = item(document("1", ref=OTHER_REF), number=4)
    assert Exchange(licence(), declaration(A, items=[free])).verdict(A) == "not-controlled"
    assert Exchange(licence(), declaration(A, items=[fine, free])).verdict(A) == "covered"
    assert Exchange(licence(), declaration(A, items=[fine, refused, free])).verdict(A) == "refused"
    exchange = Exchange(licence(), licence(ref=OTHER_REF), answering=False)
    exchange.send(declaration(A, items=[fine, free, waiting]))
    one, other = exchange._covers
    assert exchange.hand(one).verdict(A) == "pending"
    assert exchange.hand(other).verdict(A) == "covered"
    exchange = Exchange(licence(), licence(ref=OTHER_REF), answering=False)
    exchange.send(declaration(A, items=[fine, refused, free, waiting]))
    assert exchange.hand(exchange._covers[0]).verdict(A) == "refused"


def test_a_draw_is_the_sum_of_the_items_documents_on_a_line() -> None:
    exchange = Exchange(licence(), declaration(A, document("2"), document("3", kind="X070")))
    [draw] = exchange.ledger()["draws"]
    assert (draw["item"], draw["line"], draw["quantity"]["reserved"]) == (1, 1, "5")
    assert Exchange(licence(), declaration(A, document("6"), document("5"))).balance() == "0 0 0 10"


def test_the_same_version_with_other_content_changes_nothing_and_is_found() -> None:
    first, second = declaration(A, document("2")), declaration(A, document("3"), message_id="another")
    exchange = Exchange(licence(), first, second)
    assert (exchange.balance(), exchange.codes()) == ("2 0 0 8", ["shipment.version-conflict"])
    assert Exchange(licence(), second, first).balance() == "3 0 0 7"
    [finding] = exchange.findings("shipment.version-conflict")
    assert {source.message_id for source in finding.sources} == {f.fact_id for f in exchange.shipments[A].declarations}
    assert [c.what for c in finding.comparisons] == ["items/1"]


def test_the_same_version_with_the_same_content_is_no_conflict() -> None:
    first, second = declaration(A, document("2")), declaration(A, document("2"), message_id="another")
    assert Exchange(licence(), first, second).codes() == []


def test_a_verdict_names_every_message_it_has_decided() -> None:
    exchange = Exchange(licence(), declaration(A, document("2")), release(A), left(A, result="B1"))
    last = exchange.last_verdict(A)
    assert last is not None
    assert len(last.applied) == 3
