"""Reading one partition number of several topics from known positions. No consumer group decides anything."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.core.errors import Corrupt, Transient
from services.runtime.telemetry import log, well_formed

SHOW_S = 2.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as read: bytes, not yet decoded. `topic` is logical."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    at: datetime
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def hash(self) -> str:
        """What a position remembers of the record before it, to notice a truncated or recreated topic."""
        return sha256((self.key or b"") + b"\x00" + (self.value or b"")).hexdigest()[:16]

    @property
    def trace(self) -> str | None:
        """Its W3C trace context, when it has one that is well-formed."""
        found = next((value for key, value in self.headers if key == "traceparent" and value is not None), b"")
        return well_formed(found.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to read, and the hash of the record before it."""

    next: int = 0
    hash: str = ""


class PartitionReader:
    """Reads partition `partition` of all `topics`. One consumer per reader: a slow partition holds up no other.

    `group` is what `show_positions` shows them under; audits, which show none, have none.
    """

    def __init__(
        self, bootstrap_servers: str, prefix: str, topics: tuple[str, ...], partition: int, group: str | None
    ) -> None:
        self._prefix = prefix
        self._partition = partition
        self._topics = {TopicPartition(prefix + t, partition): t for t in topics}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=200,
            max_partition_fetch_bytes=4 * 1024 * 1024 + 128 * 1024,
            fetch_max_bytes=16 * 1024 * 1024,
            request_timeout_ms=15_000,
            check_crcs=True,
        )
        self._next = dict.fromkeys(self._topics, Position())
        self._doubt = False
        # A topic is not deleted and made anew without the client asking where it is: then the past is looked at again.
        self._consumer._client.cluster.add_listener(self._in_doubt)  # noqa: SLF001 - there is no public way to hear of it

    async def start(self, positions: Mapping[str, Position]) -> None:
        """Seek to the positions. Corrupt when a topic no longer holds what was read from it."""
        wanted = self._next = {tp: positions.get(topic, Position()) for tp, topic in self._topics.items()}
        try:
            await self._consumer.start()
            # Assign and seek without an await between: the fetcher must never look for a position by itself.
            self._consumer.assign(list(self._topics))
            for tp, position in wanted.items():
                self._consumer.seek(tp, position.next)
            first = await self._consumer.beginning_offsets(list(self._topics))
            end = await self._consumer.end_offsets(list(self._topics))
            for tp, position in wanted.items():
                if not first[tp] <= max(position.next - 1, 0) or position.next > end[tp]:
                    raise Corrupt(
                        f"{tp.topic}[{tp.partition}] holds offsets {first[tp]} to {end[tp]}, the next to read is"
                        f" {position.next}: it was truncated or recreated"
                    )
            await self._same_past()
        except KafkaError as error:
            raise Transient(f"Kafka does not answer: {error!r}") from error

    def _in_doubt(self, _: Any) -> None:
        self._doubt = True

    async def _same_past(self) -> None:
        """Corrupt when a topic is another than was read; reads on from where it was."""
        self._doubt = False
        for tp, position in self._next.items():
            if position.next > 0:
                await self._same_record_before(tp, position)
            else:
                self._consumer.seek(tp, 0)

    async def _same_record_before(self, tp: TopicPartition, position: Position) -> None:
        self._consumer.seek(tp, position.next - 1)
        read = await self._consumer.getmany(tp, timeout_ms=10_000, max_records=1)
        records = read.get(tp, [])
        self._consumer.seek(tp, position.next)
        if not records:
            raise Transient(f"{tp.topic}[{tp.partition}]: the record before {position.next} could not be read")
        if self._incoming(records[0]).hash != position.hash:
            raise Corrupt(
                f"{tp.topic}[{tp.partition}]: offset {position.next - 1} is another record than was read before"
            )

    async def stop(self) -> None:
        with suppress(KafkaError, TimeoutError):
            await self._consumer.stop()

    async def read(self, most: int, wait_ms: int) -> list[Incoming]:
        """Up to `most` records: by topic in the order given, each in order of offset. Corrupt as `start`."""
        try:
            found = await self._consumer.getmany(*self._topics, timeout_ms=wait_ms, max_records=most)
            while self._doubt:
                await self._same_past()
                found = await self._consumer.getmany(*self._topics, timeout_ms=wait_ms, max_records=most)
        except KafkaError as error:
            raise Transient(f"Kafka cannot be read: {error!r}") from error
        records = {tp: [self._incoming(record) for record in found.get(tp, [])] for tp in self._topics}
        self._next |= {tp: Position(read[-1].offset + 1, read[-1].hash) for tp, read in records.items() if read}
        return [record for read in records.values() for record in read]

    async def ends(self) -> dict[str, int]:
        """The offset after the last record of each topic, as of now."""
        try:
            found = await self._consumer.end_offsets(list(self._topics))
        except KafkaError as error:
            raise Transient(f"Kafka cannot be read: {error!r}") from error
        return {topic: found[tp] for tp, topic in self._topics.items()}

    def lag(self, positions: Mapping[str, Position]) -> dict[str, int]:
        """Records between the positions and the end, per topic, as far as known."""
        ends = {topic: self._consumer.highwater(tp) for tp, topic in self._topics.items()}
        return {t: max(0, end - positions.get(t, Position()).next) for t, end in ends.items() if end is not None}

    async def show_positions(self, positions: Mapping[str, Position]) -> None:
        """Commit group offsets, for lag tools only."""
        offsets: dict[TopicPartition, Any] = {tp: positions[t].next for tp, t in self._topics.items() if t in positions}
        try:
            await asyncio.wait_for(self._consumer.commit(offsets), SHOW_S)
        except (KafkaError, TimeoutError) as error:
            log.debug("reader.offsets-not-shown", reason=repr(error))

    def _incoming(self, record: "ConsumerRecord[bytes, bytes]") -> Incoming:
        return Incoming(
            topic=record.topic.removeprefix(self._prefix),
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            headers=tuple(record.headers),
        )
