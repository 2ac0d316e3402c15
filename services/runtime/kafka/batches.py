"""Records on their way to Kafka, in whole batches.

Each topic partition has a queue: one batch under way, others behind it in order, the last still open. So records of
many callers share batches when Kafka is slower than they are, and none waits for others when it is not. After a batch
that failed its queue sends nothing more: what comes later must not overtake what its owner publishes again.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import unpack_from
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

BATCH_BYTES = 512 * 1024
"""A larger record goes alone. Below the megabyte that topics take which were made without our setting."""

Headers = tuple[tuple[str, bytes | None], ...]
Acknowledged = asyncio.Future[None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_M, _BITS = 0x5BD1E995, 0xFFFFFFFF
_AT_RANDOM = DefaultPartitioner()


class Outgoing(NamedTuple):
    """A record to publish. `topic` is logical: the prefix of the installation is added when it is sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    at: datetime
    headers: Headers


class Batches:
    """All that goes out through one producer."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self.producer = producer
        self._prefix = prefix
        self._queues: dict[str, list[_Queue]] = {}

    async def add(self, records: Sequence[Outgoing], topics: Collection[str]) -> set[Acknowledged]:
        """Queue records of these topics, without a pause between them; what to wait for.

        KafkaError: not all are queued. A topic that is not there is looked for as long as a request may take.
        """
        queues = {topic: await self._of(topic) for topic in topics}
        acknowledged = set()
        at, at_ms = _EPOCH, 0
        for topic, key, value, time, headers in records:
            if time != at:
                at, at_ms = time, milliseconds(time)
            partitions = queues[topic]
            queue = self._any(partitions) if key is None else partitions[partition_of(key, len(partitions))]
            acknowledged.add(queue.add(at_ms, key, value, headers))
        return acknowledged

    def close(self, reason: KafkaError) -> None:
        """Fail what waits. What is under way ends with the producer."""
        for queues in self._queues.values():
            for queue in queues:
                queue.fail(reason)

    async def _of(self, topic: str) -> "list[_Queue]":
        """The queues of a topic's partitions, as many as it has now."""
        name = self._prefix + topic
        count = len(await self.producer.partitions_for(name))
        queues = self._queues.setdefault(topic, [])
        queues += [_Queue(self.producer, name, partition) for partition in range(len(queues), count)]
        return queues if len(queues) == count else queues[:count]

    def _any(self, queues: "Sequence[_Queue]") -> "_Queue":
        """One whose partition has a leader, when there is one."""
        available = self.producer.client.cluster.available_partitions_for_topic(queues[0].topic)
        partition: int = _AT_RANDOM(None, list(range(len(queues))), list(available or ()))
        return queues[partition]


def milliseconds(at: datetime) -> int:
    """Since the epoch, rounded down: exact, as a float is not."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


@lru_cache(32_768)
def partition_of(key: bytes, partitions: int) -> int:
    """As Kafka's own clients choose it, from murmur2; aiokafka's takes twice as long."""
    length = len(key)
    h = 0x9747B28C ^ length
    for k in unpack_from(f"<{length >> 2}I", key):
        k = k * _M & _BITS  # noqa: PLW2901 - as the algorithm is written everywhere
        h = h * _M & _BITS ^ (k ^ k >> 24) * _M & _BITS
    if length & 3:
        h = (h ^ int.from_bytes(key[length & ~3 :], "little")) * _M & _BITS
    h = (h ^ h >> 13) * _M & _BITS
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


class _Batch(NamedTuple):
    builder: Any
    acknowledged: Acknowledged


class _Queue:
    """The batches of one topic partition."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self.topic = topic
        self._producer = producer
        self._partition = partition
        self._waiting: deque[_Batch] = deque()
        self._open: _Batch | None = None
        self._sending: asyncio.Task[None] | None = None
        self._failure: KafkaError | None = None

    def add(self, at_ms: int, key: bytes | None, value: bytes | None, headers: Headers) -> Acknowledged:
        """Queue a record; what tells that Kafka has it. Raises what an earlier one failed with."""
        batch = self._open
        listed = list(headers)  # aiokafka takes no tuple
        if batch is None or batch.builder.append(timestamp=at_ms, key=key, value=value, headers=listed) is None:
            batch = self._begin()
            batch.builder.append(timestamp=at_ms, key=key, value=value, headers=listed)  # the first one always fits
        return batch.acknowledged

    def fail(self, reason: KafkaError) -> None:
        """Nothing is taken or sent any more; what waits fails."""
        self._failure = self._failure or reason
        self._open = None
        while self._waiting:
            _fail(self._waiting.popleft(), self._failure)

    def _begin(self) -> _Batch:
        if self._failure is not None:
            raise self._failure
        batch = _Batch(self._producer.create_batch(), asyncio.get_running_loop().create_future())
        self._open = batch
        self._waiting.append(batch)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return batch

    async def _send(self) -> None:
        while self._waiting:
            batch = self._waiting.popleft()
            if batch is self._open:
                self._open = None  # its bytes are not kept until the next record comes
            batch.builder.close()
            try:
                await (await self._producer.send_batch(batch.builder, self.topic, partition=self._partition))
            except (KafkaError, AssertionError) as error:  # an assertion fails when the topic has lost the partition
                failure = error if isinstance(error, KafkaError) else KafkaError(repr(error))
                _fail(batch, failure)
                self.fail(failure)
            else:
                batch.acknowledged.set_result(None)
        self._sending = None


def _fail(batch: _Batch, reason: KafkaError) -> None:
    batch.acknowledged.set_exception(reason)
    batch.acknowledged.exception()  # who waited may be gone: nobody need look at it
