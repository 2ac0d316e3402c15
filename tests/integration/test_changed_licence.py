"""A licence that changes under an open shipment, through all doors: the new verdict reaches everybody (art. 5(2))."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.alerting.wiring import build as alerting
from services.core.messages import Finding, Licence, Verdict, VerdictKind
from services.core.values import CountryCode
from services.customs.wiring import build as customs
from services.licensing.wiring import build as licensing
from services.reconciliation.wiring import build as reconciliation
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.builders_alerting import SECRET
from tests.integration.in_process import Running, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until
from tests.integration.test_webhook import Hook, serving

WALK = Path(__file__).parents[2] / "docs" / "walk"
REF, MRN = "VL/2026/000123", "26BE343000ZZZZZZA9"
VERDICT = f"/v1/customs/declarations/{MRN}/verdict"
CHANGED = "licence.changed-under-shipment"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def hook(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hook]:
    hook = Hook()
    async with serving(hook):
        party = {"name": "customs", "webhook_url": hook.url, "webhook_secret": SECRET, "webhook_allow_private": True}
        monkeypatch.setenv("TOLBRUG_CUSTOMS__PARTIES", json.dumps([party]))
        yield hook


@pytest.fixture
async def exchange(hook: Hook, runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    """All services, a licence and an accepted shipment that it covers."""
    async with running(runtime_settings, [customs, licensing, reconciliation, alerting]) as exchange:
        await post(exchange, "/v1/licences", (WALK / "licence.json").read_bytes(), 201)
        await post(exchange, "/v1/customs/messages", (WALK / "two-presses.json").read_bytes(), 202)
        await everybody_knows(exchange, hook, "covered", [])
        yield exchange


async def post(exchange: Running, path: str, body: bytes, expected: int) -> None:
    answer = await exchange.http.post(path, content=body, headers=JSON)
    assert answer.status_code == expected, answer.text


async def step(exchange: Running, status: str, day: str) -> None:
    body = {"status": status, "reason": "end use under review", "effective_at": f"{day}T00:00:00Z"}
    await post(exchange, f"/v1/licences/{REF}/status", json.dumps(body).encode(), 200)


async def everybody_knows(exchange: Running, hook: Hook, verdict: str, reasons: list[str]) -> None:
    """HTTP, topic and webhook say the same, each for itself."""
    shown: dict[str, Any] = {}

    async def by_http() -> bool:
        shown.update((await exchange.http.get(VERDICT)).json())
        return bool(shown["verdict"] == verdict)

    async def by_topic() -> bool:
        found = [v for v in await exchange.published(Verdict.TOPIC) if isinstance(v, Verdict)]
        return bool(found) and max(found, key=lambda v: v.revision).verdict is VerdictKind[verdict.upper()]

    async def by_webhook() -> bool:
        told = [p["data"] for name, p in hook.came if name.startswith(f"msg_{MRN}_")]
        return bool(told) and {**told[-1], "revision": 0} == {**shown, "revision": 0}

    await until(by_http, f"{verdict} over HTTP")
    await until(by_topic, f"{verdict} on the topic")
    await until(by_webhook, f"{verdict} by webhook")
    assert [item["reasons"] for item in shown["items"]] == [reasons]


async def the_alerts(exchange: Running, *codes: str) -> None:
    async def raised() -> bool:
        items = (await exchange.http.get("/v1/alerts", params={"mrn": MRN})).json()["items"]
        return sorted(item["code"] for item in items) == sorted(codes)

    await until(raised, f"alerts are {codes}")


async def test_suspension_and_reinstatement_reach_an_open_shipment(exchange: Running, hook: Hook) -> None:
    await step(exchange, "suspended", "2026-02-01")
    await everybody_knows(exchange, hook, "refused", ["licence.not-valid"])
    await the_alerts(exchange, CHANGED, "licence.not-valid")
    await step(exchange, "reinstated", "2026-02-02")
    await everybody_knows(exchange, hook, "covered", [])
    told = [p["data"]["verdict"] for name, p in hook.came if name.startswith(f"msg_{MRN}_")]
    assert told == ["covered", "refused", "covered"]


async def test_revocation_reaches_an_open_shipment(exchange: Running, hook: Hook) -> None:
    await step(exchange, "revoked", "2026-02-01")
    await everybody_knows(exchange, hook, "refused", ["licence.not-valid"])
    await the_alerts(exchange, CHANGED, "licence.not-valid")


async def test_what_takes_effect_after_acceptance_leaves_the_verdict(exchange: Running, hook: Hook) -> None:
    await step(exchange, "suspended", "2026-03-03")
    await step(exchange, "reinstated", "2026-03-04")

    async def both() -> bool:
        shown = (await exchange.http.get(f"/v1/ledger/licences/{REF}")).json()
        return bool(shown["status"] == "reinstated")

    await until(both, "the ledger knows of both steps")
    await everybody_knows(exchange, hook, "covered", [])
    assert len([name for name in hook.ids() if name.startswith(f"msg_{MRN}_")]) == 1


async def test_an_amendment_reaches_an_open_shipment(exchange: Running, hook: Hook) -> None:
    (licence,) = [record for record in await exchange.published(Licence.TOPIC) if isinstance(record, Licence)]
    await amend(exchange, replace(licence, revision=licence.revision + 1, destinations=(CountryCode("JP"),)))
    await everybody_knows(exchange, hook, "refused", ["destination.mismatch"])
    await the_alerts(exchange, CHANGED, "destination.mismatch")
    await amend(exchange, replace(licence, revision=licence.revision + 2))
    await everybody_knows(exchange, hook, "covered", [])


async def test_released_goods_keep_their_verdict_and_the_authority_is_told(exchange: Running, hook: Hook) -> None:
    released = {"kind": "release", "sender": "BE.CUSTOMS", "message_id": "m-r", "mrn": MRN}
    body = json.dumps({**released, "released_at": "2026-03-02T09:00:00Z"}).encode()
    await post(exchange, "/v1/customs/messages", body, 202)

    async def consumed() -> bool:
        lines = (await exchange.http.get(f"/v1/ledger/licences/{REF}")).json()["lines"]
        return bool(lines[0]["quantity"]["consumed"] == "2")

    await until(consumed, "the release is booked")
    await step(exchange, "revoked", "2026-02-01")
    await the_alerts(exchange, CHANGED)
    await everybody_knows(exchange, hook, "covered", [])
    (finding,) = [f for f in await exchange.published(Finding.TOPIC) if isinstance(f, Finding)]
    assert finding.comparisons[0].licensed == "refused: licence.not-valid"


async def amend(exchange: Running, licence: Licence) -> None:
    """As the authority's register publishes it."""
    log = KafkaLog(Installation.of(exchange.settings), Licence.TOPIC)
    await log.write(licence.key.encode(), Codec().encode(licence))
