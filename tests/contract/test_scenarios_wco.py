"""WCO-DMS messages as the trade-test scenarios have them (EX001 to EX041): every kind is valid and readable."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from lxml import etree

from services.core.messages import DeclarationAccepted, DeclarationForm, GoodsPresented
from services.core.values import Mrn
from services.customs.adapters import intake
from services.customs.adapters.xml.wco_movement import CODES
from services.customs.adapters.xml.wco_response import KINDS
from services.customs.domain.declaration import Declaration
from services.customs.domain.lodgement import join
from services.customs.domain.reading import Amendment, Cancellation, Lodged, Logged, Reading

OURS = Path(__file__).parent / "samples" / "ours"
SCENARIOS = sorted(path.name for path in OURS.glob("*.xml"))
SCHEMA = Path(intake.__file__).parent / "xml" / "xsd" / "declaration" / "WCO_DEC_2_DMS.xsd"
MRN = Mrn("24GB9WRD7U2Y5ISAA2")

FORMS = {
    "EXA_frontier.xml": (DeclarationForm.STANDARD, False),
    "EXA_re_export.xml": (DeclarationForm.STANDARD, False),
    "EXB_occasional.xml": (DeclarationForm.SIMPLIFIED, False),
    "EXC_simplified.xml": (DeclarationForm.SIMPLIFIED, False),
    "EXD_two_consignees.xml": (DeclarationForm.STANDARD, True),
    "EXF_simplified_early.xml": (DeclarationForm.SIMPLIFIED, True),
    "EXJ_clearance_request.xml": (DeclarationForm.STANDARD, False),
    "EXK_carnet.xml": (DeclarationForm.STANDARD, True),
    "EXR_retrospective.xml": (DeclarationForm.RETROSPECTIVE, False),
    "EXY_supplementary.xml": (DeclarationForm.SUPPLEMENTARY, False),
    "EXZ_own_records.xml": (DeclarationForm.SUPPLEMENTARY, False),
    "COA_special_territory.xml": (DeclarationForm.STANDARD, False),
}


def read(name: str) -> Reading:
    return intake.read((OURS / name).read_bytes(), "application/xml", None, UTC)


def declared(name: str) -> Declaration:
    statement = read(name).statement
    assert isinstance(statement, Lodged)
    return statement.declaration


def logged(name: str) -> Logged:
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    return Logged(id=name, party="customs", sha256="0" * 64, received_at=at, reading=read(name))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_readable(name: str) -> None:
    reading = read(name)
    assert reading.kind in {"DEC", "COR", "INV", *CODES, *(kind for kind, _ in KINDS.values())}
    assert {warning.code for warning in reading.warnings} <= {"amendment.no-bearing"}


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name[:3] in {"EXA", "EXD", "EXY", "COA", "COR", "INV"}])
def test_our_scenarios_hold_to_the_official_schema(name: str) -> None:
    """Judged by the schema alone, not by the reader that uses it."""
    (declaration,) = etree.parse(OURS / name).getroot().iterfind("{urn:wco:datamodel:WCO:DEC-DMS:2}Declaration")
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(declaration)


@pytest.mark.parametrize(("name", "expected"), FORMS.items())
def test_each_type_has_its_form(name: str, expected: tuple[DeclarationForm, bool]) -> None:
    declaration = declared(name)
    assert (declaration.form, declaration.pre_lodged) == expected
    assert declaration.office_of_exit == "GB000051"


def test_every_declaration_type_is_there() -> None:
    assert set(FORMS) == {name for name in SCENARIOS if name.startswith(("EX", "COA"))}


def test_what_is_special_in_each_scenario_is_read() -> None:
    assert declared("EXY_supplementary.xml").completes == (MRN,)
    assert [item.consignee and item.consignee.name for item in declared("EXD_two_consignees.xml").items] == [
        "Pat Litre",
        "Packings Import",
    ]
    assert declared("EXD_two_consignees.xml").consignee is None
    assert [item.commodity_code for item in declared("EXJ_clearance_request.xml").items] == ["000000"]
    assert [d.reference for d in declared("EXK_carnet.xml").items[0].documents] == ["1332/2013", "0054037"]
    assert declared("EXZ_own_records.xml").office_of_export == "GBLBA001"
    assert declared("EXA_re_export.xml").procedure == "31"


def test_an_amendment_that_repeats_the_declaration_changes_what_its_pointers_name() -> None:
    statement = read("COR_whole.xml").statement
    assert isinstance(statement, Amendment)
    assert (statement.country_of_destination, statement.exporter, statement.consignee) == ("PK", None, None)
    (item,) = statement.items
    assert (item.description, item.documents, item.net_mass_kg) == ("Cold isostatic press, rebuilt", (), None)


def test_a_cancellation_waits_for_customs() -> None:
    assert read("INV_cancellation.xml").statement == Cancellation(MRN, "Lodged twice")


def test_a_pre_lodged_declaration_is_registered_and_then_accepted_in_any_order() -> None:
    acceptance = (OURS / "02_DMSRCV.xml").read_text().replace(">02<", ">01<").replace("20241102", "20241103")
    accepted = Logged(
        id="01_DMSACC",
        party="customs",
        sha256="1" * 64,
        received_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        reading=intake.read(acceptance.encode(), "application/xml", None, UTC),
    )
    for order in permutations([logged("EXD_two_consignees.xml"), logged("02_DMSRCV.xml"), accepted]):
        facts = {outcome.id: outcome.fact for outcome in join(order, [])}
        made = facts["02_DMSRCV.xml"]
        assert isinstance(made, DeclarationAccepted)
        assert (made.mrn, made.pre_lodged, len(made.items)) == (MRN, True, 2)
        assert isinstance(facts["01_DMSACC"], GoodsPresented)
