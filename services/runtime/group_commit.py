"""Many concurrent requests, one commit: a request returns once the transaction that holds it is durable."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from psycopg_pool import PoolTimeout

from services.core.errors import Transient
from services.runtime.admission import Full
from services.runtime.crash import crash_point
from services.runtime.database import AWAY, Connection, Database
from services.runtime.telemetry import trace_parent

Req = TypeVar("Req")
Res = TypeVar("Res")

MOST = 200
WAITING = 5_000
ANSWER_S = 15.0
LONGEST_QUEUE_S = 5.0
"""No queue is let grow that takes longer: who waits in it must still be there when it is done."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Req, Res]):
    """A request, the trace it belongs to, and where its answer goes."""

    request: Req
    trace: str | None
    answer: "asyncio.Future[Res]"


class GroupCommit(Generic[Req, Res]):
    """Collects what arrives while the transaction before is under way, and commits it together.

    `apply` gets the requests in order of arrival, with their traces, and must lock rows in key order. It gives one
    result or one exception per request; what it raises itself fails the group, which is then retried one by one, so
    that one bad request does not fail its neighbours. An unknown commit outcome is Transient to the sender, who repeats
    it; a repeat is known.
    """

    def __init__(
        self,
        database: Database,
        apply: Callable[[Connection, Sequence[Req], Sequence[str | None]], Awaitable[Sequence[Res | Exception]]],
        committed: Callable[[], None],
    ) -> None:
        self._database = database
        self._apply = apply
        self._committed = committed
        self._queue: asyncio.Queue[_Waiting[Req, Res]] = asyncio.Queue(WAITING)
        self._group_s = 0.0

    async def submit(self, request: Req) -> Res:
        """The result for this request, durable. Transient when too much waits, or the database is away or silent."""
        answer: asyncio.Future[Res] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(request, trace_parent(), answer)
        if self._queue.qsize() // MOST * self._group_s > LONGEST_QUEUE_S:
            raise Full("too many requests wait for the database")
        try:
            self._queue.put_nowait(waiting)
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except asyncio.QueueFull:
            raise Full("too many requests wait for the database") from None
        except TimeoutError:
            raise Transient(f"the database did not answer within {ANSWER_S:.0f} s") from None

    async def run(self) -> None:
        """Commit groups until cancelled; requests that still wait then fail with Transient."""
        try:
            while True:
                group = [await self._queue.get()]
                while len(group) < MOST and not self._queue.empty():
                    group.append(self._queue.get_nowait())
                # Who was told meanwhile that it took too long sends again: else overload would serve none but those.
                group = [waiting for waiting in group if not waiting.answer.done()]
                if group:
                    begun = time.monotonic()
                    await self._commit_or_split(group)
                    self._group_s = time.monotonic() - begun
        finally:
            self._fail_waiting("the process is stopping")

    def _fail_waiting(self, reason: str) -> None:
        while not self._queue.empty():
            _fail(self._queue.get_nowait().answer, Transient(reason))

    async def _commit_or_split(self, group: Sequence[_Waiting[Req, Res]]) -> None:
        try:
            await self._commit(group)
        except AWAY as error:
            for waiting in group:
                _fail(waiting.answer, Transient(f"the database is away: {error}"))
            if isinstance(error, PoolTimeout) or not self._database.answers:
                self._fail_waiting(f"the database is away: {error}")  # no need to wait as long again for the same
        except asyncio.CancelledError:
            for waiting in group:
                _fail(waiting.answer, Transient("the process is stopping"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, it belongs to one of the requests
            if len(group) == 1:
                _fail(group[0].answer, error)
                return
            for one in group:
                await self._commit_or_split([one])

    async def _commit(self, group: Sequence[_Waiting[Req, Res]]) -> None:
        async with self._database.transaction() as connection:
            results = await self._apply(connection, [w.request for w in group], [w.trace for w in group])
            crash_point("intake-before-commit")
        crash_point("intake-after-commit")
        self._committed()
        for waiting, result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                _fail(waiting.answer, result)
            elif not waiting.answer.done():
                waiting.answer.set_result(result)


def _fail(future: "asyncio.Future[Res]", error: Exception) -> None:
    """A request whose sender has gone away needs no answer."""
    if not future.done():
        future.set_exception(error)
