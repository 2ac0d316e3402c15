"""`tolbrug dlq`: what could not be handled, and its way back to the topic it came from."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.errors import Rejected
from services.core.messages import DeclarationAccepted, Entry, Licence
from services.customs.wiring import build as build_customs
from services.reconciliation.topology import SHIPMENTS
from services.reconciliation.wiring import build as build_reconciliation
from services.runtime.codec import Codec
from services.runtime.dead_letter_office import AT, BY, OF, REASON
from services.runtime.service import Runtime, Service
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, a_licence
from tests.integration.command import tolbrug
from tests.integration.in_process import Running, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.recorded_ledger import ledger_alone
from tests.integration.runtime.probe_process import until
from tests.unit.customs.written import as_json, declaration

DLQ = Licence.TOPIC + ".dlq"
JSON = {"content-type": "application/json"}


def faulty(runtime: Runtime) -> Service:
    """Reconciliation with a fault: it takes no declaration."""

    def handle(*_: Any) -> Any:
        raise Rejected("a fault of this release")

    def spoiled(service: Service) -> Service:
        folds = [f for f in service.folds if f.name == SHIPMENTS]
        handlers = {**folds[0].handlers, DeclarationAccepted: handle}
        return replace(service, folds=(replace(folds[0], handlers=handlers),))

    return spoiled(build_reconciliation(runtime))


async def the_only_place(settings: RuntimeSettings, topic: str) -> str:
    async def there() -> bool:
        return len(await KafkaLog(Installation.of(settings), topic + ".dlq").read()) == 1

    await until(there, f"{topic} has a dead letter")
    code, listed = await tolbrug(settings, "dlq", "list", "--topic", topic)
    assert (code, listed["count"]) == (0, 1)
    place: str = listed["topics"][0]["places"][0]
    return place


async def redriven(settings: RuntimeSettings, place: str) -> dict[str, Any]:
    code, sent = await tolbrug(settings, "dlq", "redrive", place, "--reason", "corrected", "--by", "operator")
    assert code == 0
    return sent


@pytest.fixture
async def garbage(runtime_settings: RuntimeSettings) -> RuntimeSettings:
    """A licence that cannot be read became a dead letter."""
    headers = [("ce_id", b"the-id"), ("dlq.topic", b"not ours")]
    async with running(runtime_settings, [ledger_alone]) as service:
        log = KafkaLog(Installation.of(runtime_settings), Licence.TOPIC)
        await log.write(REF.encode(), b"\x01garbage", headers)
        await until(lambda: published(service, 1), "the dead letter is published")
    return runtime_settings


async def published(service: Running, count: int) -> bool:
    return len(await KafkaLog(Installation.of(service.settings), DLQ).read()) == count


async def test_dead_letters_are_counted_and_shown(garbage: RuntimeSettings) -> None:
    code, listed = await tolbrug(garbage, "dlq", "list")
    assert (code, listed["count"]) == (0, 1)
    (topic,) = listed["topics"]
    assert (topic["topic"], topic["count"], topic["reasons"][0]["count"]) == (Licence.TOPIC, 1, 1)
    assert 0 <= topic["oldest_seconds"] < 120
    code, shown = await tolbrug(garbage, "dlq", "show", topic["places"][0])
    assert code == 0
    assert shown["headers"] == {"ce_id": "the-id", "dlq.topic": "not ours"}
    assert (shown["origin"]["topic"], shown["origin"]["stage"]) == (Licence.TOPIC, "decode")
    assert (shown["key"], shown["bytes"]) == (REF, b"\x01garbage".hex())
    assert "0x01" in shown["unreadable"]


async def test_one_sent_back_is_as_it_was_and_says_who_and_why(garbage: RuntimeSettings) -> None:
    place = await the_only_place(garbage, Licence.TOPIC)
    assert (await redriven(garbage, place))["ce_id"] == "the-id"
    first, second = await KafkaLog(Installation.of(garbage), Licence.TOPIC).read()
    assert (second.key, second.value, second.partition) == (first.key, first.value, first.partition)
    assert second.headers[: len(first.headers)] == first.headers
    added = dict(second.headers[len(first.headers) :])
    assert (added[BY], added[REASON], added[OF]) == (b"operator", b"corrected", place.encode())
    assert added[AT]


async def test_without_a_reason_or_a_place_nothing_is_sent(garbage: RuntimeSettings) -> None:
    place = await the_only_place(garbage, Licence.TOPIC)
    assert (await tolbrug(garbage, "dlq", "redrive", place))[0] == 2
    assert (await tolbrug(garbage, "dlq", "redrive", place, "--reason", " "))[0] == 2
    assert (await tolbrug(garbage, "dlq", "redrive", f"{DLQ}/0/999", "--reason", "why"))[0] == 1
    assert (await tolbrug(garbage, "dlq", "redrive", "nowhere", "--reason", "why"))[0] == 1
    assert len(await KafkaLog(Installation.of(garbage), Licence.TOPIC).read()) == 1


async def test_a_redriven_fact_is_applied_and_a_second_redrive_changes_nothing(
    runtime_settings: RuntimeSettings,
) -> None:
    async with running(runtime_settings, [build_customs, faulty]) as service:
        sent = await service.http.post("/v1/customs/messages", content=as_json(declaration()), headers=JSON)
        message = sent.json()["id"]
        assert await state(service, message) == "dead-lettered"
    place = await the_only_place(runtime_settings, DeclarationAccepted.TOPIC)
    shown = (await tolbrug(runtime_settings, "dlq", "show", place))[1]
    assert (shown["type"], shown["origin"]["exception.message"]) == (
        DeclarationAccepted.SCHEMA,
        "a fault of this release",
    )
    async with running(runtime_settings, [build_customs, build_reconciliation]) as service:
        assert await state(service, message) == "dead-lettered"
        await redriven(runtime_settings, place)

        async def applied() -> bool:
            return await state(service, message) == "applied"

        await until(applied, "the message is applied")
        assert (await service.rows("SELECT dead FROM customs.answer"))[0]["dead"] == []
        before = await outputs(service)
        await redriven(runtime_settings, place)
        await until(lambda: read(service, 3), "the repeat is read")
        assert await outputs(service) == before


async def state(service: Running, message: str) -> str:
    found: str = (await service.http.get(f"/v1/customs/messages/{message}", params={"wait": 10})).json()["state"]
    return found


async def outputs(service: Running) -> int:
    return int((await service.rows("SELECT count(*) AS n FROM reconciliation.output"))[0]["n"])


async def read(service: Running, records: int) -> bool:
    query = "SELECT sum((positions->'customs.declaration.v1'->>'next')::int) AS n FROM reconciliation.fold"
    (row,) = await service.rows(query)
    return bool(row["n"] == records)


async def test_a_corrected_reader_takes_the_record_that_was_sent_back(runtime_settings: RuntimeSettings) -> None:
    """Of a licence: its entry is made when the release that could not handle it was replaced."""

    def spoiled(runtime: Runtime) -> Service:
        def handle(*_: Any) -> Any:
            raise Rejected("a fault of this release")

        (ledger,) = ledger_alone(runtime).folds
        return replace(ledger_alone(runtime), folds=(replace(ledger, handlers={**ledger.handlers, Licence: handle}),))

    async with running(runtime_settings, [spoiled]) as service:
        log = KafkaLog(Installation.of(runtime_settings), Licence.TOPIC)
        await log.write(REF.encode(), Codec().encode(a_licence()))
        await until(lambda: published(service, 1), "the dead letter is published")
    place = await the_only_place(runtime_settings, Licence.TOPIC)
    async with running(runtime_settings, [ledger_alone]) as service:
        await redriven(runtime_settings, place)

        async def entered() -> bool:
            return len(await service.published(Entry.TOPIC)) == 1

        await until(entered, "the licence has its entry")
    code, result = await tolbrug(runtime_settings, "verify")
    assert (code, result["entries"]) == (0, 1)
    for option in ("--table", "--no-table"):
        code, result = await tolbrug(runtime_settings, "replay", option)
        rejected = "what was rejected stays so, though this release would take it"
        assert (code, result["entries"], result["dead_letters"]) == (0, 1, 1), rejected
