"""A PostgreSQL of a test's own, which it may kill, stop and start again."""

import asyncio
import signal
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql
from rich.console import Console

from services.embedded.postgres import Postgres
from services.embedded.process import is_alive, stop
from services.embedded.settings import EmbeddedSettings


class OwnPostgres:
    """Its state must not be in pytest's own folders: each start of pytest closes them to whom PostgreSQL runs as."""

    def __init__(self, state: Path) -> None:
        (state / "logs").mkdir(parents=True, exist_ok=True)
        self._postgres = Postgres(state, EmbeddedSettings(), Console(quiet=True))
        self._process: psutil.Process | None = None
        self._port = 0

    async def start(self) -> None:
        """Start it, or start it again where it was."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        self._process, port = self._postgres.start(self._port)
        assert self._port in {0, port}, "somebody took its port"
        self._port = port
        self._postgres.wait(self._process, port)

    @property
    def url(self) -> str:
        return self._postgres.address(self._port)

    async def database(self, name: str) -> str:
        """The URL of a new one."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    @property
    def lives(self) -> bool:
        return self._process is not None and is_alive(self._process)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        stop(self._process)

    def freeze(self) -> None:
        """It and each of its sessions stand still: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        for process in (self._process, *self._process.children()):
            process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, Postgres.abandon_signal)
