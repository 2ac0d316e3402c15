"""British movements: taken with a note, and a fact where the declaration is named."""

from datetime import UTC, datetime

import pytest

from services.core.messages import ArrivedAtExit, ExitResult, GoodsExited
from services.customs.domain.reading import Moved, Movement, NothingToDo, Placed, Stated, Word
from tests.unit.customs.test_wco import faults, read, refusal
from tests.unit.customs.written import MRN

NAMESPACE = "http://gov.uk/customs/inventoryLinking/v1"
DUCR = "9GB417869120000-E2EAT3805"
BLOCK = f"<i:ucrBlock><i:ucr>{DUCR}</i:ucr><i:ucrType>D</i:ucrType></i:ucrBlock>"


def movement(kind: str, content: str) -> str:
    return f'<i:inventoryLinking{kind} xmlns:i="{NAMESPACE}">{content}</i:inventoryLinking{kind}>'


def told(code: str, at: str = "", more: str = BLOCK) -> str:
    return f"<i:messageCode>{code}</i:messageCode>{more}{at}"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (movement("MovementResponse", told("EAA")), "EAA"),
        (movement("MovementTotalsResponse", told("EMR", more=f"<i:entry>{BLOCK}</i:entry>")), "EMR"),
        (movement("MovementTotalsResponse", told("ERS", more=f"<i:entry>{BLOCK}</i:entry>")), "ERS"),
        (movement("ConsolidationRequest", told("CST")), "CST"),
        (movement("ControlResponse", told("EAC", "<i:actionCode>3</i:actionCode>")), "EAC"),
        (movement("QueryRequest", ""), "QUE"),
    ],
)
def test_what_moves_nothing_is_taken_and_says_so(body: str, kind: str) -> None:
    reading = read(body)
    assert (reading.kind, reading.mrn) == (kind, None)
    assert isinstance(reading.statement, NothingToDo)
    assert DUCR in reading.statement.reason or kind == "QUE"


ASKED, GRANTED, REFUSED = Word.ASKED, Word.GRANTED, Word.REFUSED
AT = datetime(2026, 3, 3, 6, 10, tzinfo=UTC)
TIME = "<i:goods{}DateTime>2026-03-03T06:10:00Z</i:goods{}DateTime>"
ARRIVAL, DEPARTURE = TIME.format("Arrival", "Arrival"), TIME.format("Departure", "Departure")


@pytest.mark.parametrize(
    ("body", "word", "moved"),
    [
        (movement("MovementRequest", told("EAL", ARRIVAL)), ASKED, Moved(DUCR, False, AT)),
        (movement("MovementRequest", told("RET", ARRIVAL)), ASKED, Moved(DUCR, False, AT)),
        (movement("MovementRequest", told("EDL", DEPARTURE)), ASKED, Moved(DUCR, True, AT)),
        (movement("MovementRequest", told("EDL", ARRIVAL)), ASKED, Moved(DUCR, True, None)),
        (movement("MovementResponse", told("EAL", f"<i:crc>000</i:crc>{ARRIVAL}")), GRANTED, Moved(DUCR, False, AT)),
        (movement("MovementResponse", told("EAL", f"<i:crc>101</i:crc>{ARRIVAL}")), REFUSED, Moved(DUCR, False, AT)),
        (movement("MovementResponse", told("EDL")), GRANTED, Moved(DUCR, True, None)),
        (movement("ControlResponse", told("EDL", "<i:actionCode>1</i:actionCode>")), GRANTED, Moved(DUCR, True, None)),
        (movement("ControlResponse", told("EAL", "<i:actionCode>3</i:actionCode>")), REFUSED, Moved(DUCR, False, None)),
    ],
)
def test_a_movement_says_whose_word_it_is_and_when_it_was(body: str, word: Word, moved: Moved) -> None:
    reading = read(body)
    assert reading.statement == Movement(word, (moved,))
    warned = word is ASKED and moved.at is None
    assert [warning.code for warning in reading.warnings] == ["movement.time"] * warned


MASTER = "GB/FCP1-CHIEF1002M2"
TAKEN_AWAY = "<i:transactionType>Disassociate</i:transactionType>"
UNDER = f"<i:masterUCR>{MASTER}</i:masterUCR>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (movement("ConsolidationRequest", told("EAC", UNDER)), Movement(ASKED, placed=(Placed(DUCR, MASTER),))),
        (movement("ConsolidationRequest", told("EAC")), Movement(ASKED, placed=(Placed(DUCR, None),))),
        (
            movement(
                "ConsolidationRequest", told("EAC", f"<i:transactionType>Disassociate</i:transactionType>{UNDER}")
            ),
            Movement(ASKED, placed=(Placed(DUCR, None),)),
        ),
        (
            movement("ControlResponse", told("EAC", "<i:actionCode>1</i:actionCode>")),
            Movement(GRANTED, answers=(DUCR,)),
        ),
        (
            movement("MovementTotalsResponse", told("EMR", UNDER, f"<i:entry>{BLOCK}</i:entry>")),
            Movement(GRANTED, placed=(Placed(DUCR, MASTER),)),
        ),
    ],
)
def test_what_is_under_a_master_reference_is_read(body: str, expected: Movement) -> None:
    assert read(body).statement == expected


def test_a_message_in_the_wrapper_of_the_gateway_says_the_same() -> None:
    body = movement("MovementRequest", told("EDL", DEPARTURE))
    gateway = "http://www.hmrc.gov.uk/cds/inventorylinking/exportmovement"
    common = "<n:requestCommon><n:submitter>GB1</n:submitter></n:requestCommon>"
    name = "n:InventoryLinkingExportsInboundRequest"
    wrapped = f'<{name} xmlns:n="{gateway}">{common}<n:requestDetail>{body}</n:requestDetail></{name}>'
    assert read(wrapped) == read(body)
    assert refusal(wrapped.replace(body, "")).status == 415


def test_a_movement_reads_the_same_without_a_namespace() -> None:
    body = movement("MovementRequest", told("EAL"))
    assert read(body.replace("i:", "").replace(f' xmlns:i="{NAMESPACE}"', "").replace(":i=", "=")) == read(body)


@pytest.mark.parametrize("empty", ["<i:messageCode/>", "<i:messageCode> </i:messageCode>", "<i:messageCode/>" * 2])
def test_a_movement_whose_code_is_empty_is_refused_with_its_path(empty: str) -> None:
    body = movement("MovementTotalsResponse", empty + BLOCK)
    assert {(fault.path, fault.code) for fault in refusal(body).faults} <= {
        (f"/inventoryLinkingMovementTotalsResponse/messageCode{place}", "value.missing") for place in ("", "[1]", "[2]")
    }


def queried(*movements: str) -> str:
    inner = f"<i:UCR>{DUCR}</i:UCR><i:declarationID>{MRN}</i:declarationID>{''.join(movements)}"
    return movement("QueryResponse", f"<i:queriedDUCR>{inner}</i:queriedDUCR>")


def moved(code: str, at: str, name: str = "goodsArrivalDateTime") -> str:
    return f"<i:movement><i:messageCode>{code}</i:messageCode><i:{name}>{at}</i:{name}></i:movement>"


ARRIVED = moved("EAL", "2026-03-03T06:10:00Z")
LEFT = moved("EDL", "2026-03-03T17:40:00Z", "goodsDepartureDateTime")


def test_the_answer_of_a_query_names_the_declaration_that_arrived() -> None:
    reading = read(queried(moved("EAA", "2026-03-03T01:00:00Z"), ARRIVED, moved("EAL", "2026-03-03T09:00:00Z")))
    at = datetime(2026, 3, 3, 6, 10, tzinfo=UTC)
    assert reading.statement == Stated(ArrivedAtExit(fact_id="", mrn=MRN, arrived_at=at))
    assert reading.mrn == MRN


def test_a_departure_is_further_than_an_arrival() -> None:
    at = datetime(2026, 3, 3, 17, 40, tzinfo=UTC)
    expected = GoodsExited(fact_id="", mrn=MRN, exited_at=at, result=ExitResult.A1, final=True)
    assert read(queried(ARRIVED, LEFT)).statement == Stated(expected)


def test_a_declaration_moves_with_the_master_reference_it_is_under() -> None:
    body = queried(ARRIVED).replace(
        "</i:queriedDUCR>", f"</i:queriedDUCR><i:parentMUCR><i:UCR>{MASTER}</i:UCR>{LEFT}</i:parentMUCR>"
    )
    assert read(body).statement == read(queried(LEFT)).statement


def test_the_answer_about_a_master_reference_tells_what_is_under_it() -> None:
    child = f"<i:childDUCR><i:UCR>{DUCR}</i:UCR><i:declarationID>{MRN}</i:declarationID></i:childDUCR>"
    nested = "<i:childMUCR><i:UCR>GB/LOWER</i:UCR><i:parentMUCR>GB/MIDDLE</i:parentMUCR></i:childMUCR>"
    asked = f"<i:queriedMUCR><i:UCR>{MASTER}</i:UCR>{ARRIVED}{LEFT}</i:queriedMUCR>"
    over = "<i:parentMUCR><i:UCR>GB/UPPER</i:UCR></i:parentMUCR>"
    statement = read(movement("QueryResponse", asked + over + child + nested)).statement
    assert isinstance(statement, Movement)
    assert {(one.ucr, one.left) for one in statement.moved} == {(MASTER, False), (MASTER, True)}
    assert set(statement.placed) == {Placed(MASTER, "GB/UPPER"), Placed(DUCR, MASTER), Placed("GB/LOWER", "GB/MIDDLE")}


def test_an_answer_without_movements_changes_nothing() -> None:
    assert isinstance(read(queried()).statement, NothingToDo)
    assert isinstance(read(movement("QueryResponse", "")).statement, NothingToDo)


def test_faults_are_told_with_their_paths() -> None:
    root = "/inventoryLinkingQueryResponse/queriedDUCR"
    assert faults(queried(moved("EAL", ""))) == [(f"{root}/movement/goodsArrivalDateTime", "element.missing")]
    assert faults(queried(ARRIVED).replace(MRN, "1")) == [(f"{root}/declarationID", "value.invalid")]
    body = movement("MovementRequest", told("XYZ"))
    assert faults(body) == [("/inventoryLinkingMovementRequest/messageCode", "value.invalid")]


def test_another_message_of_the_service_is_an_unknown_type() -> None:
    assert refusal(movement("DeclarationSend", "")).status == 415


def test_published_totals_that_repeat_themselves_are_read() -> None:
    once = told(
        "ERS",
        "<i:goodsArrivalDateTime>2023-09-12T10:57:09.009Z</i:goodsArrivalDateTime>",
        f"<i:entry>{BLOCK}</i:entry>",
    )
    assert read(movement("MovementTotalsResponse", once + once)).kind == "ERS"
