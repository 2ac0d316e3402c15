"""Services running in the process of the test, or in one that dies, on an installation of their own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from services.core.message import Message
from services.runtime.clock import Clock
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
async def running(
    settings: RuntimeSettings, builds: Sequence[Build], clock: Clock | None = None
) -> AsyncIterator[Running]:
    """The services, ready; stopped cleanly afterwards."""
    process = Process(settings, builds, clock)
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


@asynccontextmanager
async def dying(
    settings: RuntimeSettings, service: str, crash_point: str
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A service, ready, in a process that kills itself at a crash point; its URL and the process."""
    installation = replace(Installation.of(settings), partitions=settings.kafka.partitions)
    variables = {**os.environ, **installation.environment(), "TOLBRUG_CRASH_AT": crash_point}
    command = [sys.executable, "-m", "tests.integration.service_process", service]
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line.startswith(b"ready "), f"{service} did not start: {line!r}"
        yield line.split()[1].decode(), process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
