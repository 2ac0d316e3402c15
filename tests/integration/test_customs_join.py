"""A declaration and its acceptance make one fact, in either order and when two processes receive them at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar

import pytest

from services.core.messages import ArrivedAtExit, DeclarationAccepted, GoodsExited
from services.customs.adapters.consignments import Consignments
from services.customs.adapters.declarers import Declarers
from services.customs.adapters.intake import Intake, Submission
from services.customs.adapters.log import MessageLog
from services.customs.adapters.register import Register
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.outbox import Outbox
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import migrate
from tests.integration.customs_installation import door
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.unit.customs.test_consignments import (
    ASSOCIATED,
    CONSOLIDATED,
    DUCR,
    FIRST,
    SECOND,
    acceptance,
    declaration,
    entry,
    report,
)
from tests.unit.customs.written import MRN, cc515c, cc528c

INTAKE = Intake(UTC)
T = TypeVar("T")


async def submission(body: bytes) -> Submission:
    return await INTAKE.submission("customs", body, "application/xml", None)


def register(database: Database) -> Register:
    log, outbox = MessageLog(Codec(), INTAKE), Outbox(database, "customs", Codec())
    return Register(
        log, Consignments(log), Declarers(checked=False), outbox, lambda: datetime(2026, 3, 2, 9, tzinfo=UTC)
    )


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, size=4)
    await database.open()
    await migrate(database, "customs", "services.customs.adapters.migrations")
    yield database
    await database.close()


async def outbox(database: Database) -> list[DeclarationAccepted]:
    rows = await database.rows("SELECT value FROM customs.outbox ORDER BY id")
    facts = [Codec().decode(bytes(row["value"])) for row in rows]
    assert all(isinstance(fact, DeclarationAccepted) for fact in facts)
    return [fact for fact in facts if isinstance(fact, DeclarationAccepted)]


async def take(database: Database, *bodies: bytes) -> None:
    """One process receives these in one transaction."""
    async with database.transaction() as connection:
        await register(database).receive(connection, [await submission(b) for b in bodies], [None] * len(bodies))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["declaration first", "acceptance first"])
async def test_the_fact_is_the_same_in_either_order(database: Database, order: tuple[int, int]) -> None:
    bodies = [cc515c(), cc528c()]
    for place in order:
        await take(database, bodies[place])
    (fact,) = await outbox(database)
    assert fact.fact_id == (await submission(cc528c())).id
    assert [source.kind for source in fact.sources] == ["CC515C", "CC528C"]
    assert (fact.mrn, fact.version, fact.lrn) == (MRN, 1, "ANR-2026-77")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["declaration first", "acceptance first"])
async def test_the_second_process_waits_for_the_first_and_then_joins(
    database: Database, order: tuple[int, int]
) -> None:
    """Held open on purpose: without the lock both would look before the other's commit, and no fact would come."""
    bodies = [cc515c(), cc528c()]
    await meet(database, [bodies[order[0]]], [bodies[order[1]]])
    assert len(await outbox(database)) == 1
    states = await database.rows("SELECT DISTINCT state, open FROM customs.message")
    assert [(row["state"], row["open"]) for row in states] == [("received", False)]


async def meet(database: Database, held: Sequence[bytes], coming: Sequence[bytes]) -> None:
    """The first are taken, and their transaction is held open until what comes waits for it."""
    async with database.transaction() as connection:
        await register(database).receive(connection, [await submission(b) for b in held], [None] * len(held))
        second = asyncio.create_task(take(database, *coming))
        async with asyncio.timeout(10):
            while not await _blocked(database):  # noqa: ASYNC110 - the lock is in the database
                await asyncio.sleep(0.01)
        assert not second.done()
    await second


async def _blocked(database: Database) -> bool:
    query = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool((await database.rows(query))[0]["n"])


async def test_two_acceptances_of_one_mrn_give_one_fact(database: Database) -> None:
    lrns = ["L-1", "L-2"]
    await take(database, *(cc515c(lrn=lrn, identification=f"d-{lrn}") for lrn in lrns))
    accepted = [cc528c(lrn=lrn, identification=f"a-{lrn}") for lrn in lrns]
    await asyncio.gather(*(take(database, body) for body in accepted))
    assert len(await outbox(database)) == 1
    notes = await database.rows("SELECT note FROM customs.message WHERE kind = 'CC528C' AND state = 'applied'")
    assert [row["note"] for row in notes] == ["a repeat: this MRN was accepted before"]


async def test_two_doors_that_share_the_senders_lose_and_double_nothing(runtime_settings: RuntimeSettings) -> None:
    """Halves of 40 pairs meet at two doors at the same time, every message at both of them."""
    mrns = (f"26BE3430{n:08d}A0" for n in count(1))
    pairs = [(f"L-{n}", next(mrns)) for n in range(40)]
    lodged = [cc515c(lrn=lrn, identification=f"d-{lrn}") for lrn, _ in pairs]
    accepted = [cc528c(lrn=lrn, mrn=mrn, identification=f"a-{lrn}") for lrn, mrn in pairs]
    async with door(runtime_settings) as one, door(runtime_settings) as two:
        bodies = [body for pair in zip(lodged, accepted, strict=True) for body in pair]
        answers = await asyncio.gather(*(d.post(body) for body in bodies for d in (one, two)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] * 80 + [202] * 80
        log = KafkaLog(Installation.of(runtime_settings), DeclarationAccepted.TOPIC)
        async with asyncio.timeout(20):
            while len(records := await log.read()) < len(pairs):  # noqa: ASYNC110 - the log is in Kafka
                await asyncio.sleep(0.05)
    facts = [Codec().decode(record.value or b"") for record in records]
    assert sorted(str(fact.key) for fact in facts) == sorted(mrn for _, mrn in pairs)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["declaration first", "movement first"])
async def test_a_movement_and_its_declaration_that_meet_at_two_processes_join_once(
    database: Database, order: tuple[int, int]
) -> None:
    """Each is held open while the other comes: the second waits at the reference and sees the first."""
    bodies = [(declaration("L-1"), acceptance("L-1", FIRST)), (report("ERS", entry(DUCR)),)]
    held, coming = (bodies[place] for place in order)
    await meet(database, held, coming)
    (arrived,) = await stated(database, ArrivedAtExit)
    assert arrived.mrn == FIRST
    (row,) = await database.rows("SELECT state, shipment, fact_id FROM customs.message WHERE kind = 'ERS'")
    assert (row["state"], row["shipment"], row["fact_id"]) == ("received", FIRST, arrived.fact_id)


@pytest.mark.parametrize("order", [(4, 0, 5, 1, 3, 2), (5, 0, 1, 4, 2, 3), (0, 1, 2, 3, 4, 5)])
async def test_a_movement_of_several_declarations_belongs_to_each(database: Database, order: tuple[int, ...]) -> None:
    for place in order:
        await take(database, CONSOLIDATED[place])
    await take(database, *CONSOLIDATED)
    assert sorted(fact.mrn for fact in await stated(database, GoodsExited)) == [FIRST, SECOND]
    said = await database.rows("SELECT shipment, fact_id FROM customs.said WHERE kind = 'EDL' AND fact IS NOT NULL")
    assert sorted(row["shipment"] for row in said) == [FIRST, SECOND]
    assert len({row["fact_id"] for row in said}) == 2


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (4, 5, 2, 3, 0, 1), (5, 3, 0, 1, 4, 2)])
async def test_what_is_under_a_master_reference_leaves_with_it(database: Database, order: tuple[int, ...]) -> None:
    for place in order:
        await take(database, ASSOCIATED[place])
    await take(database, *ASSOCIATED)
    assert [fact.mrn for fact in await stated(database, GoodsExited)] == [FIRST]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["declaration first", "departure first"])
async def test_a_departure_of_a_master_reference_and_a_declaration_under_it_join_once(
    database: Database, order: tuple[int, int]
) -> None:
    """Neither names the reference of the other: they wait for each other at the one that is put under the master."""
    await take(database, *ASSOCIATED[2:4])
    held, coming = ((ASSOCIATED[:2], ASSOCIATED[4:])[place] for place in order)
    await meet(database, held, coming)
    assert [fact.mrn for fact in await stated(database, GoodsExited)] == [FIRST]


async def stated(database: Database, kind: type[T]) -> list[T]:
    rows = await database.rows("SELECT value FROM customs.outbox ORDER BY id")
    facts = [Codec().decode(bytes(row["value"])) for row in rows]
    return [fact for fact in facts if isinstance(fact, kind)]
