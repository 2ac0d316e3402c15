"""WCO-DMS notifications: each function code is a fact, an acceptance or a rejection, or a note on what is to come."""

from datetime import UTC, datetime

import pytest

from services.core.messages import ExitResult, GoodsExited, GoodsReleased
from services.core.values import Mrn
from services.customs.domain.reading import Acceptance, Amendment, Answered, NothingToDo, Stated
from tests.unit.customs.test_wco import faults, read, text

MRN = Mrn("20GB1OJPU2P01FGVR4")
ROG = "08_DMSROG.xml"
ISSUED = datetime(2020, 2, 12, 9, 15, 7, tzinfo=UTC)


def notified(code: str, *changes: tuple[str, str]) -> str:
    return text(ROG, ("<FunctionCode>08<", f"<FunctionCode>{code}<"), *changes)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("05", "DMSCTL"),
        ("06", "DMSDOC"),
        ("13", "DMSTAX"),
        ("14", "DMSCPI"),
        ("15", "DMSCPR"),
        ("17", "DMSEXT"),
        ("18", "DMSGER"),
    ],
)
def test_an_announcement_changes_nothing_and_says_what_is_to_come(code: str, kind: str) -> None:
    reading = read(notified(code))
    assert (reading.kind, reading.mrn) == (kind, MRN)
    assert isinstance(reading.statement, NothingToDo)
    assert len(reading.statement.reason) > 20


@pytest.mark.parametrize("code", ["8", "09"])
def test_released_and_cleared_goods_are_released(code: str) -> None:
    assert read(notified(code)).statement == Stated(GoodsReleased(fact_id="", mrn=MRN, released_at=ISSUED))


def test_a_received_declaration_has_its_mrn_and_is_not_accepted_yet() -> None:
    statement = read(notified("02")).statement
    assert statement == Acceptance(MRN, ISSUED, 3, pre_lodged=True)
    accepted = read(text("01_DMSACC.xml")).statement
    assert isinstance(accepted, Acceptance)
    assert accepted.pre_lodged is False


@pytest.mark.parametrize(("status", "granted"), [("39", True), ("41", False), ("40", None)])
def test_the_answer_to_a_request_says_what_customs_decided(status: str, granted: bool | None) -> None:  # noqa: FBT001 - a case
    body = notified("11", ("<Declaration>", f"<Status><NameCode>{status}</NameCode></Status><Declaration>"))
    reading = read(body)
    assert (reading.statement, reading.lrn) == (Answered(MRN, granted, status), "R251_TC05_2111_13")


def test_a_search_for_the_exit_says_until_when() -> None:
    limit = '<LimitDateTime><DateTimeString formatCode="304">20200712000000Z</DateTimeString></LimitDateTime>'
    statement = read(notified("18", ("<StatementCode>A1</StatementCode>", limit))).statement
    assert isinstance(statement, NothingToDo)
    assert "until 2020-07-12" in statement.reason


@pytest.mark.parametrize(
    ("code", "result"), [("A1", ExitResult.A1), ("A3", ExitResult.A1), ("A4", ExitResult.A4), ("B1", ExitResult.B1)]
)
def test_the_result_of_an_exit_is_kept(code: str, result: ExitResult) -> None:
    statement = read(text("16_DMSEOG.xml", ("<NameCode>A1<", f"<NameCode>{code}<"))).statement
    assert isinstance(statement, Stated)
    assert isinstance(statement.fact, GoodsExited)
    assert statement.fact.result is result


POINTER = "<Pointer><DocumentSectionCode>{0}</DocumentSectionCode>{1}</Pointer>"


def result(chain: list[tuple[str, str]], content: str) -> str:
    """DMSRES: what a control or an arrival changed, with the changed part in a second Declaration."""
    pointers = "".join(POINTER.format(section, f"<TagID>{tag}</TagID>" if tag else "") for section, tag in chain)
    amendment = f"<Amendment><ChangeReasonCode>16</ChangeReasonCode>{pointers}</Amendment>"
    second = f"<Declaration><FunctionCode>9</FunctionCode><GoodsShipment>{content}</GoodsShipment></Declaration>"
    return notified("07", ("<Declaration>", f"{amendment}<Declaration>"), ("</Response>", f"{second}</Response>"))


def test_a_result_that_changes_what_is_read_is_an_amendment_by_customs() -> None:
    body = result(
        [("42A", ""), ("67A", ""), ("99B", "465")], "<Destination><CountryCode>IN</CountryCode></Destination>"
    )
    statement = read(body).statement
    assert isinstance(statement, Amendment)
    assert (statement.country_of_destination, statement.amended_at, statement.items) == ("IN", ISSUED, ())


def test_a_result_that_changes_only_where_the_goods_are_changes_nothing_here() -> None:
    place = "<Consignment><GoodsLocation><Name>SOUSTNSOU</Name></GoodsLocation></Consignment>"
    reading = read(result([("42A", ""), ("67A", ""), ("28A", ""), ("64A", "L016")], place))
    assert isinstance(reading.statement, NothingToDo)
    assert [warning.code for warning in reading.warnings] == ["amendment.no-bearing"]


def test_a_result_without_changes_changes_nothing() -> None:
    assert isinstance(read(notified("07")).statement, NothingToDo)


def test_a_result_that_cannot_be_mapped_is_refused_at_its_pointer() -> None:
    body = result([("42A", ""), ("57B", "")], "")
    assert faults(body) == [("/MetaData/Response/Amendment/Pointer[2]", "amendment.not-carried")]
