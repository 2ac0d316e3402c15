"""A replay without the processes of the command."""

import asyncio

from services.cli.replay_place import fresh_database, prepared
from services.cli.replay_work import Job, jobs_of, rebuild_partition
from services.reconciliation.adapters.replay import Rebuilt
from services.runtime.settings import RuntimeSettings


async def replayed(settings: RuntimeSettings, target: str, *, table: bool, held: int = 100) -> list[Rebuilt]:
    """What each partition gave; a repeat that is altered counts as a difference of the first."""
    workshop = await prepared(target, settings.kafka.partitions)
    jobs = await jobs_of(Job(settings, target, held=held, table=table), settings.kafka.partitions)
    results = list(await asyncio.gather(*(rebuild_partition(job) for job in jobs)))
    for altered in workshop.finish():
        results[0].difference = results[0].difference or altered
    workshop.clear()
    return results


async def differences(settings: RuntimeSettings, *, table: bool = True, held: int = 100) -> list[str]:
    """What a replay finds."""
    with fresh_database(settings.database.url, None, keep=False) as target:
        results = await replayed(settings, target, table=table, held=held)
    return [result.difference for result in results if result.difference is not None]
