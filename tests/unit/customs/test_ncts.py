"""Transit declarations and what NCTS says about them."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import pytest

from services.core.messages import DeclarationForm, DeclarationInvalidated, GoodsReleased, Party, ReleaseRefused
from services.core.values import CountryCode
from services.customs.domain.reading import Acceptance, NothingToDo, Rejection
from tests.unit.customs.door_in_memory import MemoryDoor
from tests.unit.customs.test_aes import fact, faults, lodged, read
from tests.unit.customs.written import DECLARANT, LRN
from tests.unit.customs.written_ncts import HOLDER, ITEM, LICENCE, MRN, NCTS_SAMPLES, cc015c, consignment, house

WRITTEN_AT = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
CONSIGNEE = "<Consignee><name>{}</name></Consignee>"


@pytest.mark.parametrize("procedure", ["T1", "T2", "T2F", "T2SM", "T", "TIR"])
def test_a_transit_declaration_is_read_whole(procedure: str) -> None:
    reading = read(cc015c(procedure=procedure))
    declaration = lodged(cc015c(procedure=procedure))
    assert (reading.system, reading.lrn, reading.declarant) == ("NCTS", LRN, DECLARANT)
    assert (declaration.form, declaration.procedure) == (DeclarationForm.TRANSIT, procedure)
    assert (declaration.office_of_export, declaration.country_of_destination) == ("BE343000", "IN")
    assert declaration.exporter == declaration.declarant == Party(eori=declaration.exporter.eori)
    (item,) = declaration.items
    assert (item.commodity_code, item.procedure, item.net_mass_kg) == ("847983", procedure, Decimal(1200))
    assert [(d.type, d.reference, d.line) for d in item.documents] == [("X072", "VL/2026/000321", 1)]


def test_another_type_of_transit_is_refused_with_its_value() -> None:
    assert faults(cc015c(procedure="T3")) == [("/CC015C/TransitOperation/declarationType", "value.invalid")]


def test_what_a_house_states_holds_for_its_items_and_what_an_item_states_outranks_it() -> None:
    second = ITEM.replace("Number>1</declaration", "Number>2</declaration")
    own = second.replace("<Commodity>", CONSIGNEE.format("Third") + "<Commodity>", 1)
    own = own.replace("<Consignee>", "<countryOfDestination>PK</countryOfDestination><Consignee>")
    other = LICENCE.replace("000321", "000777")
    common = LICENCE.replace("000321", "000888")
    where = "<countryOfDestination>AE</countryOfDestination>"
    goods = consignment(
        house(ITEM + own, more=where + CONSIGNEE.format("Second"), documents=other),
        more=CONSIGNEE.format("First"),
        documents=common,
    )
    declaration = lodged(cc015c(goods))
    one, two = declaration.items
    assert declaration.consignee == Party(name="First")
    assert (one.consignee, one.destination) == (Party(name="Second"), CountryCode("AE"))
    assert (two.consignee, two.destination) == (Party(name="Third"), CountryCode("PK"))
    assert [d.reference[-3:] for d in one.documents] == ["321", "777", "888"]


def test_items_of_two_houses_have_numbers_of_their_own() -> None:
    path = "/CC015C/Consignment/HouseConsignment[2]/ConsignmentItem"
    assert faults(cc015c(consignment(house() + house()))) == [(path, "item.repeated")]


def test_items_may_be_of_another_type_than_the_whole() -> None:
    mixed = ITEM.replace("<Commodity>", "<declarationType>T2</declarationType><Commodity>", 1)
    assert [item.procedure for item in lodged(cc015c(consignment(house(mixed)), procedure="T")).items] == ["T2"]


def test_a_destination_is_sought_where_it_is_stated_and_else_assumed_with_a_warning() -> None:
    stated = consignment(house(more="<countryOfDestination>AE</countryOfDestination>"), destination="")
    assert lodged(cc015c(stated)).country_of_destination == "AE"
    reading = read(cc015c(consignment(house(), destination="")))
    assert lodged(cc015c(consignment(house(), destination=""))).country_of_destination == "DE"
    (warning,) = reading.warnings
    assert (warning.path, warning.code) == ("/CC015C/Consignment/countryOfDestination", "destination.assumed")


def test_goods_without_a_commodity_code_are_taken() -> None:
    start, end = ITEM.index("<CommodityCode>"), ITEM.index("</CommodityCode>") + len("</CommodityCode>")
    (item,) = lodged(cc015c(consignment(house(ITEM[:start] + ITEM[end:])))).items
    assert item.commodity_code == "000000"


def test_who_exports_is_the_consignor_where_one_is_stated() -> None:
    sender = "<Consignor><name>Sender</name><Address><country>BE</country></Address></Consignor>"
    assert lodged(cc015c(consignment(house(more=sender)))).exporter.name == "Sender"
    nobody = "<HolderOfTheTransitProcedure></HolderOfTheTransitProcedure>"
    assert faults(cc015c(holder=nobody)) == [("/CC015C", "party.unknown")]
    assert lodged(cc015c(consignment(house(more=sender)), holder=nobody)).declarant is None


def test_a_name_may_stand_beside_the_number_of_the_holder() -> None:
    named = HOLDER.replace("</Holder", "<name>Holder</name></Holder")
    assert lodged(cc015c(holder=named)).declarant == Party(name="Holder", eori=lodged(cc015c()).exporter.eori)


def test_the_answers_state_their_facts() -> None:
    assert read(NCTS_SAMPLES["CC028C"]).statement == Acceptance(MRN, WRITTEN_AT, version=1)
    assert fact(NCTS_SAMPLES["CC029C"]) == GoodsReleased(fact_id="", mrn=MRN, released_at=WRITTEN_AT)
    refused = ReleaseRefused(fact_id="", mrn=MRN, decided_at=WRITTEN_AT, reason="seals")
    assert fact(NCTS_SAMPLES["CC051C"]) == refused
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert fact(NCTS_SAMPLES["CC009C"]) == DeclarationInvalidated(fact_id="", mrn=MRN, invalidated_at=at)
    assert read(NCTS_SAMPLES["CC056C"]).statement == Rejection(MRN)
    requested = read(NCTS_SAMPLES["CC014C"]).statement
    assert isinstance(requested, NothingToDo)
    assert requested.reason.endswith("before customs decides (CC009C)")


async def test_a_transit_is_accepted_and_amended_in_any_order() -> None:
    for order in permutations(["CC015C", "CC028C", "CC013C", "CC004C"]):
        door = MemoryDoor()
        for kind in order:
            await door.take(NCTS_SAMPLES[kind])
        assert [fact.version for fact in sorted(door.versions_told(), key=lambda f: f.version)] == [1, 2], order
        assert {fact.mrn for fact in door.versions_told()} == {MRN}
