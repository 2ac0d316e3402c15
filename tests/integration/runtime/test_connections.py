"""Connections are bounded: who says nothing, or says it slowly, keeps nobody else out, and not a place for long."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import APIRouter, FastAPI, Request

from services.runtime import http_server
from services.runtime.http_server import Server, listen
from tests.integration.runtime.probe_process import until

HEAD = b"POST /size HTTP/1.1\r\nHost: door\r\nContent-Length: %d\r\n\r\n"
MOST = 10


@dataclass
class Client:
    """One connection, and what came back on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hears(self) -> bytes:
        """All until the other side closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionError:
            return b""

    async def answer(self) -> bytes:
        """The status line of one answer."""
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 10)).strip()


@dataclass
class Door:
    """A server with few places; `/size` answers at once, `/held` when `open` is set."""

    port: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0

    def app(self) -> FastAPI:
        app, router = FastAPI(), APIRouter()

        @router.post("/size")
        async def size(request: Request) -> int:
            return len(await request.body())

        @router.get("/held")
        async def held() -> int:
            self.held += 1
            await self.open.wait()
            return self.held

        app.include_router(router)
        return app

    async def client(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))

    async def serves(self) -> bool:
        """Whether a newcomer is answered."""
        client = await self.client()
        client.say(HEAD % 3 + b"abc")
        try:
            return await client.answer() == b"HTTP/1.1 200 OK"
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        finally:
            client.writer.close()


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[Server]:
    listening = listen("127.0.0.1", 0)
    door.port = listening.getsockname()[1]
    server = Server(door.app(), MOST)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield server
    door.open.set()
    server.stop()
    await asyncio.wait_for(serving, 5)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is shorter than it is."""
    for name, seconds in {"LOOK_S": 0.05, "BEGIN_S": 0.5, "WHOLE_S": 1.0, "FRESH_S": 0.1}.items():
        monkeypatch.setattr(http_server, name, seconds)


async def many(door: Door, said: bytes = b"") -> list[Client]:
    """More clients than there are places, all of which have been heard."""
    clients = [await door.client() for _ in range(3 * MOST)]
    for client in clients:
        client.say(said)
    return clients


@pytest.mark.parametrize("said", [b"", HEAD[:20], HEAD % 1000, HEAD % 1000 + b"some of it"])
async def test_who_says_little_or_nothing_keeps_nobody_out(said: bytes, quick: None) -> None:
    door = Door()
    async with served(door) as server:
        clients = await many(door, said)
        await until(door.serves, "a newcomer is served", 0.4)
        assert len(server.server_state.connections) <= MOST
        heard = await asyncio.gather(*(client.hears() for client in clients))
        assert {answer.split(b"\r\n")[0] for answer in heard} <= {b"", b"HTTP/1.1 408 Request Timeout", PLACE}


PLACE = http_server.NO_PLACE.split(b"\r\n")[0]


async def test_who_stops_within_a_request_is_told(quick: None) -> None:
    door = Door()
    async with served(door) as server:
        client = await door.client()
        client.say(HEAD % 1000 + b"some of it")
        assert (await client.hears()).startswith(b"HTTP/1.1 408 ")
        await until(lambda: _none(server), "nothing is left of it")


async def test_a_request_that_does_not_become_whole_is_cut_off(quick: None) -> None:
    door = Door()
    async with served(door) as server:
        client = await door.client()
        client.say(HEAD % 1000)

        async def trickle() -> None:
            while True:
                client.say(b"x")
                await asyncio.sleep(0.1)

        trickling = asyncio.create_task(trickle())
        # A byte that meets the closed end makes TCP take the answer back: only being cut off is certain.
        assert (await client.hears()).split(b"\r\n")[0] in {b"", b"HTTP/1.1 408 Request Timeout"}
        trickling.cancel()
        await until(lambda: _none(server), "nothing is left of it")


async def test_a_connection_that_was_answered_and_says_nothing_more_is_closed(quick: None) -> None:
    door = Door()
    async with served(door) as server:
        client = await door.client()
        client.say(HEAD % 3 + b"abc")
        assert (await client.hears()).startswith(b"HTTP/1.1 200 ")
        await until(lambda: _none(server), "nothing is left of it")


async def test_who_waits_for_an_answer_keeps_the_place_and_newcomers_come_again(quick: None) -> None:
    door = Door()
    async with served(door):
        waiting = [await door.client() for _ in range(MOST)]
        for client in waiting:
            client.say(b"GET /held HTTP/1.1\r\nHost: door\r\n\r\n")

        async def all_held() -> bool:
            return door.held == MOST

        await until(all_held, "all places are taken")
        newcomer = await door.client()
        assert await newcomer.hears() == http_server.NO_PLACE
        await asyncio.sleep(1.5 * http_server.WHOLE_S)  # longer than any client is waited for
        door.open.set()
        assert {await client.answer() for client in waiting} == {b"HTTP/1.1 200 OK"}
        await until(door.serves, "then there is room")


async def _none(server: Server) -> bool:
    return not server.server_state.connections


def test_answers_are_sent_without_waiting_for_the_client_to_acknowledge_their_head() -> None:
    with listen("127.0.0.1", 0) as door, socket.create_connection(door.getsockname()):
        accepted, _ = door.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
