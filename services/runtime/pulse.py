"""Whether PostgreSQL answers at all, and what ends a conversation with one that does not.

A server that is stopped, or whose machine is gone, keeps its connections open and says nothing; a statement would wait
for it for ever, and asking psycopg to give the statement up would, too. So one connection asks twice a second, and when
it hears nothing the sockets of all others are closed: whoever waits on one is told that the outcome is unknown.
"""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection, OperationalError

from services.runtime.telemetry import log

EVERY_S = 0.5
SILENT_S = 1.5
LOOKS = 3
"""The silence is that of the server only if this process had its turns meanwhile: so it is waited for in parts."""


class Pulse:
    """`run` keeps it; without, the server is taken to answer."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        self._url = url
        self._options = options
        self._connection: AsyncConnection[Any] | None = None
        self.talking: set[AsyncConnection[Any]] = set()
        """Those in use: their statements end with OperationalError when the server falls silent."""
        self._given_up = False
        self._answers = asyncio.Event()
        self._answers.set()

    @property
    def answers(self) -> bool:
        """Whether the server answered when it was last asked."""
        return self._answers.is_set()

    async def felt(self, patience_s: float) -> None:
        """Return once the server answers; OperationalError when it does not in time."""
        if self._answers.is_set():
            return
        try:
            await asyncio.wait_for(self._answers.wait(), patience_s)
        except TimeoutError:
            raise OperationalError("PostgreSQL does not answer") from None

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                answered = await self._ask()
                if answered != self.answers:
                    log.warning("database.answers" if answered else "database.away")
                    (self._answers.set if answered else self._answers.clear)()
                await asyncio.sleep(EVERY_S)
        finally:
            if self._connection is not None:
                await self._connection.close()

    async def _ask(self) -> bool:
        asking = asyncio.create_task(self._select())
        asking.add_done_callback(_looked_at)
        for _ in range(LOOKS):
            await asyncio.wait({asking}, timeout=SILENT_S / LOOKS)
            if asking.done():
                break
        else:
            await self._give_up(asking)
        with suppress(psycopg.Error, OSError, asyncio.CancelledError):
            asking.result()
            return True
        self._connection = None
        return False

    async def _give_up(self, asking: asyncio.Task[None]) -> None:
        for connection in self.talking:
            _cut(connection)
        self._given_up = True
        if self._connection is None:
            asking.cancel()  # it waits for a connection
        else:
            _cut(self._connection)
        await asyncio.wait({asking})
        self._given_up = False

    async def _select(self) -> None:
        """On the connection there is; one that was ended alone is no sign, if another can be had."""
        if self._connection is not None:
            try:
                await self._connection.execute("SELECT 1")
            except psycopg.Error:
                self._connection = None
                if self._given_up:
                    raise
            else:
                return
        self._connection = await AsyncConnection.connect(self._url, autocommit=True, **self._options)
        await self._connection.execute("SELECT 1")


def _looked_at(asking: asyncio.Task[None]) -> None:
    """Else asyncio reports what became of one that nobody waits for any more: at the end of the process."""
    if not asking.cancelled():
        asking.exception()


def _cut(connection: AsyncConnection[Any]) -> None:
    """Close the socket under it: what waits for the server finds that it is gone."""
    if not connection.closed:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as under, suppress(OSError):
            under.shutdown(socket.SHUT_RDWR)
