"""How a registry's answers are taken; the real one is in tests/integration/test_registry.py."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas import loader
from services.core.errors import Fatal, Transient
from services.core.messages import Cover, Demand
from services.runtime.registry import BundledRegistry, ConfluentRegistry

Answer = Callable[[httpx.Request], httpx.Response]
DEMAND = json.dumps(loader.whole(Demand.SCHEMA))


class Server:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        return self.answer(request)


def registry(server: Server, state: Path) -> ConfluentRegistry:
    return ConfluentRegistry("http://registry/api/", state, (Demand,), httpx.MockTransport(server))


def gives(status: int, body: Any) -> Answer:
    return lambda _: httpx.Response(status, json=body)


def cut_short(folder: Path, name: str) -> None:
    next(folder.rglob(name)).write_text(DEMAND[:20])


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


async def test_a_message_is_registered_and_its_id_used(tmp_path: Path) -> None:
    server = Server(gives(200, {"id": 41}))
    ours = registry(server, tmp_path)
    await ours.prepare()
    assert ours.id_of(Demand.SCHEMA) == 41
    subject = "reconciliation.demand.v1-reconciliation.v1.Demand"
    assert server.asked == [f"PUT /api/config/{subject}", f"POST /api/subjects/{subject}/versions"]


async def test_an_id_is_asked_for_once_even_after_a_restart(tmp_path: Path) -> None:
    server = Server(gives(200, {"schema": DEMAND}))
    first = registry(server, tmp_path)
    await first.fetch(9)
    await first.fetch(9)
    again = registry(Server(down), tmp_path)
    await again.fetch(9)
    assert server.asked == ["GET /api/schemas/ids/9"]
    assert again.known(9) == json.loads(DEMAND)


async def test_a_cache_cut_short_is_asked_for_again(tmp_path: Path) -> None:
    server = Server(gives(200, {"schema": DEMAND}))
    await registry(server, tmp_path).fetch(9)
    cut_short(tmp_path, "9.avsc")
    ours = registry(server, tmp_path)
    await ours.fetch(9)
    assert ours.known(9) == json.loads(DEMAND)
    assert len(server.asked) == 2


async def test_a_registry_that_was_emptied_stops_the_process(tmp_path: Path) -> None:
    await registry(Server(gives(200, {"id": 41})), tmp_path).prepare()
    with pytest.raises(Fatal, match="it was emptied"):
        await registry(Server(gives(200, {"id": 1})), tmp_path).prepare()


@pytest.mark.parametrize("answer", [down, gives(500, {}), gives(503, {}), gives(429, {})])
async def test_a_registry_that_does_not_answer_is_transient(answer: Answer, tmp_path: Path) -> None:
    ours = registry(Server(answer), tmp_path)
    with pytest.raises(Transient):
        await ours.prepare()
    with pytest.raises(Transient):
        await ours.fetch(9)
    with pytest.raises(Transient):
        ours.id_of(Demand.SCHEMA)
    assert not ours.absent(9)


@pytest.mark.parametrize(
    ("status", "body"), [(401, {}), (409, {"message": "incompatible"}), (404, {}), (200, {}), (200, [])]
)
async def test_a_registry_that_refuses_or_is_none_stops_the_process(status: int, body: Any, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="http://registry/api"):
        await registry(Server(gives(status, body)), tmp_path).prepare()


async def test_only_the_registrys_own_not_found_says_that_an_id_does_not_exist(tmp_path: Path) -> None:
    ours = registry(Server(gives(404, {"error_code": 40403})), tmp_path)
    await ours.fetch(9)
    assert ours.absent(9)
    for answer in (gives(404, {}), gives(404, "no such page"), gives(200, {"schema": "{"}), gives(200, {})):
        wrong = registry(Server(answer), tmp_path / "other")
        with pytest.raises(Transient):
            await wrong.fetch(9)
        assert not wrong.absent(9)


def test_an_address_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="starts with http"):
        ConfluentRegistry("registry:8081", tmp_path)


def test_a_record_that_changed_since_its_release_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = BundledRegistry()
    assert ours.known(ours.id_of(Demand.SCHEMA)) == loader.whole(Demand.SCHEMA)
    other = loader.whole(Cover.SCHEMA)
    monkeypatch.setattr(loader, "whole", lambda _name, _package: other)
    with pytest.raises(Fatal, match="not as it was released"):
        ours.id_of(Demand.SCHEMA)
