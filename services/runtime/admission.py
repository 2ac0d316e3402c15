"""How much may wait in a process at once: beyond it, requests are turned away before their bodies are read.

What waits is held in memory and is not durable, so it must not grow with the load. The bound is on requests and on the
bytes of their bodies; a sender that is turned away sends again, and a repeat is known. One who sends slowly takes
nothing from others: a request does not wait for us while it is not whole, and its bytes count as they come.
"""

from collections import Counter
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import Transient

ALWAYS: Final = frozenset({"/livez", "/readyz", "/metrics"})
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNTOLD: Final = 5 * 1024 * 1024
"""Bytes that a body counts for when its length is not told, or is more than any door takes."""
PUT_ASIDE: Final = "tolbrug.put_aside"
"""Name in a request's scope of what is told how many bytes of its body are in memory no more."""


class Full(Transient):
    """Too much waits: the request was turned away, and nothing of it is stored."""


class Admission:
    """Reading and writing are counted apart: those who wait for an answer do not keep out those who bring messages."""

    def __init__(self, app: ASGIApp, *, requests: int, body_bytes: int, full: Response) -> None:
        self._app = app
        self._requests = requests
        self._body_bytes = body_bytes
        self._full = full
        self._waiting: Counter[bool] = Counter()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        reading = scope["method"] in READING
        size = 0 if reading else _body_size(scope)
        if self._waiting[reading] >= self._requests or self._bytes + size > self._body_bytes:
            await self._full(scope, receive, send)
            return
        self._waiting[reading] += 1
        body = _Body(self, receive)
        scope[PUT_ASIDE] = body.put_aside
        try:
            await self._app(scope, receive if reading else body, send)
        finally:
            self._waiting[reading] -= 1
            self._bytes -= body.size

    async def _more(self, body: "_Body") -> Message:
        """The next part of a body. Full when meanwhile too many others are whole."""
        self._waiting[False] -= 1
        try:
            message = await body.receive()
        finally:
            self._waiting[False] += 1
        size = len(message.get("body", b""))
        body.size += size
        self._bytes += size
        if self._waiting[False] > self._requests or self._bytes > self._body_bytes:
            raise Full("too much waits here")
        return message


class _Body:
    """Receives the body of one request; `size` is what of it is here."""

    __slots__ = ("_admission", "receive", "size")

    def __init__(self, admission: Admission, receive: Receive) -> None:
        self._admission = admission
        self.receive = receive
        self.size = 0

    def put_aside(self, size: int) -> None:
        """So many bytes that came are on disk now."""
        self.size -= size
        self._admission._bytes -= size  # noqa: SLF001 - the other half of it

    async def __call__(self) -> Message:
        return await self._admission._more(self)  # noqa: SLF001 - the other half of it


def _body_size(scope: Scope) -> int:
    """What a request may come to hold. The doors themselves refuse what is longer than they take."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    if length.isdecimal() and len(length) < 20:
        return min(int(length), UNTOLD)
    return UNTOLD if "transfer-encoding" in headers else 0
