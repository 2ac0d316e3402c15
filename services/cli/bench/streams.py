"""`bench ledger` and `bench shipments`: a fold that finds its input waiting, and works it off."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import psycopg

from services.cli.bench.place import Measured, Place, fresh, now
from services.core.message import Message
from services.core.messages import DeclarationAccepted, Demand
from services.runtime.settings import RuntimeSettings
from services.simulator import load

LOOK_S = 0.05
FROM, TO = 0.1, 0.9
"""The rate is taken between these shares of the work: without the start and without the tail."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How far the fold is, and what it has used."""

    at: float
    done: int
    cpu_s: float
    rss_bytes: int


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


async def measure(settings: RuntimeSettings, name: str, *, records: int, licences: int, workers: int) -> dict[str, Any]:
    """One run on a fresh installation: records per second, CPU per record, peak memory of the largest worker."""
    job = JOBS[name]
    async with fresh(settings) as place:
        granted = (load.licence(n) for n in range(licences))
        await place.publish(chain(granted, job.messages(1, records, licences)), load.BEGIN)
        commands = [("run", "reconciliation")] * workers
        begun = Sample(now(), 0, 0.0, 0)
        async with place.running(*commands) as (measured, _):
            samples = [begun, *await _follow(place, measured, job, records)]
    return _result(samples, records)


async def _follow(place: Place, measured: Measured, job: StreamJob, records: int) -> list[Sample]:
    query = "SELECT coalesce(sum((positions -> %s ->> 'next')::bigint), 0) FROM reconciliation.fold WHERE fold = %s"
    samples: list[Sample] = []
    async with await psycopg.AsyncConnection.connect(place.settings.database.url, autocommit=True) as connection:
        while not samples or samples[-1].done < records:
            row = await (await connection.execute(query, (job.topic, job.fold))).fetchone()
            usage = measured.usage()
            samples.append(Sample(now(), int(row[0]) if row else 0, usage.cpu_s, usage.rss_bytes))
            await asyncio.sleep(LOOK_S)
    return samples


def _result(samples: list[Sample], records: int) -> dict[str, Any]:
    first = [s for s in samples if s.done <= FROM * records][-1]
    last = next(s for s in samples if s.done >= TO * records)
    done = last.done - first.done
    return {
        "records_per_s": round(done / (last.at - first.at)),
        "cpu_us_per_record": round((last.cpu_s - first.cpu_s) / done * 1e6, 1),
        "peak_rss_mb": round(max(s.rss_bytes for s in samples) / 1e6),
    }
