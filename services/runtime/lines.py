"""An answer that comes line by line (newline-delimited JSON) while it is made."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.runtime.telemetry import log

STALLED_S: Final = 30.0
"""Who reads nothing of an answer for so long loses the rest of it."""

MEDIA_TYPE: Final = "application/x-ndjson"


class Lines(Response):
    """Sends what `groups` gives, each group of lines as it comes; then, whatever happens, calls `close`."""

    media_type = MEDIA_TYPE

    def __init__(self, groups: AsyncIterator[Iterable[Mapping[str, Any]]], close: Callable[[], None]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._groups = groups
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for lines in self._groups:
                body = b"".join(to_json(line) + b"\n" for line in lines)
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            log.warning("lines.stalled", seconds=STALLED_S)
        finally:
            self._close()
