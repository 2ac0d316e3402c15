"""PostgreSQL that dies, cuts connections, has no room or no time: the door says 503, and what it took counts once."""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from services.customs.wiring import build
from services.runtime import database as runtime_database
from services.runtime.settings import RuntimeSettings
from tests.builders import mrn
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.steady_traffic import Traffic
from tests.integration.in_process import running
from tests.integration.own_postgres import OwnPostgres
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import declaration

KILLS, CUTS = (5, 200) if FULL else (1, 20)
DISK = "192m"
LEFT = 256 * 1024
"""Bytes that a full disk still has."""


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tolbrug-") as directory:
        yield Path(directory)


async def exchange_on(server: OwnPostgres, settings: RuntimeSettings) -> Exchange:
    exchange = Exchange.of(settings)
    exchange.installation = replace(exchange.installation, database_url=server.url)
    await exchange.start()
    return exchange


async def refused(traffic: Traffic, more: int) -> None:
    """Until the door has answered so many further 503."""
    before = traffic.answers[503]

    async def so() -> bool:
        return traffic.answers[503] >= before + more

    await until(so, f"the door says {more} times that it is not stored", 40)


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_a_server_that_is_killed_under_load(runtime_settings: RuntimeSettings, state: Path) -> None:
    server = OwnPostgres(state / "postgres")
    await server.start()
    exchange = await exchange_on(server, runtime_settings)
    try:
        report = Report("PostgreSQL", "killed")
        traffic = Traffic(exchange, report)
        await traffic.issue()
        sending = asyncio.create_task(traffic.run(senders=4))
        for _ in range(KILLS):
            await traffic.takes(20)
            server.kill()
            report.faults += 1
            await refused(traffic, 1)
            await server.start()
            report.recoveries.append(await traffic.decides())  # from the moment it is back
        await traffic.takes(20)
        traffic.stopped = True
        await sending
        await traffic.settle()
        await exchange.terminate()
    finally:
        await exchange.close()
        server.stop()


@pytest.mark.timeout(1_200 if FULL else 300)
async def test_connections_that_are_cut_under_load(runtime_settings: RuntimeSettings) -> None:
    exchange = Exchange.of(runtime_settings)
    await exchange.start()
    dice, report = random.Random(SEED), Report("PostgreSQL", "cuts")
    try:
        traffic = Traffic(exchange, report)
        await traffic.issue()
        sending = asyncio.create_task(traffic.run(senders=4))
        while report.faults < CUTS:
            await traffic.takes(1)
            backends = await exchange.rows(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for row in dice.sample(backends, min(3, len(backends))):
                report.faults += len(await exchange.rows(f"SELECT pg_terminate_backend({row['pid']})"))
            report.recoveries.append(await traffic.decides())
        await traffic.takes(20)
        traffic.stopped = True
        await sending
        await traffic.settle()
        await exchange.terminate()
    finally:
        await exchange.close()


@pytest.fixture
async def small_disk(state: Path) -> AsyncIterator[Path]:
    """A file system with little room."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = state / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    mounted = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    await asyncio.to_thread(subprocess.run, ["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room but a little."""
    filler = disk / "filler"
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, shutil.disk_usage(disk).free - LEFT)
    return filler


@pytest.mark.timeout(300)
async def test_a_disk_that_is_full(runtime_settings: RuntimeSettings, small_disk: Path) -> None:
    server = OwnPostgres(small_disk / "postgres")
    await server.start()
    exchange = await exchange_on(server, runtime_settings)
    try:
        report = Report("PostgreSQL", "full disk")
        traffic = Traffic(exchange, report)
        await traffic.issue()
        sending = asyncio.create_task(traffic.run(senders=4))
        await traffic.takes(20)
        filler = fill(small_disk)
        report.faults += 1
        await refused(traffic, 10)
        filler.unlink()
        if not server.lives:  # it gives up when there is no room for its log either
            await server.start()
        report.recoveries.append(await traffic.decides())
        await traffic.takes(20)
        traffic.stopped = True
        await sending
        await traffic.settle()
        await exchange.terminate()
    finally:
        await exchange.close()
        server.stop()


async def test_statements_that_take_too_long(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the table of messages: every request is answered in time, and none with 2xx."""
    monkeypatch.setattr(runtime_database, "OPTIONS", "-c statement_timeout=300")
    report = Report("PostgreSQL", "statements that take too long")
    messages = [declaration(message_id=f"m-{n}", mrn=mrn(n), lrn=f"L-{n}") for n in range(20)]
    async with running(runtime_settings, [build]) as door:
        async with (
            await psycopg.AsyncConnection.connect(runtime_settings.database.url) as holder,
            holder.transaction(),
        ):
            await holder.execute("LOCK TABLE customs.message")
            answers = await asyncio.gather(*(door.http.post("/v1/customs/messages", json=m) for m in messages))
        assert {(a.status_code, int(a.headers["Retry-After"]) > 0) for a in answers} == {(503, True)}
        assert await door.rows("SELECT id FROM customs.message") == []
        answers = await asyncio.gather(*(door.http.post("/v1/customs/messages", json=m) for m in messages))
        assert {a.status_code for a in answers} == {202}
        assert len(await door.rows("SELECT id FROM customs.message")) == len(messages)
    report.faults, report.messages = 1, len(messages)
    report.judge()
