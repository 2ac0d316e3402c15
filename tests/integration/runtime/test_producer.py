"""The producer when Kafka does not acknowledge."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import RequestTimedOutError

from services.core.errors import Transient
from services.core.messages import Licence
from services.runtime.kafka import producer as kafka_producer
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from tests.integration.runtime.probe_process import Probe


def aiokafka_tasks() -> set[asyncio.Task[Any]]:
    return {t for t in asyncio.all_tasks() if "aiokafka" in getattr(t.get_coro(), "__qualname__", "").lower()}


async def test_a_producer_that_is_given_up_leaves_nothing_running(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await probe.start()).terminate()
    monkeypatch.setattr(kafka_producer, "DEADLINE_S", 0.5)
    monkeypatch.setattr(kafka_producer, "FLUSH_S", 0.5, raising=False)
    before = aiokafka_tasks()
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    producer = Producer(probe.installation.bootstrap_servers, probe.installation.topic_prefix)
    record = Outgoing(Licence.TOPIC, b"L", b"value", datetime(2026, 3, 1, tzinfo=UTC), ())
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
    assert aiokafka_tasks() == before, "a sender that lives on would deliver what is stale"
    gc.collect()
    assert complaints == []
