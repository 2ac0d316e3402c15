"""Amendments on the real log: every order of arrival, two processes at once, and what the log then holds."""

import asyncio
from decimal import Decimal
from itertools import permutations

import pytest

from services.core.messages import DeclarationAccepted, DeclarationAmended
from services.runtime.codec import Codec
from services.runtime.database import Database
from tests.integration.test_customs_join import database, outbox, take
from tests.unit.customs.test_requests import answered, asked
from tests.unit.customs.written import cc515c, cc528c
from tests.unit.customs.written_eu import amount, cc504c, cc513c

__all__ = ["database"]

KINDS = ("CC515C", "CC528C", "CC513C", "CC504C")


def messages(number: int) -> dict[str, bytes]:
    """One declaration and its amendment, under an LRN and an MRN of their own."""
    lrn, mrn = f"L-{number}", f"26BE3430{number:08d}A0"
    return {
        "CC515C": cc515c(lrn=lrn, identification=f"515-{number}"),
        "CC528C": cc528c(lrn=lrn, mrn=mrn, identification=f"528-{number}"),
        "CC513C": cc513c(mrn=mrn, items=amount("70000.00"), identification=f"513-{number}"),
        "CC504C": cc504c(mrn=mrn, lrn=lrn, identification=f"504-{number}"),
    }


def versions(facts: list[DeclarationAccepted]) -> dict[str, list[tuple[int, Decimal | None]]]:
    told: dict[str, list[tuple[int, Decimal | None]]] = {}
    for fact in sorted(facts, key=lambda fact: fact.version):
        told.setdefault(fact.mrn, []).append((fact.version, fact.items[0].documents[0].amount))
    return told


AMENDED = [(1, Decimal("100000.00")), (2, Decimal("70000.00"))]


async def test_every_order_of_arrival_gives_the_same_versions(database: Database) -> None:
    orders = list(permutations(KINDS))
    for number, order in enumerate(orders):
        for kind in order:
            await take(database, messages(number)[kind])
    told = versions(await outbox(database))
    assert list(told.values()) == [AMENDED] * len(orders)
    left = await database.rows("SELECT kind, note FROM customs.message WHERE open OR state <> 'received'")
    assert left == []


async def test_all_in_one_transaction_are_the_same(database: Database) -> None:
    await take(database, *(body for number in range(3) for body in reversed(messages(number).values())))
    assert list(versions(await outbox(database)).values()) == [AMENDED] * 3


@pytest.mark.parametrize("last", ["CC513C", "CC504C"])
async def test_processes_that_receive_the_parts_at_once_lose_and_double_nothing(database: Database, last: str) -> None:
    for number in range(12):
        known = messages(number)
        first = known.pop("CC515C" if last == "CC513C" else "CC528C")
        await take(database, first)
        await asyncio.gather(*(take(database, body) for body in known.values()))
    assert list(versions(await outbox(database)).values()) == [AMENDED] * 12


async def test_a_later_amendment_is_judged_by_what_the_log_holds(database: Database) -> None:
    """The acceptance took the older declaration because its own came last: read again from the log, that is seen."""
    known = messages(0)
    mrn, lrn = "26BE343000000000A0", "L-0"
    later = cc513c(mrn=mrn, items=amount("50000.00"), at="2026-03-02T12:00:00", identification="513-later")
    accepted = cc504c(mrn=mrn, lrn=lrn, at="2026-03-02T12:30:00", identification="504-later")
    for body in (known["CC515C"], known["CC528C"], known["CC513C"], accepted, later, known["CC504C"]):
        await take(database, body)
    told = versions(await outbox(database))[mrn]
    assert [version for version, _ in told] == [1, 2, 3]
    assert told[-1][1] == Decimal("50000.00")


async def test_what_the_log_holds_of_requests_is_joined_again_and_stated_once(database: Database) -> None:
    """Two amendments under one number: the second answer comes first, takes the first request, and gives it back."""
    bodies = [asked(10), answered(13), answered(11), asked(12)]
    for body in (*bodies, *bodies):
        await take(database, body)
    rows = await database.rows("SELECT value FROM customs.outbox ORDER BY id")
    facts = [Codec().decode(bytes(row["value"])) for row in rows]
    assert [fact.amended_at.day for fact in facts if isinstance(fact, DeclarationAmended)] == [10, 12]
    log = await database.rows("SELECT kind, state, fact_id = id AS own FROM customs.message ORDER BY seq")
    assert [(row["kind"], row["state"], row["own"]) for row in log] == [
        ("COR", "received", True),
        ("DMSREQ", "received", False),
        ("DMSREQ", "received", False),
        ("COR", "received", True),
    ]
