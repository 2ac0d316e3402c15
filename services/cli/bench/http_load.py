"""Sending HTTP requests for next to nothing: the load runs on the cores of what it measures.

Only what our doors answer is understood: HTTP/1.1, `Content-Length`, connections kept open.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(_END)
        if head < 0 or self._answer is None:
            return
        place = self._received.lower().find(_LENGTH, 0, head)
        begin = head + len(_END)
        end = begin + int(self._received[place + len(_LENGTH) : head + 2].split(b"\r", 1)[0])
        if len(self._received) >= end:
            answer, self._answer = self._answer, None
            body, status = self._received[begin:end], int(self._received[9:12])
            self._received = self._received[end:]
            if not answer.done():
                answer.set_result(Answer(status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the door closed the connection"))

    @property
    def closed(self) -> bool:
        """Whether the door closed it: it does with one that is not used for some seconds."""
        return self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()


class Client:
    """As many connections as requests are under way at once."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = f"Host: {parts.netloc}\r\n".encode()
        self._free: deque[_Connection] = deque()

    async def post(self, path: str, body: bytes, media_type: str = "application/json") -> Answer:
        head = f"POST {path} HTTP/1.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        return await self._ask(head.encode() + self._head + b"\r\n" + body)

    async def get(self, path: str) -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1\r\n".encode() + self._head + b"\r\n")

    async def _ask(self, request: bytes) -> Answer:
        """On a free connection; the door may close it while the request is on its way, then on another.

        It closes one on which nothing has begun. Had it read the request, the message would be known by its id.
        """
        while True:
            while self._free and self._free[-1].closed:
                self._free.pop()
            reused = bool(self._free)
            connection = self._free.pop() if reused else await self._connected()
            try:
                answer = await connection.ask(request)
            except ConnectionError:
                if not reused:
                    raise
            else:
                self._free.append(connection)
                return answer

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection

    def close(self) -> None:
        """Of connections on which nothing is under way."""
        while self._free:
            self._free.pop().close()
