"""A process of services, from the first signal handler to the last engine stopped."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from services.cli.addresses import started
from services.core.errors import Fatal
from services.runtime.process import Process, stop_on_signals
from services.runtime.service import Build
from services.runtime.settings import RuntimeSettings
from services.runtime.telemetry import configure_logging


@dataclass(frozen=True, slots=True)
class Ready:
    """A process that answers, and how many seconds its engines and its services took."""

    process: Process
    engines_s: float
    services_s: float


OnReady = Callable[[Ready], None]


async def serve(settings: RuntimeSettings, builds: Sequence[Build], on_ready: OnReady) -> None:
    """Run the services until they are told to stop; embedded engines where no address is set."""
    task = asyncio.current_task()
    if task is None:
        raise Fatal("a process is served from a task")
    # Until the services listen to it, SIGTERM interrupts the start, and the engines begun with it are stopped.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    begun = time.monotonic()
    async with started(settings) as complete:
        engines_up = time.monotonic()
        process = Process(complete, builds)
        stop_on_signals(process)

        def ready(_url: str) -> None:
            now = time.monotonic()
            on_ready(Ready(process, round(engines_up - begun, 1), round(now - engines_up, 1)))

        await process.run(ready)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end. An interrupted start is a normal end."""
    with suppress(asyncio.CancelledError, KeyboardInterrupt):
        uvloop.run(main)


def log_to(settings: RuntimeSettings, file: Path | None = None) -> None:
    """Logs go to standard error, or are appended to a file so that a terminal stays readable."""
    if file is None:
        configure_logging(settings.log_level)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # Left open: it is the log until the process ends.
    with redirect_stderr(file.open("a", buffering=1)):
        configure_logging(settings.log_level)
