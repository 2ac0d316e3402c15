"""Workers killed at random under load, and started again: nothing lost, nothing twice, every balance exact."""

import asyncio
import random
from itertools import islice

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.faults.fleet import Fleet, a_fleet
from tests.integration.faults.load import Load
from tests.integration.faults.proof import prove
from tests.integration.faults.recovery import Recovery
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.senders import Outboxes
from tests.integration.runtime.probe_process import until

LICENCES, EVENTS, WORKERS, KILLS = (20_000, 200_000, 3, 30) if FULL else (150, 1_000, 2, 2)


async def written(outboxes: Outboxes, wanted: int) -> None:
    """Until so many messages are in the outboxes: then the workers are in the midst of them."""

    async def so_many() -> bool:
        return outboxes.sent >= wanted

    await until(so_many, f"{wanted} messages are written", timeout_s=1_200)


async def kill_one(fleet: Fleet, recovery: Recovery, rng: random.Random) -> None:
    """One of the workers, and another in its place."""
    await recovery.kill(rng.choice(fleet.alive))
    await fleet.start()


@pytest.mark.timeout(5_400 if FULL else 240)
async def test_workers_killed_at_random_lose_and_double_nothing(runtime_settings: RuntimeSettings) -> None:
    rng, report = random.Random(SEED), Report("random kills")
    load = Load(SEED, LICENCES, EVENTS, amends=True)
    async with a_fleet(runtime_settings, partitions=4) as fleet:
        await asyncio.gather(*(fleet.start() for _ in range(WORKERS)))
        outboxes, recovery = Outboxes(fleet), Recovery(fleet)
        await outboxes.issue(load)
        events = load.stream()
        part = EVENTS // KILLS
        for _ in range(KILLS):
            before = outboxes.sent
            sending = asyncio.create_task(outboxes.send(islice(events, part)))
            await written(outboxes, before + int(part * rng.uniform(0.1, 0.8)))
            await kill_one(fleet, recovery, rng)
            report.faults += 1
            await sending
        await outboxes.send(events)
        await fleet.quiet(1_800 if FULL else 90)
        report.recoveries = await recovery.end()
        await prove(fleet, report, outboxes.taken)
