"""All partitions of one small topic, from its first record on: what every process must know, whatever it works on."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.core.errors import Transient
from services.runtime.settings import KafkaSettings

WAIT_MS = 1_000
_SILENCES = 20


class WholeTopic:
    """Reads it once to its end, and then what is added. Values only, each partition in its order."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._name = kafka.topic_prefix + topic
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=15_000,
        )

    async def start(self) -> list[bytes]:
        """All that is there now; nothing when there is no such topic. Transient when Kafka does not answer."""
        try:
            await self._consumer.start()
            if self._name not in await self._consumer.topics():
                return []
            parts = [TopicPartition(self._name, p) for p in self._consumer.partitions_for_topic(self._name) or ()]
            self._consumer.assign(parts)
            return await self._to_the_end(parts)
        except KafkaError as error:
            raise Transient(f"{self._name} cannot be read: {error!r}") from error

    async def _to_the_end(self, parts: list[TopicPartition]) -> list[bytes]:
        left = {tp: end for tp, end in (await self._consumer.end_offsets(parts)).items() if end > 0}
        values: list[bytes] = []
        silences = 0
        while left:
            read = await self._consumer.getmany(timeout_ms=WAIT_MS)
            silences = 0 if read else silences + 1
            if silences > _SILENCES:
                raise Transient(f"{self._name} gives no more records before its end")
            for tp, records in read.items():
                values += [record.value for record in records if record.value is not None]
                if records and records[-1].offset + 1 >= left.get(tp, 0):
                    left.pop(tp, None)
        return values

    async def more(self) -> list[bytes]:
        """What was added, after a second at most. Transient when Kafka does not answer."""
        try:
            read = await self._consumer.getmany(timeout_ms=WAIT_MS)
        except KafkaError as error:
            raise Transient(f"{self._name} cannot be read: {error!r}") from error
        return [record.value for records in read.values() for record in records if record.value is not None]

    async def stop(self) -> None:
        try:
            await self._consumer.stop()
        except KafkaError:
            return
