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

    def in_hand(self) -> Decoded | None:
        """The next message, when it need not be waited for; then it is handed out."""
        if self._at == len(self._ready):
            return None
        decoded = self._ready[self._at]
        self._at += 1
        self._last = decoded.record
        return decoded

    async def next(self) -> Decoded | None:
        """The next message, or what could not be decoded; None at the end.

        Corrupt when the record before the end is another than was read.
        """
        while self._at == len(self._ready):
            records = None if self._is_read() else await anext(self._batches, None)
            if records is None:
                self._check()
                return None
            wanted = records if self._end is None else [r for r in records if r.offset < self._end.next]
            self._ready, self._at = await decode(self._codec, wanted), 0
            self._coming(d.message.key for d in self._ready if d.message is not None)
        return self.in_hand()

    def _is_read(self) -> bool:
        return self._end is not None and (0 if self._last is None else self._last.offset + 1) >= self._end.next

    def _check(self) -> None:
        if self._end is not None and self.position != self._end:
            raise Corrupt(
                f"{self.topic}[{self._scan.partition}]: offset {self._end.next - 1} is another record than was read"
                " before: the topic was truncated or recreated"
            )
