"""The topics of an installation once more, as somebody who can write there would have them."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from aiokafka import AIOKafkaProducer, ConsumerRecord

from services.core.messages import (
    Authorisation,
    CarryOver,
    Cover,
    Demand,
    Entry,
    Finding,
    Licence,
    LicenceReminder,
    UsageReport,
)
from services.runtime.kafka import topics
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.settings import RuntimeSettings
from tests.builders import REF
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.own import own_prefix

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Alter = Callable[[list[Record]], Sequence[Record]]

INPUTS = (Licence.TOPIC, Authorisation.TOPIC, UsageReport.TOPIC, CarryOver.TOPIC, Demand.TOPIC, LicenceReminder.TOPIC)
PUBLISHED = (Entry.TOPIC, Cover.TOPIC, Finding.TOPIC, *(t + DEAD_LETTER_SUFFIX for t in INPUTS))
"""What a ledger writes to."""
OF_THE_LEDGER = (*INPUTS, *PUBLISHED)


async def with_topics(
    settings: RuntimeSettings, alter: Alter, *altered: str, copied: Iterable[str] = OF_THE_LEDGER
) -> RuntimeSettings:
    """The same database beside copies of its topics; those altered hold what `alter` gives of each partition."""
    kafka = settings.kafka.model_copy(update={"topic_prefix": own_prefix()})
    await topics.apply(kafka, copied)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    for name in copied:
        records = await KafkaLog(Installation.of(settings), name).read()
        for partition in sorted({r.partition for r in records}):
            mine = [r for r in records if r.partition == partition]
            for r in alter(mine) if name in altered else mine:
                topic, headers = kafka.topic_prefix + name, list(r.headers)
                await producer.send_and_wait(topic, r.value, r.key, partition, r.timestamp, headers)
    await producer.stop()
    return settings.model_copy(update={"kafka": kafka})


async def with_entries(settings: RuntimeSettings, alter: Alter) -> RuntimeSettings:
    """The same beside an entry topic that is altered."""
    return await with_topics(settings, alter, Entry.TOPIC)


def of_ref(records: Sequence[Record], revision: int) -> int:
    """The place of an entry of `REF` among records; -1 in another partition."""
    return place_of(records, REF, revision)


def place_of(records: Sequence[Record], licence: str, revision: int) -> int:
    """The place of an entry, by its id; -1 when it is not there."""
    identity = sha256(f"{Entry.SCHEMA}\x1f{licence}\x1f{revision}".encode()).hexdigest()[:32].encode()
    return next((n for n, r in enumerate(records) if ("ce_id", identity) in r.headers), -1)


def flipped(record: Record, at: int) -> Record:
    """The record with one bit of its value turned."""
    value = bytearray(record.value or b"")
    value[at] ^= 1
    record.value = bytes(value)
    return record
