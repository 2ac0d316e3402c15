"""Every published WCO-DMS sample gives the expected fact, or the documented answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.core.codes import SHAPES, DatedList
from services.core.errors import Refused
from services.core.facts import Fact
from services.core.messages import (
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationInvalidated,
    ExitResult,
    GoodsExited,
    GoodsReleased,
)
from services.customs.adapters import intake
from services.customs.domain.codes import objections
from services.customs.domain.lodgement import State, join
from services.customs.domain.reading import Logged
from services.runtime.codes.bundled import bundled

SAMPLES = Path(__file__).parent / "samples"
RECEIVED_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
WCO = sorted(path.name for path in SAMPLES.glob("*.xml") if path.name != "aesIE507RequestValid.xml")


def logged(name: str, *changes: tuple[str, str], later: int = 0) -> Logged:
    """A sample as it stands in the log, after replacing what must fit together."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    reading = intake.read(text.encode(), "application/xml", None, UTC)
    at = RECEIVED_AT + timedelta(seconds=later)
    return Logged(id=f"id-{name}", party="customs", sha256="0" * 64, received_at=at, reading=reading)


def fact(name: str) -> Fact:
    stated = logged(name).fact()
    assert stated is not None
    return stated


@pytest.mark.parametrize("name", WCO)
def test_every_sample_is_read_without_a_warning(name: str) -> None:
    assert logged(name).reading.warnings == ()


@pytest.mark.parametrize("name", WCO)
def test_a_sample_reads_the_same_whatever_its_prefixes_comments_and_encoding(name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8").replace('encoding="UTF-8"', "")
    plain = intake.read(text.encode(), "application/xml", None, UTC)
    other = text.replace("<md:", "<q:").replace("</md:", "</q:").replace("xmlns:md=", "xmlns:q=")
    other = other.replace("<FunctionCode>", "<!-- one --><FunctionCode><!-- two -->")
    assert intake.read(other.encode("utf-16"), "text/xml", None, UTC) == plain


@pytest.mark.parametrize("name", ["TT_EX001a.xml", "TT_EX004a.xml", "TT_EX009a.xml"])
def test_a_declaration_and_its_acceptance_make_one_fact(name: str) -> None:
    lodged = logged(name)
    lrn = str(lodged.reading.lrn)
    accepted = logged("01_DMSACC.xml", ("3.1_P1_TT_1311RM41", lrn), later=1)
    for messages in ([lodged, accepted], [accepted, lodged]):
        outcomes = {outcome.id: outcome for outcome in join(messages, [])}
        made = outcomes[accepted.id].fact
        assert isinstance(made, DeclarationAccepted)
        assert (made.mrn, made.version, made.lrn) == ("19GBCKKCQSXV2FGVA8", 2, lrn)
        assert made.accepted_at == datetime(2019, 11, 13, 8, tzinfo=UTC)
        assert made.fact_id == accepted.id
        assert outcomes[lodged.id].fact_id == accepted.id


def test_documents_carry_type_unit_and_qualifier_as_declared() -> None:
    accepted = logged("01_DMSACC.xml", ("3.1_P1_TT_1311RM41", "7867523Y8OFA"))
    made = next(o.fact for o in join([logged("TT_EX009a.xml"), accepted], []) if o.fact)
    assert isinstance(made, DeclarationAccepted)
    (item,) = made.items
    first, second = item.documents
    assert (first.type, first.reference) == ("X002", "GBSIEE2E350002-0001")
    assert (first.quantity, first.unit, first.amount, first.line) == (Decimal("10.00"), "KGM#G", None, None)
    assert (second.type, second.reference) == ("9104", "GBSIEXYK3ZZZ-0001")
    assert (item.commodity_code, item.procedure, item.net_mass_kg) == ("85176200", "10", Decimal(15))
    assert made.exporter.eori == "GB417869120000"
    assert made.consignee is not None
    assert (made.consignee.name, made.consignee.country) == ("PK Rifle Ltd", "PK")
    assert made.country_of_destination == "PK"
    assert item.destination is None


def test_a_british_export_licence_is_not_judged_by_the_union_s_document_types() -> None:
    lists = {name: DatedList(bundled(name)) for name in SHAPES}
    for name in ("TT_EX009a.xml", "TT_EX004a.xml"):
        noticed = objections(logged(name).reading, lists, RECEIVED_AT, UTC)
        assert [fault for fault in noticed if fault.path.endswith("/type")] == []


def test_a_destination_stated_per_item_only_is_the_declarations_too() -> None:
    accepted = logged("01_DMSACC.xml", ("3.1_P1_TT_1311RM41", "TTEX004a_1010WE"))
    made = next(o.fact for o in join([logged("TT_EX004a.xml"), accepted], []) if o.fact)
    assert isinstance(made, DeclarationAccepted)
    assert made.country_of_destination == "SD"
    assert [item.destination for item in made.items] == ["SD", "SD"]
    assert [d.type for d in made.items[1].documents] == ["C512", "Y903", "Y935", "E020", "X002", "9104"]


def test_the_amendment_is_a_delta_on_the_document_it_points_at() -> None:
    assert logged("Step5_TT_EX009a_Amendment.xml").fact() is None, "it counts when customs grants it"
    amended = logged("Step5_TT_EX009a_Amendment.xml").requested()
    assert isinstance(amended, DeclarationAmended)
    assert amended.mrn == "24GB0YVJ3EXXES8AA0"
    assert amended.amended_at == RECEIVED_AT, "it states no time of its own"
    (item,) = amended.items
    (document,) = item.documents
    assert (item.item, document.position, document.document.quantity) == (1, 1, Decimal("10.00"))
    assert (item.commodity_code, item.description, item.net_mass_kg) == (None, None, None)


def test_a_release_is_dated_by_its_issue() -> None:
    released = fact("08_DMSROG.xml")
    assert isinstance(released, GoodsReleased)
    assert (released.mrn, released.released_at) == (
        "20GB1OJPU2P01FGVR4",
        datetime(2020, 2, 12, 9, 15, 7, tzinfo=UTC),
    )


def test_an_invalidation_keeps_its_reason() -> None:
    invalidated = fact("10_DMSINV.xml")
    assert isinstance(invalidated, DeclarationInvalidated)
    assert (invalidated.mrn, invalidated.reason) == ("20GB0NKQGSX2IX8PR5", "Comments for Submitter for TC18")
    assert invalidated.invalidated_at == datetime(2020, 1, 17, 13, 30, 13, tzinfo=UTC)


def test_an_exit_with_its_odd_date_is_read() -> None:
    left = fact("16_DMSEOG.xml")
    assert isinstance(left, GoodsExited)
    assert left.exited_at == datetime(2019, 11, 13, tzinfo=UTC)
    assert (left.result, left.final, left.office_of_exit) == (ExitResult.A1, True, "GB000041")


def test_a_rejection_gives_no_fact_and_closes_what_was_lodged() -> None:
    lodged = logged("TT_EX001a.xml", ("U.7847323YIPYA", "Sample_A_TC01_1102_03"))
    rejection = logged("03_DMSREJ.xml", later=1)
    outcomes = {outcome.id: outcome for outcome in join([lodged, rejection], [])}
    assert all(outcome.fact is None and outcome.state is State.APPLIED for outcome in outcomes.values())
    assert outcomes[lodged.id].note == "customs rejected it"


def test_an_aes_message_of_another_kind_is_an_unknown_type() -> None:
    with pytest.raises(Refused) as refused:
        intake.read((SAMPLES / "aesIE507RequestValid.xml").read_bytes(), "application/xml", None, UTC)
    assert refused.value.status == 415
    assert "Submission" in refused.value.title
