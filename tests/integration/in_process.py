"""Services running in the process of the test, on an installation of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.service import Build
from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog


@dataclass(frozen=True)
class Running:
    """The services' HTTP, and what stands behind them."""

    http: httpx.AsyncClient
    settings: RuntimeSettings

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(
            self.settings.database.url, row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def published(self, topic: str) -> list[Message]:
        """What stands on a topic now, repeats left out."""
        records = await KafkaLog(Installation.of(self.settings), topic).read()
        found = {dict(r.headers)["ce_id"]: Codec().decode(r.value or b"") for r in records}
        return list(found.values())


@asynccontextmanager
async def running(settings: RuntimeSettings, builds: Sequence[Build]) -> AsyncIterator[Running]:
    """The services, ready; stopped cleanly afterwards."""
    process = Process(settings, builds)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(process.run(ready.set_result))
    task.add_done_callback(lambda _: ready.done() or ready.cancel())
    try:
        url = await ready
    except asyncio.CancelledError:
        await task
        raise
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        yield Running(client, settings)
    process.stop()
    await task
