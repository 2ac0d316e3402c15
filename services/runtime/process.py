"""The life of a process: start → restore → ready → drain → stop.

On SIGTERM or SIGINT it says it is not ready, ends open requests, finishes the batches under way, publishes what is
committed, gives its partitions back and leaves within 25 s; a second signal, or 25 s, ends it at once. Nothing depends
on a clean end: after `kill -9` the next start does the rest.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from services.core.errors import Fatal, Transient
from services.runtime import telemetry
from services.runtime.assignment import FoldWorker
from services.runtime.clock import Clock
from services.runtime.codec import Codec
from services.runtime.database import AWAY, Database
from services.runtime.fold_table import FoldTable
from services.runtime.http import application
from services.runtime.http_server import Server, listen
from services.runtime.kafka import topics
from services.runtime.kafka.producer import Producer
from services.runtime.memory import give_back_large_blocks, look_for_cycles_rarely, take_short_turns
from services.runtime.outbox import Outbox
from services.runtime.partition import Engines
from services.runtime.registry import BundledRegistry, ConfluentRegistry, Registry
from services.runtime.service import Build, Runtime, Service
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import migrate
from services.runtime.telemetry import log
from services.runtime.worker import Worker

STOP_S = 25.0
RESTORE_S = 30.0


class Process:
    """Runs services together: all of them on one machine, one of them in a container."""

    def __init__(self, settings: RuntimeSettings, builds: Sequence[Build], clock: Clock | None = None) -> None:
        if not settings.kafka.bootstrap_servers or not settings.database.url:
            raise Fatal("addresses are missing: set TOLBRUG_KAFKA__BOOTSTRAP_SERVERS and TOLBRUG_DATABASE__URL")
        self.url = ""
        self._settings = settings
        self._clock = clock or Clock()
        self._stop = asyncio.Event()
        self._draining = False
        self._failure: BaseException | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: list[FoldWorker[Any]] = []
        self._worker = Worker.here()
        self._database = Database(settings.database.url, name=self._worker.name, size=settings.database.pool_size)
        self._producer = Producer(settings.kafka.bootstrap_servers, settings.kafka.topic_prefix)
        self._codec = Codec(_registry(settings))
        runtime = Runtime(settings, self._database, self._codec)
        self._services: list[Service] = [build(runtime) for build in builds]

    def stop(self) -> None:
        """Begin to drain."""
        self._stop.set()

    async def run(self, on_ready: Callable[[str], Awaitable[None] | None] | None = None) -> None:
        """Until stopped. Fatal when it cannot start as configured, or when a task that must not end did."""
        take_short_turns()
        give_back_large_blocks()
        async with AsyncExitStack() as stack:
            await self._start(stack)
            server, serving = await self._serve()
            await self._restored()
            look_for_cycles_rarely()
            log.info("process.ready", url=self.url, services=[s.name for s in self._services])
            if on_ready is not None and (waiting := on_ready(self.url)) is not None:
                await waiting
            await self._stop.wait()
            await self._drain(server, serving)
        if self._failure is not None:
            raise Fatal(f"a task ended that must not end: {self._failure!r}") from self._failure

    async def _start(self, stack: AsyncExitStack) -> None:
        await self._database.open()
        stack.push_async_callback(self._database.close)
        self._spawn("database watch", self._database.watch)
        for service in self._services:
            await migrate(self._database, service.name, service.migrations)
        wanted = topics.with_dead_letters({t for s in self._services for t in s.topics})
        partitions = await topics.apply(self._settings.kafka, wanted)
        await self._codec.prepare()
        stack.push_async_callback(self._codec.close)
        await self._producer.start()
        stack.push_async_callback(self._producer.stop)
        engines = Engines(self._settings, self._database, self._codec, self._producer, self._clock)
        for service in self._services:
            await self._start_service(service, engines, partitions)

    async def _start_service(self, service: Service, engines: Engines, partitions: int) -> None:
        for spec in service.folds:
            async with self._database.transaction() as connection:
                count = await FoldTable(service.name, spec.name).prepare(connection, partitions)
            if count != partitions:
                raise Fatal(f"{spec.title} was started with {count} partitions, its topics have {partitions}")
            fold_worker = FoldWorker(spec.for_partitions(partitions), engines, self._worker, partitions)
            self._workers.append(fold_worker)
            self._spawn(f"{spec.title} worker", fold_worker.run)
        for outbox in service.outboxes:
            keep = timedelta(hours=self._settings.outbox.keep_h)
            self._spawn(f"{service.name} relay", partial(outbox.relay, self._producer, keep))
            self._spawn(f"{service.name} outbox depth", partial(_measure, outbox))
        for name, loop in service.loops.items():
            self._spawn(f"{service.name} {name}", loop)

    async def _restored(self) -> None:
        """Wait until the partitions have taken over; not for ever: one that cannot is shown by `/readyz`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTORE_S):
                while not all(w.ready for w in self._workers) and not self._stop.is_set():  # noqa: ASYNC110 - many sessions
                    await asyncio.sleep(0.05)

    def _spawn(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await loop()
                raise Fatal(f"{name} ended")  # noqa: TRY301 - an end without an error is one too
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - one fate for all: the process ends and says why
                log.critical("task.failed", task=name, exc_info=error)
                self._failure = error
                self._stop.set()

        self._tasks.append(asyncio.create_task(guarded(), name=name))

    async def _serve(self) -> tuple[Server, asyncio.Task[None]]:
        routers = [router for s in self._services for router in s.routers]
        http = self._settings.http
        app = application("Tolbrug", routers, self.ready, lambda: self._failure is None, http)
        listening = listen(http.host, http.port)
        host, port = listening.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        server = Server(app, http.connections)
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="http")
        serving.add_done_callback(self._served)
        return server, serving

    def _served(self, serving: asyncio.Task[None]) -> None:
        """A door that closes by itself ends the process: one that answers nobody must not look alive."""
        if not self._draining:
            self._failure = (None if serving.cancelled() else serving.exception()) or Fatal("the HTTP server ended")
            self._stop.set()

    async def ready(self) -> dict[str, bool]:
        """The parts of readiness, by name."""
        parts = {"started": not self._draining, "database": self._database.answers}
        parts |= {w.title: w.ready for w in self._workers}
        return parts

    async def _drain(self, server: Server, serving: asyncio.Task[None]) -> None:
        self._draining = True
        log.info("process.draining")
        server.stop()
        await asyncio.wait({serving}, timeout=6)
        stopping = [asyncio.create_task(worker.stop()) for worker in self._workers]
        if stopping:
            await asyncio.wait(stopping, timeout=15)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=3)
        for outbox in (o for s in self._services for o in s.outboxes):
            with suppress(Transient, TimeoutError, *AWAY):
                await asyncio.wait_for(outbox.publish_once(self._producer), 3)
        log.info("process.stopped")


def _registry(settings: RuntimeSettings) -> Registry:
    url = settings.registry.url
    return ConfluentRegistry(url, settings.state) if url else BundledRegistry()


async def _measure(outbox: Outbox) -> None:
    while True:
        with suppress(*AWAY):
            telemetry.OUTBOX.labels(outbox.service).set(await outbox.depth())
        await asyncio.sleep(2)


def stop_on_signals(process: Process) -> None:
    """SIGTERM and SIGINT drain; the second one, or `STOP_S` seconds, ends the process where it stands."""
    loop = asyncio.get_running_loop()
    asked = False

    def on_signal() -> None:
        nonlocal asked
        if asked:
            os._exit(1)
        asked = True
        loop.call_later(STOP_S, _too_late)
        process.stop()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, on_signal)


def _too_late() -> None:
    sys.stderr.write(f"not stopped after {STOP_S:.0f} s, leaving; the next start does the rest\n")
    os._exit(70)
