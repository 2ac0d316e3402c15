"""Which process works on which partition of a fold: a lease in PostgreSQL, no consumer group.

        free ──claim: epoch + 1──▶ owned ──session──▶ working ──stop──▶ released = free
         ▲                           ▲                  │ │
         └──── lease expired ────────┘◀── in doubt ─────┘ └── invariant broken ──▶ halted

Workers say every quarter of a lease that they live; each takes at most its share. Correctness never depends on the
lease or on any clock: a worker that was overtaken loses the compare-and-set of its next commit.
"""

import asyncio
from contextlib import suppress
from math import ceil
from typing import Any, Generic, TypeVar

from services.core.errors import Corrupt, Fenced, Transient
from services.runtime.database import AWAY, Connection
from services.runtime.fold import FoldSpec
from services.runtime.fold_table import FoldTable
from services.runtime.partition import Engines, Session
from services.runtime.registering import RegisteringSession
from services.runtime.telemetry import HALTED, OWNED, log
from services.runtime.worker import Worker

S = TypeVar("S")

DRAIN_S = 12.0
PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class FoldWorker(Generic[S]):
    """This process's part in one fold."""

    def __init__(self, spec: FoldSpec[S], engines: Engines, worker: Worker, partitions: int) -> None:
        self.title = spec.title
        self._begun = False
        self._leaving = False
        self._turn = asyncio.Lock()
        self._spec = spec
        self._engines = engines
        self._worker = worker.name
        self._is_gone = worker.is_gone
        self._partitions = partitions
        self._table = FoldTable(spec.service, spec.name)
        self._lease_s = engines.settings.fold.lease_s
        self._session: type[Session[Any]] = Session if spec.registers is None else RegisteringSession
        self._sessions: dict[int, Session[S]] = {}
        self._tasks: dict[int, tuple[int, asyncio.Task[None]]] = {}

    @property
    def ready(self) -> bool:
        """Whether every partition this process holds has taken over where the one before left off."""
        working = [p for p, (_, task) in self._tasks.items() if not task.done()]
        return self._begun and all(p in self._sessions and self._sessions[p].ready for p in working)

    async def run(self) -> None:
        """Hold a fair share of the partitions until cancelled."""
        while True:
            try:
                async with self._turn:
                    if not self._leaving:
                        await self._take_turn()
            except AWAY as error:
                log.warning("assignment.waiting", fold=self.title, reason=str(error))
            OWNED.labels(self.title).set(len(self._tasks))
            await asyncio.sleep(self._lease_s / 4)

    async def stop(self) -> None:
        """Finish what is under way and give the partitions back, so that others need not wait for the lease."""
        self._leaving = True
        async with self._turn:  # a turn under way ends first: it must not claim again what is given back
            pass
        for session in self._sessions.values():
            session.stop()
        tasks = [task for _, task in self._tasks.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_S)
            for task in late:
                task.cancel()
            await asyncio.wait(tasks, timeout=2)
        async with self._engines.database.connection() as connection:
            await self._table.leave(connection, self._worker)

    async def _free_what_died_here(self) -> None:
        """A process that was killed on this machine need not be waited for: its lease ends now."""
        async with self._engines.database.connection() as connection:
            for owner in await self._table.owners(connection):
                if self._is_gone(owner):
                    await self._table.forget(connection, owner)

    async def _take_turn(self) -> None:
        if not self._begun:
            await self._free_what_died_here()
        await self._tick()
        self._begun = True

    async def _tick(self) -> None:
        self._tasks = {p: held for p, held in self._tasks.items() if not held[1].done()}
        async with self._engines.database.connection() as connection:
            await self._keep(connection)
            await self._share(connection)
            halted = await self._table.halted(connection)
        HALTED.labels(self.title).set(len(halted))

    async def _keep(self, connection: Connection) -> None:
        """Prolong the leases; end sessions on what is no longer ours, give back what no session works on."""
        owned = await self._table.renew(connection, self._worker, self._lease_s)
        for partition, (epoch, task) in self._tasks.items():
            if owned.get(partition) != epoch and not task.cancelling():
                log.warning("partition.fenced", fold=self.title, partition=partition, epoch=epoch)
                task.cancel()
        for partition in owned.keys() - self._tasks.keys():
            await self._table.release(connection, partition, owned[partition])

    async def _share(self, connection: Connection) -> None:
        workers = await self._table.beat(connection, self._worker, self._lease_s)
        share = ceil(self._partitions / max(1, workers))
        for partition in sorted(self._tasks)[share:]:
            self._sessions[partition].stop()
        for partition in await self._table.free(connection, self._lease_s):
            if len(self._tasks) >= share:
                break
            if partition in self._tasks:
                continue  # its last session has not ended yet
            await self._table.cut_off(connection, partition, self._lease_s)
            epoch = await self._table.claim(connection, partition, self._worker, self._lease_s)
            if epoch is not None:
                self._start(partition, epoch)

    def _start(self, partition: int, epoch: int) -> None:
        name = f"{self.title}[{partition}]"
        self._sessions.pop(partition, None)
        self._tasks[partition] = (epoch, asyncio.create_task(self._work(partition, epoch), name=name))

    async def _work(self, partition: int, epoch: int) -> None:
        """Sessions one after another until the partition is given up."""
        bound: dict[str, Any] = {"fold": self.title, "partition": partition, "epoch": epoch}
        pause = PAUSE_S
        stopped = self._leaving
        while not stopped:
            session = self._sessions[partition] = self._session(self._spec, self._engines, partition, epoch)
            try:
                await session.run()
                stopped = True
            except Fenced as error:
                log.warning("partition.lost", reason=str(error), **bound)
                return
            except (Transient, *AWAY) as error:
                log.warning("partition.retry", reason=str(error), **bound)
                pause = PAUSE_S if session.ready else min(pause * 2, LONGEST_PAUSE_S)
                await asyncio.sleep(0 if session.stopping else pause)
                stopped = session.stopping
            except Exception as error:  # noqa: BLE001 - an invariant or a bug: this partition, not the process
                await self._halt(partition, epoch, error)
                return
        with suppress(*AWAY):  # then `_keep` does it
            async with self._engines.database.connection() as connection:
                await self._table.release(connection, partition, epoch)
        log.info("partition.released", **bound)

    async def _halt(self, partition: int, epoch: int, error: Exception) -> None:
        reason = str(error) if isinstance(error, Corrupt) else repr(error)
        log.critical("partition.halted", fold=self.title, partition=partition, reason=reason, exc_info=error)
        HALTED.labels(self.title).inc()
        with suppress(*AWAY):  # then the next session finds the same
            async with self._engines.database.connection() as connection:
                await self._table.halt(connection, partition, reason, epoch)
