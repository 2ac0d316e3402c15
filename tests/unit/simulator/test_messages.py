"""What is sent is what the formats demand: the official schemas for WCO, the known tree for AES, API.md for JSON."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from services.simulator import json_messages, xml_aes, xml_wco
from services.simulator.declarations import Declaration, Document, Exit, ExitItem, Format, Item, Outgoing
from services.simulator.mrn import export_mrn
from services.simulator.parties import CONSIGNEES, FORWARDERS, HOLDERS
from services.simulator.scenario import build_scenario

XSD = Path(__file__).parents[3] / "services/customs/adapters/xml/xsd"
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
LICENCE = Document("X060", "VL/2026/000123", 1, Decimal("0.5"), "KGM#G", Decimal("100.10"), "EUR")
ITEM = Item(1, "Bars < 3 m & tubes", "76042910", Decimal("12.5"), Decimal("343.75"), (LICENCE, Document("Y901", "n")))
DECLARATION = Declaration(
    export_mrn(77), "ANR-77", Format.WCO, AT, HOLDERS[0], FORWARDERS[0], CONSIGNEES[5], "AR", (ITEM,)
)


def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(next(XSD.rglob(name)))))


@pytest.fixture(scope="module")
def schemas() -> dict[str, etree.XMLSchema]:
    return {"Declaration": _schema("WCO_DEC_2_DMS.xsd"), "Response": _schema("WCO_RES_2_DMS.xsd")}


def _all_wco() -> Iterator[Outgoing]:
    yield from xml_wco.lodge(DECLARATION)
    yield from xml_wco.reject(DECLARATION)
    yield from xml_wco.amend(DECLARATION.amended(AT, ITEM), 1)
    yield xml_wco.release(DECLARATION, AT)
    yield xml_wco.invalidate(DECLARATION, AT, "withdrawn")
    yield xml_wco.leave(DECLARATION, Exit(AT, "A4"))
    yield from (send.message for send in build_scenario().sends if send.message.format is Format.WCO)


def test_every_wco_message_is_valid_against_the_official_schema(schemas: dict[str, etree.XMLSchema]) -> None:
    kinds = set()
    for message in _all_wco():
        inner = etree.fromstring(message.body)[-1]
        schema = schemas[etree.QName(inner).localname]
        assert schema.validate(inner), f"{message.id}: {schema.error_log}"
        kinds.add(message.kind)
    assert kinds == {"EXA", "COR", "DMSACC", "DMSREJ", "DMSROG", "DMSINV", "DMSREQ", "DMSEOG"}


def test_the_schema_does_refuse_a_wrong_order(schemas: dict[str, etree.XMLSchema]) -> None:
    inner = etree.fromstring(xml_wco.lodge(DECLARATION)[0].body)[-1]
    inner.append(inner[0])
    assert not schemas["Declaration"].validate(inner)


def test_a_wco_document_splits_its_type_and_states_the_write_off_with_its_units() -> None:
    text = xml_wco.lodge(DECLARATION)[0].body.decode()
    assert "<CategoryCode>X</CategoryCode><ID>VL/2026/000123</ID><TypeCode>060</TypeCode>" in text
    assert '<QuantityQuantity unitCode="KGM#G">0.5</QuantityQuantity>' in text
    assert '<AmountAmount currencyID="EUR">100.10</AmountAmount>' in text


def _aes(message: Outgoing) -> etree._Element:
    root = etree.fromstring(message.body)
    assert root.tag == f"{{http://ecs.dgtaxud.ec}}{message.kind}"
    return root


def test_an_aes_declaration_has_header_tree_and_figures() -> None:
    lodged, accepted = (_aes(message) for message in xml_aes.lodge(DECLARATION))
    assert [child.tag for child in lodged][:5] == [
        "messageSender",
        "messageRecipient",
        "preparationDateAndTime",
        "messageIdentification",
        "messageType",
    ]
    item = "GoodsShipment/GoodsItem"
    assert lodged.findtext(f"{item}/Commodity/descriptionOfGoods") == ITEM.description
    assert lodged.findtext(f"{item}/Commodity/CommodityCode/harmonizedSystemSubHeadingCode") == "760429"
    assert lodged.findtext(f"{item}/SupportingDocument/measurementUnitAndQualifier") == "KGMG"
    assert lodged.findtext(f"{item}/SupportingDocument/documentLineItemNumber") == "1"
    assert lodged.findtext(f"{item}/AdditionalReference/type") == "Y901"
    assert lodged.findtext("ExportOperation/MRN") is None
    assert accepted.findtext("ExportOperation/MRN") == DECLARATION.mrn
    assert accepted.findtext("ExportOperation/LRN") == lodged.findtext("ExportOperation/LRN")


def test_aes_times_are_those_of_a_clock_in_belgium() -> None:
    """Half past ten in the evening in UTC is the next day there in summer."""
    accepted = _aes(xml_aes.lodge(DECLARATION)[1])
    assert accepted.findtext("preparationDateAndTime") == "2026-07-02T00:30:00"
    assert accepted.findtext("ExportOperation/declarationAcceptanceDate") == "2026-07-02"


def test_the_other_aes_messages_name_the_mrn_and_say_what_happened() -> None:
    released = _aes(xml_aes.release(DECLARATION, AT))
    refused = _aes(xml_aes.refuse_release(DECLARATION, AT, "no licence"))
    invalidated = _aes(xml_aes.invalidate(DECLARATION, AT, "withdrawn"))
    left = _aes(xml_aes.leave(DECLARATION, Exit(AT, "B1")))
    assert {e.findtext("ExportOperation/MRN") for e in (released, refused, invalidated, left)} == {DECLARATION.mrn}
    assert released.findtext("ExportOperation/releaseDate") == "2026-07-02"
    assert refused.findtext("ExportOperation/noReleaseMotivationText") == "no licence"
    assert invalidated.findtext("Invalidation/decision") == "1"
    assert left.findtext("ExitControlResult/code") == "B1"


def test_amounts_are_written_in_full_and_exactly() -> None:
    """A Decimal of 1E+3 is 1000, and no digit is lost."""
    document = replace(LICENCE, quantity=Decimal("1E+3"), amount=Decimal("99999999999999.99"))
    made = replace(DECLARATION, items=(replace(ITEM, documents=(document,)),))
    for text in (xml_aes.lodge(made)[0].body, xml_wco.lodge(made)[0].body, json_messages.lodge(made)[0].body):
        assert b"1000" in text
        assert b"99999999999999.99" in text
        assert b"E+" not in text


def test_a_json_amendment_is_the_whole_declaration_at_a_higher_version() -> None:
    first = json.loads(json_messages.lodge(DECLARATION)[0].body)
    (amended,) = json_messages.amend(DECLARATION.amended(AT, replace(ITEM, net_mass_kg=Decimal(9))), 1)
    second = json.loads(amended.body)
    assert (first["version"], second["version"]) == (1, 2)
    assert second["amended_at"] == "2026-07-01T22:30:00Z"
    assert second["items"][0]["net_mass_kg"] == "9"
    assert set(first) | {"amended_at"} == set(second)


def test_a_json_exit_states_totals_as_text() -> None:
    body = json.loads(json_messages.leave(DECLARATION, Exit(AT, "A4", items=(ExitItem(1, Decimal("0.4")),))).body)
    assert body["items"] == [{"item": 1, "quantity": "0.4", "amount": None}]
    assert (body["result"], body["final"]) == ("A4", True)


def test_a_format_says_when_it_cannot_say_something() -> None:
    with pytest.raises(NotImplementedError):
        xml_wco.refuse_release(DECLARATION, AT, "no licence")


def test_an_aes_amendment_is_the_whole_declaration_again_and_its_acceptance() -> None:
    amended, accepted = (_aes(message) for message in xml_aes.amend(DECLARATION.amended(AT, ITEM), 1))
    assert (amended.findtext("messageType"), accepted.findtext("messageType")) == ("CC513C", "CC504C")
    assert amended.findtext("ExportOperation/MRN") == accepted.findtext("ExportOperation/MRN") == DECLARATION.mrn
    assert amended.find("ExportOperation/LRN") is None
    assert amended.find("GoodsShipment/GoodsItem") is not None
