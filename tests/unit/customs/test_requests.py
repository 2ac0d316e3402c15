"""WCO amendments take effect when customs grants them, in any order of arrival; what is denied never does."""

from itertools import permutations

import pytest

from services.core.messages import DeclarationAmended
from services.customs.domain.lodgement import State
from tests.unit.customs.door_in_memory import MemoryDoor
from tests.unit.customs.test_wco import text

MRN, LRN = "24GB0YVJ3EXXES8AA0", "7867523Y8OFA"
GRANTED, DENIED = "39", "41"


def asked(day: int, lrn: str = LRN, kind: str = "COR") -> bytes:
    at = f'<p1:DateTimeString formatCode="304">202401{day:02}094643Z</p1:DateTimeString>'
    issue = f"<ID>{MRN}</ID><IssueDateTime>{at}</IssueDateTime>"
    changes = ((f"<ID>{MRN}</ID>", issue), (LRN, lrn), ("<TypeCode>COR<", f"<TypeCode>{kind}<"))
    return text("Step5_TT_EX009a_Amendment.xml", *changes).encode()


def answered(day: int, status: str = GRANTED, lrn: str = LRN) -> bytes:
    changes = (
        ("<FunctionCode>08<", "<FunctionCode>11<"),
        ("<Declaration>", f"<Status><NameCode>{status}</NameCode></Status><Declaration>"),
        ("R251_TC05_2111_13", lrn),
        ("20GB1OJPU2P01FGVR4", MRN),
        ("20200212091507Z", f"202401{day:02}120000Z"),
    )
    return text("08_DMSROG.xml", *changes).encode()


def amendments(door: MemoryDoor) -> list[DeclarationAmended]:
    facts = [fact for fact in door.facts if isinstance(fact, DeclarationAmended)]
    return sorted(facts, key=lambda fact: fact.amended_at)


async def taken(*bodies: bytes) -> MemoryDoor:
    door = MemoryDoor()
    for body in bodies:
        await door.take(body)
    return door


async def test_an_amendment_waits_for_customs_and_counts_from_when_it_was_issued() -> None:
    door = await taken(asked(10))
    assert door.facts == []
    assert door.became(LRN).state is State.WAITING
    assert "DMSREQ" in str(door.became(LRN).note)
    for order in permutations([asked(10), answered(11)]):
        (fact,) = amendments(await taken(*order))
        assert (fact.amended_at.day, [source.kind for source in fact.sources]) == (10, ["COR", "DMSREQ"])


async def test_a_denied_amendment_changes_nothing() -> None:
    for order in permutations([asked(10), answered(11, DENIED)]):
        door = await taken(*order)
        assert amendments(door) == []
        assert door.became(LRN).state is State.APPLIED
        assert "denied" in str(door.became(LRN).note)


async def test_each_answer_finds_its_request_by_number_in_any_order() -> None:
    bodies = [asked(10, "A-1"), answered(12, DENIED, "A-1"), asked(11, "A-2"), answered(13, GRANTED, "A-2")]
    for order in permutations(bodies):
        (fact,) = amendments(await taken(*order))
        assert fact.amended_at.day == 11


async def test_of_requests_under_one_number_all_that_were_granted_count_once_in_any_order() -> None:
    for order in permutations([asked(10), answered(11), asked(12), answered(13)]):
        door = await taken(*order)
        found = [fact.amended_at.day for fact in amendments(door)]
        assert found == [10, 12], order
        assert {outcome.state for outcome in door.outcomes.values()} == {State.RECEIVED}
        await door.take(*order)
        assert len(amendments(door)) == 2


async def test_a_denial_that_came_before_its_request_does_not_close_another() -> None:
    """Both have one number: the denial is about the second, which comes last."""
    door = await taken(asked(10), answered(13, DENIED), answered(11), asked(12))
    (fact,) = amendments(door)
    assert fact.amended_at.day == 10


@pytest.mark.parametrize("status", [GRANTED, DENIED])
async def test_a_cancellation_changes_nothing_before_customs_invalidates(status: str) -> None:
    door = await taken(asked(10, kind="INV"))
    assert (door.became(LRN).state, "DMSINV" in str(door.became(LRN).note)) == (State.APPLIED, True)
    await door.take(answered(11, status))
    assert door.facts == []
    assert {outcome.state for outcome in door.outcomes.values()} == {State.APPLIED}


async def test_a_status_that_decides_nothing_leaves_the_request_waiting() -> None:
    door = await taken(asked(10), answered(11, "40"))
    assert door.became(LRN).state is State.WAITING
    await door.take(answered(12))
    assert len(amendments(door)) == 1
