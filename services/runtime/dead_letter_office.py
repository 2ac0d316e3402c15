"""Reading dead letters, and sending one back to the topic it came from.

A redriven record is the original one: key, value and headers untouched, so that it keeps its `ce_id`. Beside them stand
who sent it back, why, when, and of which dead letter. Handlers know a repeat by its content, so that sending one back
twice changes nothing. The dead letter stays where it is.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.core.errors import Fatal
from services.runtime.kafka import topics as kafka_topics
from services.runtime.kafka.batches import Outgoing
from services.runtime.kafka.producer import Producer
from services.runtime.kafka.reader import Incoming
from services.runtime.kafka.scan import Scan
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.settings import KafkaSettings

OURS = "dlq."
BY, REASON, AT, OF = "redrive.by", "redrive.reason", "redrive.at", "redrive.of"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record of a dead-letter topic, taken apart. `place` names it: `topic/partition/offset`."""

    record: Incoming
    origin: dict[str, str]
    """What `dead_letter` added, without its prefix: topic, partition, offset, timestamp, fold, stage, …"""
    headers: tuple[tuple[str, bytes | None], ...]
    """Those of the original record."""

    @classmethod
    def of(cls, record: Incoming) -> "DeadLetter":
        added = [name for name, _ in record.headers]
        # What was added stands last; before it may stand the same names, of a dead letter that was sent back as it was.
        begin = len(added)
        names: set[str] = set()
        while begin and added[begin - 1].startswith(OURS) and added[begin - 1] not in names:
            begin -= 1
            names.add(added[begin])
        origin = {
            name.removeprefix(OURS): (value or b"").decode(errors="replace") for name, value in record.headers[begin:]
        }
        return cls(record, origin, record.headers[:begin])

    @property
    def place(self) -> str:
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"

    @property
    def topic(self) -> str:
        """Where it came from."""
        return self.origin.get("topic", self.record.topic.removesuffix(DEAD_LETTER_SUFFIX))

    @property
    def reason(self) -> str:
        return self.origin.get("exception.message", "no reason is given")

    def sent_back(self, by: str, reason: str, at: datetime) -> Outgoing:
        """The original record, and beside its headers who, why, when and of what. Fatal when it was not kept whole."""
        if "left-out" in self.origin:
            raise Fatal(f"{self.place} holds no record to send back, it was too large: {self.origin['left-out']}")
        added = {BY: by, REASON: reason, AT: at.isoformat(), OF: self.place}
        headers = (*self.headers, *((name, text.encode()) for name, text in added.items()))
        return Outgoing(self.topic, self.record.key, self.record.value, at, headers)


async def letters(kafka: KafkaSettings, topics: Iterable[str], only: int | None = None) -> AsyncIterator[DeadLetter]:
    """All dead letters of these topics (named without the suffix), by partition, of each topic in order of offset.

    `only`: of this partition.
    """
    plans = await kafka_topics.plan(kafka, [topic + DEAD_LETTER_SUFFIX for topic in topics])
    there = [plan for plan in plans if plan.action != "create"]
    for partition in range(max((plan.partitions for plan in there), default=0)):
        names = tuple(plan.topic for plan in there if partition < plan.partitions and only in {None, partition})
        if not names:
            continue
        scan = Scan(kafka, names, partition)
        try:
            await scan.open()
            async for records in scan.records():
                for record in records:
                    yield DeadLetter.of(record)
        finally:
            await scan.close()


async def find(kafka: KafkaSettings, place: str) -> DeadLetter:
    """The dead letter at `topic/partition/offset`; the topic's suffix may be left out. Fatal when there is none."""
    topic, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise Fatal(f"{place}: a dead letter is named topic/partition/offset, as `tolbrug dlq list` shows it")
    wanted = f"{topic.removesuffix(DEAD_LETTER_SUFFIX)}{DEAD_LETTER_SUFFIX}/{int(partition)}/{int(offset)}"
    async for letter in letters(kafka, [topic.removesuffix(DEAD_LETTER_SUFFIX)], int(partition)):
        if letter.place == wanted:
            return letter
    raise Fatal(f"{wanted}: there is no such dead letter")


async def redrive(kafka: KafkaSettings, letter: DeadLetter, by: str, reason: str, at: datetime) -> None:
    """Send one back. Transient when Kafka does not acknowledge it."""
    record = letter.sent_back(by, reason, at)
    producer = Producer(kafka.bootstrap_servers, kafka.topic_prefix)
    try:
        await producer.publish([record])
    finally:
        await producer.stop()
