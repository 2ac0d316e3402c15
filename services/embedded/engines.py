"""Kafka and PostgreSQL, started or adopted together, stopped together."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
from rich.console import Console

from services.core.errors import Fatal
from services.embedded.kafka import Kafka
from services.embedded.postgres import Postgres
from services.embedded.process import Record, Recorded, is_alive, stop, strays
from services.embedded.settings import EmbeddedSettings
from services.embedded.state import owned

WATCH_S = 1.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the engines answer; empty for one that was not asked for."""

    bootstrap_servers: str = ""
    database_url: str = ""


class Engine(Protocol):
    """What Kafka and PostgreSQL have in common."""

    name: str
    wanted_port: int
    stop_signal: signal.Signals
    abandon_signal: signal.Signals

    @property
    def argument(self) -> str: ...
    def address(self, port: int) -> str: ...
    def answers(self, port: int) -> bool: ...
    def start(self, preferred_port: int) -> tuple[psutil.Process, int]: ...
    def wait(self, process: psutil.Process, port: int) -> None: ...


@asynccontextmanager
async def engines(
    state: Path,
    settings: EmbeddedSettings | None = None,
    *,
    kafka: bool = True,
    postgres: bool = True,
    console: Console | None = None,
    lasting: bool = True,
) -> AsyncIterator[Addresses]:
    """Run the engines asked for while the block runs. Fatal, with the ways out, when one cannot be had.

    What a killed process left running in this state directory is adopted when it answers, else stopped.
    One that ends meanwhile is started again where it was: its clients only wait.
    What the person who waits should know is printed on `console` (default: standard error).
    Engines that are not `lasting` are ended at once, for whoever throws away what they hold.
    """
    settings = settings or EmbeddedSettings()
    console = console or Console(stderr=True)
    if not (kafka or postgres):
        yield Addresses()
        return
    with owned(state) as directory:
        record = Record(directory / "engines.json")
        brokers = [Kafka(directory, settings, console)] if kafka else []
        each: list[Engine] = [*brokers, *([Postgres(directory, settings, console)] if postgres else [])]
        running = _Running(record)
        starting = {engine.name: asyncio.create_task(asyncio.to_thread(running.start, engine)) for engine in each}
        try:
            # Not gather: cancelling it would leave threads behind that start engines nobody stops.
            await asyncio.wait(starting.values(), return_when=asyncio.FIRST_EXCEPTION)
            found = {name: task.result() for name, task in starting.items() if task.done()}
            async with _kept(running, each, console):
                yield Addresses(found.get("kafka", ""), found.get("postgres", ""))
        finally:
            for broker in brokers:
                broker.cancelled.set()
            await asyncio.gather(*starting.values(), return_exceptions=True)
            await asyncio.gather(*(asyncio.to_thread(running.stop, engine, lasting=lasting) for engine in each))


@asynccontextmanager
async def _kept(running: "_Running", each: Sequence[Engine], console: Console) -> AsyncIterator[None]:
    """Look after the engines while the block runs."""
    over = asyncio.Event()

    async def keep() -> None:
        while not over.is_set():
            for said in await asyncio.gather(*(asyncio.to_thread(running.revive, engine) for engine in each)):
                if said:
                    console.print(said, soft_wrap=True, markup=False)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), WATCH_S)

    keeping = asyncio.create_task(keep(), name="engines")
    try:
        yield
    finally:
        # Not cancelled: a thread that is starting an engine would be left behind with it.
        over.set()
        await asyncio.wait({keeping})


class _Running:
    """The record, and what it says made true. The two engines start in two threads."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._entries = record.read()
        self._processes: dict[str, psutil.Process] = {}
        self._lock = threading.Lock()

    def start(self, engine: Engine) -> str:
        """Adopt or start; returns the address."""
        before = self._entries.get(engine.name)
        if before is not None and self._adopt(engine, before):
            return engine.address(before.port)
        for process in strays(engine.argument):
            stop(process, engine.stop_signal)
        process, port = engine.start(before.port if before else 0)
        with self._lock:
            self._processes[engine.name] = process
            self._entries[engine.name] = Recorded.of(process, port)
            self._record.write(self._entries)
        engine.wait(process, port)
        return engine.address(port)

    def revive(self, engine: Engine) -> str:
        """Start an engine that has ended, at the port it had; what to say about it, empty when it lives."""
        process = self._processes.get(engine.name)
        if process is None or is_alive(process):
            return ""
        with suppress(psutil.Error):
            process.wait(0)
        port = self._entries[engine.name].port
        try:
            if self.start(engine) == engine.address(port):
                return f"{engine.name} had ended (pid {process.pid}) and was started again"
        except Fatal as error:
            return f"{engine.name} has ended (pid {process.pid}) and does not start: {error}"
        return f"{engine.name} had ended (pid {process.pid}) and its port {port} was taken: start all again"

    def stop(self, engine: Engine, *, lasting: bool) -> None:
        """Stop what was started or adopted; nothing when it has ended by itself."""
        process = self._processes.get(engine.name)
        if process is not None:
            stop(process, engine.stop_signal if lasting else engine.abandon_signal)

    def _adopt(self, engine: Engine, recorded: Recorded) -> bool:
        process = recorded.process()
        fits = process is not None and engine.wanted_port in {0, recorded.port} and engine.answers(recorded.port)
        if process is not None and fits:
            self._processes[engine.name] = process
        return fits


def running_in(state: Path, settings: EmbeddedSettings | None = None) -> Addresses:
    """The addresses of engines that another process runs in this directory now; empty where there are none."""
    settings = settings or EmbeddedSettings()
    quiet = Console(quiet=True)
    state = state.absolute()
    entries = Record(state / "engines.json").read()

    def of(engine: Engine) -> str:
        recorded = entries.get(engine.name)
        return engine.address(recorded.port) if recorded and recorded.process() else ""

    return Addresses(of(Kafka(state, settings, quiet)), of(Postgres(state, settings, quiet)))


def stop_left_over(state: Path) -> list[str]:
    """Stop the engines that killed processes left in this directory and those below it (test runs); what was stopped.

    Fatal, with nothing stopped there, while a living process holds a directory.
    """
    stopped = []
    for path in sorted(state.glob("**/engines.json")):
        with owned(path.parent):
            for name, recorded in Record(path).read().items():
                process = recorded.process()
                if process is not None:
                    stop(process, Postgres.stop_signal if name == Postgres.name else Kafka.stop_signal)
                    stopped.append(name)
    return stopped
