"""The doors as the simulator sees them: requests that survive a restart of the server."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

PATIENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
UNAVAILABLE = frozenset({429, 502, 503, 504})
IN_FLIGHT = 16


class Unreachable(Exception):
    """The server did not answer for a minute."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and its JSON body (empty when there is none)."""

    status: int
    body: dict[str, Any]


class Doors:
    """HTTP to one base URL. Every request may be sent again: the doors recognise repeats."""

    def __init__(self, http: httpx.AsyncClient, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._http = http
        self._patience_seconds = patience_seconds
        self._sending = asyncio.Semaphore(IN_FLIGHT)

    async def post(self, path: str, body: bytes, content_type: str = "application/json", **headers: str) -> Answer:
        """At most 16 are under way at a time."""
        async with self._sending:
            said = {"content-type": content_type, **headers}
            return await self._request("POST", path, content=body, headers=said)

    async def post_json(self, path: str, body: dict[str, object], **headers: str) -> Answer:
        return await self.post(path, json.dumps(body, ensure_ascii=False).encode(), **headers)

    async def get(self, path: str, wait_seconds: int = 0, **query: str | int) -> Answer:
        """`wait_seconds` asks the server to hold the answer back until there is something to say."""
        if wait_seconds:
            query["wait"] = wait_seconds
        return await self._request("GET", path, params=query, timeout=wait_seconds + 15)

    async def _request(self, method: str, path: str, **details: Any) -> Answer:
        """Retried while nobody answers or the server says that it cannot yet."""
        loop = asyncio.get_running_loop()
        started, pause = loop.time(), FIRST_PAUSE_SECONDS
        while True:
            try:
                response = await self._http.request(method, path, **details)
                if response.status_code not in UNAVAILABLE:
                    return Answer(response.status_code, _json(response))
                trouble = f"HTTP {response.status_code}"
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            if loop.time() - started > self._patience_seconds:
                raise Unreachable(f"{method} {path}: {trouble}, for {self._patience_seconds:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _json(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    body = response.json()
    return body if isinstance(body, dict) else {"items": body}
