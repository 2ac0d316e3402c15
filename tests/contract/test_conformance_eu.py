"""Published messages of AES and NCTS: read, or refused with exactly what no code list has."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from services.core.errors import Refused
from services.core.messages import ArrivedAtExit, DeclarationForm
from services.customs.adapters import intake
from services.customs.domain.reading import Amended, Lodged, Reading, Stated

SAMPLES = Path(__file__).parent / "samples" / "eu"
# Their values are of the right form for the official schema, but made up: these take their place.
DECLARED = [
    ("<declarationType>gJ<", "<declarationType>T1<"),
    ("<additionalDeclarationType>h<", "<additionalDeclarationType>A<"),
]
HELD = ("<identificationNumber>ezv3Z<", "<identificationNumber>GB123456789000<")


def read(name: str, *changes: tuple[str, str]) -> Reading:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return intake.read(text.encode(), "application/xml", None, UTC)


def test_the_published_arrival_at_exit_is_read_through_its_header_and_body() -> None:
    reading = read("eisIE507RequestValid.xml")
    assert isinstance(reading.statement, Stated)
    expected = ArrivedAtExit(
        fact_id="",
        mrn=reading.statement.fact.mrn,
        arrived_at=datetime(2026, 1, 1, tzinfo=UTC),
        office_of_exit="EFX0K19G",
    )
    assert reading.statement.fact == expected
    assert (reading.mrn, reading.identity) == ("45ABABCDEFGH0789D1", ("aes", "AH1237HAS", "12828HAH12"))
    assert [(w.path, w.code) for w in reading.warnings] == [("/CC507C/Body/ExportOperation/MRN", "mrn.check-digit")]


def test_the_published_transit_declaration_is_read() -> None:
    reading = read("cc015c-valid.xml", *DECLARED, HELD)
    assert isinstance(reading.statement, Lodged)
    declaration = reading.statement.declaration
    assert (reading.kind, reading.system, reading.lrn) == ("CC015C", "NCTS", "DHbrfgDQJRm")
    assert (declaration.form, declaration.procedure) == (DeclarationForm.TRANSIT, "T1")
    assert (declaration.office_of_export, declaration.exporter.eori) == ("GB3KMA8M", "GB123456789000")
    (item,) = declaration.items
    assert (item.item, item.net_mass_kg, item.documents) == (25, None, ())
    assert [warning.code for warning in reading.warnings] == ["destination.assumed"]


def test_its_made_up_values_are_each_refused_with_path_rule_and_value() -> None:
    with pytest.raises(Refused) as refused:
        read("cc015c-valid.xml")
    told = [(fault.path, fault.code, fault.detail.partition(": ")[2]) for fault in refused.value.faults]
    assert refused.value.status == 422
    assert told == [
        (
            "/CC015C/TransitOperation/declarationType",
            "value.invalid",
            "not a declaration type of transit: one of T, T1, T2, T2F, T2SM, TIR (DeclarationTypeContentType02): 'gJ'",
        ),
        (
            "/CC015C/TransitOperation/additionalDeclarationType",
            "value.invalid",
            "not an additional declaration type (A or D) (AdditionalDeclarationTypeContentType): 'h'",
        ),
        (
            "/CC015C/HolderOfTheTransitProcedure/identificationNumber",
            "value.invalid",
            "not an EORI (country and up to 15 characters) (TINNewType): 'ezv3Z'",
        ),
    ]


def test_the_published_amendment_is_read_with_the_documents_of_all_its_levels() -> None:
    holder = (
        "<HolderOfTheTransitProcedure>",
        "<HolderOfTheTransitProcedure><identificationNumber>GB1</identificationNumber>",
    )
    reading = read("cc013c-valid.xml", ("<declarationType>token<", "<declarationType>T2<"), holder)
    assert isinstance(reading.statement, Amended)
    assert (reading.statement.mrn, reading.lrn) == (None, "ABC")
    declaration = reading.statement.declaration
    assert (declaration.procedure, declaration.office_of_exit) == ("T2", "AB123456")
    (item,) = declaration.items
    assert item.commodity_code == "000000"
    assert [(d.type, d.reference) for d in item.documents] == [("ABCD", "AB123456"), ("ABCD", "")]
    assert item.statistical_value is None


def test_masses_with_more_zeros_than_digits_allowed_are_the_same_number() -> None:
    more = ("<grossMass>1000.000000</grossMass>", "<grossMass>1000.000000</grossMass><netMass>950.500000000</netMass>")
    reading = read("cc015c-valid.xml", *DECLARED, HELD, more)
    assert isinstance(reading.statement, Lodged)
    assert reading.statement.declaration.items[0].net_mass_kg == Decimal("950.5")
