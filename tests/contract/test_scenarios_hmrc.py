"""Messages of the trade-test scenarios as their publisher wrote them: each says what it says there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.core.messages import DeclarationForm, GoodsExited
from services.core.values import Mrn
from services.customs.adapters import intake
from services.customs.domain.reading import (
    Answered,
    Cancellation,
    Lodged,
    Moved,
    Movement,
    NothingToDo,
    Placed,
    Reading,
    Stated,
    Statement,
    Word,
)

SAMPLES = Path(__file__).parent / "samples" / "hmrc"
DOCUMENT = Path(__file__).parents[2] / "docs" / "customs-messages.md"
ASKED, GRANTED = Word.ASKED, Word.GRANTED
DECLARATIONS = ("C21e_consignor.xml", "TT_EX041a.xml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(name: str) -> Reading:
    return intake.read((SAMPLES / name).read_bytes(), "application/xml", None, UTC)


MASTER = "GB/4045-O8RLBVT72J2MM9AOIZLRQQCAL"
QUERIED = "A:24682009062"
SAYS: dict[str, Statement] = {
    "TT_EX003a_EAC.xml": Movement(ASKED, placed=(Placed("9GB417869120000-HMUT378", "GB/FCP1-0403CHIEFM01"),)),
    "TT_EX010a_Cancellation.xml": Cancellation(Mrn("20GB7SPKVP6FJDRYA0"), "This is a duplicate, please cancel"),
    "TT_EX010a_DMSREQ.xml": Answered(Mrn("23GB3A4TM7T8VQUAA3"), True, "39"),
    "TT_EX012a_ERS.xml": Movement(
        GRANTED, (Moved("0GB427168118378-0712CDS1", False, at("2020-12-07T10:00:00")),), "Movement47"
    ),
    "TT_EX017a_EAL_answer.xml": Movement(
        GRANTED, (Moved("1GB417869120000-D2021ATD01 part 331A", False, at("2021-02-10T09:15:00")),), "Movement47"
    ),
    "TT_EX019a_EAC_answer.xml": Movement(GRANTED, answers=("GB/L18T-DT52KCHS2UMEGZ6X4VB8YDCAL",)),
    "TT_EX019a_EDL_answer.xml": Movement(
        GRANTED, (Moved("GB/TI8P-DT2WQ1EZIAGHEHNEGYCIISCAL", True, None),), "KB86OJ72QON4YF9YYDK80EELT"
    ),
    "TT_EX019a_EMR.xml": Movement(
        GRANTED,
        tuple(Moved(ucr, False, at("2025-05-02T10:06:32.032")) for ucr in (MASTER, "5GB778233511008-V6W4ZS")),
        "VI5SO7IJUTKRY24BNOM88NYIX",
        (Placed("5GB778233511008-V6W4ZS", MASTER),),
    ),
    "TT_EX038a_EAL.xml": Movement(
        ASKED, (Moved("3GB410947683464-VDUBHAUGP", False, at("2023-06-02T10:33:43.043")),), "RFCRHL35VSWY2XZ4SYYHUW2LN"
    ),
    "TT_EX038a_EDL.xml": Movement(
        ASKED, (Moved("5GB575801025632-8QS1JAV", True, at("2025-09-15T13:53:53.053")),), "WH06K31SN1KR0BLRWBN4BZDVV"
    ),
    "TT_EX040a_EAL.xml": Movement(ASKED, (Moved("A:14082031051", False, at("2023-05-31T12:25:00")),), "M11"),
    "TT_EX041a_ERS.xml": Movement(
        GRANTED,
        (Moved("3GB302327298318-INFJIHA", False, at("2023-09-12T10:57:09.009")),),
        "4I2ZW98SNWJJENAS5CSWI5CGS",
    ),
    "query_of_a_master.xml": Movement(
        GRANTED,
        (Moved(QUERIED, True, at("2023-06-09T11:56:00")), Moved(QUERIED, False, at("2023-06-09T11:44:00"))),
        None,
        (Placed("3GB427168118378-0906R1", QUERIED),),
    ),
}
NOTHING = {
    "15_DMSCPR.xml": "DMSCPR",
    "17_DMSGER.xml": "DMSGER",
    "TT_EX019a_CST.xml": "CST",
    "TT_EX030a_DMSRES.xml": "DMSRES",
}


@pytest.mark.parametrize(("name", "expected"), SAYS.items())
def test_a_message_says_what_it_says_there(name: str, expected: Statement) -> None:
    reading = read(name)
    assert (reading.statement, reading.warnings) == (expected, ())


@pytest.mark.parametrize(("name", "kind"), NOTHING.items())
def test_what_changes_nothing_is_taken(name: str, kind: str) -> None:
    reading = read(name)
    assert reading.kind == kind
    assert isinstance(reading.statement, NothingToDo)


def test_an_exit_ends_the_shipment() -> None:
    statement = read("TT_EX019a_DMSEOG.xml").statement
    assert isinstance(statement, Stated)
    assert isinstance(statement.fact, GoodsExited)
    assert (statement.fact.mrn, statement.fact.final) == ("24GBDIRIML7QMK8AA0", True)


def test_declarations_are_read_whole() -> None:
    request, early = (read(name).statement for name in DECLARATIONS)
    assert isinstance(request, Lodged)
    assert isinstance(early, Lodged)
    assert [(i.commodity_code, i.procedure, i.net_mass_kg) for i in request.declaration.items] == [
        ("000000", "00", None)
    ]
    assert request.declaration.references == ("3GB427168118378-0308A2",)
    assert (early.declaration.form, early.declaration.pre_lodged) == (DeclarationForm.STANDARD, True)
    assert [(i.item, str(i.net_mass_kg), i.consignee and i.consignee.name) for i in early.declaration.items] == [
        (1, "5", "Pat Liter"),
        (2, "6", "Packings Import Incorporated"),
    ]
    assert early.declaration.references == ("3GB174233812132-EMDP8QIMWO",)


def test_the_document_names_each_of_them() -> None:
    names = {path.name for path in SAMPLES.glob("*.xml")}
    assert names == {*SAYS, *NOTHING, *DECLARATIONS, "TT_EX019a_DMSEOG.xml"}
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
