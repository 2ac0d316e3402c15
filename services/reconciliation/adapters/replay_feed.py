"""The messages a fold was fed from one topic partition, from its beginning."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from services.core.errors import Corrupt
from services.runtime.codec import Codec
from services.runtime.decoding import Decoded, decode
from services.runtime.kafka.reader import Incoming, Position
from services.runtime.kafka.scan import Scan
from services.runtime.settings import KafkaSettings

Coming = Callable[[Iterable[str]], None]
"""Told the keys of the next messages, in order, before they are handed out."""


class Feed:
    """Hands out one message after the other, up to where its topic ends when it is opened."""

    def __init__(self, kafka: KafkaSettings, codec: Codec, topic: str, partition: int, coming: Coming) -> None:
        self.topic = topic
        self._codec = codec
        self._coming = coming
        self._scan = Scan(kafka, (topic,), partition)
        self._batches: AsyncIterator[list[Incoming]]
        self._end: Position | None = None
        self._ready: Sequence[Decoded] = ()
        self._at = 0
        self._last: Incoming | None = None

    async def open(self, end: Position | None = None) -> None:
        """`end`: where a fold had read it. Corrupt when the topic does not begin at its first record or ends before."""
        await self._scan.open()
        there = self._scan.ends[self.topic]
        if end is not None and there < end.next:
            raise Corrupt(
                f"{self.topic}[{self._scan.partition}] ends at offset {there}, it was read up to {end.next}: it was"
                " truncated or recreated"
            )
        self._end = end
        self._batches = self._scan.records()

    async def close(self) -> None:
        await self._scan.close()

    @property
    def position(self) -> Position:
        """After the last message that was handed out."""
        return Position() if self._last is None else Position(self._last.offset + 1, self._last.hash)

    async def next(self) -> Decoded | None:
        """The next message, or what could not be decoded; None at the end.

        Corrupt when the record before the end is another than was read.
        """
        if self._end is not None and (0 if self._last is None else self._last.offset + 1) >= self._end.next:
            self._check(self._end)
            return None
        while self._at == len(self._ready):
            records = await anext(self._batches, None)
            if records is None:
                return None
            self._ready, self._at = await decode(self._codec, records), 0
            self._coming(d.message.key for d in self._ready if d.message is not None)
        decoded = self._ready[self._at]
        self._at += 1
        self._last = decoded.record
        return decoded

    def _check(self, end: Position) -> None:
        if self.position != end:
            raise Corrupt(
                f"{self.topic}[{self._scan.partition}]: offset {end.next - 1} is another record than was read before:"
                " the topic was truncated or recreated"
            )
