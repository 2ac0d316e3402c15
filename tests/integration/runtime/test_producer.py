"""The producer on a real Kafka: order, what it takes, and what it does when Kafka does not acknowledge."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, RequestTimedOutError

from services.core.errors import Transient
from services.core.messages import Licence
from services.runtime.kafka import batches as kafka_batches
from services.runtime.kafka import producer as kafka_producer
from services.runtime.kafka import topics
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import LARGEST, Producer
from services.runtime.settings import RuntimeSettings
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import Probe

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def topic(runtime_settings: RuntimeSettings) -> KafkaLog:
    """A topic of two partitions."""
    await topics.apply(runtime_settings.kafka, ["t"])
    return KafkaLog(Installation.of(runtime_settings), "t")


def a_producer(settings: RuntimeSettings) -> Producer:
    return Producer(settings.kafka.bootstrap_servers, settings.kafka.topic_prefix)


def records(key: bytes, values: range) -> list[Outgoing]:
    headers = (("ce_id", b"id"), ("absent", None))
    return [Outgoing("t", key, b"%d" % n, AT + timedelta(milliseconds=n), headers) for n in values]


async def values_of(topic: KafkaLog, key: bytes) -> list[int]:
    return [int(r.value or b"") for r in await topic.read() if r.key == key]


async def test_many_callers_publish_at_once_each_in_order(
    topic: KafkaLog, runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_producer, "BATCH_BYTES", 4_000)
    producer = a_producer(runtime_settings)

    async def caller(key: bytes) -> None:
        for begin in range(0, 600, 150):
            await producer.publish(records(key, range(begin, begin + 150)))

    keys = [b"key %d" % n for n in range(6)]
    await asyncio.gather(*map(caller, keys))
    await producer.stop()
    read = await topic.read()
    assert {key: [int(r.value or b"") for r in read if r.key == key] for key in keys} == {
        key: list(range(600)) for key in keys
    }
    assert {r.headers for r in read} == {(("ce_id", b"id"), ("absent", None))}
    assert {r.timestamp - int(r.value or b"") for r in read} == {kafka_batches.milliseconds(AT)}


async def test_the_largest_record_and_one_of_nothing_are_published(
    topic: KafkaLog, runtime_settings: RuntimeSettings
) -> None:
    producer = a_producer(runtime_settings)
    values = [b"small", bytes(LARGEST), b"small", None]
    await producer.publish([Outgoing("t", b"k", value, AT, ()) for value in values])
    await producer.publish([Outgoing("t", None, None, AT, ())])
    await producer.stop()
    read = await topic.read()
    assert [r.value for r in read if r.key == b"k"] == values
    assert [r.value for r in read if r.key is None] == [None]


async def test_what_follows_a_lost_batch_is_published_after_it(
    topic: KafkaLog, runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_producer, "BATCH_BYTES", 1_000)
    producer = a_producer(runtime_settings)
    await producer.publish(records(b"k", range(1)))
    send, sent = AIOKafkaProducer.send_batch, 0

    async def second_is_lost(self: AIOKafkaProducer, *args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 2:
            raise KafkaError("lost")
        return await send(self, *args, **kwargs)

    with monkeypatch.context() as losing:
        losing.setattr(AIOKafkaProducer, "send_batch", second_is_lost)
        with pytest.raises(Transient):
            await producer.publish(records(b"k", range(1, 200)))
    after_loss = await values_of(topic, b"k")
    assert after_loss == list(range(len(after_loss)))
    assert 1 < len(after_loss) < 200
    await producer.publish(records(b"k", range(1, 200)))
    await producer.stop()
    assert await values_of(topic, b"k") == [*after_loss, *range(1, 200)]


async def test_a_topic_that_is_not_there_fails_its_caller_and_no_later_one(
    topic: KafkaLog, runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = a_producer(runtime_settings)
    monkeypatch.setattr(kafka_producer, "DEADLINE_S", 0.5)
    with pytest.raises(Transient):
        await producer.publish([Outgoing("absent", b"k", b"v", AT, ())])
    monkeypatch.undo()
    await producer.publish(records(b"k", range(3)))
    await producer.stop()
    assert await values_of(topic, b"k") == [0, 1, 2]


def producer_tasks() -> set[asyncio.Task[Any]]:
    """aiokafka's, and those of our queues."""
    names = {t: getattr(t.get_coro(), "__qualname__", "").lower() for t in asyncio.all_tasks()}
    return {t for t, name in names.items() if "aiokafka" in name or name.startswith("_queue.")}


async def test_a_producer_that_is_given_up_leaves_nothing_running(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await probe.start()).terminate()
    monkeypatch.setattr(kafka_producer, "DEADLINE_S", 0.5)
    monkeypatch.setattr(kafka_producer, "FLUSH_S", 0.5)
    before = producer_tasks()
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    producer = Producer(probe.installation.bootstrap_servers, probe.installation.topic_prefix)
    record = Outgoing(Licence.TOPIC, b"L", b"value", AT, ())
    await producer.publish([record])

    async def no_answer(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0.1)
        raise RequestTimedOutError

    with monkeypatch.context() as away:
        away.setattr(AIOKafkaClient, "send", no_answer)
        with pytest.raises(Transient):
            await producer.publish([record])
        await asyncio.sleep(1)
    await producer.publish([record])
    await producer.stop()
    assert producer_tasks() == before, "a sender that lives on would deliver what is stale"
    gc.collect()
    assert complaints == []
