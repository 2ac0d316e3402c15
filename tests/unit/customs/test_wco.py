"""WCO-DMS beyond the published samples: forms of declarations, and what is refused and where."""

from datetime import UTC
from pathlib import Path

import pytest

from services.core.errors import Refused
from services.core.messages import DeclarationForm
from services.customs.adapters import intake
from services.customs.domain.declaration import Declaration
from services.customs.domain.reading import Acceptance, Lodged, Reading

SAMPLES = Path(__file__).parents[2] / "contract" / "samples"
ITEM = "/MetaData/Declaration/GoodsShipment/GovernmentAgencyGoodsItem"
RES = "urn:wco:datamodel:WCO:RES-DMS:2"


def text(name: str, *changes: tuple[str, str]) -> str:
    found = (SAMPLES / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in found
        found = found.replace(old, new, 1)
    return found


def read(body: str) -> Reading:
    return intake.read(body.encode(), "application/xml", None, UTC)


def refusal(body: str) -> Refused:
    with pytest.raises(Refused) as refused:
        read(body)
    return refused.value


def faults(body: str) -> list[tuple[str, str]]:
    refused = refusal(body)
    assert refused.status == 422
    return [(fault.path, fault.code) for fault in refused.faults]


def lodged(body: str) -> Declaration:
    statement = read(body).statement
    assert isinstance(statement, Lodged)
    return statement.declaration


@pytest.mark.parametrize("kind", ["IMA", "IMD", "INV"])
def test_what_is_no_export_declaration_is_told_so(kind: str) -> None:
    body = text("TT_EX009a.xml", ("<TypeCode>EXD<", f"<TypeCode>{kind}<"))
    assert faults(body) == [("/MetaData/Declaration/TypeCode", "not-an-export")]


def test_union_trade_on_entry_is_no_export() -> None:
    changes = (("<TypeCode>EXD<", "<TypeCode>COD<"), ("<CurrentCode>10<", "<CurrentCode>40<"))
    assert faults(text("TT_EX009a.xml", *changes)) == [
        (f"{ITEM}/GovernmentProcedure[1]/CurrentCode", "not-an-export"),
    ]


@pytest.mark.parametrize("kind", ["EX", "EXQ", "EXAA", "CO"])
def test_a_type_without_an_additional_declaration_type_is_a_fault(kind: str) -> None:
    body = text("TT_EX009a.xml", ("<TypeCode>EXD<", f"<TypeCode>{kind}<"))
    assert faults(body) == [("/MetaData/Declaration/TypeCode", "value.invalid")]


@pytest.mark.parametrize(
    ("kind", "form", "pre_lodged"),
    [
        ("EXA", DeclarationForm.STANDARD, False),
        ("EXD", DeclarationForm.STANDARD, True),
        ("EXC", DeclarationForm.SIMPLIFIED, False),
        ("EXF", DeclarationForm.SIMPLIFIED, True),
        ("EXY", DeclarationForm.SUPPLEMENTARY, False),
        ("EXZ", DeclarationForm.SUPPLEMENTARY, False),
        ("EXR", DeclarationForm.RETROSPECTIVE, False),
        ("EXK", DeclarationForm.STANDARD, True),
        ("COB", DeclarationForm.SIMPLIFIED, False),
        ("COE", DeclarationForm.SIMPLIFIED, True),
    ],
)
def test_the_additional_type_is_the_form_of_the_declaration(kind: str, form: DeclarationForm, pre_lodged: bool) -> None:  # noqa: FBT001 - a table
    declaration = lodged(text("TT_EX009a.xml", ("<TypeCode>EXD<", f"<TypeCode>{kind}<")))
    assert (declaration.form, declaration.pre_lodged) == (form, pre_lodged)


def test_office_of_exit_and_transport_are_read() -> None:
    declaration = lodged(text("TT_EX009a.xml"))
    assert (declaration.office_of_exit, declaration.border_mode, declaration.containerised) == ("GB000084", "4", True)


INITIAL = """<PreviousDocument>
<CategoryCode>Y</CategoryCode><ID>24GB0YVJ3EXXES8AA0</ID><TypeCode>SDE</TypeCode></PreviousDocument>
<PreviousDocument><CategoryCode>Y</CategoryCode><ID>20240125</ID><TypeCode>CLE</TypeCode></PreviousDocument>"""


@pytest.mark.parametrize(("kind", "completed"), [("EXY", ("24GB0YVJ3EXXES8AA0",)), ("EXA", ())])
def test_a_supplementary_declaration_names_what_it_completes(kind: str, completed: tuple[str, ...]) -> None:
    shipment = "</PreviousDocument>\n\t\t</GoodsShipment>"
    body = text(
        "TT_EX009a.xml",
        ("<TypeCode>EXD<", f"<TypeCode>{kind}<"),
        (shipment, f"</PreviousDocument>{INITIAL}</GoodsShipment>"),
    )
    assert lodged(body).completes == completed


def test_a_union_trade_declaration_is_taken() -> None:
    assert isinstance(read(text("TT_EX009a.xml", ("<TypeCode>EXD<", "<TypeCode>COD<"))).statement, Lodged)


@pytest.mark.parametrize(("function", "kind"), [("13", "NRT"), ("13", "EXD"), ("1", "EXD"), ("47", "EXD")])
def test_other_functions_of_a_declaration_are_an_unknown_type(function: str, kind: str) -> None:
    changes = [("<FunctionCode>9<", f"<FunctionCode>{function}<"), ("<TypeCode>EXD<", f"<TypeCode>{kind}<")]
    assert refusal(text("TT_EX009a.xml", *changes)).status == 415


@pytest.mark.parametrize("code", ["04", "12", "19", "99", ""])
def test_other_notifications_are_an_unknown_type(code: str) -> None:
    assert refusal(text("08_DMSROG.xml", ("<FunctionCode>08<", f"<FunctionCode>{code}<"))).status == 415


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("<ID>85176200</ID>", "<ID>8517620A</ID>", f"{ITEM}/Commodity/Classification/ID"),
        ("<NetNetWeightMeasure>15<", "<NetNetWeightMeasure>x<", f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure"),
        (
            'unitCode="KGM#G">10.00',
            'unitCode="kg">10.00',
            f"{ITEM}/AdditionalDocument[1]/WriteOff/QuantityQuantity/@unitCode",
        ),
        (">10.00<", ">0<", f"{ITEM}/AdditionalDocument[1]/WriteOff/QuantityQuantity"),
        ("<ID>GB417869120000</ID>", "<ID>4178</ID>", "/MetaData/Declaration/Exporter/ID"),
        ("20240125094643+01", "noon", "/MetaData/Declaration/AcceptanceDateTime/DateTimeString"),
        (
            "<CountryCode>PK</CountryCode>\n\t\t\t</Destination>",
            "</Destination>",
            "/MetaData/Declaration/GoodsShipment/Destination/CountryCode",
        ),
    ],
)
def test_a_fault_is_told_with_its_path(old: str, new: str, path: str) -> None:
    body = text("TT_EX009a.xml", (old, new))
    assert path in [fault.path for fault in refusal(body).faults]
    assert refusal(body).status == 422


@pytest.mark.parametrize("time", ["99991231235959Z", "00010101000000+14:00"])
def test_a_time_that_another_zone_cannot_tell_is_a_fault(time: str) -> None:
    body = text("01_DMSACC.xml", (">20191113080000Z<", f">{time}<"))
    assert faults(body) == [("/MetaData/Response/Declaration/AcceptanceDateTime/DateTimeString", "value.invalid")]


def test_what_customs_tells_of_an_invalidation_is_no_longer_than_it_may_be() -> None:
    body = text("10_DMSINV.xml", (">Comments for Submitter for TC18<", f">{'x' * 513}<"))
    assert faults(body) == [("/MetaData/Response/AdditionalInformation/StatementDescription", "value.invalid")]


def test_what_the_schema_finds_is_told_by_name_with_its_line() -> None:
    body = text("TT_EX009a.xml", ("<GoodsItemQuantity>1<", "<GoodsItemQuantity>one<"))
    (fault,) = refusal(body).faults
    line = 1 + body.split("<GoodsItemQuantity>")[0].count("\n")
    assert (fault.path, fault.code) == ("/MetaData/Declaration/GoodsItemQuantity", "xsd.invalid")
    assert fault.detail.startswith(f"line {line}: Element 'GoodsItemQuantity'")


def test_a_declaration_with_a_time_of_issue_has_an_identity_of_its_own() -> None:
    assert read(text("TT_EX009a.xml")).identity == ("wco", "GB150454489082", "7867523Y8OFA", "9", "20240125094643Z")
    assert read(text("TT_EX001a.xml")).identity == ()


def test_a_notification_without_namespace_has_its_faults_told_too() -> None:
    changes = [("<ID>19GBCKKCQSXV2FGVA8</ID>", ""), ("20191113080000Z", "noon")]
    assert faults(text("01_DMSACC.xml", *changes)) == [
        ("/MetaData/Response/Declaration/ID", "element.missing"),
        ("/MetaData/Response/Declaration/AcceptanceDateTime/DateTimeString", "value.invalid"),
    ]


def namespaced() -> str:
    """DMSACC as the official schema wants it."""
    types = "urn:wco:datamodel:WCO:Response_DS:DMS:2"
    root = f'<Response xmlns="{RES}" xmlns:ds="{types}">'
    body = text("01_DMSACC.xml").replace("<Response>", root)
    return body.replace("<DateTimeString", "<ds:DateTimeString").replace("</DateTimeString", "</ds:DateTimeString")


def test_a_namespaced_notification_is_held_to_the_official_schema() -> None:
    assert isinstance(read(namespaced()).statement, Acceptance)
    assert read(namespaced()) == read(text("01_DMSACC.xml"))
    wrong = namespaced().replace("<VersionID>2</VersionID>", "<VersionID>2</VersionID><Other/>")
    assert faults(wrong) == [("/MetaData/Response/Declaration/Other", "xsd.invalid")]


def test_an_mrn_with_a_wrong_check_digit_is_a_warning() -> None:
    (warning,) = read(text("08_DMSROG.xml", ("20GB1OJPU2P01FGVR4", "20GB1OJPU2P01FGVR5"))).warnings
    assert (warning.path, warning.code) == ("/MetaData/Response/Declaration/ID", "mrn.check-digit")


@pytest.mark.parametrize("kind", ["EXJ", "EXK"])
def test_a_clearance_request_need_not_state_a_tariff_code(kind: str) -> None:
    uncoded = ("<IdentificationTypeCode>TSP<", "<IdentificationTypeCode>GN<")
    body = text("TT_EX009a.xml", ("<TypeCode>EXD<", f"<TypeCode>{kind}<"), uncoded)
    assert [item.commodity_code for item in lodged(body).items] == ["000000"]
    assert faults(text("TT_EX009a.xml", uncoded)) == [(f"{ITEM}/Commodity/Classification/ID", "element.missing")]


def test_space_around_a_document_reference_is_the_senders_layout() -> None:
    body = text("TT_EX009a.xml", ("<ID>GBSIEE2E350002-0001</ID>", "<ID> GBSIEE2E350002-0001 </ID>"))
    assert lodged(body).items[0].documents[0].reference == "GBSIEE2E350002-0001"
