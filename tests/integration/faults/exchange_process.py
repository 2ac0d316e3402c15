"""All four services in one process that a test can kill: `python -m tests.integration.faults.exchange_process`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from services.runtime.clock import Clock
from services.runtime.memory import looking_for_no_cycles
from services.runtime.process import Process, stop_on_signals
from services.runtime.settings import RuntimeSettings
from services.runtime.telemetry import configure_logging
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog


@dataclass
class Exchange:
    """One installation and the process that serves it. `environment` wins over what the installation says."""

    installation: Installation
    environment: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    _process: asyncio.subprocess.Process | None = None

    @classmethod
    def of(cls, settings: RuntimeSettings, **environment: str) -> "Exchange":
        return cls(replace(Installation.of(settings), partitions=settings.kafka.partitions), environment)

    async def start(self) -> None:
        """Until it is ready."""
        command = [sys.executable, "-m", "tests.integration.faults.exchange_process"]
        variables = {**os.environ, **self.installation.environment(), **self.environment}
        self._process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 90)
        assert line.startswith(b"ready "), f"the exchange did not start: {line!r}"
        self.url = line.split()[1].decode()

    @property
    def rss(self) -> int:
        """Bytes of memory it holds now."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def terminate(self) -> None:
        """A clean end, as SIGTERM asks for it; it must have lived until now."""
        assert self._process is not None
        assert self.lives, f"the exchange has ended by itself: {self._process.returncode}"
        self._process.terminate()
        assert await asyncio.wait_for(self._process.wait(), 30) == 0

    async def close(self) -> None:
        """Whatever happened: nothing is left running."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(
            self.installation.database_url, row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def metric(self, name: str) -> float:
        """The sum of all samples of one metric."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            lines = (await client.get("/metrics")).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.partition("{")[0].split(" ")[0] == name)

    def log(self, topic: str) -> KafkaLog:
        return KafkaLog(self.installation, topic)


async def main() -> None:
    with looking_for_no_cycles():
        from services.cli.services import SERVICES
    configure_logging(os.environ.get("EXCHANGE_LOG", "ERROR"))
    clock = Clock(timedelta(days=float(os.environ.get("EXCHANGE_DAYS_AHEAD", "0"))))
    process = Process(RuntimeSettings(), [entry.build for entry in SERVICES.values()], clock)
    stop_on_signals(process)
    await process.run(lambda url: print(f"ready {url}", flush=True))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    asyncio.run(main())
