"""Every message the door took is decided, waiting, dead or in flight; the metrics say how many, and which is none."""

import asyncio
from collections.abc import Mapping

import pytest

from services.core.messages import DeclarationAccepted, Phase, Verdict, VerdictKind
from services.core.values import Mrn
from services.customs.wiring import build
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.integration.customs_installation import JSON, XML
from tests.integration.in_process import Running, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.unit.customs.test_answers import AT
from tests.unit.customs.written import LRN, MRN, OTHER_MRN, about, as_json, cc515c, cc528c, declaration, event

UNDECIDED = {"received": 1, "waiting": 2, "applied": 1, "dead-lettered": 0, "unaccounted": 0}
REFUSED_TO_INVALIDATE = "<invalidationDecision>0</invalidationDecision>"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLBRUG_CUSTOMS__ACCOUNTS_EVERY_S", "0.1")


async def take(door: Running, body: bytes) -> str:
    kind = XML if body.startswith(b"<") else JSON
    answer = await door.http.post("/v1/customs/messages", content=body, headers=kind)
    assert answer.status_code == 202
    return str(answer.json()["id"])


async def shown(door: Running) -> dict[str, int]:
    numbers = {}
    for line in (await door.http.get("/metrics")).text.splitlines():
        if line.startswith("tolbrug_customs_messages"):
            name, _, value = line.rpartition(" ")
            numbers[name.partition('"')[2].rstrip('"}') or "unaccounted"] = int(float(value))
    return numbers


async def shows(door: Running, expected: Mapping[str, int]) -> None:
    async with asyncio.timeout(20):
        while (found := await shown(door)) != expected:  # noqa: ASYNC110 - the metrics are in the process
            await asyncio.sleep(0.05)
    assert found == expected


async def four(door: Running) -> str:
    """A declaration, a release that waits for its own, one that was only lodged, and one that needs no effect."""
    declared = await take(door, as_json(declaration()))
    await take(door, as_json(event("release", mrn=OTHER_MRN, released_at="2026-03-02T09:00:00Z")))
    await take(door, cc515c(lrn="ANOTHER"))
    await take(door, about("CC509C", REFUSED_TO_INVALIDATE))
    return declared


async def tell(door: Running, mrn: str, *applied: str) -> None:
    verdict = Verdict(
        mrn=Mrn(mrn),
        revision=1,
        version=1,
        phase=Phase.ACCEPTED,
        verdict=VerdictKind.COVERED,
        applied=applied,
        rule_set="rules-1",
        decided_at=AT,
    )
    log = KafkaLog(Installation.of(door.settings), Verdict.TOPIC)
    await log.write(mrn.encode(), Codec().encode(verdict))


async def test_each_message_stands_somewhere_until_it_is_decided(runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as door:
        declared = await four(door)
        await shows(door, UNDECIDED)
        await tell(door, MRN, declared)
        await shows(door, UNDECIDED | {"received": 0, "applied": 2})
        await take(door, cc515c(lrn=LRN, identification="later"))
        accepted = await take(door, cc528c(mrn=OTHER_MRN))
        await shows(door, UNDECIDED | {"received": 3, "waiting": 1, "applied": 2})
        await tell(door, OTHER_MRN, accepted)
        await shows(door, UNDECIDED | {"received": 1, "waiting": 1, "applied": 4})
        (settled,) = await door.rows("SELECT messages FROM customs.settled")
        (marked,) = await door.rows("SELECT count(*) AS messages FROM customs.message WHERE settled")
        assert settled == marked == {"messages": 4}


async def test_a_message_that_is_nowhere_for_too_long_is_unaccounted_for(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLBRUG_CUSTOMS__IN_FLIGHT_S", "0.5")
    async with running(runtime_settings, [build]) as door:
        declared = await four(door)
        await shows(door, UNDECIDED | {"unaccounted": 1})
        moved = "UPDATE customs.outbox SET published_at = now() + interval '1 hour' RETURNING id"
        assert len(await door.rows(moved)) == 2
        await shows(door, UNDECIDED)
        await door.rows("UPDATE customs.outbox SET published_at = now() - interval '1 hour' RETURNING id")
        await shows(door, UNDECIDED | {"unaccounted": 1})
        await tell(door, MRN, declared)
        await shows(door, UNDECIDED | {"received": 0, "applied": 2})
        aged = "UPDATE customs.message SET received_at = received_at - interval '25 hours' RETURNING id"
        assert len(await door.rows(aged)) == 4
        await shows(door, UNDECIDED | {"received": 0, "applied": 2, "CC515C": 1})


async def test_a_dead_letter_is_accounted_for(
    runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLBRUG_CUSTOMS__IN_FLIGHT_S", "0.5")
    async with running(runtime_settings, [build]) as door:
        await four(door)
        await shows(door, UNDECIDED | {"unaccounted": 1})
        facts = await door.published(DeclarationAccepted.TOPIC)
        (fact,) = (fact for fact in facts if isinstance(fact, DeclarationAccepted))
        dead = KafkaLog(Installation.of(door.settings), f"{DeclarationAccepted.TOPIC}.dlq")
        await dead.write(MRN.encode(), Codec().encode(fact))
        await shows(door, UNDECIDED | {"received": 0, "dead-lettered": 1})
