"""`bench peer-job` on engines of our own: how fast, how quick at a fixed rate, and what a `kill -9` does."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from services.cli.bench.latency import percentiles
from services.cli.bench.peer import fold
from services.cli.bench.peer.arrivals import Arrivals
from services.cli.bench.peer.installation import Installation, result
from services.cli.bench.peer.load import Load
from services.cli.bench.peer.messages import Command, Entry
from services.cli.bench.place import Measured, fresh, now
from services.cli.bench.progress import figures
from services.core.errors import Fatal
from services.runtime.kafka.reader import PartitionReader
from services.runtime.settings import RuntimeSettings

PUBLISHED: Final = "SELECT coalesce(sum(published), 0)::bigint FROM bench.fold WHERE fold = %s"
KILLED_AT: Final = 0.4
SETTLED_S: Final = 0.15
"""So long after a kill what the killed process had sent is at the broker, and the next one has sent nothing yet."""
LOOK_S: Final = 0.02
TICK_S: Final = 0.005


@asynccontextmanager
async def installation(settings: RuntimeSettings) -> AsyncIterator[Installation]:
    async with fresh(settings, fold.TOPICS) as place:
        yield Installation(place)


async def throughput(settings: RuntimeSettings, load: Load, workers: int) -> dict[str, Any]:
    """All commands are there before the job starts; every entry is judged after it."""
    async with installation(settings) as here:
        await here.write(load.commands())
        job = await here.job(workers, load.records)
        samples = await here.place.followed(Measured([job]), PUBLISHED, (fold.LEDGER,), load.records)
        whole = await result(job)
        judgement = await here.judged()
    return figures(samples) | {
        "cpu_us_per_record_with_start": whole["cpu_us_per_record"],
        "first_output_s": whole["first_output_s"],
        **vars(judgement),
    }


async def latency(settings: RuntimeSettings, load: Load, workers: int, rate: float) -> dict[str, Any]:
    """From a command's time on the topic to its entry read by a consumer; the load offered at a fixed rate.

    The grants are written before, and not counted. A command's time is when it was due, not when there was time for it.
    """
    async with installation(settings) as here:
        commands, read = load.commands(), Arrivals(here)
        job = await here.job(workers, load.records)
        async with read.reading():
            await here.write(islice(commands, load.licences))
            await read.wait_for(load.licences)
            measured, begun, from_ = Measured([job]), now(), len(read.waits)
            before = measured.usage()
            await _offered(here, commands, rate)
            after, took = measured.usage(), now() - begun
            await read.wait_for(load.records)
        await result(job)
    counted = load.records - load.licences
    return {
        "offered_per_s": rate,
        "sent_per_s": round(counted / took),
        **percentiles(read.waits[from_:]),
        "cpu_us_per_record": round((after.cpu_s - before.cpu_s) / counted * 1e6, 1),
        "peak_rss_mb": round(after.rss_bytes / 1e6),
    }


async def _offered(here: Installation, commands: Iterator[Command], rate: float) -> None:
    producer, begun, sent = here.producer(), time.time(), list[asyncio.Task[None]]()
    await producer.start()
    due = 0
    while True:
        behind = int((time.time() - begun) * rate) - due
        page = list(islice(commands, behind))
        times = (datetime.fromtimestamp(begun + (due + n) / rate, UTC) for n in range(len(page)))
        records = [here.outgoing(command, at) for command, at in zip(page, times, strict=True)]
        if len(page) < behind:
            break
        due += len(page)
        sent.append(asyncio.create_task(producer.publish(records)))
        await asyncio.sleep(TICK_S)
    await producer.publish(records)
    await asyncio.gather(*sent)
    await producer.stop()


async def kill(settings: RuntimeSettings, load: Load, workers: int) -> dict[str, Any]:
    """The job dies by `kill -9` in the middle and is started again at once."""
    async with installation(settings) as here, AsyncExitStack() as stack:
        await here.write(load.commands())
        readers = [await stack.enter_async_context(here.reading(Entry.TOPIC, p)) for p in here.partitions]
        job = await here.job(workers, load.records)
        await here.place.followed(Measured([job]), PUBLISHED, (fold.LEDGER,), int(load.records * KILLED_AT))
        job.send_signal(signal.SIGKILL)
        killed = now()
        again = await here.job(workers, load.records)
        await job.wait()
        await asyncio.sleep(killed + SETTLED_S - now())
        before = await _written(readers)
        if before >= load.records:
            raise Fatal(f"the job was done before it was killed: give it more than {load.records} records")
        while await _written(readers) == before:  # noqa: ASYNC110 - the job is another process
            await asyncio.sleep(LOOK_S)
        next_output_s = now() - killed
        await result(again)
        judgement = await here.judged()
    return {"killed_at": before, "next_output_s": round(next_output_s, 2), **vars(judgement)}


async def _written(readers: list[PartitionReader]) -> int:
    return sum([(await reader.ends())[Entry.TOPIC] for reader in readers])
