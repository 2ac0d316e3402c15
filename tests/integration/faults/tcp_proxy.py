"""TCP proxies that know enough of Kafka's and PostgreSQL's protocols to lose, delay or spoil one chosen reply.

A Kafka frame is int32 length, then in a request int16 api key, int16 version, int32 correlation id, and in a reply the
correlation id first. A PostgreSQL frame is one byte of type and int32 length that counts itself; before its first typed
frame a client sends start-up packets without a type.
"""

import asyncio
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import Any

from services.embedded.ports import free_port

PRODUCE, FETCH, METADATA = 0, 1, 3
READY_TO_TALK = {196608, 196610}
"""The start-up packets after which PostgreSQL's frames have a type: protocol 3.0 and 3.2."""


class Fault(Enum):
    """What happens to a reply. `CUT` loses it with its connection, `SILENCE` leaves the client waiting."""

    PASS = "pass"
    CUT = "cut"
    SILENCE = "silence"
    DELAY = "delay"
    SPOIL = "spoil"


class Pair:
    """One client's connection and ours to the server; both end together."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._writers = (client, server)

    def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


class Proxy:
    """What the two have in common. `port` is where clients connect; `fired` counts the faults by name."""

    def __init__(self, upstream: int, port: int = 0) -> None:
        self.port = port or free_port()
        self.fired: Counter[str] = Counter()
        self.upstream = upstream
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pairs: set[Pair] = set()

    def cut_all(self) -> None:
        """Every connection ends now."""
        for pair in tuple(self._pairs):
            pair.close()

    async def serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        try:
            server_in, server_out = await asyncio.open_connection("127.0.0.1", self.upstream, limit=2**24)
        except OSError:
            client_out.transport.abort()
            return
        pair = Pair(client_out, server_out)
        self._pairs.add(pair)
        ways = [asyncio.create_task(w) for w in self.ways(client_in, client_out, server_in, server_out)]
        self._tasks.update(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pair.close()
            self._pairs.discard(pair)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._tasks.difference_update(ways)

    def ways(
        self,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> tuple[Coroutine[Any, Any, None], Coroutine[Any, Any, None]]:
        """To the server and back."""
        raise NotImplementedError


class KafkaProxy(Proxy):
    """Faults are lists per api key, taken one by one by the replies that come."""

    def __init__(self, upstream: int, port: int = 0) -> None:
        super().__init__(upstream, port)
        self.faults: dict[int, deque[Fault]] = {}
        self.delay_s = 1.0
        self.held: bytes | None = None
        """Requests to Produce that hold these bytes, such as the name of a topic, never reach the broker."""

    def plan(self, api: int, *faults: Fault) -> None:
        """What happens to the next replies to this kind of request."""
        self.faults.setdefault(api, deque()).extend(faults)

    @property
    def done(self) -> bool:
        """Whether every planned fault has happened."""
        return not any(self.faults.values())

    def ways(
        self,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> tuple[Coroutine[Any, Any, None], Coroutine[Any, Any, None]]:
        asked: dict[int, int] = {}
        return self._requests(client_in, server_out, asked), self._replies(server_in, client_out, asked)

    async def _requests(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, asked: dict[int, int]) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                frame = await _kafka_frame(source)
                api, _, correlation = struct.unpack_from(">hhi", frame, 4)
                if self.held is not None and api == PRODUCE and self.held in frame:
                    self.fired["held"] += 1
                    continue
                asked[correlation] = api
                to.write(frame)
                await to.drain()

    async def _replies(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, asked: dict[int, int]) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                frame = await _kafka_frame(source)
                api = asked.pop(struct.unpack_from(">i", frame, 4)[0])
                fault = self._next(api, frame)
                if fault is Fault.CUT:
                    return
                if fault is Fault.SILENCE:
                    continue
                if fault is Fault.DELAY:
                    await asyncio.sleep(self.delay_s)
                to.write(_spoilt(frame) if fault is Fault.SPOIL else frame)
                await to.drain()

    def _next(self, api: int, frame: bytes) -> Fault:
        faults = self.faults.get(api)
        if not faults or (faults[0] is Fault.SPOIL and len(frame) < 300):
            return Fault.PASS  # a short reply to Fetch holds no record that could be spoilt
        fault = faults.popleft()
        self.fired[f"{api}:{fault.value}"] += 1
        return fault


class PostgresProxy(Proxy):
    """`at_commit` is asked at every COMMIT: False passes, "before" and "after" cut the connection there.

    Cut before, nothing of the transaction is in the database; cut after, all of it is. The client cannot tell.
    """

    def __init__(self, upstream: int, at_commit: Callable[[], str | float | None], port: int = 0) -> None:
        super().__init__(upstream, port)
        self._at_commit = at_commit

    def ways(
        self,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> tuple[Coroutine[Any, Any, None], Coroutine[Any, Any, None]]:
        lost = asyncio.Event()
        return self._statements(client_in, server_out, lost), self._answers(server_in, client_out, lost)

    async def _statements(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await _pass_start_up(source, to)
            while True:
                head = await source.readexactly(5)
                frame = head + await source.readexactly(struct.unpack(">i", head[1:])[0] - 4)
                fault = self._at_commit() if frame[:1] == b"Q" and frame[5:11].upper() == b"COMMIT" else None
                if fault is not None:
                    self.fired[fault if isinstance(fault, str) else "delay"] += 1
                if fault == "before":
                    return
                if fault == "after":
                    lost.set()
                if isinstance(fault, float):
                    await asyncio.sleep(fault)
                to.write(frame)
                await to.drain()

    @staticmethod
    async def _answers(source: asyncio.StreamReader, to: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await source.read(2**16):
                if lost.is_set():
                    return  # the answer to the COMMIT: it has happened
                to.write(data)
                await to.drain()


@asynccontextmanager
async def proxied(proxy: Proxy) -> AsyncIterator[None]:
    """The proxy listens while the block runs."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", proxy.port, limit=2**24)
    try:
        yield
    finally:
        server.close()
        proxy.cut_all()
        await server.wait_closed()


async def _kafka_frame(source: asyncio.StreamReader) -> bytes:
    size = await source.readexactly(4)
    return size + await source.readexactly(struct.unpack(">i", size)[0])


async def _pass_start_up(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Up to and with the packet that opens the session; before it, a client may ask for encryption."""
    code = 0
    while code not in READY_TO_TALK:
        size = await source.readexactly(4)
        rest = await source.readexactly(struct.unpack(">i", size)[0] - 4)
        code = struct.unpack_from(">i", rest)[0]
        to.write(size + rest)
        await to.drain()


def _spoilt(frame: bytes) -> bytes:
    """One bit of its last record is flipped: the checksum of the batch no longer holds."""
    return frame[:-8] + bytes([frame[-8] ^ 1]) + frame[-7:]
