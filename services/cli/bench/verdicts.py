"""The verdicts as one who sends messages learns them: from their topic."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.core.messages import Verdict, VerdictKind
from services.core.values import Mrn
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings


class Verdicts:
    """Those on the topic of one installation, from its beginning."""

    def __init__(self, settings: RuntimeSettings) -> None:
        kafka = settings.kafka
        self._codec = Codec()
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._partitions = [TopicPartition(kafka.topic_prefix + Verdict.TOPIC, n) for n in range(kafka.partitions)]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
        )

    def of(self, mrn: Mrn) -> "asyncio.Future[None]":
        """Done once there is a verdict that is not pending."""
        verdict = self._waiting[mrn.encode()] = asyncio.get_running_loop().create_future()
        return verdict

    @asynccontextmanager
    async def followed(self) -> AsyncIterator["Verdicts"]:
        """Reads while the block runs."""
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        following = asyncio.create_task(self._follow())
        try:
            yield self
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await self._consumer.stop()

    async def _follow(self) -> None:
        while True:
            found = await self._consumer.getmany(timeout_ms=1_000)
            for records in found.values():
                for record in records:
                    self._take(record.key or b"", record.value or b"")

    def _take(self, key: bytes, value: bytes) -> None:
        waiting = self._waiting.get(key)
        if waiting is None:
            return
        verdict = self._codec.decode(value)
        if isinstance(verdict, Verdict) and verdict.verdict is not VerdictKind.PENDING:
            del self._waiting[key]
            waiting.set_result(None)
