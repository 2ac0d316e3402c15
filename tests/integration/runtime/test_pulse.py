"""Whether PostgreSQL answers is asked all the time, and only the server's own silence counts."""

import asyncio
import time

from services.runtime.database import Database
from services.runtime.pulse import SILENT_S
from tests.integration.runtime.probe_process import until


async def test_a_process_that_stood_still_itself_cuts_nobody_off(database_url: str) -> None:
    """It does so while it connects in order to ask: that takes several turns of both."""
    database = Database(database_url, size=2)
    await database.open()
    async with database.connection() as connection:
        asked = asyncio.create_task(connection.execute("SELECT pg_sleep(3)"))
        watching = asyncio.create_task(database.watch())
        for _ in range(10):  # turns: both have begun
            await asyncio.sleep(0)
        time.sleep(1.5 * SILENT_S)  # noqa: ASYNC251 - it is to stand still
        await asked
    assert database.answers
    watching.cancel()
    await asyncio.wait({watching})
    await database.close()


async def test_a_connection_that_was_ended_alone_is_no_sign(database_url: str) -> None:
    database = Database(database_url, size=2)
    await database.open()
    watching = asyncio.create_task(database.watch())
    ended = 0

    async def looked_at() -> bool:
        nonlocal ended
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query = 'SELECT 1'"
        ended += len(await database.rows(f"SELECT pg_terminate_backend(pid) {others}"))
        assert database.answers
        return ended > 3

    await until(looked_at, "it was ended some times, and asked again")
    watching.cancel()
    await asyncio.wait({watching})
    await database.close()
