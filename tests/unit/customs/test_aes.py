"""Each AES message: the fact it states, and the path of each fault."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.core.errors import Fault, Refused
from services.core.facts import Fact
from services.core.messages import (
    DeclarationInvalidated,
    Document,
    ExitResult,
    GoodsExited,
    GoodsReleased,
    Party,
    ReleaseRefused,
)
from services.core.values import CountryCode, Currency, Unit
from services.customs.adapters import intake
from services.customs.domain.declaration import Declaration
from services.customs.domain.reading import Acceptance, Lodged, NothingToDo, Reading, Stated
from tests.unit.customs.written import AES, DOCUMENT, ITEM, MRN, about, aes, cc515c, cc528c

BRUSSELS = ZoneInfo("Europe/Brussels")


def read(body: bytes) -> Reading:
    return intake.read(body, "application/xml", None, BRUSSELS)


def lodged(body: bytes) -> Declaration:
    statement = read(body).statement
    assert isinstance(statement, Lodged)
    return statement.declaration


def fact(body: bytes) -> Fact:
    statement = read(body).statement
    assert isinstance(statement, Stated)
    return statement.fact


def faults(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        read(body)
    assert refused.value.status == 422
    return [(fault.path, fault.code) for fault in refused.value.faults]


def changed(old: str, new: str, body: bytes | None = None) -> bytes:
    text = (body or cc515c()).decode()
    assert old in text
    return text.replace(old, new).encode()


def test_a_declaration_is_read_whole() -> None:
    reading = read(cc515c())
    declaration = lodged(cc515c())
    assert (reading.kind, reading.mrn, reading.lrn, reading.declarant) == (
        "CC515C",
        None,
        "ANR-2026-77",
        "BE0314595348",
    )
    assert reading.identity == ("aes", "BE0314595348", "m-515")
    assert declaration.office_of_export == "BE343000"
    assert declaration.consignee == Party(
        name="Bharat Presses", address="1 Mill Road, 400001, Mumbai", country=CountryCode("IN")
    )
    (item,) = declaration.items
    assert (item.commodity_code, item.procedure, item.net_mass_kg) == ("84798300", "10", Decimal("1200.000000"))
    assert item.documents == (
        Document(
            type="X060",
            reference="VL/2026/000123",
            line=1,
            quantity=Decimal(1),
            unit=Unit("NAR"),
            amount=Decimal("100000.00"),
            currency=Currency("EUR"),
        ),
    )


def test_children_may_be_qualified_and_stand_in_any_order() -> None:
    qualified = cc515c().decode().replace("</", "</ecs:").replace("<ecs:", "<").replace("</ecs:ecs:", "</ecs:")
    qualified = qualified.replace(f' xmlns:ecs="{AES}"', f' xmlns="{AES}"').replace("</ecs:", "</")
    assert read(qualified.encode()) == read(cc515c())
    office = "<CustomsOfficeOfExport><referenceNumber>BE343000</referenceNumber></CustomsOfficeOfExport>"
    moved = changed(office, "").decode().replace("</ecs:CC515C>", office + "</ecs:CC515C>")
    assert read(moved.encode()) == read(cc515c())


def test_references_and_documents_of_the_whole_shipment_hold_for_items_without_their_own() -> None:
    common = (
        "<SupportingDocument><type>X060</type><referenceNumber>VL/2026/000999</referenceNumber></SupportingDocument>"
        "<SupportingDocument><type>X060</type><referenceNumber>VL/2026/000123</referenceNumber></SupportingDocument>"
        "<AdditionalReference><type>Y901</type></AdditionalReference>"
    )
    (item,) = lodged(cc515c(common=common)).items
    assert [(d.type, d.reference) for d in item.documents] == [
        ("X060", "VL/2026/000123"),
        ("X060", "VL/2026/000999"),
        ("Y901", ""),
    ]
    assert item.documents[0].quantity == 1, "the item's own figures stand"


def test_a_unit_and_its_qualifier_in_one_are_told_apart() -> None:
    (item,) = lodged(changed(">NAR<", ">KGMG<")).items
    assert item.documents[0].unit == "KGM#G"


def test_a_consignee_of_an_item_is_kept_only_where_it_is_stated() -> None:
    own = "<Consignee><name>Other Presses</name></Consignee>"
    second = ITEM.replace("Number>1</declaration", "Number>2</declaration").replace("<Commodity>", own + "<Commodity>")
    first, other = lodged(cc515c(items=second + ITEM)).items
    assert (first.item, first.consignee) == (1, None)
    assert (other.item, other.consignee) == (2, Party(name="Other Presses"))


def test_an_acceptance_on_its_own_day_is_dated_by_its_clock() -> None:
    statement = read(cc528c(correlates="m-515")).statement
    at = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    assert statement == Acceptance(mrn=MRN, accepted_at=at, version=1, correlates="m-515")


def test_an_acceptance_of_another_day_counts_from_its_start_where_it_was_written() -> None:
    statement = read(cc528c(at="2026-03-04T09:15:00")).statement
    assert isinstance(statement, Acceptance)
    assert statement.accepted_at.astimezone(BRUSSELS) == datetime(2026, 3, 2, tzinfo=BRUSSELS)


def test_a_release() -> None:
    at = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    body = about("CC529C", "<releaseDate>2026-03-02</releaseDate>")
    assert fact(body) == GoodsReleased(fact_id="", mrn=MRN, released_at=at)


def test_no_release() -> None:
    reason = "<noReleaseMotivationText>no\n licence</noReleaseMotivationText>"
    at = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    assert fact(about("CC551C", reason)) == ReleaseRefused(fact_id="", mrn=MRN, decided_at=at, reason="no licence")


FLAT = (
    "<invalidationDecisionDateAndTime>2026-03-02T13:00:00</invalidationDecisionDateAndTime>"
    "<invalidationJustification>sold</invalidationJustification>"
)
NESTED = (
    "<Invalidation><decisionDateAndTime>2026-03-02T13:00:00</decisionDateAndTime><decision>1</decision>"
    "<justification>sold</justification></Invalidation>"
)


@pytest.mark.parametrize(("operation", "more"), [(FLAT, ""), ("", NESTED)])
def test_an_invalidation_in_both_known_shapes(operation: str, more: str) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    expected = DeclarationInvalidated(fact_id="", mrn=MRN, invalidated_at=at, reason="sold")
    assert fact(about("CC509C", operation, more)) == expected


def test_an_invalidation_that_customs_refused_changes_nothing() -> None:
    body = about("CC509C", "", "<Invalidation><decision>0</decision></Invalidation>")
    assert isinstance(read(body).statement, NothingToDo)


@pytest.mark.parametrize(
    ("control", "result"),
    [
        ("<exitDate>2026-03-02</exitDate><code>A1</code>", ExitResult.A1),
        ("<exitDate>2026-03-02</exitDate><code>A2</code>", ExitResult.A1),
        ("<exitDate>2026-03-02</exitDate><code>A4</code>", ExitResult.A4),
        ("<exitDate>2026-03-02</exitDate><code>B1</code>", ExitResult.B1),
        ("<exitDate>2026-03-02</exitDate>", ExitResult.A1),
        ("<exitStoppedDate>2026-03-02</exitStoppedDate>", ExitResult.B1),
    ],
)
def test_an_exit(control: str, result: ExitResult) -> None:
    office = "<CustomsOfficeOfExitActual><referenceNumber>BE101000</referenceNumber></CustomsOfficeOfExitActual>"
    left = fact(about("CC599C", "", f"{office}<ExitControlResult>{control}</ExitControlResult>"))
    assert isinstance(left, GoodsExited)
    assert (left.result, left.final, left.office_of_exit) == (result, True, "BE101000")
    assert left.exited_at == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


def test_a_check_digit_that_does_not_hold_is_a_warning() -> None:
    reading = read(about("CC529C", mrn="26BE343000000001A2"))
    detail = "the check digit of 26BE343000000001A2 does not hold"
    assert reading.warnings == (Fault("/CC529C/ExportOperation/MRN", "mrn.check-digit", detail),)
    assert read(about("CC529C")).warnings == ()


SHIPMENT_PATH = "/CC515C/GoodsShipment"
ITEM_PATH = f"{SHIPMENT_PATH}/GoodsItem"


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("<LRN>ANR-2026-77</LRN>", "", "/CC515C/ExportOperation/LRN", "element.missing"),
        (">ANR-2026-77<", "> ANR<", "/CC515C/ExportOperation/LRN", "value.invalid"),
        (">ANR-2026-77<", ">" + "x" * 23 + "<", "/CC515C/ExportOperation/LRN", "value.invalid"),
        (">EX<", ">IM<", "/CC515C/ExportOperation/declarationType", "value.invalid"),
        ("<messageType>CC515C<", "<messageType>CC513C<", "/CC515C/messageType", "value.invalid"),
        (">BE343000<", ">BE34300<", "/CC515C/CustomsOfficeOfExport/referenceNumber", "value.invalid"),
        (
            ">IN</countryOfDest",
            ">India</countryOfDest",
            f"{SHIPMENT_PATH}/countryOfDestination",
            "value.invalid",
        ),
        (">1</declarationGoods", ">0</declarationGoods", f"{ITEM_PATH}/declarationGoodsItemNumber", "value.invalid"),
        (">847983<", ">8479<", f"{ITEM_PATH}/Commodity/CommodityCode/harmonizedSystemSubHeadingCode", "value.invalid"),
        (">1200.000000<", ">1200.0000001<", f"{ITEM_PATH}/Commodity/GoodsMeasure/netMass", "value.invalid"),
        ("<statisticalValue>100000.00<", "<statisticalValue>1.001<", f"{ITEM_PATH}/statisticalValue", "value.invalid"),
        ("<quantity>1<", "<quantity>0.000<", f"{ITEM_PATH}/SupportingDocument/quantity", "value.invalid"),
        ("<quantity>1<", "<quantity>-1<", f"{ITEM_PATH}/SupportingDocument/quantity", "value.invalid"),
        ("<quantity>1<", "<quantity>1e3<", f"{ITEM_PATH}/SupportingDocument/quantity", "value.invalid"),
        ("<quantity>1<", "<quantity>12345678901.123456<", f"{ITEM_PATH}/SupportingDocument/quantity", "value.invalid"),
        ("<amount>100000.00<", "<amount>1.005<", f"{ITEM_PATH}/SupportingDocument/amount", "value.invalid"),
        ("currency>EUR<", "currency>eur<", f"{ITEM_PATH}/SupportingDocument/currency", "value.invalid"),
        ("<currency>EUR</currency>", "", f"{ITEM_PATH}/SupportingDocument/currency", "currency.missing"),
        (">X060<", ">X6<", f"{ITEM_PATH}/SupportingDocument/type", "value.invalid"),
        (">VL/2026/000123<", "><", f"{ITEM_PATH}/SupportingDocument/referenceNumber", "value.missing"),
        (">NAR<", ">N<", f"{ITEM_PATH}/SupportingDocument/measurementUnitAndQualifier", "value.invalid"),
        (">10<", ">1<", f"{ITEM_PATH}/Procedure/requestedProcedure", "value.invalid"),
        (">2026-03-02T09:10:00<", ">yesterday<", "/CC515C/preparationDateAndTime", "value.invalid"),
        (">2026-03-02T09:10:00<", ">2026-02-30T09:10:00<", "/CC515C/preparationDateAndTime", "value.invalid"),
        (DOCUMENT, DOCUMENT * 100, f"{ITEM_PATH}/SupportingDocument[100]", "element.count"),
        (ITEM, "", ITEM_PATH, "element.missing"),
    ],
)
def test_a_fault_is_told_with_its_path(old: str, new: str, path: str, code: str) -> None:
    assert faults(changed(old, new)) == [(path, code)]


def test_all_faults_are_told_at_once() -> None:
    second = ITEM.replace("Number>1</declaration", "Number>2</declaration")
    second = second.replace(">847983<", ">x<").replace("<quantity>1<", "<quantity>x<")
    assert faults(cc515c(items=ITEM + second)) == [
        (f"{ITEM_PATH}[2]/Commodity/CommodityCode/harmonizedSystemSubHeadingCode", "value.invalid"),
        (f"{ITEM_PATH}[2]/SupportingDocument/quantity", "value.invalid"),
    ]


def test_a_fault_tells_its_line() -> None:
    with pytest.raises(Refused) as refused:
        read(changed("<quantity>1<", "<quantity>x<"))
    line = 1 + cc515c().decode().split("<quantity>")[0].count("\n")
    assert refused.value.faults[0].detail.startswith(f"line {line}: ")


def test_an_item_number_is_there_once() -> None:
    assert faults(cc515c(items=ITEM + ITEM)) == [(f"{ITEM_PATH}[2]", "item.repeated")]


def test_an_element_is_there_once() -> None:
    twice = "<LRN>ANR-2026-77</LRN><LRN>ANR-2026-78</LRN>"
    assert ("/CC515C/ExportOperation/LRN[2]", "element.repeated") in faults(changed("<LRN>ANR-2026-77</LRN>", twice))


def test_write_off_figures_stand_at_items_only() -> None:
    path = "/CC515C/GoodsShipment/SupportingDocument"
    assert faults(cc515c(common=DOCUMENT)) == [(path, "write-off.level")]


def test_an_mrn_of_a_wrong_shape_is_a_fault() -> None:
    assert faults(about("CC529C", mrn="26BE34300")) == [("/CC529C/ExportOperation/MRN", "value.invalid")]


def test_a_header_without_sender_or_identification_is_a_fault() -> None:
    body = aes("CC529C", f"<ExportOperation><MRN>{MRN}</MRN></ExportOperation>", identification="", sender="")
    assert faults(body) == [
        ("/CC529C/messageSender", "value.missing"),
        ("/CC529C/messageIdentification", "value.missing"),
    ]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "9999-12-31"])
def test_a_time_that_another_zone_cannot_tell_is_a_fault(time: str) -> None:
    body = aes("CC529C", f"<ExportOperation><MRN>{MRN}</MRN></ExportOperation>", identification="m", at=time)
    assert faults(body) == [("/CC529C/preparationDateAndTime", "value.invalid")]
    body = about("CC529C", f"<releaseDate>{time}</releaseDate>")
    assert faults(body) == [("/CC529C/ExportOperation/releaseDate", "value.invalid")]


def test_a_reason_is_no_longer_than_its_element_may_be() -> None:
    assert faults(about("CC551C", f"<noReleaseMotivationText>{'x' * 513}</noReleaseMotivationText>")) == [
        ("/CC551C/ExportOperation/noReleaseMotivationText", "value.invalid")
    ]


def test_elements_of_a_foreign_namespace_are_not_the_messages_own() -> None:
    foreign = changed("<LRN>ANR-2026-77</LRN>", '<LRN xmlns="urn:other">ANR-2026-77</LRN>')
    assert faults(foreign) == [("/CC515C/ExportOperation/LRN", "element.missing")]
