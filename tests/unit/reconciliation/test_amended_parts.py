"""Amendments by pointers beyond replaced documents: parties, places, whole items, what is taken away."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.messages import DeclarationAmended, DocumentAmendment, DocumentRemoval, Item, ItemAmendment, Party
from services.core.values import CommodityCode, CountryCode
from services.reconciliation.domain.declaration import amended
from tests.builders_customs import a_declaration, a_document, an_amendment, an_item
from tests.builders_shipments import Way

OTHER = Party(name="Other Presses")
THREE = (an_item(a_document("A"), a_document("B"), a_document("C")),)


def delta(*items: ItemAmendment, **changed: Any) -> DeclarationAmended:
    return replace(an_amendment(), items=items, **changed)


def references(items: tuple[Item, ...]) -> list[str]:
    return [document.reference for item in items for document in item.documents]


def test_documents_are_removed_by_the_places_they_had() -> None:
    gone = ItemAmendment(
        item=1,
        documents=(
            DocumentAmendment(position=3, document=a_document("D")),
            DocumentAmendment(document=a_document("E")),
        ),
        removed_documents=(DocumentRemoval(position=1),),
    )
    assert references(amended(THREE, delta(gone), "10")) == ["B", "D", "E"]


def test_an_item_is_removed() -> None:
    two = (*THREE, an_item(a_document("Z"), item=2))
    assert references(amended(two, delta(ItemAmendment(item=1, removed=True)), "10")) == ["Z"]


def test_a_whole_item_stands_in_place_of_all_it_was() -> None:
    whole = ItemAmendment(
        item=1,
        whole=True,
        commodity_code=CommodityCode("84601200"),
        description="machine tool",
        procedure="31",
        documents=(DocumentAmendment(document=a_document("N")),),
    )
    (item,) = amended(THREE, delta(whole), "10")
    assert references((item,)) == ["N"]
    assert (item.commodity_code, item.procedure, item.net_mass_kg) == ("84601200", "31", None)
    assert amended((), delta(whole), "10") == (item,), "the same whether it was there or not"


@pytest.mark.parametrize(
    "changed", [{"procedure": "31"}, {"consignee": OTHER}, {"destination": CountryCode("PK")}, {"description": "other"}]
)
def test_parts_of_an_item_change_and_the_rest_stays(changed: dict[str, Any]) -> None:
    assert amended(THREE, delta(ItemAmendment(item=1, **changed)), "10") == (replace(THREE[0], **changed),)


def test_the_parties_and_the_destination_of_a_demand_are_the_amended_ones() -> None:
    change = delta(exporter=OTHER, consignee=OTHER, country_of_destination=CountryCode("PK"))
    demand = Way().told(a_declaration(), change).latest_demand()
    (draw,) = demand.draws
    assert (demand.exporter, draw.consignee, draw.destination) == (OTHER, OTHER, "PK")


def test_an_item_that_an_amendment_added_and_another_removed_is_no_unknown_item() -> None:
    added = ItemAmendment(item=2, whole=True, commodity_code=CommodityCode("84601200"), description="tool")
    way = Way().told(
        a_declaration(),
        delta(added),
        replace(delta(ItemAmendment(item=2, removed=True)), fact_id="later"),
    )
    assert way.finding_codes() == []
