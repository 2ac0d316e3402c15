"""Reading several topics side by side: none waits for another, nothing is skipped or comes twice."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import RequestTimedOutError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.fetch import FetchRequest

from services.core.errors import Corrupt
from services.runtime.kafka import reader as kafka_reader
from services.runtime.kafka import topics
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.reader import Incoming, PartitionReader, Position
from services.runtime.settings import KafkaSettings, RuntimeSettings

AT = datetime(2026, 3, 1, tzinfo=UTC)
TOPICS = ("a", "b")

Open = Callable[..., Awaitable[PartitionReader]]


@pytest.fixture
async def kafka_settings(runtime_settings: RuntimeSettings) -> KafkaSettings:
    """Two topics of one partition."""
    settings = runtime_settings.kafka.model_copy(update={"partitions": 1})
    await topics.apply(settings, TOPICS)
    return settings


@pytest.fixture
async def opened(kafka_settings: KafkaSettings) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def opened(**positions: Position) -> PartitionReader:
            kafka = kafka_settings
            reader = PartitionReader(kafka.bootstrap_servers, kafka.topic_prefix, TOPICS, 0, f"{kafka.topic_prefix}g")
            stack.push_async_callback(reader.stop)
            await reader.start(positions)
            return reader

        yield opened


async def write(settings: KafkaSettings, topic: str, values: range, size: int = 100) -> None:
    producer = Producer(settings.bootstrap_servers, settings.topic_prefix)
    value = bytes(size)
    await producer.publish([Outgoing(topic, b"%d" % n, value, AT, ()) for n in values])
    await producer.stop()


async def read(reader: PartitionReader, count: int, most: int = 400) -> list[Incoming]:
    found: list[Incoming] = []
    while len(found) < count:
        found += await reader.read(most, 1_000)
    return found


def keys(records: list[Incoming], topic: str) -> list[int]:
    return [int(r.key or b"") for r in records if r.topic == topic]


async def test_a_backlog_in_one_topic_holds_up_no_other(kafka_settings: KafkaSettings, opened: Open) -> None:
    await write(kafka_settings, "a", range(30_000))
    await write(kafka_settings, "b", range(30_000))
    reader = await opened()
    batches = [await reader.read(400, 1_000) for _ in range(10)]
    # Until both have come there may be only one of them to take from.
    shares = [(len(keys(batch, "a")), len(keys(batch, "b"))) for batch in batches]
    both = next(n for n, share in enumerate(shares) if all(share))
    assert shares[both:] == [(200, 200)] * (10 - both)
    assert [r.topic for r in batches[-1]] == ["a"] * 200 + ["b"] * 200
    for topic in TOPICS:
        come = [n for batch in batches for n in keys(batch, topic)]
        assert come == list(range(len(come)))


async def test_who_has_more_takes_what_the_others_leave(kafka_settings: KafkaSettings, opened: Open) -> None:
    await write(kafka_settings, "a", range(50))
    await write(kafka_settings, "b", range(1_000))
    reader = await opened()
    found = await read(reader, 1_050)
    assert keys(found, "a") == list(range(50))
    assert keys(found, "b") == list(range(1_000))


async def test_one_record_at_a_time_every_topic_has_its_turn(kafka_settings: KafkaSettings, opened: Open) -> None:
    await write(kafka_settings, "a", range(100))
    await write(kafka_settings, "b", range(100))
    reader = await opened()
    found = await read(reader, 60, most=1)
    assert min(len(keys(found, topic)) for topic in TOPICS) >= 20


async def test_for_an_idle_topic_nothing_is_asked_while_there_is_a_backlog(
    kafka_settings: KafkaSettings, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_reader, "FETCH_BYTES", 1_000)  # what was written at once comes at once
    await write(kafka_settings, "a", range(10))
    await write(kafka_settings, "a", range(10, 1_000))
    reader = await opened()
    await read(reader, 11, most=1)
    asked: list[Any] = []
    send = AIOKafkaClient.send

    async def counted(self: AIOKafkaClient, node: Any, request: Any, **kwargs: Any) -> Any:
        if isinstance(request, FetchRequest):
            asked.append(request)
        return await send(self, node, request, **kwargs)

    monkeypatch.setattr(AIOKafkaClient, "send", counted)
    await asyncio.sleep(0.5)  # long enough for it to be asked: by itself aiokafka does after 0.1 s
    assert asked == []
    await read(reader, 989)
    await write(kafka_settings, "b", range(1))
    assert keys(await read(reader, 1), "b") == [0]


async def test_reading_goes_on_where_it_was_left_whatever_the_neighbour_holds(
    kafka_settings: KafkaSettings, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An answer has room for one topic only, and that is the one that was not read before.
    monkeypatch.setattr(kafka_reader, "FETCH_BYTES", 1_000)
    monkeypatch.setattr(random, "shuffle", lambda asked: asked.sort(reverse=True))
    await write(kafka_settings, "a", range(2_000), size=2_000)
    first = await opened()
    last = (await read(first, 100, most=100))[-1]
    await write(kafka_settings, "b", range(2_000), size=2_000)
    async with asyncio.timeout(5):
        second = await opened(a=Position(100, last.hash))
    assert last.offset == 99
    found = await read(second, 3_900)
    assert keys(found, "a") == list(range(100, 2_000))
    assert keys(found, "b") == list(range(2_000))


async def test_a_doubt_in_the_midst_of_a_backlog_skips_and_repeats_nothing(
    kafka_settings: KafkaSettings, opened: Open
) -> None:
    await write(kafka_settings, "a", range(3_000), size=2_000)
    await write(kafka_settings, "b", range(3_000), size=2_000)
    reader = await opened()
    found: list[Incoming] = []
    async with asyncio.timeout(20):
        while len(found) < 6_000:
            found += await reader.read(500, 1_000)
            reader._in_doubt(None)
    assert keys(found, "a") == list(range(3_000))
    assert keys(found, "b") == list(range(3_000))


async def test_another_record_than_was_read_is_found_at_the_start(kafka_settings: KafkaSettings, opened: Open) -> None:
    await write(kafka_settings, "a", range(10))
    with pytest.raises(Corrupt, match="another record"):
        await opened(a=Position(5, "0" * 16))


async def test_positions_that_cannot_be_shown_hold_up_nothing_and_leave_nothing(
    kafka_settings: KafkaSettings, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await write(kafka_settings, "a", range(1))
    reader = await opened()
    await reader.show_positions({"a": Position(1)})
    send, ended = AIOKafkaClient.send, asyncio.Event()

    async def late_failure(self: AIOKafkaClient, node: Any, request: Any, **kwargs: Any) -> Any:
        if not isinstance(request, OffsetCommitRequest):
            return await send(self, node, request, **kwargs)
        try:
            await asyncio.sleep(0.3)
        finally:
            ended.set()
        raise RequestTimedOutError

    monkeypatch.setattr(AIOKafkaClient, "send", late_failure)
    monkeypatch.setattr(kafka_reader, "SHOW_S", 0.1)
    async with asyncio.timeout(5):
        await reader.show_positions({"a": Position(1)})
        await ended.wait()
    await reader.stop()
    gc.collect()
    assert complaints == []
