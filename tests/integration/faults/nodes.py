"""A trusted node of a party: it puts its messages on the topic of the party until Kafka has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.core.messages import IntakeMessage
from services.customs.domain.reading import message_id
from services.runtime.codec import Codec
from tests.integration.installation import Installation

PARTY = "customs"


class Node:
    """Repeats what Kafka did not acknowledge: a record may so come twice."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._codec = Codec()

    async def put(self, message: dict[str, Any]) -> str:
        """The id that the door will give it; the bytes are those that `httpx` would send."""
        body = httpx.Request("POST", "http://door", json=message).content
        value = self._codec.encode_record(IntakeMessage(media_type="application/json", body=body))
        while True:
            try:
                await self._producer.send_and_wait(self._topic, value=value)
            except KafkaError:
                await asyncio.sleep(0.05)
                continue
            return message_id(PARTY, ("json", message["sender"], message["message_id"]))


@asynccontextmanager
async def a_node(installation: Installation) -> AsyncIterator[Node]:
    producer = AIOKafkaProducer(bootstrap_servers=installation.bootstrap_servers)
    await producer.start()
    try:
        yield Node(producer, f"{installation.topic_prefix}intake.{PARTY}.v1")
    finally:
        await producer.stop()
