"""A worker of the peer job: the runtime's `FoldWorker` in a process of its own, forked from the job."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from functools import partial

import uvloop

from services.cli.bench.peer import fold
from services.core.errors import Fatal
from services.runtime.assignment import FoldWorker
from services.runtime.database import Database
from services.runtime.fold_table import FoldTable
from services.runtime.kafka.producer import Producer
from services.runtime.memory import look_for_cycles_rarely
from services.runtime.partition import Engines
from services.runtime.settings import RuntimeSettings
from services.runtime.worker import Worker

ALL_HERE_S = 3.0


@dataclass(frozen=True, slots=True)
class Crew:
    """What every worker is told: how many there are, of how many partitions they take their shares.

    `lifeline` is read from a pipe that only the job writes to: it ends when the job does, however that dies.
    """

    settings: RuntimeSettings
    workers: int
    partitions: int
    lifeline: int
    writing: int


def work(crew: Crew) -> None:
    """Work until SIGTERM, or until the job is gone."""
    os.close(crew.writing)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the job says when to stop
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    look_for_cycles_rarely()
    uvloop.run(_work(crew))


async def _work(crew: Crew) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(crew.lifeline, partial(os._exit, 1))
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    settings, here = crew.settings, Worker.here()
    database = Database(settings.database.url, name=here.name, size=settings.database.pool_size)
    producer = Producer(settings.kafka.bootstrap_servers, settings.kafka.topic_prefix)
    codec = fold.codec()
    await database.open()
    await producer.start()
    await _all_here(database, here, crew)
    worker = FoldWorker(fold.ledger(codec), Engines(settings, database, codec, producer), here, crew.partitions)
    working = asyncio.create_task(worker.run())
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
        raise Fatal("the worker ended by itself")
    await worker.stop()
    working.cancel()
    await producer.stop()
    await database.close()


async def _all_here(database: Database, here: Worker, crew: Crew) -> None:
    """Wait until the others live too: the first to come would else take their share, and give it back only later."""
    table, lease_s = FoldTable(fold.SERVICE, fold.LEDGER), crew.settings.fold.lease_s
    until = time.monotonic() + ALL_HERE_S
    async with database.connection() as connection:
        while await table.beat(connection, here.name, lease_s) < crew.workers and time.monotonic() < until:  # noqa: ASYNC110 - processes
            await asyncio.sleep(0.01)
