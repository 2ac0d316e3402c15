"""The verdicts as one who sends messages learns them: from their topic."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.core.messages import Verdict, VerdictKind
from services.core.values import Mrn
from services.runtime.codec import Codec
from services.runtime.kafka.reader import PartitionReader
from services.runtime.settings import KafkaSettings

MOST = 1_000
WAIT_MS = 1_000


class Verdicts:
    """Those on the topic of one installation, from its beginning."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._codec = Codec()
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._readers = [
            PartitionReader(kafka.bootstrap_servers, kafka.topic_prefix, (Verdict.TOPIC,), partition, None)
            for partition in range(kafka.partitions)
        ]

    def of(self, mrn: Mrn) -> "asyncio.Future[None]":
        """Done once there is a verdict that is not pending."""
        verdict = self._waiting[mrn.encode()] = asyncio.get_running_loop().create_future()
        return verdict

    @asynccontextmanager
    async def followed(self) -> AsyncIterator["Verdicts"]:
        """Reads while the block runs."""
        for reader in self._readers:
            await reader.start({})
        following = [asyncio.create_task(self._follow(reader)) for reader in self._readers]
        try:
            yield self
        finally:
            for task in following:
                task.cancel()
            await asyncio.wait(following)
            for reader in self._readers:
                await reader.stop()

    async def _follow(self, reader: PartitionReader) -> None:
        while True:
            for record in await reader.read(MOST, WAIT_MS):
                self._take(record.key or b"", record.value or b"")

    def _take(self, key: bytes, value: bytes) -> None:
        if key not in self._waiting:
            return
        verdict = self._codec.decode(value)
        if isinstance(verdict, Verdict) and verdict.verdict is not VerdictKind.PENDING:
            self._waiting.pop(key).set_result(None)
