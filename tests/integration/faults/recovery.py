"""How long a partition stands still after its worker died or stopped: until another session has committed in it."""

import asyncio
import time
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import dict_row

from tests.integration.faults.fleet import Fleet, Worker

FOLDS = "SELECT fold, partition, epoch, batch, owner FROM reconciliation.fold"
LOOK_S = 0.1


@dataclass
class Recovery:
    """Watches their partitions in the background. Those without work until the end do not count."""

    fleet: Fleet
    seconds: list[float] = field(default_factory=list)
    _watching: list[asyncio.Task[None]] = field(default_factory=list)

    async def kill(self, worker: Worker) -> None:
        """`kill -9`, and begin to watch."""
        await self.fleet.kill(worker)
        await self.watch(worker)

    async def watch(self, worker: Worker) -> None:
        """One that has just stopped to work, in whatever way."""
        since = time.monotonic()
        held = [row for row in await self.fleet.rows(FOLDS) if f"/{worker.pid}/" in (row["owner"] or "")]
        left = {(row["fold"], row["partition"]): (row["epoch"], row["batch"]) for row in held}
        self._watching.append(asyncio.create_task(self._watch(left, since)))

    async def _watch(self, left: dict[tuple[str, int], tuple[int, int]], since: float) -> None:
        async with await psycopg.AsyncConnection.connect(
            self.fleet.installation.database_url, row_factory=dict_row, autocommit=True
        ) as connection:
            while left:
                for row in await (await connection.execute(FOLDS.encode())).fetchall():
                    place = row["fold"], row["partition"]
                    if place in left and row["epoch"] > left[place][0] and row["batch"] > left[place][1]:
                        del left[place]
                        self.seconds.append(time.monotonic() - since)
                await asyncio.sleep(LOOK_S)

    async def end(self) -> list[float]:
        """Stop watching; the seconds of all partitions that went on."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        return self.seconds
