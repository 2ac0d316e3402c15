"""How records become batches, on a producer that sends nothing: where they go, in which order, what after a failure."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.kafka.batches import BATCH_BYTES, Batches, Outgoing, milliseconds
from services.runtime.kafka.producer import LARGEST, Producer

AT = datetime(2026, 3, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kafka:
    """Takes batches and acknowledges those it is told to. `leaders`: partitions that have one."""

    def __init__(self, partitions: int = 1, leaders: set[int] | None = None) -> None:
        self.partitions = partitions
        self.sent: list[tuple[int, BatchBuilder, asyncio.Future[None]]] = []
        cluster = SimpleNamespace(available_partitions_for_topic=lambda _: leaders)
        self.client = SimpleNamespace(cluster=cluster)

    async def partitions_for(self, topic: str) -> set[int]:
        assert topic == "prefix.t"
        return set(range(self.partitions))

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH_BYTES, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> "asyncio.Future[None]":
        assert topic == "prefix.t"
        assert batch.closed(), "what is counted when it is sent must not grow after"
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append((partition, batch, acknowledged))
        return acknowledged

    def batches(self) -> Batches:
        producer: Any = self
        return Batches(producer, "prefix.")

    def values(self) -> list[list[bytes]]:
        """Of each batch sent, in order."""
        return [[value for _, _, value in records_of(batch)] for _, batch, _ in self.sent]


def records_of(batch: BatchBuilder) -> list[tuple[int, bytes | None, bytes]]:
    """Time, key and value of each record."""
    records = MemoryRecords(bytes(batch._build()))
    found = []
    while (read := records.next_batch()) is not None:
        found += [(record.timestamp, record.key, record.value or b"") for record in read]
    return found


def a_record(value: bytes, key: bytes | None = b"k") -> Outgoing:
    return Outgoing("t", key, value, AT, (("name", b"value"),))


async def add(batches: Batches, records: Sequence[Outgoing]) -> set[asyncio.Future[None]]:
    acknowledged = await batches.add(records, {"t"})
    await settled()
    return acknowledged


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


@given(key=st.binary(max_size=80), partitions=st.integers(1, 20))
async def test_a_key_goes_to_the_partition_where_every_kafka_client_puts_it(key: bytes, partitions: int) -> None:
    kafka = Kafka(partitions)
    await add(kafka.batches(), [a_record(b"v", key)])
    every = list(range(partitions))
    assert [partition for partition, _, _ in kafka.sent] == [DefaultPartitioner()(key, every, every)]


async def test_a_record_without_a_key_goes_where_there_is_a_leader() -> None:
    kafka = Kafka(8, leaders={5})
    await add(kafka.batches(), [a_record(b"v", None)] * 20)
    assert [partition for partition, _, _ in kafka.sent] == [5]


async def test_a_topic_that_gets_more_partitions_uses_them() -> None:
    kafka = Kafka(1)
    batches = kafka.batches()
    await add(batches, [a_record(b"v", b"%d" % n) for n in range(50)])
    kafka.partitions = 3
    await add(batches, [a_record(b"v", b"%d" % n) for n in range(50)])
    assert {partition for partition, _, _ in kafka.sent} == {0, 1, 2}


async def test_what_comes_while_a_batch_is_under_way_goes_together_whoever_brings_it() -> None:
    kafka = Kafka()
    batches = kafka.batches()
    first = await add(batches, [a_record(b"1"), a_record(b"2")])
    second = await add(batches, [a_record(b"3")])
    third = await add(batches, [a_record(b"4"), a_record(b"5")])
    assert kafka.values() == [[b"1", b"2"]]
    kafka.sent[0][2].set_result(None)
    await settled()
    assert kafka.values() == [[b"1", b"2"], [b"3", b"4", b"5"]]
    assert [f.done() for f in (*first, *second, *third)] == [True, False, False]
    kafka.sent[1][2].set_result(None)
    await settled()
    assert all(f.done() for f in (*second, *third))


async def test_a_record_larger_than_a_batch_goes_alone_in_its_place() -> None:
    kafka = Kafka()
    large = bytes(LARGEST)
    acknowledged = await add(kafka.batches(), [a_record(b"1"), a_record(large), a_record(b"2"), a_record(b"3")])
    for sent in range(3):
        kafka.sent[sent][2].set_result(None)
        await settled()
    assert kafka.values() == [[b"1"], [large], [b"2", b"3"]]
    assert len(acknowledged) == 3


async def test_a_caller_that_gives_up_takes_nothing_from_those_who_share_its_batch() -> None:
    kafka, producer = Kafka(), Producer("nowhere:1")
    producer._batches = kafka.batches()
    callers = [asyncio.create_task(producer.publish([a_record(b"%d" % n)])) for n in range(3)]
    await settled()
    assert kafka.values() == [[b"0", b"1", b"2"]]
    callers[1].cancel()
    await settled()
    kafka.sent[0][2].set_result(None)
    await asyncio.wait(callers)
    assert [caller.cancelled() for caller in callers] == [False, True, False]
    for caller in (callers[0], callers[2]):
        caller.result()


async def test_after_a_batch_that_failed_nothing_overtakes_what_is_sent_again() -> None:
    kafka = Kafka(2)
    batches = kafka.batches()
    keys = {int(DefaultPartitioner()(b"%d" % n, [0, 1], [])): b"%d" % n for n in range(20)}
    failing = await add(batches, [a_record(b"1", keys[0])])
    behind = await add(batches, [a_record(b"2", keys[0])])
    beside = await add(batches, [a_record(b"3", keys[1])])
    kafka.sent[0][2].set_exception(MessageSizeTooLargeError())
    kafka.sent[1][2].set_result(None)
    await settled()
    assert [type(f.exception()) for f in (*failing, *behind)] == [MessageSizeTooLargeError] * 2
    assert [f.exception() for f in beside] == [None]
    assert kafka.values() == [[b"1"], [b"3"]]
    with pytest.raises(MessageSizeTooLargeError):
        await add(batches, [a_record(b"4", keys[0])])


async def test_a_partition_that_is_no_longer_there_fails_its_records() -> None:
    class Shrunk(Kafka):
        async def send_batch(self, *_: object, **__: object) -> "asyncio.Future[None]":
            raise AssertionError("Unrecognized partition")

    (acknowledged,) = await add(Shrunk().batches(), [a_record(b"1")])
    assert isinstance(acknowledged.exception(), KafkaError)


async def test_when_it_is_closed_what_waits_fails_and_what_is_under_way_ends_as_it_ends() -> None:
    kafka = Kafka()
    batches = kafka.batches()
    (under_way,) = await add(batches, [a_record(b"1")])
    (waiting,) = await add(batches, [a_record(b"2")])
    batches.close(KafkaError("closed"))
    assert isinstance(waiting.exception(), KafkaError)
    kafka.sent[0][2].set_result(None)
    await settled()
    assert under_way.exception() is None
    assert kafka.values() == [[b"1"]]


@given(micros=st.integers(-(10**15), 10**16))
def test_a_time_is_the_millisecond_it_lies_in(micros: int) -> None:
    at = EPOCH + timedelta(microseconds=micros)
    assert milliseconds(at) == micros // 1000


async def test_each_record_has_its_own_time() -> None:
    kafka = Kafka()
    times = [AT, AT, AT + timedelta(milliseconds=1), AT - timedelta(days=1)]
    await add(kafka.batches(), [Outgoing("t", b"k", b"v", at, ()) for at in times])
    assert [at for at, _, _ in records_of(kafka.sent[0][1])] == [milliseconds(at) for at in times]
