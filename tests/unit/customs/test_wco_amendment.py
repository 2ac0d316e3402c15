"""WCO-DMS amendments: what pointers name changes, what they cannot carry is refused, all else is context."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.core.messages import DocumentRemoval, ItemAmendment
from services.core.values import Mrn
from services.customs.domain.reading import Amendment, Cancellation
from tests.unit.customs.test_wco import faults, read, text

AMENDMENT = "Step5_TT_EX009a_Amendment.xml"
POINTERS = "/MetaData/Declaration/Amendment/Pointer"


def amended(body: str) -> Amendment:
    statement = read(body).statement
    assert isinstance(statement, Amendment)
    return statement


def pointing(*chains: str, content: str = "", item: str = "") -> str:
    """The amendment of the sample with other pointers (`67A.68A#1.23A.137`), and `content` beside its item."""
    body = text(AMENDMENT)
    start, end = body.index("<Amendment>"), body.index("</Amendment>") + len("</Amendment>")
    body = body[:start] + "".join(map(_amendment, chains)) + body[end:]
    start, end = body.index("<AdditionalDocument>"), body.index("</AdditionalDocument>") + len("</AdditionalDocument>")
    body = body[:start] + item + body[end:]
    return body.replace("<GoodsShipment>", f"{content}<GoodsShipment>") if content else body


def _amendment(chain: str) -> str:
    sections = ["42A", *chain.split(".")]
    tag = "" if sections[-1].partition("#")[0].endswith(("A", "B", "C")) else f"<TagID>{sections.pop()}</TagID>"
    steps = [section.partition("#") for section in sections]
    pointers = [
        (f"<SequenceNumeric>{place}</SequenceNumeric>" if place else "")
        + f"<DocumentSectionCode>{code}</DocumentSectionCode>"
        for code, _, place in steps
    ]
    pointers[-1] += tag
    inner = "".join(f"<Pointer>{pointer}</Pointer>" for pointer in pointers)
    return f"<Amendment><ChangeReasonCode>32</ChangeReasonCode>{inner}</Amendment>"


def a_document(reference: str, quantity: str = "1") -> str:
    return (
        f"<AdditionalDocument><CategoryCode>X</CategoryCode><ID>{reference}</ID><TypeCode>060</TypeCode>"
        f'<WriteOff><QuantityQuantity unitCode="NAR">{quantity}</QuantityQuantity></WriteOff></AdditionalDocument>'
    )


COMMODITY = (
    "<Commodity><Description>other press</Description>"
    "<Classification><ID>84798300</ID><IdentificationTypeCode>TSP</IdentificationTypeCode></Classification>"
    "<GoodsMeasure><NetNetWeightMeasure>14.5</NetNetWeightMeasure></GoodsMeasure></Commodity>"
)
PROCEDURE = "<GovernmentProcedure><CurrentCode>11</CurrentCode></GovernmentProcedure>"


def test_the_place_of_a_document_comes_from_its_pointer() -> None:
    (item,) = amended(pointing("67A.68A#1.02A#3.360", item=a_document("A"))).items
    assert [(one.position, one.document.reference) for one in item.documents] == [(3, "A")]


def test_of_an_item_given_whole_only_the_document_pointed_at_changes() -> None:
    given = "".join(map(a_document, "ABC")) + COMMODITY
    (item,) = amended(pointing("67A.68A#1.02A#2.22C.502", item=given)).items
    assert [(one.position, one.document.reference) for one in item.documents] == [(2, "B")]
    assert (item.description, item.net_mass_kg) == (None, None), "what no pointer names is context"


def test_several_pointers_at_one_document_change_it_once() -> None:
    (item,) = amended(pointing("67A.68A#1.02A#1.D005", "67A.68A#1.02A#1.22C.502", item=a_document("A"))).items
    assert [one.position for one in item.documents] == [1]


def test_documents_pointed_at_and_not_given_are_removed() -> None:
    (item,) = amended(pointing("67A.68A#1.02A#2")).items
    assert item == ItemAmendment(item=1, removed_documents=(DocumentRemoval(position=2),))


def test_a_document_pointed_at_behind_those_given_whole_is_removed() -> None:
    chains = ("67A.68A#1.02A#1", "67A.68A#1.02A#4")
    (item,) = amended(pointing(*chains, item="".join(map(a_document, "ABC")))).items
    assert [one.position for one in item.documents] == [1]
    assert item.removed_documents == (DocumentRemoval(position=4),)


def test_fewer_documents_than_places_leave_open_which_is_gone() -> None:
    body = pointing("67A.68A#1.02A#1", "67A.68A#1.02A#2", item=a_document("A"))
    assert [code for _, code in faults(body)] == ["amendment.ambiguous"]


@pytest.mark.parametrize(
    ("chain", "changed"),
    [
        ("67A.68A#1.23A.137", {"description": "other press"}),
        ("67A.68A#1.23A.21A#1.145", {"commodity_code": "84798300"}),
        ("67A.68A#1.23A.65A.128", {"net_mass_kg": Decimal("14.5")}),
        ("67A.68A#1.23A.65A", {"net_mass_kg": Decimal("14.5")}),
        ("67A.68A#1.70A#1.166", {"procedure": "11"}),
        ("67A.68A#1.114", {"statistical_value": Decimal(99)}),
        ("67A.68A#1.99B.465", {"destination": "IN"}),
    ],
)
def test_each_part_of_an_item_that_is_pointed_at_is_amended(chain: str, changed: dict[str, Any]) -> None:
    value = '<StatisticalValueAmount currencyID="GBP">99</StatisticalValueAmount>'
    destination = "<Destination><CountryCode>IN</CountryCode></Destination>"
    (item,) = amended(pointing(chain, item=value + COMMODITY + destination + PROCEDURE)).items
    assert item == replace(ItemAmendment(item=1), **changed), "nothing else"


def test_parts_of_the_declaration_are_amended() -> None:
    content = (
        "<BorderTransportMeans><ModeCode>1</ModeCode></BorderTransportMeans>"
        "<ExitOffice><ID>GB000051</ID></ExitOffice><Exporter><ID>GB896458895015</ID></Exporter>"
    )
    chains = ("15A.T022", "56A.G005", "57A.R032", "67A.27A", "67A.99B.465", "67A.28A.096")
    shipment = (
        "<Consignee><Name>Other</Name></Consignee><Consignment><ContainerCode>1</ContainerCode></Consignment>"
        "<Destination><CountryCode>IN</CountryCode></Destination>"
    )
    made = amended(pointing(*chains, content=content).replace("<GoodsShipment>", f"<GoodsShipment>{shipment}"))
    assert made.exporter is not None
    assert made.consignee is not None
    assert (made.exporter.eori, made.consignee.name) == ("GB896458895015", "Other")
    assert (made.country_of_destination, made.office_of_exit) == ("IN", "GB000051")
    assert (made.border_mode, made.containerised, made.items) == ("1", True, ())


def test_an_item_pointed_at_is_new_or_stands_whole_in_place_of_what_it_was() -> None:
    (item,) = amended(pointing("67A.68A#1", item=a_document("A") + COMMODITY + PROCEDURE)).items
    assert (item.whole, item.commodity_code, item.procedure) == (True, "84798300", "11")
    assert [one.document.reference for one in item.documents] == ["A"]


def test_an_item_pointed_at_and_not_given_is_removed() -> None:
    assert amended(pointing("67A.68A#2")).items == (ItemAmendment(item=2, removed=True),)


@pytest.mark.parametrize(
    ("chain", "code", "last"),
    [
        ("57B", "amendment.not-carried", 2),
        ("D013", "amendment.not-carried", 1),
        ("02A#1", "amendment.not-carried", 2),
        ("67A", "amendment.not-carried", 2),
        ("67A.68A#1.23A.99Z", "amendment.pointer-unknown", 4),
        ("77A", "amendment.pointer-unknown", 2),
        ("67A.68A#1.23A.999", "amendment.pointer-unknown", 4),
        ("67A.68A#1.23A.137", "amendment.deletion", 4),
        ("67A.27A", "amendment.deletion", 3),
        ("67A.68A#2.23A.137", "amendment.deletion", 4),
    ],
)
def test_what_cannot_be_mapped_is_refused_at_its_pointer(chain: str, code: str, last: int) -> None:
    path = f"{POINTERS}[{last}]" if last > 1 else POINTERS
    assert faults(pointing(chain)) == [(path, code)]


def test_an_item_must_be_named_when_several_are_given() -> None:
    other = f"</GovernmentAgencyGoodsItem><GovernmentAgencyGoodsItem><SequenceNumeric>2</SequenceNumeric>{COMMODITY}"
    body = pointing("67A.68A.23A.137", item=COMMODITY + other)
    assert faults(body) == [(f"{POINTERS}[4]", "amendment.place-missing")]
    assert amended(pointing("67A.68A.23A.137", item=COMMODITY)).items[0].description == "other press"


def test_an_amendment_without_pointers_says_nothing() -> None:
    assert ("/MetaData/Declaration/Amendment", "amendment.pointer-missing") in faults(pointing())


def test_a_part_without_bearing_on_a_licence_is_told_as_a_warning() -> None:
    reading = read(pointing("67A.68A#1.93A#1.141", "67A.28A.64A.L016"))
    assert reading.statement == Amendment(Mrn("24GB0YVJ3EXXES8AA0"), None, (), asked=True)
    assert [warning.code for warning in reading.warnings] == ["amendment.no-bearing"] * 2


def test_an_amendment_with_a_time_of_issue_keeps_it() -> None:
    issue = '<IssueDateTime><p1:DateTimeString formatCode="304">20240126094643Z</p1:DateTimeString></IssueDateTime>'
    body = text(AMENDMENT, ("<ID>24GB0YVJ3EXXES8AA0</ID>", f"<ID>24GB0YVJ3EXXES8AA0</ID>{issue}"))
    assert amended(body).amended_at == datetime(2024, 1, 26, 9, 46, 43, tzinfo=UTC)


def test_a_cancellation_is_a_request_with_its_reason() -> None:
    reading = read(text(AMENDMENT, ("<TypeCode>COR<", "<TypeCode>INV<")))
    assert reading.kind == "INV"
    assert isinstance(reading.statement, Cancellation)
    assert reading.statement.mrn == "24GB0YVJ3EXXES8AA0"
    assert "Amending Status code" in str(reading.statement.reason)
