"""The load's own HTTP client, against a door that closes a connection at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.cli.bench.http_load import Client

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def a_door(answers: int) -> AsyncIterator[tuple[Client, list[bytes]]]:
    """Answers so many requests of a connection, and closes it when the next one has come; all that has come."""
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(answers):
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(ANSWER)
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield client, received
        client.close()


async def test_a_request_whose_connection_was_just_closed_is_sent_on_another() -> None:
    async with a_door(answers=1) as (client, received):
        assert [(await client.get(f"/{n}")).status for n in range(3)] == [202, 202, 202]
    assert [request.split()[1] for request in received] == [b"/0", b"/1", b"/1", b"/2", b"/2"]


async def test_a_door_that_answers_nothing_is_told() -> None:
    async with a_door(answers=0) as (client, received):
        with pytest.raises(ConnectionError):
            await client.get("/0")
    assert len(received) == 1
