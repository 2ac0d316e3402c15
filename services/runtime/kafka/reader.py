"""Reading one partition number of several topics from known positions. No consumer group decides anything."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from services.core.errors import Corrupt, Transient
from services.runtime.kafka.batches import Headers, milliseconds
from services.runtime.telemetry import log, well_formed

SHOW_S = 2.0
FETCH_BYTES = 2 * 1024 * 1024
"""Of a partition at once, or one larger batch: a batch is never cut."""

_NEVER_S = 3_600.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = milliseconds(datetime(2, 1, 1, tzinfo=UTC)), milliseconds(datetime(9999, 1, 1, tzinfo=UTC))


class Incoming(NamedTuple):
    """A record as read: bytes, not yet decoded. `topic` is logical; `at_ms` counts from 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    at_ms: int
    headers: Headers

    @property
    def at(self) -> datetime:
        """Its time, as it stands in the record; 1970 when it is none that can be kept (`dated`)."""
        return _at(self.at_ms)

    @property
    def dated(self) -> bool:
        """Whether its time lies in the years that Python and PostgreSQL know."""
        return _FIRST_MS <= self.at_ms < _LAST_MS

    @property
    def hash(self) -> str:
        """What a position remembers of the record before it, to notice a truncated or recreated topic."""
        return sha256((self.key or b"") + b"\x00" + (self.value or b"")).hexdigest()[:16]

    @property
    def trace(self) -> str | None:
        """Its W3C trace context, when it has one that is well-formed."""
        for name, value in self.headers:
            if name == "traceparent" and value is not None:
                return well_formed(value.decode(errors="replace"))
        return None


@lru_cache(1_024)
def _at(at_ms: int) -> datetime:
    """One object for the records of one millisecond, of which a backlog has many."""
    return datetime.fromtimestamp(at_ms / 1000, UTC) if _FIRST_MS <= at_ms < _LAST_MS else _EPOCH


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset to read, and the hash of the record before it."""

    next: int = 0
    hash: str = ""


class PartitionReader:
    """Reads partition `partition` of all `topics`. One consumer per reader: a slow partition holds up no other.

    What strangers have compressed is unpacked whole, a batch at a time: aiokafka has no limit for it, and the broker
    limits only what is sent. Who may write to an input can so make its readers run out of memory.

    `group` is what `show_positions` shows them under; audits, which show none, have none.
    """

    def __init__(
        self, bootstrap_servers: str, prefix: str, topics: tuple[str, ...], partition: int, group: str | None
    ) -> None:
        self._topics = {TopicPartition(prefix + t, partition): t for t in topics}
        self._turns = deque(self._topics)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=200,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=max(len(topics), 4) * FETCH_BYTES,
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
            self._go_back()
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

    def _go_back(self) -> None:
        """Next comes of each topic once more the record read last."""
        self._ask_again_after(0)
        for tp, position in self._next.items():
            self._consumer.seek(tp, max(position.next - 1, 0))

    async def _same_past(self) -> None:
        """Having gone back: Corrupt when a topic is another than was read; reads on from where it was."""
        self._doubt = False
        for tp, position in self._next.items():
            if position.next > 0:
                await self._same_record_before(tp, position)
        self._ask_again_after(_NEVER_S)

    async def _same_record_before(self, tp: TopicPartition, position: Position) -> None:
        read = await self._consumer.getmany(tp, timeout_ms=10_000, max_records=1)
        records = read.get(tp, [])
        if not records:
            raise Transient(f"{tp.topic}[{tp.partition}]: the record before {position.next} could not be read")
        if records[0].offset != position.next - 1 or _incoming(tp.topic, records[0]).hash != position.hash:
            raise Corrupt(
                f"{tp.topic}[{tp.partition}]: offset {position.next - 1} is another record than was read before"
            )

    def _ask_again_after(self, seconds: float) -> None:
        """When a broker is asked for more while some of what it gave is unread.

        Once all is read is soon enough. By itself aiokafka asks before, for the topics that have nothing, and sends
        no other request until the first record of those comes: an idle topic would hold up its neighbour's backlog.
        """
        self._consumer._fetcher._prefetch_backoff = seconds  # noqa: SLF001 - it is no setting of a consumer

    async def stop(self) -> None:
        with suppress(KafkaError, TimeoutError):
            await self._consumer.stop()

    async def read(self, most: int, wait_ms: int) -> list[Incoming]:
        """Up to `most` records: by topic in the order given, each in order of offset. Corrupt as `start`."""
        try:
            found = await self._take(most, wait_ms)
            while self._doubt:
                self._go_back()
                await self._same_past()
                found = await self._take(most, wait_ms)
        except KafkaError as error:
            raise Transient(f"Kafka cannot be read: {error!r}") from error
        read: list[Incoming] = []
        for tp, topic in self._topics.items():
            records = found.get(tp)
            if records:
                read += [_incoming(topic, record) for record in records]
                self._next[tp] = Position(read[-1].offset + 1, read[-1].hash)
        return read

    async def more(self, records: list[Incoming], most: int) -> list[Incoming]:
        """Records that were read, and what has come since: up to `most` in all."""
        room = most - len(records)
        return [*records, *await self.read(room, 0)] if room > 0 else records

    async def _take(self, most: int, wait_ms: int) -> "dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]":
        """Of what is there an equal share of each topic, and the rest of those that have more.

        aiokafka alone would give one topic until it has no more, and its neighbours would wait for all of its backlog.
        """
        found: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = {tp: [] for tp in self._topics}
        left = most
        self._turns.rotate(1)  # where there is not one for each, every topic has its turn
        share, turns = -(-most // len(self._topics)), list(self._turns)
        for at_most in (share, most):
            for tp in turns:
                if left:
                    more = await self._consumer.getmany(tp, timeout_ms=0, max_records=min(at_most, left))
                    found[tp] += more.get(tp, [])
                    left -= len(more.get(tp, []))
            turns = [tp for tp in turns if len(found[tp]) >= share]  # the others have no more
        if left == most:
            found = await self._consumer.getmany(*self._topics, timeout_ms=wait_ms, max_records=most)
        return found

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
        """Commit group offsets, for lag tools only: one attempt, and never mind when it fails."""
        offsets = {tp: OffsetAndMetadata(positions[t].next, "") for tp, t in self._topics.items() if t in positions}
        # `commit` repeats a request that fails, and shields it: of one that is given up the failure would be nobody's.
        coordinator: Any = self._consumer._coordinator  # noqa: SLF001 - for the reason above
        try:
            async with asyncio.timeout(SHOW_S):
                await coordinator.ensure_coordinator_known()
                await coordinator._do_commit_offsets(None, offsets)  # noqa: SLF001 - the same
        except (KafkaError, TimeoutError) as error:
            log.debug("reader.offsets-not-shown", reason=repr(error))


def _incoming(topic: str, record: "ConsumerRecord[bytes, bytes]") -> Incoming:
    headers: Any = record.headers  # a tuple; aiokafka's own type leaves out that a value may be None
    return Incoming(topic, record.partition, record.offset, record.key, record.value, record.timestamp, headers)
