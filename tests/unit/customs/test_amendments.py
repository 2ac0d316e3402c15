"""A declaration amended (CC513C) and the acceptance of that (CC504C): the same is in force in any order of arrival."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

from services.core.messages import DeclarationAccepted
from services.customs.domain.lodgement import State
from tests.unit.customs.door_in_memory import MemoryDoor
from tests.unit.customs.written import LRN, MRN, cc515c, cc528c
from tests.unit.customs.written_eu import amount, cc504c, cc513c, cc556c, repeated

FIRST = {
    "515": cc515c(),
    "528": cc528c(),
    "513": cc513c(items=amount("70000.00")),
    "504": cc504c(),
}
SECOND = {
    "513b": cc513c(items=amount("50000.00"), at="2026-03-02T12:00:00", identification="m-513b"),
    "504b": cc504c(at="2026-03-02T12:30:00", identification="m-504b"),
}


async def taken(*groups: Sequence[bytes]) -> MemoryDoor:
    """A door that took these, each group in one transaction."""
    door = MemoryDoor()
    for group in groups:
        await door.take(*group)
    return door


def in_force(door: MemoryDoor) -> tuple[DeclarationAccepted, Decimal | None]:
    """The highest version and what it writes off. Version numbers rise by one and none is told twice."""
    versions = sorted(door.versions_told(), key=lambda fact: fact.version)
    assert [fact.version for fact in versions] == list(range(1, len(versions) + 1))
    assert len({fact.fact_id for fact in versions}) == len(versions)
    return versions[-1], versions[-1].items[0].documents[0].amount


@pytest.mark.parametrize("order", list(permutations(FIRST)), ids=" ".join)
async def test_an_amendment_is_the_next_version_in_any_order(order: tuple[str, ...]) -> None:
    for door in (await taken(*([FIRST[name]] for name in order)), await taken([FIRST[name] for name in order])):
        fact, figure = in_force(door)
        assert (fact.version, figure, fact.lrn) == (2, Decimal("70000.00"), LRN)
        assert fact.accepted_at.hour == 9, "an amendment never changes when the declaration was accepted"
        assert fact.amended_at is not None
        assert fact.amended_at.hour == 11
        assert [source.kind for source in fact.sources] == ["CC513C", "CC504C"]
        assert all(not outcome.open and outcome.fact_id for outcome in door.outcomes.values())


async def test_of_two_amendments_the_later_is_in_force_in_any_order() -> None:
    messages = FIRST | SECOND
    for order in Random(5).sample(list(permutations(messages)), 150):
        door = await taken(*([messages[name]] for name in order))
        fact, figure = in_force(door)
        assert figure == Decimal("50000.00"), order
        assert fact.amended_at is not None
        assert (fact.amended_at.hour, fact.amended_at.minute) == (12, 30), order
        assert all(outcome.state is not State.WAITING for outcome in door.outcomes.values()), order


async def test_an_acceptance_of_an_amendment_that_came_twice_changes_nothing() -> None:
    door = await taken(*([body] for body in FIRST.values()))
    await door.take(*FIRST.values())
    await door.take(cc504c(identification="m-504-again"))
    assert in_force(door)[0].version == 2
    again = door.became("m-504-again")
    assert (again.state, again.open) == (State.APPLIED, False)
    assert again.note == "version 2 was accepted at the same time or later: this one changes nothing"


async def test_until_customs_accepts_it_an_amendment_changes_nothing_and_says_so() -> None:
    door = await taken([FIRST["515"], FIRST["528"], FIRST["513"]])
    assert in_force(door)[0].version == 1
    waiting = door.became("m-513")
    assert (waiting.state, waiting.shipment) == (State.WAITING, MRN)
    assert waiting.note == f"no acceptance of the amendment of {MRN} was received yet"


async def test_an_acceptance_says_what_it_waits_for() -> None:
    door = await taken([FIRST["504"]])
    assert door.became("m-504").note == "the declaration of this MRN was not accepted yet"
    await door.take(FIRST["515"], FIRST["528"])
    assert door.became("m-504").note == f"no amended declaration of {MRN} was received yet"


async def test_the_acceptance_may_repeat_the_declaration_itself() -> None:
    for order in permutations([FIRST["515"], FIRST["528"], cc504c(content=repeated(amount("60000.00")))]):
        fact, figure = in_force(await taken(*([body] for body in order)))
        assert (fact.version, figure) == (2, Decimal("60000.00"))
        assert [source.kind for source in fact.sources] == ["CC504C"]


async def test_an_amendment_by_lrn_is_found_by_an_acceptance_that_states_both() -> None:
    by_lrn = cc513c(items=amount("40000.00"), mrn=None, lrn=LRN)
    for order in permutations([FIRST["515"], FIRST["528"], by_lrn, FIRST["504"]]):
        fact, figure = in_force(await taken(*([body] for body in order)))
        assert (fact.version, figure) == (2, Decimal("40000.00"))


async def test_what_customs_amends_before_there_is_an_mrn_counts_as_lodged_again() -> None:
    by_lrn = cc513c(items=amount("40000.00"), mrn=None, lrn=LRN, at="2026-03-02T09:11:00")
    accepted = cc504c(mrn=None, at="2026-03-02T09:12:00")
    for order in permutations([FIRST["515"], by_lrn, accepted]):
        door = await taken(*([body] for body in (*order, FIRST["528"])))
        fact, figure = in_force(door)
        assert (fact.version, figure) == (1, Decimal("40000.00"))
        assert not door.became("m-504").open


async def test_a_rejected_amendment_never_takes_effect() -> None:
    rejected = cc556c("513")
    for order in permutations([FIRST["515"], FIRST["528"], FIRST["513"], rejected]):
        door = await taken(*([body] for body in order))
        assert in_force(door)[0].version == 1
        assert door.became("m-513").note == "customs rejected it"
    await door.take(SECOND["513b"], SECOND["504b"])
    assert in_force(door)[1] == Decimal("50000.00"), "the amendment after it does"


async def test_a_rejected_declaration_is_closed() -> None:
    door = await taken([FIRST["515"]], [cc556c("515", mrn=None)])
    assert door.became("m-515").note == "customs rejected it"


async def test_the_source_may_say_which_amendment_it_accepts() -> None:
    door = await taken([FIRST["515"], FIRST["528"], FIRST["513"]])
    await door.take(cc513c(items=amount("1.00"), at="2026-03-02T10:50:00", identification="m-other"))
    await door.take(cc504c(correlates="m-513"))
    assert in_force(door)[1] == Decimal("70000.00")
    assert door.became("m-other").state is State.WAITING


async def test_another_declarants_amendment_under_the_same_lrn_is_not_meant() -> None:
    other = cc513c(items=amount("1.00"), mrn=None, lrn=LRN).replace(
        b"<Declarant><identificationNumber>BE", b"<Declarant><identificationNumber>FR"
    )
    door = await taken([FIRST["515"], FIRST["528"], other, FIRST["504"]])
    assert in_force(door)[0].version == 1
