"""The messages a fold was fed from one topic partition: from its beginning to where the fold had read it."""

from collections import deque
from collections.abc import Awaitable, Callable

from services.core.errors import Transient
from services.runtime.codec import Codec
from services.runtime.decoding import Decoded, decode
from services.runtime.kafka.reader import PartitionReader, Position
from services.runtime.settings import KafkaSettings

BATCH = 1_000
WAIT_MS = 1_000
SILENCES = 20
"""Reads in a row without a record, before the end, until a replay gives up."""


class Feed:
    """`coming` is told of the keys of the next messages before they are handed out."""

    def __init__(
        self,
        kafka: KafkaSettings,
        codec: Codec,
        topic: str,
        partition: int,
        coming: Callable[[set[str]], Awaitable[None]],
    ) -> None:
        self.topic = topic
        self._kafka = kafka
        self._codec = codec
        self._partition = partition
        self._coming = coming
        self._end = Position()
        self._next = 0
        self._ready: deque[Decoded] = deque()
        self._reader: PartitionReader | None = None

    async def open(self, end: Position) -> None:
        """Corrupt when the topic does not begin at its first record, or no longer holds the one read last."""
        await self._start(end)  # the record before `end` must be the one that was read
        await self.close()
        self._reader = await self._start(Position())
        self._end = end

    async def _start(self, position: Position) -> PartitionReader:
        kafka = self._kafka
        self._reader = PartitionReader(
            kafka.bootstrap_servers, kafka.topic_prefix, (self.topic,), self._partition, None
        )
        await self._reader.start({self.topic: position})
        return self._reader

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.stop()
            self._reader = None

    async def next(self) -> Decoded | None:
        """The next message, or what could not be decoded; None at the end."""
        if not self._ready:
            await self._fill()
        return self._ready.popleft() if self._ready else None

    async def _fill(self) -> None:
        for _ in range(SILENCES):
            if self._next >= self._end.next or self._reader is None:
                return
            records = await self._reader.read(min(BATCH, self._end.next - self._next), WAIT_MS)
            if records:
                self._next = records[-1].offset + 1
                self._ready.extend(await decode(self._codec, records))
                await self._coming({d.message.key for d in self._ready if d.message is not None})
                return
        raise Transient(f"{self.topic}[{self._partition}] gives no record at offset {self._next}")
