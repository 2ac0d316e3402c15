"""Processes of the probe service, and what Kafka and PostgreSQL hold after them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog


@dataclass
class ProbeProcess:
    """One process of the probe service."""

    process: asyncio.subprocess.Process
    url: str

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def terminate(self) -> int:
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 25)


@dataclass
class Probe:
    """Starts probe processes in one installation and looks at the result."""

    installation: Installation
    running: list[ProbeProcess] = field(default_factory=list)

    async def start(self, **environment: str) -> ProbeProcess:
        """A process that is ready."""
        process = await self.spawn(**environment)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line.startswith(b"ready "), f"the probe did not start: {line!r}"
        started = ProbeProcess(process, line.split()[1].decode())
        self.running.append(started)
        return started

    async def spawn(self, **environment: str) -> asyncio.subprocess.Process:
        """A process that may die before it is ready."""
        command = [sys.executable, "-m", "tests.integration.runtime.probe"]
        variables = {**os.environ, **self.installation.environment(), **environment}
        return await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.PIPE)

    async def close(self) -> None:
        for started in self.running:
            with suppress(ProcessLookupError):
                started.process.kill()
            await started.process.wait()

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(
            self.installation.database_url, row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def entries(self) -> dict[str, list[int]]:
        """Revisions per licence in the table, in order."""
        rows = await self.rows(
            "SELECT entry_of, entry_revision FROM probe.output WHERE entry_of IS NOT NULL ORDER BY 1, 2"
        )
        found: dict[str, list[int]] = {}
        for row in rows:
            found.setdefault(row["entry_of"], []).append(row["entry_revision"])
        return found

    def log(self, topic: str) -> KafkaLog:
        return KafkaLog(self.installation, topic)


async def until(condition: Callable[[], Awaitable[bool]], what: str, timeout_s: float = 20) -> None:
    """Wait for a condition, looking often; the test fails with `what` when it does not come."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await condition():  # noqa: ASYNC110 - the condition is in another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"after {timeout_s} s still not so: {what}")


async def post_licences(url: str, names: list[str], revision: int = 1) -> None:
    """Hand licences to the probe's door, many at once."""
    # httpx looks through all that waits and all connections at every answer: six hundred at once took seconds.
    at_once = asyncio.Semaphore(20)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:

        async def post(name: str) -> int:
            async with at_once:
                return (await client.post(f"/licences/{name}/{revision}")).status_code

        assert set(await asyncio.gather(*map(post, names))) == {202}
