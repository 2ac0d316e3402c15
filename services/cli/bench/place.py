"""A fresh installation for one measured run: a database and a topic prefix of its own, and processes to measure."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from secrets import token_hex
from typing import Any, LiteralString

import psutil
import psycopg
from psycopg import sql
from psycopg.errors import UndefinedTable

from services.cli.bench.progress import Sample
from services.cli.services import all_topics
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.kafka import topics
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.settings import DatabaseSettings, RuntimeSettings

PAGE = 2_000
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """What the measured processes have used so far."""

    cpu_s: float
    rss_bytes: int


@dataclass
class Measured:
    """Processes of ours and those they have started, and only these: engines and the load are not counted.

    What a process has used counts on after it ended, as it was last seen: the figure never falls.
    """

    processes: list[Process] = field(default_factory=list)
    _used: dict[psutil.Process, float] = field(default_factory=dict)

    def usage(self) -> Usage:
        rss_bytes = 0
        for process in self._all():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self._used[process] = max(times.user + times.system, self._used.get(process, 0.0))
                rss_bytes = max(rss_bytes, process.memory_info().rss)
        return Usage(sum(self._used.values()), rss_bytes)

    def _all(self) -> Iterator[psutil.Process]:
        for process in self.processes:
            if process.returncode is None:
                with suppress(psutil.NoSuchProcess):
                    seen = psutil.Process(process.pid)
                    yield from (seen, *seen.children(recursive=True))


@dataclass(frozen=True)
class Place:
    """One installation on running engines."""

    settings: RuntimeSettings

    def environment(self) -> dict[str, str]:
        kafka = self.settings.kafka
        return os.environ | {
            "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "TOLBRUG_KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
            "TOLBRUG_KAFKA__PARTITIONS": str(kafka.partitions),
            "TOLBRUG_DATABASE__URL": self.settings.database.url,
            "TOLBRUG_HTTP__PORT": "0",
            "TOLBRUG_LOG_LEVEL": "ERROR",
        }

    async def publish(self, messages: Iterable[Message], at: datetime) -> int:
        """Write messages to their topics as a door's relay would; how many."""
        codec, producer = Codec(), Producer(self.settings.kafka.bootstrap_servers, self.settings.kafka.topic_prefix)
        rest, count = iter(messages), 0
        while page := list(islice(rest, PAGE)):
            headers = ((("ce_specversion", b"1.0")),)
            await producer.publish([Outgoing(m.TOPIC, m.key.encode(), codec.encode(m), at, headers) for m in page])
            count += len(page)
        await producer.stop()
        return count

    async def followed(
        self, measured: Measured, query: LiteralString, parameters: Sequence[Any], until: int
    ) -> list[Sample]:
        """Samples from now until `until` records are done, which `query` counts; the first is of before the work."""
        samples = [Sample(now(), 0)]
        async with await psycopg.AsyncConnection.connect(self.settings.database.url, autocommit=True) as connection:
            while samples[-1].done < until:
                row = None
                with suppress(UndefinedTable):  # until the first process has made it
                    row = await (await connection.execute(query, parameters)).fetchone()
                usage = measured.usage()
                samples.append(Sample(now(), int(row[0]) if row else 0, usage.cpu_s, usage.rss_bytes))
                await asyncio.sleep(LOOK_S)
        return samples

    @asynccontextmanager
    async def running(self, *commands: Sequence[str]) -> AsyncIterator[tuple[Measured, list[str]]]:
        """`tolbrug …` processes while the block runs, and where each answers."""
        measured = Measured()
        try:
            for command in commands:
                program = [sys.executable, "-m", "services.cli", *command, "--json"]
                measured.processes.append(
                    await asyncio.create_subprocess_exec(
                        *program, env=self.environment(), stdout=PIPE, stderr=DEVNULL, start_new_session=True
                    )
                )
            yield measured, [await _url(process) for process in measured.processes]
        finally:
            for process in measured.processes:
                if process.returncode is None:
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in measured.processes))


async def _url(process: Process) -> str:
    assert process.stdout is not None  # noqa: S101 - made with a pipe
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    return line.decode().split('"url": "')[1].split('"')[0]


@asynccontextmanager
async def fresh(settings: RuntimeSettings, wanted: Iterable[str] | None = None) -> AsyncIterator[Place]:
    """A place of its own, with the topics of all services or those `wanted`; its database is dropped afterwards."""
    name = f"bench_{token_hex(6)}"
    async with await psycopg.AsyncConnection.connect(settings.database.url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = settings.database.url.rsplit("/", 1)[0] + f"/{name}"
        kafka = settings.kafka.model_copy(update={"topic_prefix": f"{name}."})
        place = Place(settings.model_copy(update={"kafka": kafka, "database": DatabaseSettings(url=url)}))
        await topics.apply(kafka, topics.with_dead_letters(all_topics() if wanted is None else wanted))
        try:
            yield place
        finally:
            await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def server_cpu_s(backend: int) -> float:
    """Of a database server on this machine with all its processes; 0 when it is elsewhere."""
    with suppress(psutil.Error):
        server = psutil.Process(backend).parent()
        if server is not None and "postgres" in server.name():
            times = [server.cpu_times(), *(process.cpu_times() for process in server.children())]
            ended = times[0].children_user + times[0].children_system
            return ended + sum(t.user + t.system for t in times)
    return 0.0


def now() -> float:
    """Seconds of a clock that only goes forward."""
    return time.perf_counter()
