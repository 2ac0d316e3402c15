"""The door in a process of its own, the other services in another, and the senders that are in order in a third."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation

OTHERS = ("licensing", "reconciliation", "alerting")


@dataclass
class Service:
    """One process of services, ready."""

    url: str
    process: Process

    @property
    def lives(self) -> bool:
        return self.process.returncode is None

    @property
    def peak_bytes(self) -> int:
        """The most memory it ever held; where the system does not tell, what it holds now."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return int(psutil.Process(self.process.pid).memory_info().rss)
        lines = dict(line.partition(":")[::2] for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024

    async def metric(self, name: str) -> float:
        """The sum of all samples of one metric."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            lines = (await client.get("/metrics")).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.partition("{")[0].split(" ")[0] == name)


@dataclass
class Place:
    """One installation and its processes."""

    installation: Installation
    door: Service
    others: Service

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(
            self.installation.database_url, row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    @asynccontextmanager
    async def neighbours(self, rate: float, seed: str) -> AsyncIterator[dict[str, Any]]:
        """Beside the block; what came of them is in the dictionary after it."""
        result: dict[str, Any] = {}
        command = [sys.executable, "-m", "tests.integration.fuzz.neighbours", self.door.url, str(rate), seed]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        try:
            yield result
            printed, _ = await process.communicate(b"\n")
            result.update(json.loads(printed))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def place(settings: RuntimeSettings) -> AsyncIterator[Place]:
    """All services; the door's process is the door alone."""
    installation = replace(Installation.of(settings), partitions=settings.kafka.partitions)
    variables = os.environ | installation.environment()
    async with _service(variables, *OTHERS) as others, _service(variables, "customs") as door:
        yield Place(installation, door, others)


@asynccontextmanager
async def _service(variables: Mapping[str, str], *names: str) -> AsyncIterator[Service]:
    command = [sys.executable, "-m", "tests.integration.service_process", *names]
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=PIPE)
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line.startswith(b"ready "), f"{names} did not start: {line!r}"
        yield Service(line.split()[1].decode(), process)
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)
