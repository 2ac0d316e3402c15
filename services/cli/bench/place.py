"""A fresh installation for one measured run: a database and a topic prefix of its own, and processes to measure."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from secrets import token_hex

import psutil
import psycopg
from psycopg import sql

from services.cli.services import all_topics
from services.core.message import Message
from services.runtime.codec import Codec
from services.runtime.kafka import topics
from services.runtime.kafka.producer import Outgoing, Producer
from services.runtime.settings import DatabaseSettings, RuntimeSettings

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What the measured processes have used so far."""

    cpu_s: float
    rss_bytes: int


@dataclass
class Measured:
    """Processes of ours, and only these: engines and the load are not counted."""

    processes: list[Process] = field(default_factory=list)

    def usage(self) -> Usage:
        seen = [psutil.Process(p.pid) for p in self.processes if p.returncode is None]
        times = [p.cpu_times() for p in seen]
        return Usage(sum(t.user + t.system for t in times), max((p.memory_info().rss for p in seen), default=0))


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
async def fresh(settings: RuntimeSettings) -> AsyncIterator[Place]:
    """A place of its own, with its topics; its database is dropped afterwards."""
    name = f"bench_{token_hex(6)}"
    async with await psycopg.AsyncConnection.connect(settings.database.url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = settings.database.url.rsplit("/", 1)[0] + f"/{name}"
        kafka = settings.kafka.model_copy(update={"topic_prefix": f"{name}."})
        place = Place(settings.model_copy(update={"kafka": kafka, "database": DatabaseSettings(url=url)}))
        await topics.apply(kafka, topics.with_dead_letters(all_topics()))
        try:
            yield place
        finally:
            await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def now() -> float:
    """Seconds of a clock that only goes forward."""
    return time.perf_counter()
