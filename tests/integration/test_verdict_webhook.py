"""Verdicts to the parties of the customs door, on real engines: signed, in order, at least once, none for another's."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from services.core.messages import Verdict, VerdictKind
from services.customs.wiring import build
from services.runtime.codec import Codec
from services.runtime.settings import RuntimeSettings
from tests.builders_alerting import SECRET
from tests.integration.in_process import Running, dying, running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.runtime.probe_process import until
from tests.integration.test_customs_door import a_verdict
from tests.integration.test_customs_parties import TOKENS, by, hashed
from tests.integration.test_webhook import Hook, serving
from tests.unit.customs.written import MRN, as_json, declaration, event

BELGIUM, FRANCE, _ = TOKENS
Hooks = dict[str, Hook]


@pytest.fixture
async def hooks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hooks]:
    """Two parties with a receiver each."""
    hooks = {party: Hook() for party in TOKENS}
    async with AsyncExitStack() as stack:
        for hook in hooks.values():
            await stack.enter_async_context(serving(hook))
        parties = [
            {
                "name": name,
                "token_sha256": hashed(TOKENS[name]),
                "webhook_url": hook.url,
                "webhook_secret": SECRET,
                "webhook_allow_private": True,
            }
            for name, hook in hooks.items()
        ]
        monkeypatch.setenv("TOLBRUG_CUSTOMS__PARTIES", json.dumps(parties))
        yield hooks


@pytest.fixture
async def door(hooks: Hooks, runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as door:
        yield door


async def state(door: Running, *parties: str) -> str:
    """The first party declares, each other tells that the goods left; the id of the last one's message."""
    message = ""
    left = event("exit", exited_at="2026-03-03T17:40:00Z", result="A1")
    for place, party in enumerate(parties):
        body = as_json(left if place else declaration())
        answer = await door.http.post(
            "/v1/customs/messages", content=body, headers={"content-type": "application/json", **by(party)}
        )
        assert answer.status_code == 202, answer.text
        message = answer.json()["id"]
    return message


async def decide(settings: RuntimeSettings, *verdicts: Verdict) -> None:
    """All of them before the fold sees any, as far as one can."""
    log = KafkaLog(Installation.of(settings), Verdict.TOPIC)
    await asyncio.gather(*(log.write(v.mrn.encode(), Codec().encode(v)) for v in verdicts))


async def told(hook: Hook, *revisions: int) -> None:
    async def came() -> bool:
        return [payload["data"]["revision"] for _, payload in hook.came] == list(revisions)

    await until(came, f"{revisions} came, not {[p['data']['revision'] for _, p in hook.came]}")


async def test_each_final_verdict_comes_signed_once_and_in_order(door: Running, hooks: Hooks) -> None:
    message = await state(door, BELGIUM)
    for verdict in (
        a_verdict(1, [message], kind=VerdictKind.PENDING),
        a_verdict(2, [message], kind=VerdictKind.REFUSED),
        a_verdict(2, [message], kind=VerdictKind.REFUSED),
        a_verdict(3, [message]),
    ):
        await decide(door.settings, verdict)
    await told(hooks[BELGIUM], 2, 3)
    assert [name for name, _ in hooks[BELGIUM].came] == [f"msg_{MRN}_2", f"msg_{MRN}_3"]
    (_, refused), (_, covered) = hooks[BELGIUM].came
    assert (refused["type"], refused["data"]["verdict"]) == ("verdict.decided", "refused")
    shown = await door.http.get(f"/v1/customs/declarations/{MRN}/verdict", headers=by(BELGIUM))
    assert covered["data"] == shown.json() | {"revision": 3}


async def test_a_party_is_told_only_of_what_it_stated(door: Running, hooks: Hooks) -> None:
    await state(door, BELGIUM)
    await decide(door.settings, a_verdict(1, []))
    await told(hooks[BELGIUM], 1)
    assert await door.rows("SELECT DISTINCT endpoint FROM customs.delivery") == [{"endpoint": BELGIUM}]
    assert hooks[FRANCE].came == []


async def test_a_party_that_fails_holds_up_no_other(door: Running, hooks: Hooks) -> None:
    hooks[FRANCE].answer = 500
    await state(door, BELGIUM, FRANCE)
    await decide(door.settings, a_verdict(1, []))
    await told(hooks[BELGIUM], 1)
    await decide(door.settings, a_verdict(2, ["m"], kind=VerdictKind.REFUSED))
    await told(hooks[BELGIUM], 1, 2)
    assert {payload["data"]["revision"] for _, payload in hooks[FRANCE].came} <= {1}, "2 must wait for 1"
    hooks[FRANCE].answer = 204
    await door.rows("UPDATE customs.delivery SET due_at = now() WHERE state = 'pending' RETURNING 1")

    async def both() -> bool:
        return {payload["data"]["revision"] for _, payload in hooks[FRANCE].came} == {1, 2}

    await until(both, "what failed came")


async def test_verdicts_of_one_batch_are_all_told(hooks: Hooks, runtime_settings: RuntimeSettings) -> None:
    async with running(runtime_settings, [build]) as door:
        await state(door, BELGIUM)
    for revision in range(1, 8):
        await decide(runtime_settings, a_verdict(revision, [f"m{revision}"]))
    async with running(runtime_settings, [build]):
        await told(hooks[BELGIUM], *range(1, 8))


async def test_a_party_that_wants_nothing_is_shown_as_paused_and_gets_all_once_it_resumes(
    door: Running, hooks: Hooks
) -> None:
    hooks[BELGIUM].answer = 410
    await state(door, BELGIUM)
    await decide(door.settings, a_verdict(1, []))

    async def paused() -> bool:
        items = (await door.http.get("/v1/customs/webhooks", headers=by(BELGIUM))).json()["items"]
        return [(item["party"], item["state"], item["gone"]) for item in items] == [(BELGIUM, "paused", 1)]

    await until(paused, "the party is shown as paused")
    await decide(door.settings, a_verdict(2, ["m"]))

    async def listed() -> bool:
        rows = await door.rows("SELECT state FROM customs.delivery")
        return [row["state"] for row in rows] == ["gone", "gone"]

    await until(listed, "what it does not want is listed")
    assert len(hooks[BELGIUM].came) == 1
    hooks[BELGIUM].came.clear()
    hooks[BELGIUM].answer = 204
    foreign = await door.http.post(f"/v1/customs/webhooks/{BELGIUM}/resume", headers=by(FRANCE))
    assert foreign.status_code == 404
    resumed = await door.http.post(f"/v1/customs/webhooks/{BELGIUM}/resume", headers=by(BELGIUM))
    assert resumed.json() == {"party": BELGIUM, "resumed": 2}
    await told(hooks[BELGIUM], 1, 2)


@pytest.mark.parametrize("point", ["webhook-before-post", "webhook-after-post", "fold-after-commit@customs.answers"])
async def test_a_process_that_dies_between_commit_and_delivery_loses_none(
    point: str, hooks: Hooks, runtime_settings: RuntimeSettings
) -> None:
    async with running(runtime_settings, [build]) as door:
        await state(door, BELGIUM)
    async with dying(runtime_settings, "customs", point) as (_, process):
        await decide(runtime_settings, replace(a_verdict(1, []), rule_set=point))
        assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGKILL
    assert len(hooks[BELGIUM].came) == (point == "webhook-after-post")
    async with running(runtime_settings, [build]) as after:
        await after.rows("UPDATE customs.delivery SET due_at = now() WHERE state = 'pending' RETURNING 1")

        async def delivered() -> bool:
            return await after.rows("SELECT state, endpoint FROM customs.delivery") == [
                {"state": "delivered", "endpoint": BELGIUM}
            ]

        await until(delivered, "the verdict was delivered")
    assert set(hooks[BELGIUM].ids()) == {f"msg_{MRN}_1"}
