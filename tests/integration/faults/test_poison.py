"""Every kind of malformed record on every input topic: in its dead-letter topic once, and its neighbours go on.

There is one partition, so a shipment that gets its answer and its alert after the poison has passed it on every topic.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from services.core.message import Message
from services.core.messages import Alert, Cover, Demand, IntakeMessage, Ledger, Resemblance, Screening, Verdict, Watched
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, a_demand, a_licence, mrn
from tests.builders_alerting import a_finding
from tests.builders_customs import a_declaration, a_document, an_item
from tests.builders_denials import a_denial
from tests.builders_screening import a_refusal
from tests.contract.message_values import smallest
from tests.integration.faults.exchange_process import Exchange
from tests.integration.faults.report import Report
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import declaration

CODEC = Codec()
BOMB = 32 * 1024 * 1024
MEMORY = 600 * 1024 * 1024
"""Bytes that the process may hold after its topics have each given it a bomb."""

WHOLE: tuple[Message, ...] = (
    a_declaration(),
    smallest(Cover),
    a_demand(sources=()),
    a_licence(),
    a_finding(),
    smallest(Verdict),
    smallest(Watched),
    smallest(Resemblance),
    smallest(Screening),
    a_refusal(),
    a_denial(),
)
INTAKE = "intake.customs.v1"
ENVELOPE = CODEC.encode_record(IntakeMessage(media_type="application/xml", body=b"<CC529C/>"))
INPUTS = (*(message.TOPIC for message in WHOLE), INTAKE)
BOMBED = (*INPUTS[:7], INTAKE)
"""One topic at least of each fold: more would only take longer."""


def poison(message: Message) -> dict[str, bytes | None]:
    """Malformed values by the name of what is wrong, made from a good one."""
    good = CODEC.encode(message)
    values = damaged(good)
    prefix, body = good[:5], good[5:]
    for amount in (b"\x06\x0f\x42\x40", b"\x06\x1e\x84\x80"):  # 1 and 2, with six decimals
        if amount in body:
            values["an amount that overflows"] = prefix + body.replace(amount, b"\x28" + b"\x7f" * 20, 1)
    if isinstance(message, Demand):
        values["an array of 2^40 items"] = good[:-1] + b"\x80" * 5 + b"\x40\x00"
    return values


def damaged(good: bytes) -> dict[str, bytes | None]:
    """What any topic may be given in place of a good value."""
    prefix, body = good[:5], good[5:]
    return {
        "no value": None,
        "an empty value": b"",
        "shorter than the prefix": b"\x00\x00\x00",
        "a wrong magic byte": b"\x01" + good[1:],
        "an unknown schema": b"\x00\x7f\xff\xff\xff" + body,
        "truncated": good[:-1],
        "trailing bytes": good + b"\x00",
        "no text": prefix + b"\x04\xff\xfe" + body,
        "a string of a megabyte": prefix + b"\x80\x89\x7a" + b"A" * 1_000_000,
        "a string of 2^62 bytes": prefix + b"\xff" * 8 + b"\x7f" + body,
        "no message of its own": CODEC.encode_record(smallest(Ledger)),
    }


@pytest.fixture
async def exchange(runtime_settings: RuntimeSettings) -> AsyncIterator[Exchange]:
    kafka = runtime_settings.kafka.model_copy(update={"partitions": 1})
    exchange = Exchange.of(runtime_settings.model_copy(update={"kafka": kafka}))
    await exchange.start()
    yield exchange
    await exchange.close()


class Writer:
    """Writes to topics of the installation as a stranger does."""

    def __init__(self, exchange: Exchange, **options: Any) -> None:
        self._exchange = exchange
        self._producer = AIOKafkaProducer(
            bootstrap_servers=exchange.installation.bootstrap_servers, max_request_size=2**26, **options
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def write(self, topic: str, key: bytes, value: bytes | None) -> int:
        """Its offset."""
        name = self._exchange.log(topic).topic
        sent = await self._producer.send_and_wait(name, value=value, key=key, headers=[("mine", b"kept")])
        return int(sent.offset)

    async def send(self, *messages: Message) -> None:
        for message in messages:
            await self.write(message.TOPIC, message.key.encode(), CODEC.encode(message))


async def last(exchange: Exchange, topic: str, name: str) -> Any:
    """The latest message about a shipment on a topic, None while there is none."""
    found = [CODEC.decode(r.value or b"") for r in await exchange.log(topic).read() if r.key == name.encode()]
    return found[-1] if found else None


async def a_shipment_is_answered(exchange: Exchange, writer: Writer, number: int) -> None:
    """It asks for more than the licence has: a fact, a demand, a cover, a verdict, a finding and an alert."""
    name = str(mrn(number))
    item = an_item(a_document(quantity="3", amount="300000.00"))
    await writer.send(a_declaration(item, mrn=name, fact_id=f"fact-{number}"))

    async def answered() -> bool:
        rows = await exchange.rows(f"SELECT 1 FROM customs.answer WHERE mrn = '{name}'")  # noqa: S608 - ours
        alerts = [CODEC.decode(r.value or b"") for r in await exchange.log(Alert.TOPIC).read()]
        return bool(rows) and any(isinstance(a, Alert) and a.mrn == name for a in alerts)

    await until(answered, f"{name} has its answer and its alert", 30)


async def a_node_is_heard(exchange: Exchange, writer: Writer) -> None:
    """A good message after the poison is taken from the topic of its party."""
    body = json.dumps(declaration(mrn="26BE343000000009A9", message_id="after the poison")).encode()
    await writer.write(INTAKE, b"any", CODEC.encode_record(IntakeMessage(media_type="application/json", body=body)))

    async def taken() -> bool:
        return bool(await exchange.rows("SELECT 1 FROM customs.message WHERE message_id = 'after the poison'"))

    await until(taken, "the message of a node is taken", 30)


async def dead(exchange: Exchange, topic: str) -> dict[int, "ConsumerRecord[bytes, bytes]"]:
    """Dead letters of a topic by the offset of what they were; each once."""
    records = await exchange.log(topic + ".dlq").read()
    offsets = Counter(int(dict(r.headers)["dlq.offset"]) for r in records)
    assert max(offsets.values(), default=1) == 1
    return {int(dict(r.headers)["dlq.offset"]): r for r in records}


async def set_aside(exchange: Exchange, topic: str, count: int) -> dict[int, "ConsumerRecord[bytes, bytes]"]:
    """The dead letters of a topic, once there are as many."""

    async def complete() -> bool:
        return len(await dead(exchange, topic)) >= count

    await until(complete, f"{count} records of {topic} are set aside")
    return await dead(exchange, topic)


async def _write_poison(writer: Writer) -> dict[str, dict[int, tuple[str, bytes | None]]]:
    written: dict[str, dict[int, tuple[str, bytes | None]]] = {}
    for topic, key, values in (
        *((m.TOPIC, m.key.encode(), poison(m)) for m in WHOLE),
        (INTAKE, b"any", damaged(ENVELOPE)),
    ):
        offsets = [(await writer.write(topic, key, value), name, value) for name, value in values.items()]
        written[topic] = {offset: (name, value) for offset, name, value in offsets}
    return written


def _tells(record: "ConsumerRecord[bytes, bytes]", topic: str) -> None:
    headers = dict(record.headers)
    assert headers["mine"] == b"kept"
    assert headers["dlq.topic"] == topic.encode()
    assert headers["dlq.stage"] == b"decode"
    assert {"dlq.partition", "dlq.timestamp", "dlq.fold", "dlq.exception.message"} <= headers.keys()


async def test_poison_on_every_input_topic_is_set_aside_once(exchange: Exchange) -> None:
    report = Report("poison", "malformed values")
    async with Writer(exchange) as writer:
        await writer.send(a_licence())
        await a_shipment_is_answered(exchange, writer, 1)
        written = await _write_poison(writer)
        await a_shipment_is_answered(exchange, writer, 2)
        await a_node_is_heard(exchange, writer)
    for topic, values in written.items():
        letters = await set_aside(exchange, topic, len(values))
        assert letters.keys() == values.keys(), topic
        for offset, (name, value) in values.items():
            assert (letters[offset].value or b"") == (value or b""), (topic, name)
            _tells(letters[offset], topic)
    await exchange.terminate()
    halted = await exchange.rows("SELECT halted FROM reconciliation.fold WHERE halted IS NOT NULL")
    report.wrong += [f"a partition is halted: {row['halted']}" for row in halted]
    report.faults, report.messages = sum(map(len, written.values())), 2
    report.judge()


async def test_bombs_on_topics_of_every_fold_do_not_fill_the_memory(exchange: Exchange) -> None:
    report = Report("poison", "bombs", faults=len(BOMBED), messages=1)
    async with Writer(exchange, compression_type="zstd") as writer:
        await writer.send(a_licence())
        for topic in BOMBED:
            await writer.write(topic, REF.encode(), b"\x00" * BOMB)
        await a_shipment_is_answered(exchange, writer, 3)
    for topic in BOMBED:
        (letter,) = (await set_aside(exchange, topic, 1)).values()
        assert f"{BOMB} bytes".encode() in (dict(letter.headers)["dlq.left-out"] or b"")
    assert exchange.rss < MEMORY
    await exchange.terminate()
    report.judge()


async def test_a_message_under_another_key_than_its_own_is_set_aside(exchange: Exchange) -> None:
    """It may stand in another partition than the rest of its aggregate, and two would then write one balance.

    A node of a party writes under any key.
    """
    report = Report("poison", "foreign keys", faults=len(WHOLE), messages=1)
    async with Writer(exchange) as writer:
        await writer.send(a_licence())
        for message in WHOLE:
            await writer.write(message.TOPIC, b"another key", CODEC.encode(message))
        await a_shipment_is_answered(exchange, writer, 4)
    for topic in (message.TOPIC for message in WHOLE):
        (letter,) = (await set_aside(exchange, topic, 1)).values()
        assert dict(letter.headers)["dlq.exception.message"] == b"its key is not the key of its message"
    await exchange.terminate()
    report.judge()
