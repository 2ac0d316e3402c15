"""What waits in a process is bounded: the next request is turned away, and taken once there is room."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request
from starlette.types import ASGIApp

from services.runtime.http import PROBLEM, application
from services.runtime.settings import HttpSettings


class Held:
    """Requests that are under way until `open` is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.entered = asyncio.Semaphore(0)

    def app(self, **limits: Any) -> ASGIApp:
        router = APIRouter()

        @router.api_route("/held", methods=["GET", "POST"])
        async def held(request: Request) -> int:
            size = len(await request.body())
            self.entered.release()
            await self.open.wait()
            return size

        async def ready() -> dict[str, bool]:
            return {}

        return application("test", [router], ready, lambda: True, HttpSettings(**limits))

    async def enter(self, count: int) -> None:
        """Until so many more are under way."""
        for _ in range(count):
            await self.entered.acquire()


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")


async def test_one_more_than_may_wait_is_told_to_come_again() -> None:
    held = Held()
    async with client(held.app(waiting=2)) as door:
        waiting = [asyncio.create_task(door.post("/held", content=b"abc")) for _ in range(2)]
        await held.enter(2)
        refused = await door.post("/held", content=b"abc")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.headers["content-type"] == PROBLEM
        assert (await door.get("/livez")).status_code == 200, "probes are always answered"
        held.open.set()
        assert [(await w).json() for w in waiting] == [3, 3]
        assert (await door.post("/held", content=b"abc")).status_code == 200


async def test_those_who_wait_for_an_answer_do_not_keep_out_those_who_bring_messages() -> None:
    held = Held()
    async with client(held.app(waiting=1)) as door:
        reading = asyncio.create_task(door.get("/held"))
        await held.enter(1)
        assert (await door.get("/held")).status_code == 503
        writing = asyncio.create_task(door.post("/held", content=b"abc"))
        await held.enter(1)
        held.open.set()
        assert [(await reading).status_code, (await writing).status_code] == [200, 200]


@pytest.mark.parametrize("length", ["told", "not told"])
async def test_bodies_are_bounded_together(length: str) -> None:
    held = Held()

    async def pieces() -> Any:
        yield b"x" * 600

    async with client(held.app(waiting_bytes=1_000)) as door:
        first = asyncio.create_task(door.post("/held", content=b"x" * 600))
        await held.enter(1)
        second = await door.post("/held", content=b"x" * 600 if length == "told" else pieces())
        assert second.status_code == 503
        held.open.set()
        assert (await first).json() == 600
        assert (await door.post("/held", content=b"x" * 600)).status_code == 200


class Slow:
    """A sender that has sent half of its body, and the rest when `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.sent = asyncio.Event()

    async def body(self) -> AsyncIterator[bytes]:
        yield b"x" * 300
        self.sent.set()
        await self.go.wait()
        yield b"x" * 300


async def test_who_sends_slowly_takes_no_place_from_others() -> None:
    held, slow = Held(), Slow()
    held.open.set()
    async with client(held.app(waiting=1, waiting_bytes=1_000)) as door:
        sending = asyncio.create_task(door.post("/held", content=slow.body(), headers={"content-length": "600"}))
        await slow.sent.wait()
        assert (await door.post("/held", content=b"x" * 600)).status_code == 200
        assert (await door.post("/held", content=b"x" * 701)).status_code == 503, "what has come of it counts"
        slow.go.set()
        assert (await sending).json() == 600


async def test_who_becomes_whole_when_all_places_are_taken_is_told_to_come_again() -> None:
    held, slow = Held(), Slow()
    async with client(held.app(waiting=1)) as door:
        sending = asyncio.create_task(door.post("/held", content=slow.body()))
        await slow.sent.wait()
        other = asyncio.create_task(door.post("/held", content=b"abc"))
        await held.enter(1)
        slow.go.set()
        assert ((await sending).status_code, (await sending).headers["retry-after"]) == (503, "1")
        held.open.set()
        assert (await other).json() == 3
