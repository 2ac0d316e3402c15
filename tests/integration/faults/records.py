"""Topics of an installation read from the beginning, record by record, without the product's reader."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from tests.integration.installation import Installation


@asynccontextmanager
async def _assigned(
    installation: Installation, topics: Sequence[str]
) -> AsyncIterator[tuple[AIOKafkaConsumer, dict[TopicPartition, int]]]:
    """A consumer of all partitions, and where each ends now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=installation.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        names = [installation.topic_prefix + topic for topic in topics]
        partitions = [TopicPartition(name, p) for name in names for p in range(installation.partitions)]
        consumer.assign(partitions)
        yield consumer, await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()


async def ends(installation: Installation, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The next offset to be written, by topic and partition."""
    async with _assigned(installation, topics) as (_, end):
        return {(tp.topic.removeprefix(installation.topic_prefix), tp.partition): at for tp, at in end.items()}


async def records(installation: Installation, topic: str) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Everything in it now, each partition in order."""
    async with _assigned(installation, [topic]) as (consumer, end):
        for tp in end:
            while await consumer.position(tp) < end[tp]:
                for record in (await consumer.getmany(tp, timeout_ms=1_000)).get(tp, []):
                    yield record


def identity(record: "ConsumerRecord[bytes, bytes]") -> str:
    """Its `ce_id`."""
    found = dict(record.headers)["ce_id"]
    return bytes(found).decode()
