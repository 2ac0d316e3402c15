"""Requests as bytes on a connection, and the answers as they come: no HTTP library would send what is sent here."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.integration.fuzz.request import Framing, Request

PIECE = 256 * 1024
PAUSE_S = 0.05
PATIENCE_S = 40.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0: the connection was closed without one."""

    status: int
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


NONE = Answer(0)


def written(request: Request) -> Iterator[tuple[bytes, float]]:
    """The parts of a request, each with the seconds to wait after it."""
    head = [f"POST {request.path} HTTP/1.1".encode(), b"Host: door"]
    head += [b"Content-Type: " + request.media_type] if request.media_type else []
    head += [name + b": " + value for name, value in request.headers]
    yield b"\r\n".join([*head, _length(request), b"", b""]), 0
    pieces = [request.body[start : start + PIECE] for start in range(0, len(request.body), PIECE)]
    match request.framing:
        case Framing.CHUNKED:
            yield from ((b"%x\r\n" % len(piece) + piece + b"\r\n", 0) for piece in pieces)
            yield b"0\r\n\r\n", 0
        case Framing.SLOW:
            step = max(1, len(request.body) // 5)
            yield from ((request.body[s : s + step], PAUSE_S) for s in range(0, len(request.body), step))
        case _:
            yield from ((piece, 0) for piece in pieces)


def _length(request: Request) -> bytes:
    length = len(request.body)
    match request.framing:
        case Framing.CHUNKED:
            return b"Transfer-Encoding: chunked"
        case Framing.LESS:
            return b"Content-Length: %d" % (length + 10)
        case Framing.MORE:
            return b"Content-Length: %d" % (length // 2)
        case _:
            return b"Content-Length: %d" % length


class Wire:
    """Connections to one door, kept open where the door keeps them."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: deque[Connection] = deque()

    async def ask(self, request: Request) -> Answer:
        """The answer; on a new connection when the door has closed the kept one meanwhile."""
        while True:
            reused = bool(self._idle)
            connection = self._idle.pop() if reused else await asyncio.open_connection(self._host, self._port)
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._exchange(connection, request)
            if answer.status or not reused or not request.http:
                return answer

    async def _exchange(self, connection: Connection, request: Request) -> Answer:
        reader, writer = connection
        sending = asyncio.create_task(_send(writer, request))
        try:
            answer = await _answer(reader)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            answer = NONE
        whole = sending.done() and not sending.cancelled() and sending.exception() is None
        sending.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await sending
        kept = answer.headers.get(b"connection", b"").lower() != b"close"
        if answer.status and whole and request.http and kept:
            self._idle.append(connection)
        else:
            writer.close()
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()


async def _send(writer: asyncio.StreamWriter, request: Request) -> None:
    for part, pause_s in written(request):
        writer.write(part)
        await writer.drain()
        if pause_s:
            await asyncio.sleep(pause_s)
    if request.ends and writer.can_write_eof():
        writer.write_eof()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    status, headers = await _head(reader)
    while status == 100:
        status, headers = await _head(reader)
    if headers.get(b"transfer-encoding") == b"chunked":
        return Answer(status, headers, await _chunks(reader))
    length = headers.get(b"content-length")
    body = await (reader.read() if length is None else reader.readexactly(int(length)))
    return Answer(status, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
    named = (line.partition(b":") for line in lines)
    return int(first.split()[1]), {name.strip().lower(): value.strip() for name, _, value in named}
