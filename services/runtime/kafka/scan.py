"""Reading one partition of a topic once, from its first record to where it ends now: for audits, not for folds."""

from collections.abc import AsyncIterator

from services.core.errors import Transient
from services.runtime.kafka.reader import Incoming, PartitionReader
from services.runtime.settings import KafkaSettings

BATCH = 1_000
WAIT_MS = 1_000
SILENCES = 20
"""Reads in a row without a record, before the end, until this is given up."""


class Scan:
    """One pass. `open` fixes the end: what is written later is not read."""

    def __init__(self, kafka: KafkaSettings, topic: str, partition: int, purpose: str) -> None:
        group = f"{kafka.topic_prefix}tolbrug.{purpose}"
        self.topic = topic
        self.partition = partition
        self.end = 0
        self._reader = PartitionReader(kafka.bootstrap_servers, kafka.topic_prefix, (topic,), partition, group)

    async def open(self) -> None:
        """Corrupt when the topic no longer begins at its first record."""
        await self._reader.start({})
        self.end = (await self._reader.ends())[self.topic]

    async def close(self) -> None:
        await self._reader.stop()

    async def records(self) -> AsyncIterator[list[Incoming]]:
        """Batches in order. Transient when records before the end do not come."""
        at, silences = 0, 0
        while at < self.end:
            found = await self._reader.read(min(BATCH, self.end - at), WAIT_MS)
            silences = 0 if found else silences + 1
            if silences >= SILENCES:
                raise Transient(f"{self.topic}[{self.partition}] gives no record at offset {at}")
            if found:
                at = found[-1].offset + 1
                yield found
