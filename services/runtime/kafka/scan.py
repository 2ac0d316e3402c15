"""Reading one partition number of topics once, from the first record to where they end now: for audits, not folds."""

from collections.abc import AsyncIterator

from services.core.errors import Transient
from services.runtime.kafka.reader import Incoming, PartitionReader
from services.runtime.settings import KafkaSettings

BATCH = 1_000
WAIT_MS = 1_000
SILENCES = 20
"""Reads in a row without a record, before the end, until this is given up."""


class Scan:
    """One pass. `open` fixes the `ends`, the offset after the last record of each topic: later records are not read."""

    def __init__(self, kafka: KafkaSettings, topics: tuple[str, ...], partition: int) -> None:
        self.partition = partition
        self.ends: dict[str, int] = {}
        self._reader = PartitionReader(kafka.bootstrap_servers, kafka.topic_prefix, topics, partition, None)

    async def open(self) -> None:
        """Corrupt when a topic no longer begins at its first record."""
        await self._reader.start({})
        self.ends = await self._reader.ends()

    async def close(self) -> None:
        await self._reader.stop()

    async def records(self) -> AsyncIterator[list[Incoming]]:
        """Batches, each topic in order. Transient when records before the ends do not come."""
        left = {topic: end for topic, end in self.ends.items() if end > 0}
        silences = 0
        while left:
            read = await self._reader.read(BATCH, WAIT_MS)
            found = [record for record in read if record.offset < self.ends[record.topic]]
            silences = 0 if found else silences + 1
            if silences >= SILENCES:
                raise Transient(f"partition {self.partition} gives no more records of {', '.join(left)}")
            for topic, record in {record.topic: record for record in found}.items():
                if record.offset + 1 >= self.ends[topic]:
                    del left[topic]
            if found:
                yield found
