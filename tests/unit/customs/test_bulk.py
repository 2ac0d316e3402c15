"""Answers to many messages while the door is full, away, or read by nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import Fault, Refused, Transient
from services.customs.adapters.http import bulk
from services.customs.adapters.intake import Intake, Submission
from services.customs.adapters.register import Receipt, _receipt
from services.runtime import lines as lines_module
from services.runtime.admission import Admission, Full
from services.runtime.http import ANSWERS
from services.runtime.lines import Lines
from tests.unit.customs.written import as_json, declaration

NDJSON = "application/x-ndjson"
AT = datetime(2026, 3, 2, tzinfo=UTC)


class Commit:
    """A group commit that fails as it is told, by message."""

    def __init__(self, **failures: Exception) -> None:
        self.failures = failures
        self.order: list[str] = []

    async def submit(self, submission: Submission) -> Receipt:
        name = str(submission.reading.message_id)
        self.order.append(name)
        if name in self.failures:
            raise self.failures[name]
        return Receipt(_receipt(submission, AT), duplicate=False)


def client(commit: Commit) -> httpx.AsyncClient:
    many = bulk.Bulk(Intake(UTC), commit)  # type: ignore[arg-type]  # the part of it that is used

    async def endpoint(request: Request) -> Response:
        return await many.receive(request, "customs", NDJSON, packed=False)

    handlers: Any = ANSWERS
    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])], exception_handlers=handlers)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")


def body(*names: str) -> bytes:
    return b"\n".join(as_json(declaration(message_id=name)) for name in names)


async def test_a_door_that_is_full_for_one_message_says_so_in_its_line_and_goes_on() -> None:
    commit = Commit(b=Full("full"), c=Transient("away"), d=Refused(409, "no", (Fault("/x", "y", "z"),)), e=KeyError())
    async with client(commit) as door:
        answer = await door.post("/", content=body("a", "b", "c", "d", "e", "f"))
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["status"] for line in found] == [202, 503, 503, 409, 500, 202]
    assert [line.get("retry_after") for line in found] == [None, 1, 1, None, None, None]
    assert found[3]["problem"]["errors"] == [{"path": "/x", "code": "y", "detail": "z"}]
    assert commit.order == ["a", "b", "c", "d", "e", "f"]


async def test_more_such_bodies_than_are_worked_on_are_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(Commit()) as door:
        for _ in range(2 * bulk.AT_ONCE):
            assert (await door.post("/", content=body("a"))).status_code == 200, "a place is given back"
            assert (await door.post("/", content=b"\x00")).status_code == 200
        monkeypatch.setattr(bulk, "AT_ONCE", 0)
        full = await door.post("/", content=body("a"))
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")


async def test_a_body_is_no_longer_in_memory_once_it_is_put_aside() -> None:
    held: list[int] = []
    commit = Commit()
    many = bulk.Bulk(Intake(UTC), commit)  # type: ignore[arg-type]  # the part of it that is used

    async def endpoint(request: Request) -> Response:
        answer = await many.receive(request, "customs", NDJSON, packed=False)
        held.append(admission._bytes)
        return answer

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    admission = Admission(app, requests=10, body_bytes=10_000_000, full=Response(status_code=503))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(admission), base_url="http://door") as door:
        assert (await door.post("/", content=body(*map(str, range(200))))).status_code == 200
    assert held == [0]
    assert admission._bytes == 0


async def test_who_reads_nothing_loses_the_rest_and_his_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "STALLED_S", 0.01)
    closed: list[bool] = []

    async def groups() -> AsyncIterator[list[Mapping[str, Any]]]:
        yield [{"line": 1}]

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Any:
        return {}

    await Lines(groups(), lambda: closed.append(True))({"type": "http"}, receive, send)
    assert closed == [True]
