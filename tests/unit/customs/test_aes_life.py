"""The life of a declaration after it was lodged, in AES messages: the fact that each states."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from services.core.messages import (
    ArrivedAtExit,
    DeclarationForm,
    ExitReleased,
    ExitResult,
    ExitStopped,
    GoodsExited,
    GoodsPresented,
)
from services.customs.domain.reading import Acceptance, Amended, Lodged, NothingToDo, Rejection
from tests.unit.customs.door_in_memory import MemoryDoor
from tests.unit.customs.test_aes import changed, fact, faults, lodged, read
from tests.unit.customs.written import DECLARANT, LRN, MRN, OPERATION, OTHER_MRN, cc515c
from tests.unit.customs.written_eu import AES_SAMPLES, EXIT_OFFICE, cc556c, cc570c, told

WRITTEN_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_goods_of_a_pre_lodged_declaration_are_presented() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert fact(AES_SAMPLES["CC511C"]) == GoodsPresented(fact_id="", mrn=MRN, presented_at=at)
    assert fact(told("CC511C")) == GoodsPresented(fact_id="", mrn=MRN, presented_at=WRITTEN_AT)


def test_goods_arrive_at_exit() -> None:
    expected = ArrivedAtExit(fact_id="", mrn=MRN, arrived_at=WRITTEN_AT, office_of_exit="BE101000")
    assert fact(AES_SAMPLES["CC507C"]) == expected
    at = "<arrivalNotificationDateAndTime>2026-03-02T08:00:00</arrivalNotificationDateAndTime>"
    arrived = fact(told("CC507C", at))
    assert arrived == ArrivedAtExit(fact_id="", mrn=MRN, arrived_at=datetime(2026, 3, 2, 7, tzinfo=UTC))


def test_an_arrival_that_is_cancelled_changes_nothing() -> None:
    body = told("CC507C").replace(b"<ExportOperation>", b"<ExportOperation><type>3</type>")
    assert isinstance(read(body).statement, NothingToDo)


def test_goods_are_released_for_exit() -> None:
    expected = ExitReleased(fact_id="", mrn=MRN, released_at=WRITTEN_AT, office_of_exit="BE101000")
    assert fact(AES_SAMPLES["CC525C"]) == expected


def test_an_exit_is_stopped_with_its_reason() -> None:
    expected = ExitStopped(fact_id="", mrn=MRN, stopped_at=WRITTEN_AT, office_of_exit="BE101000", reason="seals broken")
    assert fact(AES_SAMPLES["CC522C"]) == expected
    control = "<ControlResult><date>2026-03-01</date><text>seals\n open</text></ControlResult>"
    stopped = fact(told("CC522C", "", control))
    assert isinstance(stopped, ExitStopped)
    assert (stopped.reason, stopped.stopped_at) == ("seals open", datetime(2026, 2, 28, 23, tzinfo=UTC))


@pytest.mark.parametrize("kind", ["CC518C", "CC590C", "CC599C"])
@pytest.mark.parametrize(("split", "final"), [("", True), ("0", True), ("1", False)])
def test_goods_left_and_a_split_part_is_not_the_end(kind: str, split: str, *, final: bool) -> None:
    operation = f"<splitIndicator>{split}</splitIndicator>" if split else ""
    expected = GoodsExited(
        fact_id="",
        mrn=MRN,
        exited_at=WRITTEN_AT,
        result=ExitResult.A1,
        final=final,
        office_of_exit="BE101000",
        notified=kind == "CC590C" and not split,
    )
    assert fact(told(kind, operation, EXIT_OFFICE)) == expected


@pytest.mark.parametrize(("split", "expected"), [("", False), ("0", False), ("1", True)])
def test_goods_that_arrive_in_parts_say_so(split: str, *, expected: bool) -> None:
    operation = f"<splitIndicator>{split}</splitIndicator>" if split else ""
    arrived = fact(told("CC507C", operation, EXIT_OFFICE))
    assert isinstance(arrived, ArrivedAtExit)
    assert arrived.split is expected


def test_a_result_of_the_exit_control_that_nobody_knows_is_refused() -> None:
    body = told("CC518C", "", "<ExitControlResult><code>A9</code></ExitControlResult>")
    assert faults(body) == [("/CC518C/ExitControlResult/code", "value.invalid")]


@pytest.mark.parametrize("kind", ["CC514C", "CC557C"])
def test_a_message_that_changes_nothing_says_why(kind: str) -> None:
    statement = read(AES_SAMPLES[kind]).statement
    assert isinstance(statement, NothingToDo)
    reasons = {"CC514C": "invalidation is requested", "CC557C": "customs rejected a message of type 507"}
    assert statement.reason.startswith(reasons[kind])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (cc556c("515", mrn=None), Rejection(None)),
        (cc556c("570", mrn=None), Rejection(None)),
        (cc556c("513"), Rejection(MRN, of_amendment=True)),
        (cc556c("573", lrn=None), Rejection(MRN, of_amendment=True)),
    ],
)
def test_a_rejection_closes_what_it_names(body: bytes, expected: Rejection) -> None:
    assert read(body).statement == expected


def test_a_rejection_of_a_declaration_names_its_lrn() -> None:
    assert faults(cc556c("515", lrn=None)) == [("/CC556C/ExportOperation/LRN", "element.missing")]


def test_an_amendment_or_its_rejection_names_what_it_is_about() -> None:
    body = AES_SAMPLES["CC513C"].replace(f"<MRN>{MRN}</MRN>".encode(), b"")
    assert faults(body) == [("/CC513C/ExportOperation/MRN", "element.missing")]
    assert faults(cc556c("513", mrn=None, lrn=None)) == [("/CC556C/ExportOperation/MRN", "element.missing")]


def test_a_re_export_notification_is_a_declaration_of_its_declarant() -> None:
    reading = read(cc570c())
    assert isinstance(reading.statement, Lodged)
    declaration = reading.statement.declaration
    assert (declaration.form, declaration.office_of_exit) == (DeclarationForm.RE_EXPORT_NOTIFICATION, "BE343000")
    assert declaration.office_of_export is None
    assert declaration.exporter.eori == DECLARANT
    assert (reading.lrn, reading.declarant) == (LRN, DECLARANT)
    accepted = read(AES_SAMPLES["CC571C"]).statement
    assert isinstance(accepted, Acceptance)
    assert (accepted.mrn, accepted.accepted_at) == (MRN, WRITTEN_AT)
    amended = read(AES_SAMPLES["CC573C"]).statement
    assert isinstance(amended, Amended)
    assert (amended.mrn, amended.declaration) == (MRN, declaration)


def test_a_notification_of_a_consignment_alone_is_one_item_without_code_and_destination() -> None:
    text = cc570c().decode()
    goods = text[text.index("<GoodsShipment>") : text.index("</ecs:CC570C>")]
    cited = (
        "<SupportingDocument><type>X060</type><referenceNumber>VL/2026/000123</referenceNumber></SupportingDocument>"
    )
    mode = "<modeOfTransportAtTheBorder>1</modeOfTransportAtTheBorder>"
    declaration = lodged(text.replace(goods, f"<Consignment>{mode}{cited}</Consignment>").encode())
    assert (declaration.country_of_destination, declaration.procedure, declaration.border_mode) == ("QU", "31", "1")
    (item,) = declaration.items
    assert (item.commodity_code, [d.reference for d in item.documents]) == ("000000", ["VL/2026/000123"])
    assert declaration.exporter.eori == DECLARANT
    assert faults(text.replace(goods, "").encode()) == [("/CC570C/GoodsShipment", "element.missing")]


async def test_a_re_export_notification_is_amended() -> None:
    for order in permutations(["CC570C", "CC571C", "CC573C", "CC574C"]):
        door = MemoryDoor()
        for kind in order:
            await door.take(AES_SAMPLES[kind])
        versions = sorted(door.versions_told(), key=lambda fact: fact.version)
        assert [(fact.version, fact.form) for fact in versions] == [
            (1, DeclarationForm.RE_EXPORT_NOTIFICATION),
            (2, DeclarationForm.RE_EXPORT_NOTIFICATION),
        ], order


def of_type(kind: str, previous: str = "") -> bytes:
    """A declaration of this additional type, with previous documents of its item."""
    body = changed(">A</additionalDeclarationType>", f">{kind}</additionalDeclarationType>")
    return changed("</Commodity>", f"</Commodity>{previous}", body)


@pytest.mark.parametrize(
    ("kinds", "form", "pre_lodged"),
    [
        ("A", DeclarationForm.STANDARD, False),
        ("BC", DeclarationForm.SIMPLIFIED, False),
        ("D", DeclarationForm.STANDARD, True),
        ("EF", DeclarationForm.SIMPLIFIED, True),
        ("R", DeclarationForm.RETROSPECTIVE, False),
        ("UVXYZ", DeclarationForm.SUPPLEMENTARY, False),
    ],
)
def test_the_additional_type_tells_the_form(kinds: str, form: DeclarationForm, *, pre_lodged: bool) -> None:
    for kind in kinds:
        declaration = lodged(of_type(kind))
        assert (declaration.form, declaration.pre_lodged) == (form, pre_lodged), kind


@pytest.mark.parametrize("kind", "GHQSTWa1")
def test_another_additional_type_is_refused(kind: str) -> None:
    path = "/CC515C/ExportOperation/additionalDeclarationType"
    assert faults(of_type(kind)) == [(path, "value.invalid")]


def test_a_supplementary_declaration_names_what_it_completes() -> None:
    previous = "<PreviousDocument><type>{}</type><referenceNumber>{}</referenceNumber></PreviousDocument>"
    named = [("N830", MRN), ("NMRN", OTHER_MRN), ("N830", MRN), ("N337", "26BE343000000002A1"), ("NMRN", "entry 12")]
    reading = read(of_type("X", "".join(previous.format(*one) for one in named)))
    assert isinstance(reading.statement, Lodged)
    assert reading.statement.declaration.completes == (MRN, OTHER_MRN)
    assert reading.warnings == ()
    assert lodged(of_type("A", previous.format("N830", MRN))).completes == (), "only a supplementary one completes"


def test_a_supplementary_declaration_that_names_nothing_is_taken_with_a_warning() -> None:
    (warning,) = read(of_type("Z")).warnings
    assert (warning.path, warning.code) == ("/CC515C/GoodsShipment/PreviousDocument", "completes.missing")


def test_the_transport_of_a_declaration_is_read() -> None:
    more = "<containerIndicator>1</containerIndicator><modeOfTransportAtTheBorder>4</modeOfTransportAtTheBorder>"
    declaration = lodged(changed("<Consignment>", f"<Consignment>{more}"))
    assert (declaration.containerised, declaration.border_mode) == (True, "4")
    plain = lodged(cc515c())
    assert (plain.containerised, plain.border_mode, plain.office_of_exit) == (False, None, None)


SHIPMENT = "/CC515C/GoodsShipment"
DOCUMENT = f"{SHIPMENT}/GoodsItem/SupportingDocument"
PARTY = "<identificationNumber>BE0314595348</identificationNumber>"


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        (f"<Exporter>{PARTY}", f"<Exporter>{PARTY}<name>Press Works</name>", "/CC515C/Exporter", "party.identified"),
        (f"<Declarant>{PARTY}", "<Declarant>", "/CC515C/Declarant/identificationNumber", "element.missing"),
        (f"<Exporter>{PARTY}", "<Exporter>", "/CC515C/Exporter", "party.unknown"),
        (
            "<invoiceCurrency>EUR</invoiceCurrency>",
            "",
            "/CC515C/ExportOperation/invoiceCurrency",
            "invoice.missing",
        ),
        (
            "<totalAmountInvoiced>100000.00</totalAmountInvoiced>",
            "",
            "/CC515C/ExportOperation/totalAmountInvoiced",
            "invoice.missing",
        ),
        (">X060<", ">Y901<", f"{DOCUMENT}/type", "document.place"),
        ("<amount>100000.00</amount>", "", f"{DOCUMENT}/amount", "amount.missing"),
        ("<quantity>1</quantity>", "", f"{DOCUMENT}/quantity", "quantity.missing"),
        (
            "<measurementUnitAndQualifier>NAR</measurementUnitAndQualifier>",
            "",
            f"{DOCUMENT}/measurementUnitAndQualifier",
            "unit.missing",
        ),
        (
            "<netMass>1200.000000<",
            "<netMass>0<",
            f"{SHIPMENT}/GoodsItem/Commodity/GoodsMeasure/netMass",
            "value.invalid",
        ),
        (
            "Number>1</declaration",
            "Number>1000</declaration",
            f"{SHIPMENT}/GoodsItem/declarationGoodsItemNumber",
            "value.invalid",
        ),
    ],
)
def test_a_rule_between_elements_is_told_with_its_path(old: str, new: str, path: str, code: str) -> None:
    assert faults(changed(old, new)) == [(path, code)]


def test_licences_do_not_stand_among_the_references() -> None:
    common = "<AdditionalReference><type>C400</type></AdditionalReference>"
    assert faults(cc515c(common=common)) == [(f"{SHIPMENT}/AdditionalReference/type", "document.place")]


def test_what_was_invoiced_is_asked_of_standard_declarations_only() -> None:
    body = cc515c().decode().replace("<totalAmountInvoiced>100000.00</totalAmountInvoiced>", "")
    assert OPERATION not in body
    assert lodged(body.replace(">A</additionalD", ">B</additionalD").encode()).form is DeclarationForm.SIMPLIFIED
