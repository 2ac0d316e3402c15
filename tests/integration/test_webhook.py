"""The webhook on real engines: signed, at least once, with the same id; retried from the table, whoever dies."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from services.alerting.adapters.receiver import make_receiver
from services.alerting.wiring import build
from services.runtime.settings import RuntimeSettings
from tests.builders_alerting import SECRET
from tests.integration.in_process import Running, dying, running
from tests.integration.runtime.probe_process import until
from tests.integration.test_alerting import finding_of, has_findings, publish


@dataclass
class Hook:
    """A receiver that answers as it is told and remembers what came."""

    url: str = ""
    answer: int = 204
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def take(self, name: str, payload: dict[str, Any]) -> None:
        self.came.append((name, payload))

    def ids(self) -> list[str]:
        return sorted(name for name, _ in self.came)

    def settings(self) -> dict[str, str]:
        return {
            "TOLBRUG_ALERTING__WEBHOOK_URL": self.url,
            "TOLBRUG_ALERTING__WEBHOOK_SECRET": SECRET,
            "TOLBRUG_ALERTING__WEBHOOK_ALLOW_PRIVATE": "true",
            "TOLBRUG_ALERTING__WEBHOOK_TIMEOUT_S": "5",
        }


@asynccontextmanager
async def serving(hook: Hook) -> AsyncIterator[None]:
    app = FastAPI()

    @app.middleware("http")
    async def as_told(request: Request, call_next: Any) -> Response:
        taken: Response = await call_next(request)
        return taken if taken.status_code != 204 else Response(status_code=hook.answer, headers={"location": "/"})

    app.mount("/", make_receiver(SECRET, hook.take))
    listening = socket.create_server(("127.0.0.1", 0))
    hook.url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield
    server.should_exit = True
    await task


@pytest.fixture
async def hook(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hook]:
    hook = Hook()
    async with serving(hook):
        for name, value in hook.settings().items():
            monkeypatch.setenv(name, value)
        yield hook


@pytest.fixture
async def alerting(hook: Hook, runtime_settings: RuntimeSettings) -> AsyncIterator[Running]:
    async with running(runtime_settings, [build]) as alerting:
        yield alerting


async def states(alerting: Running, expected: dict[str, int]) -> None:
    """Wait until the deliveries are in these states."""
    query = "SELECT state, count(*) AS n FROM alerting.delivery GROUP BY state"

    async def reached() -> bool:
        return {row["state"]: row["n"] for row in await alerting.rows(query)} == expected

    await until(reached, f"deliveries are {expected}")


async def test_every_revision_arrives_signed(alerting: Running, hook: Hook) -> None:
    await publish(alerting, [finding_of(1), finding_of(1, "f2"), finding_of(2)])
    await states(alerting, {"delivered": 3})
    assert len(set(hook.ids())) == 3
    latest = {
        p["data"]["mrn"]: p["data"]["count"] for _, p in sorted(hook.came, key=lambda c: c[1]["data"]["revision"])
    }
    assert latest == {finding_of(1).mrn: 2, finding_of(2).mrn: 1}
    alert = hook.came[0][1]["data"]["id"]
    timeline = (await alerting.http.get(f"/v1/alerts/{alert}")).json()["timeline"]
    assert "webhook-delivered" in [event["event"] for event in timeline]


@pytest.mark.parametrize("failing", [500, 302])
async def test_what_fails_is_tried_again_with_the_same_id(failing: int, alerting: Running, hook: Hook) -> None:
    hook.answer = failing
    await publish(alerting, [finding_of(1)])

    async def tried_twice() -> bool:
        return len(hook.came) >= 2

    await until(tried_twice, "a second attempt came")
    hook.answer = 204
    await states(alerting, {"delivered": 1})
    assert len(set(hook.ids())) == 1
    assert len({str(payload) for _, payload in hook.came}) == 1
    (row,) = await alerting.rows("SELECT attempts FROM alerting.delivery")
    assert row["attempts"] == len(hook.came)


async def test_gone_disables_the_endpoint_and_drops_what_is_pending(alerting: Running, hook: Hook) -> None:
    hook.answer = 410
    await publish(alerting, [finding_of(n) for n in range(40)])
    await states(alerting, {"gone": 40})
    came = len(hook.came)
    await publish(alerting, [finding_of(50)])
    await has_findings(alerting, 41)
    assert [row["n"] for row in await alerting.rows("SELECT count(*) AS n FROM alerting.delivery")] == [40]
    assert len(hook.came) == came


async def test_a_private_address_is_not_asked_unless_allowed(
    hook: Hook, runtime_settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLBRUG_ALERTING__WEBHOOK_ALLOW_PRIVATE", "false")
    async with running(runtime_settings, [build]) as alerting:
        await publish(alerting, [finding_of(1)])

        async def refused() -> bool:
            rows = await alerting.rows("SELECT last_error FROM alerting.delivery WHERE state = 'pending'")
            return [str(row["last_error"]).split(":")[0] for row in rows] == ["Forbidden"]

        await until(refused, "the attempt was refused")
    assert hook.came == []


async def test_two_processes_share_the_work_without_doubling_it(
    alerting: Running, hook: Hook, runtime_settings: RuntimeSettings
) -> None:
    async with running(runtime_settings, [build]):
        await publish(alerting, [finding_of(n) for n in range(90)])
        await states(alerting, {"delivered": 90})
    assert len(hook.came) == 90
    assert len(set(hook.ids())) == 90


async def test_a_process_that_dies_after_a_post_sends_it_again_with_the_same_id(
    hook: Hook, runtime_settings: RuntimeSettings
) -> None:
    async with dying(runtime_settings, "alerting", "webhook-after-post") as (_, process):
        await publish(Running(httpx.AsyncClient(), runtime_settings), [finding_of(1)])
        assert await asyncio.wait_for(process.wait(), 20) == -signal.SIGKILL
    assert len(hook.came) == 1
    async with running(runtime_settings, [build]) as after:
        (row,) = await after.rows("SELECT state, attempts, due_at > now() AS claimed FROM alerting.delivery")
        assert row == {"state": "pending", "attempts": 1, "claimed": True}
        await after.rows("UPDATE alerting.delivery SET due_at = now() RETURNING 1")
        await states(after, {"delivered": 1})
    assert len(hook.came) == 2
    assert len(set(hook.ids())) == 1
