"""Messages that the nodes of a party put on its topic: the same checks, the same register, dead letters to read."""

import json
import signal
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from prometheus_client import REGISTRY

from services.core.messages import DeclarationAccepted, IntakeMessage
from services.customs.domain.reading import message_id
from services.customs.wiring import build
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.contract.message_values import smallest
from tests.integration.command import tolbrug
from tests.integration.in_process import Running, dying, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import as_json, cc515c, cc528c, declaration

TOPIC = "intake.customs.v1"
JSON = {"content-type": "application/json"}


def envelope(body: bytes, media_type: str = "application/json", **more: Any) -> bytes:
    return Codec().encode_record(IntakeMessage(media_type=media_type, body=body, **more))


def numbered(n: int) -> bytes:
    return as_json(declaration(message_id=f"m-{n}", mrn=f"26BE343000{n:06}A1"))


async def write(settings: RuntimeSettings, *values: bytes | None, key: bytes = b"any") -> None:
    log = KafkaLog(Installation.of(settings), TOPIC)
    for value in values:
        await log.write(key, value)


async def count(service: Running, query: str) -> int:
    return int((await service.rows(f"SELECT count(*) AS n FROM {query}"))[0]["n"])  # noqa: S608 - the test's own


async def read_all(service: Running, records: int) -> bool:
    """Whether the position is behind so many records, and what they made is published."""
    (row,) = await service.rows(
        f"SELECT sum((positions->'{TOPIC}'->>'next')::int) AS n, bool_and(published = last_output) AS out"  # noqa: S608 - the test's own
        " FROM customs.fold WHERE fold = 'intake'"
    )
    return bool(row["n"] == records and row["out"])


async def dead(settings: RuntimeSettings) -> "list[ConsumerRecord[bytes, bytes]]":
    return await KafkaLog(Installation.of(settings), f"{TOPIC}.dlq").read()


def header(record: "ConsumerRecord[bytes, bytes]", name: str) -> str:
    headers: dict[str, bytes] = dict(record.headers)
    return headers[name].decode()


async def facts(service: Running, expected: int) -> None:
    async def there() -> bool:
        return len(await service.published(DeclarationAccepted.TOPIC)) == expected

    await until(there, f"{expected} facts are published")


async def test_a_message_is_one_however_it_came(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as service:
        await write(runtime_settings, envelope(numbered(1)), envelope(numbered(1)), key=b"x")
        await until(lambda: read_all(service, 2), "both records are read")
        answer = await service.http.post("/v1/customs/messages", content=numbered(1), headers=JSON)
        assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
        assert answer.json()["id"] == message_id("customs", ("json", "BE.CUSTOMS", "m-1"))
        assert (await service.http.post("/v1/customs/messages", content=numbered(2), headers=JSON)).status_code == 202
        await write(runtime_settings, envelope(numbered(2)))
        await until(lambda: read_all(service, 3), "the third record is read")
        await facts(service, 2)
        assert await count(service, "customs.message") == 2
        assert await dead(runtime_settings) == []


async def test_a_declaration_and_its_acceptance_join_whichever_way_each_came(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as service:
        await write(runtime_settings, envelope(cc515c(), "application/xml"))
        await until(lambda: read_all(service, 1), "the declaration is read")
        xml = {"content-type": "application/xml"}
        assert (await service.http.post("/v1/customs/messages", content=cc528c(), headers=xml)).status_code == 202
        await facts(service, 1)


async def test_what_is_refused_is_a_dead_letter_that_says_why(runtime_settings: RuntimeSettings) -> None:
    conflict = as_json(declaration(message_id="m-1", mrn="26BE343000000001A1", country_of_destination="PK"))
    async with running(runtime_settings, [build]) as service:
        refused = [
            envelope(as_json(declaration(procedure="x" * 500))),
            envelope(b"<a", "application/xml"),
            envelope(b"{}", "text/plain"),
            envelope(b"{}", "a\x00b"),
            envelope(numbered(3), idempotency_key="not\nvisible"),
            envelope(conflict),
        ]
        broken = [None, b"", b"\x00\x3b\x9a\xca", Codec().encode(smallest(DeclarationAccepted)), envelope(b"{}")[:-1]]
        await write(runtime_settings, envelope(numbered(1)), *refused, *broken, envelope(numbered(2)))
        await until(lambda: read_all(service, 13), "all records are read")
        await facts(service, 2)
        assert await count(service, "customs.message") == 2
        letters = await dead(runtime_settings)
    assert [letter.value for letter in letters] == [*refused, *broken]
    problems = [json.loads(header(letter, "dlq.problem")) for letter in letters[: len(refused)]]
    assert [problem["status"] for problem in problems] == [422, 400, 415, 415, 400, 409]
    assert problems[0]["errors"][0]["path"] == "/procedure"
    assert "line 1" in problems[1]["errors"][0]["path"]
    assert "/procedure" in header(letters[0], "dlq.exception.message")
    assert {header(letter, "dlq.fold") for letter in letters} == {"customs.intake"}
    assert {header(letter, "dlq.stage") for letter in letters[len(refused) :]} == {"decode"}


async def test_a_refused_message_is_shown_with_its_reason_and_can_be_sent_back(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build]) as service:
        await write(runtime_settings, envelope(b"{", "application/json"))
        await until(lambda: read_all(service, 1), "the record is read")
        code, listed = await tolbrug(runtime_settings, "dlq", "list", "--topic", TOPIC)
        assert (code, listed["count"]) == (0, 1)
        place = listed["topics"][0]["places"][0]
        code, shown = await tolbrug(runtime_settings, "dlq", "show", place)
        assert "400 The message is malformed" in shown["origin"]["exception.message"]
        code, _ = await tolbrug(runtime_settings, "dlq", "redrive", place, "--reason", "a test")
        assert code == 0
        await until(lambda: read_all(service, 2), "it is read again")
        code, listed = await tolbrug(runtime_settings, "dlq", "list", "--topic", TOPIC)
        assert listed["count"] == 2
    code, planned = await tolbrug(runtime_settings, "topics", "plan")
    assert {TOPIC, f"{TOPIC}.dlq"} <= {row["topic"] for row in planned["topics"] if row["action"] == "keep"}


@pytest.mark.parametrize("point", ["fold-before-commit", "fold-after-commit", "fold-between-publish-and-mark"])
async def test_a_door_that_is_killed_takes_every_record_once(runtime_settings: RuntimeSettings, point: str) -> None:
    values = [envelope(numbered(n)) if n % 5 else envelope(b"{") for n in range(1, 21)]
    async with running(runtime_settings, [build]):
        pass  # the topics are made
    async with dying(runtime_settings, "customs", f"{point}@customs.intake") as (_, process):
        await write(runtime_settings, *values)
        assert await process.wait() == -signal.SIGKILL
    async with running(runtime_settings, [build]) as service:
        await until(lambda: read_all(service, 20), "all records are read")
        await facts(service, 16)
        assert await count(service, "customs.message") == 16
        letters = await dead(runtime_settings)
    assert len({(letter.partition, header(letter, "dlq.offset")) for letter in letters}) == 4


def lost() -> float:
    """Transactions of the intake that found their partition taken."""
    labels = {"fold": "customs.intake", "outcome": "lost"}
    return REGISTRY.get_sample_value("tolbrug_commits_total", labels) or 0


async def test_a_process_that_was_overtaken_registers_nothing_and_its_successor_does(
    runtime_settings: RuntimeSettings,
) -> None:
    patient = runtime_settings.model_copy(update={"fold": runtime_settings.fold.model_copy(update={"lease_s": 600.0})})
    async with running(patient, [build]) as zombie:
        await write(patient, envelope(numbered(1)))
        await until(lambda: read_all(zombie, 1), "the first record is read")
        await zombie.rows(
            "UPDATE customs.fold SET epoch = epoch + 1, owner = 'other', lease_until = now() + interval '9 min'"
            " WHERE fold = 'intake' RETURNING 1"
        )
        before = lost()
        await write(patient, envelope(numbered(2)))

        async def refused() -> bool:
            return lost() > before

        await until(refused, "its commit is refused")
        assert await count(zombie, "customs.message") == 1
        await zombie.rows("UPDATE customs.fold SET owner = NULL WHERE fold = 'intake' RETURNING 1")
        async with running(patient, [build]) as successor:
            await until(lambda: read_all(successor, 2), "the second record is read")
            assert await count(successor, "customs.message") == 2
