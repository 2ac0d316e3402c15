"""A worker that slept over its lease wakes up in the middle of its work: what it then commits is refused."""

import asyncio
import random
import signal

import pytest

from services.runtime.settings import RuntimeSettings
from tests.integration.faults.fleet import Fleet, Worker, a_fleet
from tests.integration.faults.load import Load
from tests.integration.faults.proof import prove
from tests.integration.faults.recovery import FOLDS, Recovery
from tests.integration.faults.report import FULL, SEED, Report
from tests.integration.faults.senders import Outboxes
from tests.integration.runtime.probe_process import until

ROUNDS = 10 if FULL else 1
EVENTS = 1_500


async def in_the_midst(fleet: Fleet, worker: Worker, commits: int) -> None:
    """Until the worker has committed so many batches from now on: then it is stopped while it works on the next."""

    async def batches() -> int:
        return sum(row["batch"] for row in await fleet.rows(FOLDS) if f"/{worker.pid}/" in (row["owner"] or ""))

    begun = await batches()

    async def worked() -> bool:
        return await batches() >= begun + commits

    await until(worked, "the worker is in the midst of its work", timeout_s=60)


async def taken_over(fleet: Fleet, zombie: Worker, epochs: dict[tuple[str, int], int]) -> None:
    """Until others hold every partition that was the zombie's, and have committed there."""

    async def all_of_them() -> bool:
        rows = {(row["fold"], row["partition"]): row for row in await fleet.rows(FOLDS)}
        return all(rows[place]["epoch"] > epoch for place, epoch in epochs.items())

    await until(all_of_them, "others have taken over", timeout_s=60)


@pytest.mark.timeout(900 if FULL else 180)
async def test_a_worker_that_slept_over_its_lease_changes_nothing(runtime_settings: RuntimeSettings) -> None:
    rng, report = random.Random(SEED), Report("zombie")
    async with a_fleet(runtime_settings, partitions=2) as fleet:
        outboxes, recovery = Outboxes(fleet), Recovery(fleet)
        await fleet.start()
        for number in range(ROUNDS):
            load = Load(SEED + number, 40, EVENTS, amends=True, series=number)
            await outboxes.issue(load)
            sending = asyncio.create_task(outboxes.send(load.stream()))
            (zombie,) = fleet.alive
            await in_the_midst(fleet, zombie, rng.randint(3, 12))
            zombie.signal(signal.SIGSTOP)
            fleet.alive.remove(zombie)
            await recovery.watch(zombie)
            report.faults += 1
            held = [row for row in await fleet.rows(FOLDS) if f"/{zombie.pid}/" in (row["owner"] or "")]
            assert held, "it was stopped while it held partitions"
            await fleet.start()
            await taken_over(fleet, zombie, {(row["fold"], row["partition"]): row["epoch"] for row in held})
            zombie.signal(signal.SIGCONT)
            await sending
            await fleet.quiet(60)
            assert await zombie.metric("tolbrug_records_in_total") > 0, "it lives"
            await zombie.terminate()
        report.recoveries = await recovery.end()
        await prove(fleet, report, outboxes.taken)
