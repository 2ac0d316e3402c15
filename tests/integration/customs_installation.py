"""Customs doors in one installation, each a process of its own as far as the database can tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.customs.wiring import build
from services.runtime.process import Process
from services.runtime.settings import RuntimeSettings

XML, JSON = {"Content-Type": "application/xml"}, {"Content-Type": "application/json"}


class Door:
    """One running door and a client of it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.host, self.port = client.base_url.host, client.base_url.port

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        kind = XML if body.lstrip().startswith(b"<") else JSON
        return await self.client.post("/v1/customs/messages", content=body, headers={**kind, **(headers or {})})

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(f"/v1/customs{path}", params=query, headers=headers)


@asynccontextmanager
async def door(settings: RuntimeSettings) -> AsyncIterator[Door]:
    """A process with the customs service alone, ready to serve."""
    process = Process(settings, [build])
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(process.run(ready.set_result))
    both: set[asyncio.Future[Any]] = {running, ready}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    async with httpx.AsyncClient(base_url=ready.result(), timeout=70) as client:
        yield Door(client)
    process.stop()
    await running
