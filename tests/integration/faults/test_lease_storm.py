"""Workers join and leave every two seconds while the database's clock seems to jump: progress, and nothing twice."""

import asyncio
import random
import time

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.faults.fleet import READS, Fleet, a_fleet
from tests.integration.faults.load import Load
from tests.integration.faults.proof import prove
from tests.integration.faults.recovery import FOLDS, Recovery
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.senders import Outboxes
from tests.integration.runtime.probe_process import until

STORM_S = 180.0 if FULL else 10.0
EVERY_S = 2.0
MOST = 3


async def clock_jumps(fleet: Fleet, days: int) -> None:
    """Leases and signs of life as they look after the clock has jumped back (days > 0) or ahead (days < 0)."""
    for service in {service for service, _ in READS}:
        await fleet.rows(f"UPDATE {service}.fold SET lease_until = lease_until + interval '{days} days' RETURNING 1")  # noqa: S608 - ours
        await fleet.rows(f"UPDATE {service}.worker SET seen_at = seen_at + interval '{days} days' RETURNING 1")  # noqa: S608 - ours


async def storm(fleet: Fleet, rng: random.Random, recovery: Recovery, report: Report) -> None:
    """Somebody joins, or somebody leaves: cleanly or not. One is always there."""
    begun, joining = time.monotonic(), set[asyncio.Task[object]]()
    while time.monotonic() - begun < STORM_S:
        if len(fleet.alive) + len(joining) < MOST and (len(fleet.alive) < 2 or rng.random() < 0.6):
            joining.add(asyncio.create_task(fleet.start()))
        elif len(fleet.alive) > 1:
            leaving = rng.choice(fleet.alive)
            await (recovery.kill(leaving) if rng.random() < 0.5 else fleet.terminate(leaving))
        await clock_jumps(fleet, rng.choice((-2, 2)))
        report.faults += 2
        await asyncio.sleep(EVERY_S)
        joining = {task for task in joining if not task.done()}
    await asyncio.gather(*joining)


async def feed(outboxes: Outboxes, storming: "asyncio.Task[None]") -> None:
    """A steady load for as long as the storm lasts."""
    series = 0
    while not storming.done():
        load = Load(SEED + series, 10, 100, amends=True, series=series)
        await outboxes.issue(load)
        await outboxes.send(load.stream())
        series += 1
        await asyncio.sleep(EVERY_S / 2)


@pytest.mark.timeout(900 if FULL else 180)
async def test_a_storm_of_leases_hinders_nothing(runtime_settings: RuntimeSettings) -> None:
    rng, report = random.Random(SEED), Report("lease storm")
    async with a_fleet(runtime_settings, partitions=4) as fleet:
        await fleet.start()
        outboxes, recovery = Outboxes(fleet), Recovery(fleet)
        storming = asyncio.create_task(storm(fleet, rng, recovery, report))
        await feed(outboxes, storming)
        await storming
        await fleet.quiet(90)
        report.recoveries = await recovery.end()
        await prove(fleet, report, outboxes.taken)


@pytest.mark.parametrize("days", [-2, 2] if FULL else [2])
async def test_a_worker_that_died_before_the_clock_jumped_is_replaced_all_the_same(
    days: int, runtime_settings: RuntimeSettings
) -> None:
    """Its lease must not last two days because the clock went back two days, nor its name count as alive."""
    report = Report("lease storm", f"death before a jump of {-days} days")
    async with a_fleet(runtime_settings, partitions=4) as fleet:
        dying, staying, recovery = await fleet.start(), await fleet.start(), Recovery(fleet)

        async def shared() -> bool:
            owners = [row["owner"] for row in await fleet.rows(FOLDS)]
            half = len(owners) // 2
            return all(sum(f"/{w.pid}/" in (owner or "") for owner in owners) == half for w in (dying, staying))

        await until(shared, "both work", timeout_s=30)
        await recovery.kill(dying)
        await clock_jumps(fleet, days)
        report.faults += 1

        async def alone() -> bool:
            return all(f"/{staying.pid}/" in (row["owner"] or "") for row in await fleet.rows(FOLDS))

        await until(alone, "the other holds all partitions", timeout_s=20)
        outboxes, load = Outboxes(fleet), Load(SEED, 10, 100)
        await outboxes.issue(load)
        await outboxes.send(load.stream())
        await fleet.quiet(60)
        report.recoveries = await recovery.end()
        await prove(fleet, report, outboxes.taken)
