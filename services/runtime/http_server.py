"""uvicorn, started and stopped by the process, with its connections bounded in number and in what they may wait for.

A connection waits either for us, to be answered, or for its client, to send: only the latter is cut short. A request
must begin soon and be whole soon after, so that those who send slowly, or nothing, hold a place for a while and no
longer; and when all places are taken, the newcomer gets that of the connection whose client was waited for longest.
"""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from services.core.errors import Fatal

BACKLOG: Final = 2048
FILES: Final = 256
"""What a process may have open is for the engines too, before it is for clients."""
ANSWERS_S: Final = 3.0
"""So long may answers under way take when the server stops."""
LOOK_S = 1.0
BEGIN_S = 10.0
WHOLE_S = 30.0
"""A request begins within `BEGIN_S` of its connection or of the answer before, and is whole within `WHOLE_S` more."""
FRESH_S = 1.0
"""Nobody loses a place who was waited for less: then the newcomer is turned away."""

TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NO_PLACE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


def listen(host: str, port: int) -> socket.socket:
    """Port 0 takes a free one. Fatal when the port is taken."""
    try:
        found = socket.create_server((host, port), backlog=BACKLOG, reuse_port=False)
    except OSError as error:
        raise Fatal(f"cannot listen on {host}:{port} ({error}); choose another with TOLBRUG_HTTP__PORT") from error
    # Connections inherit it. Without, an answer's body may wait 40 ms for its client to acknowledge the head.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


class Places(ServerState):
    """All connections, and those whose clients are waited for, longest first: since when, by the loop's clock."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = min(most, max(1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - FILES))
        self.waited_for: dict[Connection, float] = {}

    def make_room(self, now: float) -> bool:
        """Close the one that was waited for longest; False when none was for long."""
        oldest, since = next(iter(self.waited_for.items()), (None, now))
        if oldest is None or now - since < FRESH_S:
            return False
        oldest.give_up()
        return True

    async def look(self) -> None:
        """Close, until cancelled, those that were waited for too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            now = loop.time()
            for connection, since in [*self.waited_for.items()]:
                if now - since > (WHOLE_S if connection.has_begun else BEGIN_S):
                    connection.give_up()


class Connection(HttpToolsProtocol):
    """One client's connection."""

    has_begun = False
    """Whether part of a request is there, and not all of it."""

    @property
    def places(self) -> Places:
        assert isinstance(self.server_state, Places)  # noqa: S101 - what `Server` gives
        return self.server_state

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        now = self.loop.time()
        if len(self.connections) > self.places.most and not self.places.make_room(now):
            transport.write(NO_PLACE)
            transport.close()
            return
        self.places.waited_for[self] = now

    def connection_lost(self, exc: Exception | None) -> None:
        self.places.waited_for.pop(self, None)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.has_begun = True
        self._wait()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.has_begun = False
        if self.cycle.response_complete:
            self._wait()  # it was answered before it was whole
        else:
            self.places.waited_for.pop(self, None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.has_begun and not self.pipeline:
            self._wait()

    def _wait(self) -> None:
        self.places.waited_for.pop(self, None)
        if not self.transport.is_closing():
            self.places.waited_for[self] = self.loop.time()

    def give_up(self) -> None:
        """The client is not waited for any longer. What is being answered loses its reader."""
        self.places.waited_for.pop(self, None)
        self.connections.discard(self)
        answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if self.has_begun and not answering:
            self.transport.write(TOO_SLOW)
        self.transport.close()


class Server(uvicorn.Server):
    """Without signal handlers of its own: the process decides when to stop."""

    def __init__(self, app: ASGIApp, connections: int) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            log_config=None,
            access_log=False,
            lifespan="off",
            loop="none",
            backlog=BACKLOG,
            proxy_headers=False,
        )
        super().__init__(config)
        self.server_state = self._places = Places(connections)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to: no new connections, an answer to each request under way, then the end."""
        self.should_exit = True
        self._stopping.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        looking = asyncio.create_task(self._places.look())
        try:
            while not await self.on_tick(0):  # it keeps the date of the answers
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 1)
        finally:
            looking.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = set(self.server_state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ANSWERS_S)
            for task in late:
                task.cancel()
