"""The entries of the job as a consumer reads them while it runs."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.cli.bench.peer.installation import AT_ONCE, LOOK_MS, Installation
from services.cli.bench.peer.messages import Entry

LOOK_S: Final = 0.02
PATIENCE_S: Final = 120


class Arrivals:
    """How long after its command's time each entry was read, in seconds."""

    def __init__(self, here: Installation) -> None:
        self.waits: list[float] = []
        self._here = here

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._read(partition)) for partition in self._here.partitions]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _read(self, partition: int) -> None:
        async with self._here.reading(Entry.TOPIC, partition) as reader:
            while True:
                records = await reader.read(AT_ONCE, LOOK_MS)
                at = time.time()
                self.waits += [at - record.at.timestamp() for record in records]

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.waits) < count:  # noqa: ASYNC110 - four readers count
                await asyncio.sleep(LOOK_S)
