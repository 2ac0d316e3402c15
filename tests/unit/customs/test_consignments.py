"""Movements by consignment reference: joined with the declarations that name it, in any order, each once."""

from collections.abc import Iterable
from itertools import permutations
from random import Random

import pytest

from services.core.facts import Fact
from services.core.messages import ArrivedAtExit, DeclarationAccepted, GoodsExited
from services.customs.domain.lodgement import State
from services.customs.domain.reading import Movement
from tests.unit.customs.door_in_memory import MemoryDoor
from tests.unit.customs.test_wco import lodged, read, text
from tests.unit.customs.test_wco_movement import movement

FIRST, SECOND = "19GBCKKCQSXV2FGVA8", "20GB0NKQGSX2IX8PR5"
DUCR, MUCR = "5GB348579783333-AVCVSC", "GB/AIGI-SULE72WT1Q4CE5O20WJ7LTCAL"
DEPARTED = "<i:goodsDepartureDateTime>2026-03-03T17:40:00Z</i:goodsDepartureDateTime>"
ARRIVED = "<i:goodsArrivalDateTime>2026-03-03T06:10:00Z</i:goodsArrivalDateTime>"


def declaration(lrn: str, ucr: str = DUCR) -> bytes:
    return text("TT_EX001a.xml", ("U.7847323YIPYA", lrn), (DUCR, ucr)).encode()


def acceptance(lrn: str, mrn: str) -> bytes:
    return text("01_DMSACC.xml", ("3.1_P1_TT_1311RM41", lrn), (FIRST, mrn)).encode()


def block(ucr: str, part: str = "") -> str:
    return f"<i:ucr>{ucr}</i:ucr>{f'<i:ucrPartNo>{part}</i:ucrPartNo>' if part else ''}<i:ucrType>D</i:ucrType>"


def asked(code: str, ucr: str, at: str, reference: str = "MOVE-1") -> bytes:
    named = f"<i:movementReference>{reference}</i:movementReference>"
    content = f"<i:messageCode>{code}</i:messageCode><i:ucrBlock>{block(ucr)}</i:ucrBlock>{at}{named}"
    return movement("MovementRequest", content).encode()


def answered(code: str, ucr: str, action: str = "1", reference: str = "MOVE-1") -> bytes:
    head = f"<i:messageCode>{code}</i:messageCode><i:actionCode>{action}</i:actionCode>"
    named = f"<i:movementReference>{reference}</i:movementReference>"
    return movement("ControlResponse", f"{head}<i:ucr>{block(ucr)}</i:ucr>{named}").encode()


def report(code: str, *entries: str, master: str = "", at: str = ARRIVED) -> bytes:
    head = f"<i:messageCode>{code}</i:messageCode><i:crc>000</i:crc>{at}{master}"
    return movement("MovementTotalsResponse", head + "".join(entries)).encode()


def entry(ucr: str, status: str = "14", part: str = "") -> str:
    told = f"<i:entryStatus><i:soe>{status}</i:soe></i:entryStatus>"
    return f"<i:entry><i:ucrBlock>{block(ucr, part)}</i:ucrBlock>{told}</i:entry>"


def movements(door: MemoryDoor) -> list[Fact]:
    return sorted((f for f in door.facts if not isinstance(f, DeclarationAccepted)), key=lambda f: (f.mrn, f.fact_id))


CONSOLIDATED = (
    declaration("L-1"),
    acceptance("L-1", FIRST),
    declaration("L-2", "6GB348579783333-OTHER"),
    acceptance("L-2", SECOND),
    asked("EDL", MUCR, DEPARTED),
    answered("EDL", MUCR),
)


async def test_a_departure_under_a_master_reference_is_one_fact_of_each_declaration_in_any_order() -> None:
    orders = Random(1).sample(list(permutations(CONSOLIDATED)), 40)
    told = []
    for order in orders:
        door = MemoryDoor()
        for body in order:
            await door.take(body)
        told.append(movements(door))
    door = MemoryDoor()
    await door.take(*CONSOLIDATED)
    first, second = movements(door)
    assert (first.mrn, second.mrn) == (FIRST, SECOND)
    assert isinstance(first, GoodsExited)
    assert first.final
    assert first.fact_id != second.fact_id
    assert all(found == [first, second] for found in told)


async def test_what_is_sent_again_tells_nothing_again() -> None:
    door = MemoryDoor()
    for body in (*CONSOLIDATED, *reversed(CONSOLIDATED)):
        await door.take(body)
    assert len(movements(door)) == 2


async def test_a_movement_says_what_it_waits_for() -> None:
    door = MemoryDoor()
    await door.take(asked("EDL", DUCR, DEPARTED))
    outcome = door.became("MOVE-1")
    assert (outcome.state, outcome.note) == (
        State.WAITING,
        f"customs has not answered yet: the departure of {DUCR}",
    )
    await door.take(report("ERS", entry(DUCR)))
    assert sorted(str(o.note) for o in door.outcomes.values()) == [
        f"customs has not answered yet: the departure of {DUCR}",
        f"no declaration that names the consignment reference was accepted yet: the arrival of {DUCR}",
    ]


async def test_what_customs_refused_changes_nothing_and_its_repetition_counts() -> None:
    door = MemoryDoor()
    await door.take(*CONSOLIDATED[:2], asked("EDL", DUCR, DEPARTED), answered("EDL", DUCR, "3"))
    assert movements(door) == []
    assert {o.note for o in door.outcomes.values() if o.state is State.APPLIED} == {
        f"customs refused the departure of {DUCR}"
    }
    await door.take(asked("EDL", DUCR, DEPARTED, "MOVE-2"), answered("EDL", DUCR, "1", "MOVE-2"))
    (fact,) = movements(door)
    assert isinstance(fact, GoodsExited)
    assert [o.fact for o in door.outcomes.values() if o.fact is not None and o.shipment == FIRST][-1] == fact


@pytest.mark.parametrize("code", ["EAL", "RET"])
async def test_an_answer_with_its_time_counts_by_itself(code: str) -> None:
    door = MemoryDoor()
    content = f"<i:messageCode>{code}</i:messageCode><i:crc>000</i:crc>{ARRIVED}<i:ucrBlock>{block(DUCR)}</i:ucrBlock>"
    body = movement("MovementResponse", content)
    await door.take(*CONSOLIDATED[:2], body.encode(), body.replace(">000<", ">101<").encode())
    (fact,) = movements(door)
    assert isinstance(fact, ArrivedAtExit)


async def test_a_report_tells_of_each_entry_the_furthest() -> None:
    master = f"<i:masterUCR>{MUCR}</i:masterUCR><i:masterSOE>D</i:masterSOE>"
    for bodies in permutations([report("EMR", entry(DUCR), master=master, at=ARRIVED + DEPARTED), *CONSOLIDATED[:2]]):
        door = MemoryDoor()
        for body in bodies:
            await door.take(body)
        (fact,) = movements(door)
        assert isinstance(fact, GoodsExited), "the master reference has left, whatever the entry says"


def test_entries_that_are_there_twice_count_once() -> None:
    statement = read(report("ERS", entry(DUCR, "14"), entry(DUCR, "15"), entry(DUCR, "D")).decode()).statement
    assert isinstance(statement, Movement)
    assert [moved.left for moved in statement.moved] == [False, True]


async def test_a_part_of_a_consignment_moves_by_itself() -> None:
    body = text("TT_EX009a.xml").encode()
    assert lodged(body.decode()).references == ("4GB233149152777-FMSOCDIYD part DEF",)
    door = MemoryDoor()
    await door.take(body, acceptance("7867523Y8OFA", FIRST))
    await door.take(report("ERS", entry("4GB233149152777-FMSOCDIYD"), entry("4GB233149152777-FMSOCDIYD", part="ABC")))
    assert movements(door) == []
    await door.take(report("ERS", entry("4gb233149152777-fmsocdiyd", part="DEF")))
    assert len(movements(door)) == 1


def test_both_references_of_a_declaration_are_read() -> None:
    assert lodged(text("TT_EX001a.xml")).references == (DUCR, MUCR)


def test_a_declaration_that_names_too_many_references_says_that_none_is_followed() -> None:
    one = "<PreviousDocument><CategoryCode>Z</CategoryCode><ID>{}</ID><TypeCode>DCR</TypeCode></PreviousDocument>"
    many = "".join(one.format(f"U-{n}") for n in range(1_000))
    reading = read(text("TT_EX001a.xml", ("</PreviousDocument>", "</PreviousDocument>" + many)))
    assert "references.many" in {warning.code for warning in reading.warnings}


OTHER, LOWER = "6GB348579783333-OTHER", "GB/LOWER"


def associated(ucr: str, master: str = MUCR) -> bytes:
    over = f"<i:masterUCR>{master}</i:masterUCR>" if master else ""
    content = f"<i:messageCode>EAC</i:messageCode>{over}<i:ucrBlock>{block(ucr)}</i:ucrBlock>"
    return movement("ConsolidationRequest", content).encode()


ASSOCIATED = (
    declaration("L-1", OTHER).replace(MUCR.encode(), b"GB/DECLARED"),
    acceptance("L-1", FIRST),
    associated(OTHER),
    answered("EAC", MUCR),
    asked("EDL", MUCR, DEPARTED),
    answered("EDL", MUCR),
)


async def everything(bodies: Iterable[bytes]) -> list[Fact]:
    door = MemoryDoor()
    for body in bodies:
        await door.take(body)
    return movements(door)


async def test_what_is_put_under_a_master_reference_leaves_with_it_in_any_order() -> None:
    for order in Random(2).sample(list(permutations(ASSOCIATED)), 25):
        (fact,) = await everything(order)
        assert isinstance(fact, GoodsExited)
        assert fact.mrn == FIRST
    assert await everything([*ASSOCIATED, *ASSOCIATED]) == await everything(ASSOCIATED)


@pytest.mark.parametrize("missing", [2, 3], ids=["nothing put it there", "customs has not answered"])
async def test_an_association_counts_once_customs_has_answered(missing: int) -> None:
    bodies = [body for place, body in enumerate(ASSOCIATED) if place != missing]
    assert await everything(bodies) == []


async def test_what_is_under_a_master_reference_that_is_under_another_leaves_with_it_in_any_order() -> None:
    nested = (
        *ASSOCIATED[:2],
        associated(OTHER, LOWER),
        answered("EAC", LOWER),
        associated(LOWER),
        *ASSOCIATED[3:],
    )
    for order in Random(3).sample(list(permutations(nested)), 25):
        assert [fact.mrn for fact in await everything(order)] == [FIRST]


async def test_what_was_taken_from_a_master_reference_does_not_leave_with_it() -> None:
    departed = ASSOCIATED[4:]
    assert await everything([*ASSOCIATED[:4], associated(OTHER, ""), *departed]) == []
    assert (
        await everything([*ASSOCIATED[:4], associated(OTHER, "GB/NEXT"), answered("EAC", "GB/NEXT"), *departed]) == []
    )


async def test_references_that_are_under_each_other_end() -> None:
    circle = (associated(MUCR, OTHER), answered("EAC", OTHER))
    assert len(await everything([*circle, *ASSOCIATED])) == 1


async def test_what_customs_lists_under_a_master_reference_leaves_with_it() -> None:
    master = f"<i:masterUCR>{MUCR}</i:masterUCR><i:masterSOE>3</i:masterSOE>"
    listed = report("EMR", entry(OTHER), master=master)
    arrived, left = await everything([*ASSOCIATED[:2], listed, *ASSOCIATED[4:]])
    assert {type(arrived), type(left)} == {ArrivedAtExit, GoodsExited}
    door = MemoryDoor()
    await door.take(associated(OTHER), answered("EAC", MUCR))
    assert sorted(str(outcome.note) for outcome in door.outcomes.values()) == [
        f"{OTHER} is put under {MUCR}",
        f"customs placed {MUCR} as was asked",
    ]
