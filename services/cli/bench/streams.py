"""`bench ledger` and `bench shipments`: a fold that finds its input waiting, and works it off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from services.cli.bench.place import Place, fresh
from services.cli.bench.progress import figures
from services.core.message import Message
from services.core.messages import DeclarationAccepted, Demand
from services.runtime.settings import RuntimeSettings
from services.simulator import load

DONE: Final = "SELECT coalesce(sum((positions -> %s ->> 'next')::bigint), 0) FROM reconciliation.fold WHERE fold = %s"


@dataclass(frozen=True, slots=True)
class StreamJob:
    """A fold, the topic its progress is measured on, and the load for it."""

    fold: str
    topic: str
    messages: Callable[[int, int, int], Iterator[Message]]


JOBS = {
    "ledger": StreamJob("ledger", Demand.TOPIC, load.demands),
    "shipments": StreamJob("shipments", DeclarationAccepted.TOPIC, load.facts),
}


async def give(place: Place, job: StreamJob, records: int, licences: int) -> None:
    """Publish licences, and the records of a job that wait for its fold."""
    granted = (load.licence(n) for n in range(licences))
    await place.publish(chain(granted, job.messages(1, records, licences)), load.BEGIN)


async def measure(settings: RuntimeSettings, name: str, *, records: int, licences: int, workers: int) -> dict[str, Any]:
    """One run on a fresh installation: records per second, CPU per record, peak memory of the largest worker."""
    job = JOBS[name]
    async with fresh(settings) as place:
        await give(place, job, records, licences)
        commands = [("run", "reconciliation")] * workers
        async with place.running(*commands) as (measured, _):
            return figures(await place.followed(measured, DONE, (job.topic, job.fold), records))
