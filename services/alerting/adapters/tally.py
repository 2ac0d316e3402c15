"""Counts what a fold's transaction did once that transaction is known to be committed.

`save` runs before the commit and may be rolled back, and the work is then done again: counted there, it would count
twice. So a save leaves its counts with the id of its transaction, and a loop asks PostgreSQL what became of it. What
was committed counts once, in the process that did it; killed between commit and count, it loses counts, never alerts.
"""

import asyncio
from collections.abc import Callable

from services.runtime.database import AWAY, Connection, Database

PAUSE_S = 0.25


class Tally:
    """Actions that wait for the commit of their transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, Callable[[], None]] = {}

    async def after_commit(self, connection: Connection, action: Callable[[], None]) -> None:
        """Run `action` once the transaction of `connection` is committed; never when it is rolled back."""
        row = await (await connection.execute("SELECT pg_current_xact_id()::text AS id")).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
        self._waiting[row["id"]] = action

    async def settle(self) -> None:
        """Run or drop what has ended."""
        query = "SELECT id, pg_xact_status(id::xid8) AS status FROM unnest(%s::text[]) AS ids (id)"
        for row in await self._database.rows(query, (list(self._waiting),)) if self._waiting else []:
            if row["status"] == "in progress":
                continue
            action = self._waiting.pop(row["id"])
            if row["status"] == "committed":
                action()

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            try:
                await self.settle()
            except AWAY:
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(PAUSE_S)
