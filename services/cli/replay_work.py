"""What `tolbrug replay` does beside talking: a fresh database, and a process for each partition that is rebuilt."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import uvloop
from psycopg import AsyncConnection, IsolationLevel, sql
from psycopg.rows import DictRow, dict_row

from services.cli.codec import codec_of
from services.core.errors import Fatal, Transient
from services.reconciliation import topology, wiring
from services.reconciliation.adapters.replay import Rebuild, Rebuilt
from services.reconciliation.adapters.replay_aggregates import Aggregates
from services.reconciliation.adapters.replay_feed import Feed
from services.reconciliation.adapters.replay_what_if import Period, WhatIf
from services.reconciliation.domain.ledger import LicenceLedger
from services.reconciliation.domain.rule_set import RuleSet
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Connection, Database
from services.runtime.fold_table import FoldRow, FoldTable
from services.runtime.kafka.reader import Position
from services.runtime.memory import look_for_cycles_rarely
from services.runtime.output_table import Output, OutputTable
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import migrate

PAGE = 2_000
EVER = Period()
# Nothing of a rebuilt database must outlive a crash: it is made again.
UNHURRIED = "-c synchronous_commit=off"


@dataclass(frozen=True, slots=True)
class Job:
    """One partition to rebuild; with `rules`, beside it what they would have given."""

    settings: RuntimeSettings
    target: str
    partition: int
    held: int
    rules: RuleSet | None = None
    period: Period = EVER


@contextmanager
def fresh_database(url: str, into: str | None, *, keep: bool) -> Iterator[str]:
    """A database with nothing in it: `into`, else a new one beside `url` that is dropped afterwards unless kept."""
    if into is not None:
        _refuse_used(into)
        yield into
        return
    name = f"tolbrug_replay_{uuid4().hex[:8]}"
    _execute(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        if not keep:
            _execute(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _refuse_used(url: str) -> None:
    query = sql.SQL("SELECT 1 AS used FROM pg_namespace WHERE nspname = {}").format(topology.SERVICE)
    if _execute(url, query) > 0:
        raise Fatal("The database to rebuild into holds a reconciliation schema already: name an empty one")


def _execute(url: str, statement: sql.Composed) -> int:
    """How many rows it gives or changes."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(statement).rowcount
    except psycopg.Error as error:
        raise Fatal(f"The database to rebuild into cannot be had: {error}".strip()) from error


async def prepared(settings: RuntimeSettings, target: str) -> list[int]:
    """Make the tables in the fresh database; the partitions there are to rebuild."""
    source, fresh = Database(settings.database.url, size=2), Database(target, size=2)
    await source.open()
    await fresh.open()
    try:
        rows = await source.rows(
            "SELECT partition FROM reconciliation.fold WHERE fold = %s ORDER BY 1", (topology.LEDGER,)
        )
        await migrate(fresh, topology.SERVICE, wiring.MIGRATIONS)
        async with fresh.transaction() as connection:
            await FoldTable(topology.SERVICE, topology.LEDGER).prepare(connection, len(rows))
    except psycopg.errors.UndefinedTable as error:
        raise Fatal("This database holds no ledger: nothing was ever recorded in it") from error
    finally:
        await source.close()
        await fresh.close()
    return [row["partition"] for row in rows]


def rebuilt(jobs: Sequence[Job], workers: int) -> list[Rebuilt]:
    """All partitions, `workers` at a time, each in a process of its own."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, jobs))


def work(job: Job) -> Rebuilt:
    """Rebuild one partition in this process."""
    look_for_cycles_rarely()
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
    table = FoldTable(topology.SERVICE, topology.LEDGER)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(_snapshot(job.settings.database.url))
        target = await stack.enter_async_context(
            await AsyncConnection[DictRow].connect(job.target, row_factory=dict_row, autocommit=True, options=UNHURRIED)
        )
        codec = codec_of(job.settings)
        stack.push_async_callback(codec.close)
        await codec.prepare()
        recorded = await table.read(source, job.partition)
        rebuild = await _rebuild(job, codec, target, recorded, result, stack)
        await rebuild.run(_pages(OutputTable(topology.SERVICE, topology.LEDGER), source, job.partition))
        before = await table.read(target, job.partition)
        last = recorded.last_output
        await table.advance(target, before, replace(recorded, published=last))
    return result


async def _rebuild(
    job: Job, codec: Codec, target: Connection, recorded: FoldRow, result: Rebuilt, stack: AsyncExitStack
) -> Rebuild:
    spec = wiring.ledger_fold(codec)
    ledgers = Aggregates(spec, target, job.partition, job.held)
    what_if, held = None, [ledgers]
    if job.rules is not None:
        other = wiring.ledger_fold(codec, "what-if", job.rules)
        held.append(Aggregates(other, target, job.partition, job.held))
        what_if = WhatIf(spec, other, job.period, held[1])

    feeds = {t: Feed(job.settings.kafka, codec, t, job.partition, partial(_load, held)) for t in spec.inputs}
    for feed in feeds.values():
        stack.push_async_callback(feed.close)
    await asyncio.gather(*(feed.open(recorded.positions.get(topic, Position())) for topic, feed in feeds.items()))
    return Rebuild(spec, codec, target, feeds, ledgers, result, what_if)


async def _load(held: Sequence[Aggregates[LicenceLedger]], names: set[str]) -> None:
    for ledgers in held:
        await ledgers.load(names)


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[Connection]:
    """A connection that sees one moment of the database, for as long as it takes."""
    async with await AsyncConnection[DictRow].connect(url, row_factory=dict_row) as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield connection


async def _pages(table: OutputTable, connection: Connection, partition: int) -> AsyncIterator[Sequence[Output]]:
    seq = 0
    while page := await table.after(connection, partition, seq, PAGE):
        yield page
        seq = page[-1].seq
