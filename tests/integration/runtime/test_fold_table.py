"""A worker that stands still holds nobody up, whatever it was in the middle of; who was overtaken writes nothing."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from services.core.messages import Shipment
from services.core.values import Mrn
from services.reconciliation.domain.shipment import empty
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Database
from services.runtime.fold_table import FoldTable
from services.runtime.output_table import Output, OutputTable
from services.runtime.reminder_table import ReminderTable
from services.runtime.settings import RuntimeSettings
from services.runtime.statements import write
from services.runtime.store import SnapshotStore
from services.runtime.tables import migrate

LEASE_S = 0.5


async def test_a_worker_stopped_inside_its_copy_loses_the_row(runtime_settings: RuntimeSettings) -> None:
    url, table = runtime_settings.database.url, FoldTable("still", "count")
    zombie, other = Database(url, name="zombie", size=2), Database(url, name="other", size=2)
    await zombie.open()
    await other.open()
    await migrate(other, "still", None)
    async with other.transaction() as connection:
        await table.prepare(connection, 1)
    copying = asyncio.Event()

    async def stands_still() -> None:
        async with zombie.connection() as connection:
            assert await table.claim(connection, 0, "zombie", LEASE_S) == 1
        async with zombie.transaction() as connection:
            row = await table.read(connection, 0)
            assert await table.advance(connection, row, replace(row, batch=1))
            async with connection.cursor() as cursor, cursor.copy("COPY still.output FROM STDIN"):
                copying.set()
                await asyncio.Event().wait()

    standing = asyncio.create_task(stands_still())
    await asyncio.wait_for(copying.wait(), 10)
    async with asyncio.timeout(10), other.connection() as connection:
        while not await table.free(connection, LEASE_S):  # noqa: ASYNC110 - the lease ends by the database's clock
            await asyncio.sleep(0.05)
        await table.cut_off(connection, 0, LEASE_S)
        assert await table.claim(connection, 0, "other", LEASE_S) == 2
        assert (await table.read(connection, 0)).batch == 0
    standing.cancel()
    with suppress(asyncio.CancelledError, *AWAY):
        await standing
    await zombie.close()
    await other.close()


async def test_who_was_overtaken_writes_nothing_with_the_statement_that_fails(
    runtime_settings: RuntimeSettings,
) -> None:
    """Outputs, states and reminders go with the row that is compared and set: all of them, or none."""
    database, table = Database(runtime_settings.database.url, size=2), FoldTable("still", "count")
    outputs, reminders = OutputTable("still", "count"), ReminderTable("still", "count")
    store = SnapshotStore[Shipment, Shipment]("still", "count", Codec(), Shipment, lambda s: s, lambda s: s)
    due = datetime(2026, 3, 1, tzinfo=UTC)
    first, second = (Output(seq, "t", b"k", "x", f"id-{seq}", due, None, None, None, None, b"v") for seq in (1, 2))
    shipment = empty("26BE343000000001A1")
    await database.open()
    await migrate(database, "still", None)
    async with database.transaction() as connection:
        await table.prepare(connection, 1)
        row = await table.read(connection, 0)
        await outputs.append(connection, 0, [first])
        await write(connection, [reminders.put(0, {"old": due})])
    assert outputs.takes([second])
    parts = [
        reminders.put(0, {"new": due}),
        reminders.drop(["old"]),
        outputs.part(0, [second]),
        *store.parts(0, {shipment.mrn: shipment}),
    ]

    async def written() -> list[list[object]]:
        async with database.connection() as connection:
            asked = ("seq FROM still.output", "aggregate FROM still.snapshot", "aggregate FROM still.reminder")
            answers = [await connection.execute(f"SELECT {each} ORDER BY 1".encode()) for each in asked]
            found = [await answer.fetchall() for answer in answers]
        return [[value for one in rows for value in one.values()] for rows in found]

    async with database.connection() as connection:
        stale, after = replace(row, batch=7), replace(row, batch=8)
        assert not await table.advance(connection, stale, after, parts)
        assert await written() == [[1], [], ["old"]]
        assert await table.advance(connection, row, replace(row, batch=1), parts)
    assert await written() == [[1, 2], [Mrn("26BE343000000001A1")], ["new"]]
    await database.close()
