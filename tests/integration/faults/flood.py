"""Far more requests than can be answered, at a fixed rate: nobody waits for the answer before sending the next one."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TICK_S = 0.02
PATIENCE_S = 60.0
NOTHING_STORED = b"Too much waits here now"
"""The answer to what was turned away at once. Of what waited and got no answer in time, it is not known."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Flood:
    """Sends `body(n)` for n = 1, 2, …; `answers` counts statuses, `taken` has the numbers that were answered 2xx.

    What finds no connection free is held back: a sender has so many and no more.
    """

    url: str
    path: str
    body: Callable[[int], dict[str, Any]]
    connections: int
    answers: Counter[int] = field(default_factory=Counter)
    taken: list[int] = field(default_factory=list)
    sent: int = 0
    held_back: int = 0
    repeated: int = 0
    unknown: list[int] = field(default_factory=list)
    without_retry_after: int = 0
    _idle: list[Connection] = field(default_factory=list)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, rate: int, seconds: float) -> None:
        """Send so many a second for so long."""
        begun = time.monotonic()
        while (elapsed := time.monotonic() - begun) < seconds:
            while self.sent + self.held_back < elapsed * rate:
                if len(self._under_way) >= self.connections:
                    self.held_back += 1
                    continue
                self.sent += 1
                task = asyncio.create_task(self._send(self.sent))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            await asyncio.sleep(TICK_S)

    async def finish(self) -> None:
        """Wait until everything is answered, and send again what may have been stored, until it is."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._under_way)
            while self.unknown:
                again, self.unknown = self.unknown[:100], self.unknown[100:]
                await asyncio.gather(*(self._send(number) for number in again))
                self.repeated += len(again)
        for _, writer in self._idle:
            writer.close()

    async def _send(self, number: int) -> None:
        address = urlsplit(self.url)
        body = json.dumps(self.body(number)).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        status, headers, answer = await self._ask(request, address.hostname or "", address.port or 0)
        self.answers[status] += 1
        if status in {200, 202}:
            self.taken.append(number)
            return
        if b"retry-after" not in headers:
            self.without_retry_after += 1
        if NOTHING_STORED not in answer:
            self.unknown.append(number)

    async def _ask(self, request: bytes, host: str, port: int) -> tuple[int, dict[bytes, bytes], bytes]:
        """On a connection that is idle; the server may have closed it meanwhile, then on another."""
        while True:
            reused = bool(self._idle)
            reader, writer = self._idle.pop() if reused else await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                answer = await _answer(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                if not reused:
                    raise
            else:
                self._idle.append((reader, writer))
                return answer


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers[b"content-length"]))
