"""A real registry: our topics are read with Confluent's own deserializer, and its absence stops nothing known."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas import loader
from services.core.errors import Fatal, Rejected, Transient
from services.core.message import Message, plain
from services.core.messages import DeclarationAccepted, Demand, Verdict
from services.embedded.engines import Addresses
from services.runtime.codec import Codec
from services.runtime.kafka import topics
from services.runtime.registry import MESSAGES, ConfluentRegistry
from services.runtime.settings import RuntimeSettings
from tests.contract.message_values import fullest, smallest
from tests.integration.apicurio import Apicurio, apicurio
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog

pytestmark = pytest.mark.timeout(240)

SENT: tuple[Message, ...] = (fullest(Demand), fullest(DeclarationAccepted), fullest(Verdict), smallest(Demand))


@pytest.fixture(scope="module")
async def registry(engine_addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apicurio]:
    with apicurio(engine_addresses.bootstrap_servers, tmp_path_factory.mktemp("apicurio")) as running:
        yield running


async def test_confluents_deserializer_reads_every_field_of_our_topics(
    registry: Apicurio, runtime_settings: RuntimeSettings
) -> None:
    codec = Codec(ConfluentRegistry(registry.url, runtime_settings.state))
    await codec.prepare()
    await topics.apply(runtime_settings.kafka, sorted({message.TOPIC for message in SENT}))
    installation = Installation.of(runtime_settings)
    for message in SENT:
        await KafkaLog(installation, message.TOPIC).write(message.key.encode(), codec.encode(message))

    for topic in sorted({message.TOPIC for message in SENT}):
        expected = [plain(message) for message in SENT if topic == message.TOPIC]
        read = await asyncio.to_thread(read_as_confluent_does, installation, topic, registry.url, len(expected))
        assert len(read) == len(expected)
        assert all(each in read for each in expected)
    await codec.close()


async def test_every_message_is_registered_under_its_topic_and_name_as_full_transitive(
    registry: Apicurio, tmp_path: Path
) -> None:
    codec = Codec(ConfluentRegistry(registry.url, tmp_path))
    await codec.prepare()
    await codec.close()
    levels = compatibility_levels(registry.url)
    assert levels == {f"{message.TOPIC}-{message.SCHEMA}": "FULL_TRANSITIVE" for message in MESSAGES}


async def test_the_registry_refuses_what_would_break_a_replay(registry: Apicurio, tmp_path: Path) -> None:
    ours = ConfluentRegistry(registry.url, tmp_path)
    await ours.prepare()
    broken = copy.deepcopy(loader.whole(Demand.SCHEMA))
    broken["fields"].append({"name": "colour", "type": "string", "doc": "No default."})
    with pytest.raises(Fatal, match="409"):
        await ours._register(f"{Demand.TOPIC}-{Demand.SCHEMA}", broken)
    await ours.close()


async def test_an_id_the_registry_does_not_have_is_rejected(registry: Apicurio, tmp_path: Path) -> None:
    codec = Codec(ConfluentRegistry(registry.url, tmp_path))
    value = b"\x00\x00\x0f\x00\x00\x00"
    await codec.resolve([value])
    with pytest.raises(Rejected, match="schema 983040 does not exist"):
        codec.decode(value)
    await codec.close()


async def test_without_the_registry_known_schemas_go_on_and_an_unknown_one_waits(
    registry: Apicurio, tmp_path: Path
) -> None:
    """Stops the registry, so it stands last."""
    before = Codec(ConfluentRegistry(registry.url, tmp_path))
    await before.prepare()
    value = before.encode(SENT[0])
    later = registered_by_someone_else(registry.url)
    registry.stop()

    assert before.decode(before.encode(SENT[2])) == SENT[2]
    restarted = Codec(ConfluentRegistry(registry.url, tmp_path))
    await restarted.prepare()
    await restarted.resolve([value])
    assert restarted.decode(value) == SENT[0]
    assert restarted.encode(SENT[0]) == value
    unknown = b"\x00" + later.to_bytes(4, "big") + value[5:]
    with pytest.raises(Transient, match="does not answer"):
        await restarted.resolve([value, unknown])
    with pytest.raises(Transient, match=f"schema {later} is not known yet"):
        restarted.decode(unknown)

    new = Codec(ConfluentRegistry(registry.url, tmp_path / "empty"))
    with pytest.raises(Transient):
        await new.prepare()
    with pytest.raises(Transient, match="not registered yet"):
        new.encode(SENT[0])
    for codec in (before, restarted, new):
        await codec.close()


def compatibility_levels(url: str) -> dict[str, str]:
    """Subject → level, of everything in the registry."""
    subjects = httpx.get(f"{url}/subjects").json()
    return {subject: httpx.get(f"{url}/config/{subject}").json()["compatibilityLevel"] for subject in subjects}


def registered_by_someone_else(url: str) -> int:
    """The id of a compatible later version of a demand, which we have not met."""
    schema = copy.deepcopy(loader.whole(Demand.SCHEMA))
    schema["fields"].append({"name": "colour", "type": ["null", "string"], "default": None})
    subject = f"{Demand.TOPIC}-{Demand.SCHEMA}"
    response = httpx.post(f"{url}/subjects/{subject}/versions", json={"schema": json.dumps(schema)})
    return int(response.json()["id"])


def read_as_confluent_does(installation: Installation, topic: str, url: str, count: int) -> list[Any]:
    """What another company's consumer sees: librdkafka, Confluent's registry client and Avro deserializer."""
    name = installation.topic_prefix + topic
    # As a consumer of ours says it. Left to its default, Confluent's client asks for associations of the topic, which
    # Apicurio does not know, and may wait for that answer for ever.
    strategy = {"subject.name.strategy": topic_record_subject_name_strategy}
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": url}), conf=strategy)
    consumer = Consumer({"bootstrap.servers": installation.bootstrap_servers, "group.id": "auditor"})
    found: list[Any] = []
    try:
        partitions = consumer.list_topics(name, timeout=20).topics[name].partitions
        consumer.assign([TopicPartition(name, partition, 0) for partition in partitions])
        while len(found) < count:
            record = consumer.poll(20)
            assert record is not None, f"{len(found)} of {count} records came"
            assert record.error() is None
            found.append(deserialize(record.value(), SerializationContext(name, MessageField.VALUE)))
    finally:
        consumer.close()
    return found
