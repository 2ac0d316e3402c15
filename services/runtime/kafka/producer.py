"""Publishing: idempotent, `acks=all`, every acknowledgement looked at."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.core.errors import Transient
from services.runtime.telemetry import RECORDS_OUT, log

LARGEST = 4 * 1024 * 1024
"""Bytes of one value, checked before anything is committed that would publish it."""
HEADROOM = 64 * 1024
"""Bytes that key, headers and framing may take beside it."""

DEADLINE_S = 20.0
FLUSH_S = 5.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish. `topic` is logical: the prefix of the installation is added when it is sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    at: datetime
    headers: tuple[tuple[str, bytes | None], ...]

    @classmethod
    def of_row(cls, row: Mapping[str, Any], source: str) -> "Outgoing":
        """From a row of an outbox or of a fold's output."""
        headers: tuple[tuple[str, bytes | None], ...] = cloud_event(row, source)
        if row.get("headers") is not None:
            headers = tuple((name, None if value is None else bytes.fromhex(value)) for name, value in row["headers"])
        key = None if row["key"] is None else bytes(row["key"])
        return cls(row["topic"], key, None if row["value"] is None else bytes(row["value"]), row["at"], headers)


def cloud_event(row: Mapping[str, Any], source: str) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents 1.0.2, Kafka binding, binary mode; `traceparent` as W3C says."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", row["identity"].encode()),
        ("ce_source", f"/tolbrug/{source}".encode()),
        ("ce_type", row["type"].encode()),
        ("ce_subject", bytes(row["key"] or b"")),
        ("ce_time", row["at"].isoformat().encode()),
        ("content-type", b"application/avro"),
    ]
    if row["traceparent"]:
        headers.append(("traceparent", row["traceparent"].encode()))
    return tuple(headers)


class Producer:
    """One idempotent producer for the process, rebuilt after every error.

    A rejected record leaves aiokafka's sequence numbers one ahead of the broker's for ever, so a producer that failed
    once is never used again; what was in flight is published again by its owner, in order.
    """

    def __init__(self, bootstrap_servers: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap_servers
        self._prefix = prefix
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect. Transient when no broker answers."""
        await self._current()

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            self._close(producer)
        if self._closing:
            await asyncio.wait(self._closing, timeout=FLUSH_S + 1)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send in order and return when all are acknowledged. Transient when one is not: publish all of them again."""
        producer = await self._current()
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(DEADLINE_S):
                for record in records:
                    sent.append(await self._send(producer, record))  # noqa: PERF401 - what is sent is needed on failure
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError) as error:
            self._discard(producer)
            raise Transient(f"Kafka did not acknowledge: {error!r}") from error
        finally:
            for future in sent:
                future.cancel()  # of one that is done, nothing; of the others nobody waits for the outcome
        for topic, count in Counter(r.topic for r in records).items():
            RECORDS_OUT.labels(topic).inc(count)

    async def _send(self, producer: AIOKafkaProducer, record: Outgoing) -> "asyncio.Future[Any]":
        sent: asyncio.Future[Any] = await producer.send(
            self._prefix + record.topic,
            value=b"" if record.key is record.value is None else record.value,  # aiokafka wants one of them
            key=record.key,
            headers=list(record.headers),
            timestamp_ms=int(record.at.timestamp() * 1000),
        )
        return sent

    async def _current(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=0,
                    max_batch_size=128 * 1024,
                    max_request_size=LARGEST + HEADROOM,
                    request_timeout_ms=10_000,
                )
                try:
                    await asyncio.wait_for(producer.start(), DEADLINE_S)
                except (KafkaError, TimeoutError) as error:
                    self._close(producer)
                    raise Transient(f"Kafka does not answer at {self._bootstrap}: {error!r}") from error
                except asyncio.CancelledError:
                    self._close(producer)
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
            log.warning("producer.rebuilt")
            self._close(producer)

    def _close(self, producer: AIOKafkaProducer) -> None:
        closing = asyncio.create_task(_closed(producer))
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
