"""Workers of one installation: processes with all four services, that a test starts, stops and kills."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg.rows import dict_row

from services.runtime.settings import RuntimeSettings
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.records import ends
from tests.integration.installation import Installation

READS = {
    ("reconciliation", "shipments"): (
        "customs.declaration.v1",
        "reconciliation.cover.v1",
        "reconciliation.reminder.v1",
        "reconciliation.resemblance.v1",
    ),
    ("reconciliation", "screening"): (
        "licensing.refusal.v1",
        "licensing.denial.v1",
        "licensing.dossier.v1",
        "reconciliation.watched.v1",
        "reconciliation.screening.v1",
    ),
    ("reconciliation", "ledger"): (
        "licensing.licence.v1",
        "licensing.usage.v1",
        "reconciliation.demand.v1",
        "reconciliation.licence-reminder.v1",
    ),
    ("alerting", "alerts"): ("reconciliation.finding.v1",),
    ("customs", "answers"): ("reconciliation.verdict.v1",),
    ("customs", "intake"): ("intake.customs.v1",),
}


class Worker(Exchange):
    """A process that can be treated badly."""

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, timeout_s: float) -> int:
        """Its exit code."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), timeout_s)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


@dataclass
class Fleet:
    """Starts workers; `alive` are those that a sender may ask."""

    installation: Installation
    environment: dict[str, str] = field(default_factory=dict)
    alive: list[Worker] = field(default_factory=list)
    started: list[Worker] = field(default_factory=list)

    async def start(self, **environment: str) -> Worker:
        worker = Worker(self.installation, {**self.environment, **environment})
        self.started.append(worker)
        await worker.start()
        self.alive.append(worker)
        return worker

    async def kill(self, worker: Worker) -> None:
        self.alive.remove(worker)
        await worker.close()

    async def terminate(self, worker: Worker) -> None:
        self.alive.remove(worker)
        await worker.terminate()

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(
            self.installation.database_url, row_factory=dict_row, autocommit=True
        ) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def quiet(self, timeout_s: float) -> None:
        """Until every outbox is empty and every fold has read its inputs to the end and published what it made."""
        deadline = time.monotonic() + timeout_s
        while (waiting := await self._waiting()) and time.monotonic() < deadline:  # noqa: ASYNC110 - other processes work
            await asyncio.sleep(0.1)
        assert not waiting, f"after {timeout_s} s there is still {waiting}"

    async def _waiting(self) -> str:
        for service in ("licensing", "customs"):
            if await self.rows(f"SELECT 1 FROM {service}.outbox WHERE published_at IS NULL LIMIT 1"):  # noqa: S608 - names of ours
                return f"an outbox of {service} to publish"
        return await self._due() or await self._behind() or await self._due()

    async def _due(self) -> str:
        """Reminders that wait for nothing but their worker."""
        ahead = float(self.environment.get("EXCHANGE_DAYS_AHEAD", "0"))
        due = f"NOT said AND due <= now() + make_interval(secs => {86_400 * ahead})"
        rows = await self.rows(f"SELECT aggregate FROM reconciliation.reminder WHERE {due} LIMIT 1")  # noqa: S608 - of ours
        return f"{rows[0]['aggregate']} to be reminded of" if rows else ""

    async def _behind(self) -> str:
        end = await ends(self.installation, sorted({topic for topics in READS.values() for topic in topics}))
        for (service, fold), topics in READS.items():
            query = f"SELECT * FROM {service}.fold WHERE fold = '{fold}'"  # noqa: S608 - names of ours
            for row in await self.rows(query):
                if row["published"] < row["last_output"]:
                    return f"{fold}[{row['partition']}] to publish"
                for topic in topics:
                    if row["positions"].get(topic, {"next": 0})["next"] < end[topic, row["partition"]]:
                        return f"{topic}[{row['partition']}] to be read by {fold}"
        return ""


@asynccontextmanager
async def a_fleet(settings: RuntimeSettings, partitions: int = 2, **environment: str) -> AsyncIterator[Fleet]:
    """Nothing is left running, whatever happens."""
    fleet = Fleet(replace(Installation.of(settings), partitions=partitions), environment)
    try:
        yield fleet
    finally:
        for worker in fleet.started:
            await worker.close()
