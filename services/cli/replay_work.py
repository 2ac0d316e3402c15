"""What `tolbrug replay` does beside talking: a process for each partition that is rebuilt."""

import asyncio
import gc
import resource
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context

import uvloop
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow, dict_row

from services.cli.codec import codec_of
from services.core.errors import Transient
from services.reconciliation import topology, wiring
from services.reconciliation.adapters.replay import Rebuild, Rebuilt, Recorded
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.adapters.replay_entries import RecordedEntries
from services.reconciliation.adapters.replay_feed import Feed
from services.reconciliation.adapters.replay_pace import Pace
from services.reconciliation.adapters.replay_rejections import Rejections, rejections
from services.reconciliation.adapters.replay_table import RecordedRows
from services.reconciliation.adapters.replay_target import Target
from services.reconciliation.adapters.replay_what_if import Period, WhatIf
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Connection
from services.runtime.fold_table import FoldRow, FoldTable
from services.runtime.kafka.reader import Position
from services.runtime.output_table import OutputTable
from services.runtime.settings import RuntimeSettings

EVER = Period()
# Nothing of a rebuilt database must outlive a crash: it is made again.
UNHURRIED = "-c synchronous_commit=off"


@dataclass(frozen=True, slots=True)
class Job:
    """One partition to rebuild in the database `target`.

    `table`: compare with the rows of the database of the settings. With `rules`, beside it what they would have given.
    `rate`: at most so many entries per second.
    """

    settings: RuntimeSettings
    target: str = ""
    partition: int = 0
    held: int = 0
    table: bool = False
    rejections: Rejections = field(default_factory=dict)
    rules: RuleSet | None = None
    period: Period = EVER
    rate: float | None = None


async def jobs_of(job: Job, partitions: int) -> list[Job]:
    """The job for each of so many partitions."""
    title = f"{topology.SERVICE}.{topology.LEDGER}"
    known = await rejections(job.settings.kafka, topology.LEDGER_INPUTS, title)
    return [replace(job, partition=p, rejections=known.get(p, {})) for p in range(partitions)]


def rebuilt(jobs: Sequence[Job], workers: int) -> list[Rebuilt]:
    """All partitions, `workers` at a time, each in a process of its own."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, jobs))


def work(job: Job) -> Rebuilt:
    """Rebuild one partition in this process."""
    # Ledgers and messages hold no cycles: they are looked for only once millions of objects have come to be held.
    gc.set_threshold(5_000_000, 2, 10)
    begun = _cpu()
    try:
        result = uvloop.run(rebuild_partition(job))
    except AWAY as error:
        raise Transient(f"PostgreSQL does not answer: {error}") from error
    used, peak = _cpu() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return replace(result, cpu_seconds=used, peak_rss_bytes=peak if sys.platform == "darwin" else peak * 1024)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def rebuild_partition(job: Job) -> Rebuilt:
    """The work of one process, on the loop of the caller."""
    result = Rebuilt(job.partition)
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(
            await AsyncConnection[DictRow].connect(job.target, row_factory=dict_row, autocommit=True, options=UNHURRIED)
        )
        codec = codec_of(job.settings)
        stack.push_async_callback(codec.close)
        await codec.prepare()
        rebuild = await _rebuild(job, codec, target, result, stack)
        await rebuild.run(job.settings.fold.store_after)
    return result


async def _rebuild(job: Job, codec: Codec, target: Connection, result: Rebuilt, stack: AsyncExitStack) -> Rebuild:
    spec = wiring.ledger_fold(codec)
    ledgers = Aggregates(spec, target, job.partition, job.held)
    what_if, held = None, [ledgers]
    if job.rules is not None:
        other = wiring.ledger_fold(codec, "what-if", job.rules)
        held.append(Aggregates(other, target, job.partition, job.held))
        what_if = WhatIf(spec, other, job.period, held[1], target)
    recorded = await _recorded(job, codec, held, stack)
    writer = Target(target, topology.SERVICE, topology.LEDGER, job.partition)
    pace = None if job.rate is None else Pace(job.rate)
    return Rebuild(spec, codec, recorded, writer, ledgers, result, what_if, pace)


async def _recorded(
    job: Job, codec: Codec, held: Sequence[Aggregates[LicenceLedger]], stack: AsyncExitStack
) -> Recorded:
    """What is there, up to now. What was published is asked before the topic's end, and the rows after it: running
    services make no difference."""
    kafka = job.settings.kafka
    entries = RecordedEntries(kafka, codec, job.partition)
    feeds = {t: Feed(kafka, codec, t, job.partition, partial(_expect, held)) for t in topology.LEDGER_INPUTS}
    stack.push_async_callback(entries.close)
    for feed in feeds.values():
        stack.push_async_callback(feed.close)
    published = (await _row(job)).published if job.table else 0
    await entries.open()
    rows, ends = None, dict[str, Position]()
    if job.table:
        source = await stack.enter_async_context(_moment(job.settings.database.url))
        read = await FoldTable(topology.SERVICE, topology.LEDGER).read(source, job.partition)
        table = OutputTable(topology.SERVICE, topology.LEDGER)
        rows, ends = RecordedRows(codec, table, source, job.partition, published), {t: Position() for t in feeds}
        ends.update(read.positions)
    await asyncio.gather(*(feed.open(ends.get(topic)) for topic, feed in feeds.items()))
    return Recorded(entries, feeds, job.rejections, rows)


def _expect(held: Sequence[Aggregates[LicenceLedger]], names: Iterable[str]) -> None:
    keys = list(names)
    for ledgers in held:
        ledgers.expect(keys)


async def _row(job: Job) -> FoldRow:
    async with _moment(job.settings.database.url) as connection:
        return await FoldTable(topology.SERVICE, topology.LEDGER).read(connection, job.partition)


@asynccontextmanager
async def _moment(url: str) -> AsyncIterator[Connection]:
    """A connection that sees one moment of the database, for as long as it takes."""
    async with await AsyncConnection[DictRow].connect(url, row_factory=dict_row) as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield connection
