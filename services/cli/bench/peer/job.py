"""The peer job: workers that fold `commands` into `entries`, until so many of those are published.

The parent does no work of the job. It makes the tables, forks the workers, puts another in the place of one that was
killed, and looks how far they are. It runs no loop meanwhile, so that it may fork at any time.
"""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from typing import Any, Final, Self

import psutil
import psycopg

from services.cli.bench.peer import fold
from services.cli.bench.peer.worker import Crew, work
from services.cli.bench.progress import Sample, rate
from services.core.errors import Fatal
from services.runtime.database import Database
from services.runtime.fold_table import FoldTable
from services.runtime.kafka import topics
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import migrate
from services.runtime.worker import Worker

LOOK_S = 0.05
STOP_S = 20.0
ENDING: Final = (signal.SIGTERM, signal.SIGINT)
FAR = "SELECT coalesce(sum(published), 0)::bigint, max(halted) FROM bench.fold WHERE fold = %s"


def run(settings: RuntimeSettings, *, workers: int, until: int) -> dict[str, Any]:
    """Work until `until` entries are published in all, by this run and those before it; the figures of this run.

    Fatal when a partition halts, or a worker ends by itself. SIGTERM and SIGINT end the process after the workers.
    """
    begun = time.monotonic() - (time.time() - psutil.Process().create_time())
    told = list[int]()
    for number in ENDING:
        signal.signal(number, lambda each, _frame: told.append(each))
    partitions = asyncio.run(_prepared(settings))
    with _Workers(settings, workers, partitions) as crew:
        seen = list(_followed(settings, crew, until, told))
    if told:
        raise SystemExit(128 + told[0])
    return _figures(begun, seen) | {"workers": workers, "replaced": crew.replaced}


async def _prepared(settings: RuntimeSettings) -> int:
    """Make the tables at the first start, end the leases of workers that were killed; the partition count."""
    database, table, here = Database(settings.database.url, size=2), FoldTable(fold.SERVICE, fold.LEDGER), Worker.here()
    await database.open()
    try:
        await migrate(database, fold.SERVICE, None)
        partitions = await topics.apply(settings.kafka, fold.TOPICS)
        async with database.transaction() as connection:
            count = await table.prepare(connection, partitions)
            for owner in await table.owners(connection):
                if here.is_gone(owner):
                    await table.forget(connection, owner)
    finally:
        await database.close()
    if count != partitions:
        raise Fatal(f"the job was started with {count} partitions, its topics have {partitions}")
    return partitions


class _Workers:
    """The worker processes. All end when the pipe between them and the job does."""

    def __init__(self, settings: RuntimeSettings, count: int, partitions: int) -> None:
        self.replaced = 0
        self._lifeline, self._writing = os.pipe()
        self._crew = Crew(settings, count, partitions, self._lifeline, self._writing)
        self._context = get_context("fork")
        self._processes: list[ForkProcess] = []

    def __enter__(self) -> Self:
        self._processes = [self._forked() for _ in range(self._crew.workers)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        until = time.monotonic() + STOP_S
        for process in self._processes:
            process.join(max(0.0, until - time.monotonic()))
            process.kill()
        os.close(self._writing)
        os.close(self._lifeline)

    def look_after(self) -> None:
        """Put another in the place of a worker that was killed. Fatal when one ended by itself."""
        for place, process in enumerate(self._processes):
            if process.is_alive():
                continue
            if process.exitcode is not None and process.exitcode >= 0:
                raise Fatal(f"a worker ended by itself with {process.exitcode}")
            self.replaced += 1
            self._processes[place] = self._forked()

    def _forked(self) -> ForkProcess:
        process = self._context.Process(target=work, args=(self._crew,), daemon=True)
        # What the job does when it is told to stop must not happen in the worker, before that has its own way.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return process


def _followed(settings: RuntimeSettings, crew: _Workers, until: int, told: Sequence[int]) -> Iterator[Sample]:
    """How far the job is, from now to its end or until told to. PostgreSQL being away is waited out."""
    published = -1
    while published < until and not told:
        try:
            with psycopg.connect(settings.database.url, autocommit=True) as connection:
                while published < until and not told:
                    crew.look_after()
                    row = connection.execute(FAR, (fold.LEDGER,)).fetchone()
                    published, halted = row or (0, None)
                    if halted is not None:
                        raise Fatal(f"a partition halted: {halted}")
                    yield Sample(time.monotonic(), published)
                    time.sleep(LOOK_S)
        except psycopg.OperationalError:
            time.sleep(LOOK_S)


def _figures(begun: float, seen: list[Sample]) -> dict[str, Any]:
    """CPU and time from the start of the process on, stop included; the rate between shares of the records."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    records = seen[-1].done - seen[0].done
    cpu_s = sum(u.ru_utime + u.ru_stime for u in used)
    first = next((s.at for s in seen if s.done > seen[0].done), seen[-1].at)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "records": records,
        "seconds": round(seen[-1].at - begun, 3),
        "records_per_s": rate(seen),
        "cpu_us_per_record": round(cpu_s / records * 1e6, 1) if records else 0.0,
        "peak_rss_mb": round(max(u.ru_maxrss for u in used) * unit / 1e6),
        "published": seen[-1].done,
        "first_output_s": round(first - begun, 3),
    }
