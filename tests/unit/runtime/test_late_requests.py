"""Who waits for a commit: nobody for others to come, and nobody who was told that it took too long."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from services.core.errors import Transient
from services.runtime import group_commit
from services.runtime.admission import Full
from services.runtime.database import Connection, Database
from services.runtime.group_commit import GroupCommit


class Slow:
    """A database whose first transaction lasts until `go` is set; `stored` has what each of them was given."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.stored: list[list[int]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        yield None

    async def apply(
        self, _connection: Connection, requests: Sequence[int], _traces: Sequence[str | None]
    ) -> list[int | Exception]:
        self.stored.append(list(requests))
        await self.go.wait()
        return list(requests)


async def test_a_request_is_not_kept_for_others_and_those_that_come_meanwhile_are_the_next_group() -> None:
    slow = Slow()
    commits: GroupCommit[int, int] = GroupCommit(cast(Database, slow), slow.apply, lambda: None)
    running = asyncio.create_task(commits.run())
    requests = [asyncio.create_task(commits.submit(0))]
    for _ in range(3):  # its submission, the loop of commits, the transaction
        await asyncio.sleep(0)
    assert slow.stored == [[0]]
    requests += [asyncio.create_task(commits.submit(n)) for n in range(1, 10)]
    await asyncio.sleep(0)
    slow.go.set()
    assert await asyncio.gather(*requests) == list(range(10))
    assert slow.stored == [[0], list(range(1, 10))]
    running.cancel()
    await asyncio.wait({running})


async def test_a_request_that_waited_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "ANSWER_S", 0.05)
    slow = Slow()
    commits: GroupCommit[int, int] = GroupCommit(cast(Database, slow), slow.apply, lambda: None)
    running = asyncio.create_task(commits.run())
    late = [asyncio.create_task(commits.submit(n)) for n in range(5)]
    assert {type(outcome) for outcome in await asyncio.gather(*late, return_exceptions=True)} == {Transient}
    behind = [asyncio.create_task(commits.submit(n)) for n in range(5, 10)]
    assert {type(outcome) for outcome in await asyncio.gather(*behind, return_exceptions=True)} == {Transient}
    slow.go.set()
    assert await commits.submit(10) == 10
    assert slow.stored == [[0, 1, 2, 3, 4], [10]]
    running.cancel()
    await asyncio.wait({running})


async def test_no_queue_grows_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "LONGEST_QUEUE_S", 0.0)
    monkeypatch.setattr(group_commit, "MOST", 1)
    slow = Slow()
    commits: GroupCommit[int, int] = GroupCommit(cast(Database, slow), slow.apply, lambda: None)
    running = asyncio.create_task(commits.run())
    slow.go.set()
    assert await commits.submit(0) == 0
    slow.go.clear()
    under_way = asyncio.create_task(commits.submit(1))
    while len(slow.stored) < 2:  # noqa: ASYNC110 - the loop has its turn
        await asyncio.sleep(0)
    next_one = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await commits.submit(3)
    slow.go.set()
    assert [await under_way, await next_one, await commits.submit(4)] == [1, 2, 4]
    running.cancel()
    await asyncio.wait({running})
