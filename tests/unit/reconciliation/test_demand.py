"""What a declaration asks of the licences it cites."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.core.messages import Demand, Party
from services.core.values import CountryCode, Mrn
from services.reconciliation.domain.codes import codes_of
from services.reconciliation.domain.shipment import empty, with_new_fact
from tests.builders import ACCEPTED_AT
from tests.builders_customs import (
    LICENCE,
    a_declaration,
    a_document,
    a_release,
    a_replacement,
    an_amendment,
    an_item,
    hours,
)
from tests.builders_shipments import Way


@pytest.mark.parametrize("document_type", ["X060", "X061", "X066", "X072"])
def test_a_licence_document_draws_on_its_licence(document_type: str) -> None:
    way = Way().told(a_declaration(an_item(a_document("L1", document_type=document_type))))
    assert [d.licence for d in way.latest_demands()] == ["L1"]
    assert way.latest_demand().draws[0].document_types == (document_type,)


def test_a_british_declaration_cites_no_licence_of_ours_with_the_union_s_old_code() -> None:
    stated = a_declaration(an_item(a_document("GBSIEE2E350002-0001", document_type="X002")))
    assert Way().told(replace(stated, mrn=Mrn("19GBCKKCQSXV2FGVA8"))).latest_demands() == ()


MIDNIGHT = datetime(2021, 9, 8, 22, tzinfo=UTC)
"""In Brussels, where 9 September begins then."""


@pytest.mark.parametrize(
    ("document_type", "accepted_at", "draws"),
    [
        ("X002", MIDNIGHT - timedelta(microseconds=1), 1),
        ("X002", MIDNIGHT, 0),
        ("X060", MIDNIGHT - timedelta(microseconds=1), 0),
        ("X060", MIDNIGHT, 1),
    ],
)
def test_the_day_of_acceptance_decides_what_a_document_type_means(
    document_type: str, accepted_at: datetime, draws: int
) -> None:
    stated = a_declaration(an_item(a_document("L1", document_type=document_type)))
    way = Way().told(replace(stated, accepted_at=accepted_at))
    assert len(way.latest_demands()) == draws


def test_a_licence_that_was_asked_is_freed_when_its_document_type_cites_none_any_more() -> None:
    first = a_declaration(an_item(a_document("L1")))
    asked = with_new_fact(empty(first.mrn), first, ACCEPTED_AT, "rules").state
    decision = with_new_fact(asked, a_release(), ACCEPTED_AT, "rules", codes_of([], []))
    (demand,) = (output for output in decision.outputs if isinstance(output, Demand))
    assert (demand.licence, demand.revision, demand.draws) == ("L1", 2, ())


@pytest.mark.parametrize("document_type", ["Y901", "N380", "X059", "X073", "X010", "C400"])
def test_other_documents_draw_on_nothing(document_type: str) -> None:
    way = Way().told(a_declaration(an_item(a_document("L1", document_type=document_type))))
    assert way.latest_demands() == ()


def test_a_draw_is_the_sum_of_an_items_documents_on_one_line() -> None:
    documents = (
        a_document("L1", line=1, quantity="1.5", amount="10.10"),
        a_document("L1", line=2, quantity="7", amount=None),
        a_document("L1", line=1, quantity="2.25", amount="0.05", document_type="X070"),
    )
    first, second = Way().told(a_declaration(an_item(*documents))).latest_demand().draws
    assert (first.line, first.quantity, first.amount) == (1, Decimal("3.75"), Decimal("10.15"))
    assert first.document_types == ("X060", "X070")
    assert (second.line, second.quantity, second.amount, second.currencies) == (2, Decimal(7), None, ())


def test_items_draw_each_for_themselves_in_order_of_item_and_line() -> None:
    items = (an_item(a_document(line=2), a_document(line=1), item=2), an_item(a_document(line=None), item=1))
    draws = Way().told(a_declaration(*items)).latest_demand().draws
    assert [(d.item, d.line) for d in draws] == [(1, 0), (2, 1), (2, 2)]


def test_every_unit_stated_is_passed_on_because_different_ones_cannot_be_summed() -> None:
    documents = (a_document(unit="NAR"), a_document(unit="KGM#G"), a_document(unit="NAR"))
    (draw,) = Way().told(a_declaration(an_item(*documents))).latest_demand().draws
    assert draw.units == ("KGM#G", "NAR")


def test_a_document_without_figures_draws_without_figures() -> None:
    (draw,) = Way().told(a_declaration(an_item(a_document(quantity=None, amount=None)))).latest_demand().draws
    assert (draw.quantity, draw.units, draw.amount, draw.currencies) == (None, (), None, ())


def test_goods_after_repair_name_their_other_documents() -> None:
    """The initial authorisation is to be among them; of other licences nothing is kept."""
    others = (a_document("VL/2021/9", document_type="Y999"), a_document("INV/7", document_type="N380"))
    (after,) = (
        Way().told(a_declaration(an_item(a_document("EU003/1", document_type="X063"), *others))).latest_demand().draws
    )
    (plain,) = Way().told(a_declaration(an_item(a_document(), *others))).latest_demand().draws
    assert (after.named, plain.named) == (("INV/7", "VL/2021/9"), ())


def test_what_an_item_states_for_itself_goes_before_the_declaration() -> None:
    own = replace(an_item(a_document()), consignee=Party(name="Another"), destination=CountryCode("AE"))
    (draw,) = Way().told(a_declaration(own)).latest_demand().draws
    assert (draw.consignee, draw.destination) == (Party(name="Another"), "AE")
    (plain,) = Way().told(a_declaration()).latest_demand().draws
    assert (plain.consignee, plain.destination) == (a_declaration().consignee, "IN")


def test_a_licence_no_longer_cited_is_asked_for_nothing() -> None:
    way = Way().told(a_declaration(an_item(a_document("L1"))))
    way = way.told(a_declaration(an_item(a_document("L2")), version=2, amended_at=hours(1)))
    dropped, cited = way.latest_demands()
    assert (dropped.licence, dropped.revision, dropped.version, dropped.draws) == ("L1", 2, 2, ())
    assert (cited.licence, cited.revision, len(cited.draws)) == ("L2", 1, 1)


def test_a_licence_only_an_overtaken_version_cites_is_asked_for_nothing_too() -> None:
    later = a_declaration(an_item(a_document("L2")), version=2, amended_at=hours(1))
    way = Way().told(later, a_declaration(an_item(a_document("L1"))))
    assert [(d.licence, len(d.draws)) for d in way.latest_demands()] == [("L1", 0), ("L2", 1)]


def test_acceptance_is_that_of_the_lowest_version() -> None:
    second = a_declaration(version=2, accepted_at=hours(5), amended_at=hours(5))
    assert Way().told(second, a_declaration()).latest_demand().accepted_at == ACCEPTED_AT
    assert Way().told(a_declaration(), second).latest_demand().accepted_at == ACCEPTED_AT


def test_a_revision_rises_only_when_the_demand_changes() -> None:
    way = Way().told(a_declaration(), a_release(), a_release(fact_id="stated again"))
    assert [d.revision for d in way.all(Demand)] == [1, 2]


def test_a_demand_names_the_messages_it_rests_on() -> None:
    way = Way().told(a_declaration(), an_amendment(a_replacement(a_document(quantity="2"))), a_release())
    assert [s.message_id for s in way.latest_demand().sources] == ["accepted-1", "amended", "released"]


def test_a_delta_replaces_the_document_of_the_same_type_and_reference() -> None:
    way = Way().told(
        a_declaration(an_item(a_document("L1", quantity="1"), a_document("L2"))),
        an_amendment(a_replacement(a_document("L1", quantity="4"))),
    )
    demand = way.latest_demands()[0]
    assert (demand.version, demand.draws[0].quantity) == (2, Decimal(4))


def test_a_delta_replaces_by_position_and_frees_the_licence_it_takes_away() -> None:
    declaration = a_declaration(an_item(a_document("invoice", document_type="N380"), a_document("L1")))
    way = Way().told(declaration, an_amendment(a_replacement(a_document("L2"), position=2)))
    assert [(d.licence, len(d.draws)) for d in way.latest_demands()] == [("L1", 0), ("L2", 1)]


@pytest.mark.parametrize("position", [None, 2, 9])
def test_a_delta_that_replaces_no_document_adds_one(position: int | None) -> None:
    way = Way().told(a_declaration(), an_amendment(a_replacement(a_document("L2"), position)))
    assert [(d.licence, len(d.draws)) for d in way.latest_demands()] == [("L2", 1), (LICENCE, 1)]


def test_deltas_apply_in_the_order_they_were_issued() -> None:
    late = an_amendment(a_replacement(a_document(quantity="5")), fact_id="a", after_h=3)
    early = an_amendment(a_replacement(a_document(quantity="4")), fact_id="z", after_h=2)
    demand = Way().told(late, a_declaration(), early).latest_demand()
    assert (demand.version, demand.draws[0].quantity) == (3, Decimal(5))


def test_a_whole_version_contains_the_deltas_before_it() -> None:
    whole = a_declaration(an_item(a_document(quantity="9")), version=2, amended_at=hours(2))
    before = an_amendment(a_replacement(a_document(quantity="4")), fact_id="before", after_h=1)
    after = an_amendment(commodity_code="84798998", fact_id="after", after_h=3)
    demand = Way().told(a_declaration(), before, whole, after).latest_demand()
    (draw,) = demand.draws
    assert (draw.quantity, draw.commodity_code, demand.version) == (Decimal(9), "84798998", 4)


def test_a_delta_may_add_an_item() -> None:
    added = an_amendment(a_replacement(a_document("L2")), item=2, commodity_code="76069100")
    demand = Way().told(a_declaration(), added).latest_demands()[0]
    (draw,) = demand.draws
    assert (demand.licence, draw.item, draw.commodity_code, draw.procedure) == ("L2", 2, "76069100", "10")
