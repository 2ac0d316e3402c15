"""The peer job on real engines: every command answered once and rightly, whoever is killed in the middle."""

import asyncio
import signal
from collections.abc import AsyncIterator
from itertools import islice

import psutil
import psycopg
import pytest

from services.cli.bench.peer import fold
from services.cli.bench.peer.installation import Installation, result
from services.cli.bench.peer.load import Load
from services.cli.bench.peer.oracle import Judgement
from services.cli.bench.place import Place
from services.runtime.kafka import topics
from services.runtime.settings import RuntimeSettings

LOAD = Load(records=3_000, licences=150)
FIRST = 1_800
PATIENT = {"TOLBRUG_FOLD__LEASE_S": "60"}
"""Whoever waited for the lease of one that was killed would come too late for this test."""
DYING = {"TOLBRUG_CRASH_AT": "fold-between-publish-and-mark:8", "TOLBRUG_FOLD__BATCH": "60"}


@pytest.fixture
async def here(runtime_settings: RuntimeSettings) -> AsyncIterator[Installation]:
    """Topics of four partitions, as somebody else made them. A job that a failed test leaves behind is killed."""
    kafka = runtime_settings.kafka.model_copy(update={"partitions": 4})
    await topics.apply(kafka, fold.TOPICS)
    yield Installation(Place(runtime_settings.model_copy(update={"kafka": kafka})))
    for child in psutil.Process().children():
        if "peer-job" in child.cmdline():
            child.kill()


async def published(here: Installation, count: int) -> None:
    """Wait until so many entries are."""
    query = "SELECT coalesce(sum(published), 0) FROM bench.fold"
    async with asyncio.timeout(20):
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(here.place.settings.database.url) as connection:
                    row = await (await connection.execute(query)).fetchone()
                if row and row[0] >= count:
                    return
            except psycopg.errors.UndefinedTable:
                pass
            await asyncio.sleep(0.05)


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def gone(processes: list[psutil.Process]) -> None:
    async with asyncio.timeout(2):
        while any(map(alive, processes)):  # noqa: ASYNC110 - other processes end
            await asyncio.sleep(0.01)


async def test_workers_that_die_are_replaced_and_nothing_is_lost_or_doubled(here: Installation) -> None:
    await here.write(LOAD.commands())
    figures = await result(await here.job(2, LOAD.records, TOLBRUG_FOLD__LEASE_S="3", **DYING))
    assert figures["records"] == LOAD.records
    assert figures["replaced"] >= 2
    assert figures["peak_rss_mb"] > 20
    judgement = await here.judged()
    assert (judgement.lost, judgement.wrong) == (0, 0)
    assert judgement.repeated > 0


async def test_a_job_that_is_killed_ends_with_its_workers_and_goes_on_when_started_again(here: Installation) -> None:
    commands = LOAD.commands()
    await here.write(islice(commands, FIRST))
    job = await here.job(2, LOAD.records, **PATIENT)
    await published(here, FIRST)
    workers = psutil.Process(job.pid).children()
    job.send_signal(signal.SIGKILL)
    await job.wait()
    await gone(workers)
    assert len(workers) == 2
    await here.write(commands)
    figures = await result(await here.job(2, LOAD.records, **PATIENT))
    assert (figures["records"], figures["published"]) == (LOAD.records - FIRST, LOAD.records)
    assert await here.judged() == Judgement()
    assert (await result(await here.job(2, LOAD.records, **PATIENT)))["records"] == 0


async def test_a_job_that_is_told_to_stop_gives_its_partitions_back(here: Installation) -> None:
    await here.write(LOAD.commands())
    job = await here.job(1, LOAD.records + 1)
    await published(here, LOAD.records)
    job.terminate()
    assert await job.wait() == 128 + signal.SIGTERM
    rows = await owners(here)
    assert rows == [None] * 4


async def owners(here: Installation) -> list[str | None]:
    async with await psycopg.AsyncConnection.connect(here.place.settings.database.url) as connection:
        rows = await (await connection.execute("SELECT owner FROM bench.fold")).fetchall()
    return [row[0] for row in rows]
