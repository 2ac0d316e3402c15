"""Publishing: idempotent, `acks=all`, every acknowledgement looked at."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.core.errors import Transient
from services.runtime.kafka.batches import BATCH_BYTES, Batches, Outgoing
from services.runtime.telemetry import RECORDS_OUT, log

LARGEST = 4 * 1024 * 1024
"""Bytes of one value, checked before anything is committed that would publish it."""
HEADROOM = 64 * 1024
"""Bytes that key, headers and framing may take beside it."""

DEADLINE_S = 20.0
FLUSH_S = 5.0


class Producer:
    """One idempotent producer for the process, rebuilt after every error.

    A rejected record leaves aiokafka's sequence numbers one ahead of the broker's for ever, so a producer that failed
    once is never used again; what was in flight is published again by its owner, in order.
    """

    def __init__(self, bootstrap_servers: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap_servers
        self._prefix = prefix
        self._batches: Batches | None = None
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect. Transient when no broker answers."""
        await self._current()

    async def stop(self) -> None:
        batches, self._batches = self._batches, None
        if batches is not None:
            self._close(batches)
        if self._closing:
            await asyncio.wait(self._closing, timeout=FLUSH_S + 1)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send, in order per topic partition, and return when all are acknowledged.

        Transient when one is not: publish all of them again. Who is cancelled while waiting does not take back what is
        queued.
        """
        if not records:
            return
        counts = Counter(record.topic for record in records)
        batches = self._batches or await self._current()
        try:
            async with asyncio.timeout(DEADLINE_S):
                acknowledged = await batches.add(records, counts)
                done, _ = await asyncio.wait(acknowledged, return_when=asyncio.FIRST_EXCEPTION)
            for one in done:
                one.result()
        except (KafkaError, TimeoutError) as error:
            self._discard(batches)
            raise Transient(f"Kafka did not acknowledge: {error!r}") from error
        for topic, count in counts.items():
            RECORDS_OUT.labels(topic).inc(count)

    async def _current(self) -> Batches:
        async with self._lock:
            if self._batches is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=0,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=LARGEST + HEADROOM,
                    request_timeout_ms=10_000,
                )
                batches = Batches(producer, self._prefix)
                try:
                    await asyncio.wait_for(producer.start(), DEADLINE_S)
                except (KafkaError, TimeoutError) as error:
                    self._close(batches)
                    raise Transient(f"Kafka does not answer at {self._bootstrap}: {error!r}") from error
                except asyncio.CancelledError:
                    self._close(batches)
                    raise
                self._batches = batches
            return self._batches

    def _discard(self, batches: Batches) -> None:
        if self._batches is batches:
            self._batches = None
            log.warning("producer.rebuilt")
            self._close(batches)

    def _close(self, batches: Batches) -> None:
        batches.close(KafkaConnectionError("closed before it was sent"))
        closing = asyncio.create_task(_closed(batches.producer))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _closed(producer: AIOKafkaProducer) -> None:
    """Flush, then fail what is left: its owner publishes it again.

    `stop` by itself waits for as long as Kafka is away, and cancelling it leaves its tasks and connections behind,
    which would deliver what is stale once Kafka is back.
    """
    stopping = asyncio.create_task(producer.stop())
    await asyncio.wait({stopping}, timeout=FLUSH_S)
    if not stopping.done():
        # There is no public way to give up a flush. The sender first: it puts back what it has under way.
        await producer._sender.close()  # noqa: SLF001 - as said above
        _fail(producer._message_accumulator)  # noqa: SLF001 - as said above
    with suppress(KafkaError):
        await stopping


def _fail(accumulator: Any) -> None:
    """Fail all batches; without what stands around the call, aiokafka has asyncio report errors of its own."""
    batches = {*accumulator._pending_batches, *chain.from_iterable(accumulator._batches.values())}  # noqa: SLF001 - no public way
    accumulator._pending_batches.update(batches)  # noqa: SLF001 - no public way
    accumulator.fail_all(KafkaConnectionError("closed before it was acknowledged"))
    for batch in batches:
        batch._drain_waiter.exception()  # noqa: SLF001 - no public way
