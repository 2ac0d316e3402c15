"""A worker that stands still holds nobody up, whatever it was in the middle of."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from services.runtime.database import AWAY, Database
from services.runtime.fold_table import FoldTable
from services.runtime.settings import RuntimeSettings
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
