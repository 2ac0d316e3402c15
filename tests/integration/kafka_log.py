"""What a topic really holds: read from the beginning, all partitions, without the product's reader."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import DefaultPartitioner

from tests.integration.installation import Installation


class KafkaLog:
    """One topic of an installation."""

    def __init__(self, installation: Installation, topic: str) -> None:
        self.topic = installation.topic_prefix + topic
        self._bootstrap = installation.bootstrap_servers

    async def read(self) -> list["ConsumerRecord[bytes, bytes]"]:
        """Everything in it now, by partition and offset."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(self.topic, p) for p in sorted(await self._partitions())]
            consumer.assign(partitions)
            end = await consumer.end_offsets(partitions)
            records = []
            for tp in partitions:
                while await consumer.position(tp) < end[tp]:
                    found = await consumer.getmany(tp, timeout_ms=1_000)
                    records += found.get(tp, [])
            return records
        finally:
            await consumer.stop()

    async def end(self) -> int:
        """How many records it ever held."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        await consumer.start()
        try:
            ends = await consumer.end_offsets([TopicPartition(self.topic, p) for p in await self._partitions()])
            return sum(ends.values())
        finally:
            await consumer.stop()

    async def write(
        self,
        key: bytes,
        value: bytes | None,
        headers: list[tuple[str, bytes]] | None = None,
        at: datetime | None = None,
    ) -> int:
        """Write one record as a stranger would, at a time of its own or now; its partition."""
        at_ms = None if at is None else round(at.timestamp() * 1_000)
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        await producer.start()
        try:
            sent = await producer.send_and_wait(self.topic, value, key, timestamp_ms=at_ms, headers=headers or [])
            return int(sent.partition)
        finally:
            await producer.stop()

    async def write_all(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Write keys and values, in order for each key."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        await producer.start()
        try:
            sent = [await producer.send(self.topic, value=value, key=key) for key, value in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def _partitions(self) -> set[int]:
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        await producer.start()
        try:
            return set(await producer.partitions_for(self.topic))
        finally:
            await producer.stop()

    async def partition_of(self, key: bytes) -> int:
        """Where a record with this key goes."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        await producer.start()
        try:
            partitions = sorted(await producer.partitions_for(self.topic))
            return int(DefaultPartitioner()(key, partitions, partitions))
        finally:
            await producer.stop()

    async def recreate(self) -> None:
        """Delete the topic and create it anew, empty, with as many partitions."""
        count = len(await self._partitions())
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([self.topic])
            while self.topic in await admin.list_topics():  # noqa: ASYNC110 - the broker deletes in its own time
                await asyncio.sleep(0.05)
            await admin.create_topics([NewTopic(self.topic, count, 1)])
        finally:
            await admin.close()
