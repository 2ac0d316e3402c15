"""The job and its topics on a place of its own: what is put in, the job as a process, what came out."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from services.cli.bench.peer import fold
from services.cli.bench.peer.messages import Command, Entry
from services.cli.bench.peer.oracle import Judgement, Oracle
from services.cli.bench.place import PAGE, Place
from services.core.errors import Fatal
from services.runtime.codec import Codec
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.reader import Incoming, PartitionReader

LOOK_MS = 200
AT_ONCE = 5_000


@dataclass(frozen=True)
class Installation:
    """A place whose topics are the job's."""

    place: Place
    codec: Codec = field(default_factory=fold.codec)

    async def write(self, commands: Iterable[Command]) -> None:
        """All of them, as fast as it goes."""
        producer, rest = self.producer(), iter(commands)
        while page := list(islice(rest, PAGE)):
            at = datetime.now(UTC)
            await producer.publish([self.outgoing(command, at) for command in page])
        await producer.stop()

    async def job(self, workers: int, until: int, **environment: str) -> Process:
        """The job as its users start it; `environment` is added to this process's own."""
        kafka, database = self.place.settings.kafka, self.place.settings.database
        options = {
            "bootstrap": kafka.bootstrap_servers,
            "database": database.url,
            "topics-prefix": kafka.topic_prefix.removesuffix("."),
            "workers": workers,
            "until": until,
        }
        given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        program = [sys.executable, "-m", "services.cli", "bench", "peer-job", *given]
        env = os.environ | environment
        return await asyncio.create_subprocess_exec(*program, env=env, stdout=PIPE, start_new_session=True)

    def outgoing(self, command: Command, at: datetime) -> Outgoing:
        return Outgoing(Command.TOPIC, command.key.encode(), self.codec.encode(command), at, ())

    def producer(self) -> Producer:
        return Producer(self.place.settings.kafka.bootstrap_servers, self.place.settings.kafka.topic_prefix)

    @asynccontextmanager
    async def reading(self, topic: str, partition: int) -> AsyncIterator[PartitionReader]:
        """A reader of a partition, from its beginning."""
        kafka = self.place.settings.kafka
        reader = PartitionReader(kafka.bootstrap_servers, kafka.topic_prefix, (topic,), partition, None)
        try:
            await reader.start({})
            yield reader
        finally:
            await reader.stop()

    @property
    def partitions(self) -> range:
        return range(self.place.settings.kafka.partitions)

    async def records(self, topic: str, partition: int) -> AsyncIterator[Incoming]:
        """What a partition holds now."""
        async with self.reading(topic, partition) as reader:
            at, end = 0, (await reader.ends())[topic]
            while at < end:
                for record in await reader.read(AT_ONCE, LOOK_MS):
                    yield record
                    at = record.offset + 1

    async def judged(self, oracle: Oracle | None = None) -> Judgement:
        """The entries on the topic against what the commands on theirs must give, to an oracle that knows the past."""
        codec, oracle, entries = self.codec, oracle or Oracle(), list[Entry]()
        for partition in self.partitions:
            async for record in self.records(Command.TOPIC, partition):
                command = codec.decode(record.value or b"")
                if isinstance(command, Command):
                    oracle.command(partition, record.offset, command)
            async for record in self.records(Entry.TOPIC, partition):
                entry = codec.decode(record.value or b"")
                if isinstance(entry, Entry):
                    entries.append(entry)
        return oracle.judge(entries)


async def result(job: Process) -> dict[str, Any]:
    """What it printed when it ended well. Fatal when it did not."""
    printed, _ = await job.communicate()
    if job.returncode != 0:
        raise Fatal(f"the job ended with {job.returncode}")
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures
