"""The pool's lock: one holder at a time, and no turn of the loop for each who takes it."""

import asyncio
from contextlib import suppress

import pytest

from services.runtime.database import Database
from services.runtime.pool_lock import PoolLock

pytestmark = pytest.mark.asyncio

SESSIONS = 20
USES = 50


async def test_the_pool_takes_this_lock() -> None:
    pool = Database("postgresql://nobody@127.0.0.1:1/nothing")._pool
    pool._ensure_lock()
    assert isinstance(pool._lock, PoolLock)


async def test_one_has_it_at_a_time() -> None:
    lock, inside, most, uses = PoolLock(), 0, 0, 0

    async def session() -> None:
        nonlocal inside, most, uses
        for _ in range(USES):
            async with lock:
                inside += 1
                most, uses = max(most, inside), uses + 1
                await asyncio.sleep(0)
                inside -= 1

    await asyncio.gather(*(session() for _ in range(SESSIONS)))
    assert (most, uses, lock.locked()) == (1, SESSIONS * USES, False)


async def turns_for(lock: asyncio.Lock) -> int:
    """Turns of the loop until all sessions took the lock so many times, which one holds over an `await` at first."""
    turns = 0

    async def session() -> None:
        for _ in range(USES):
            async with lock:
                pass
            await asyncio.sleep(0)

    async def clock() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(clock())
    await lock.acquire()
    sessions = [asyncio.create_task(session()) for _ in range(SESSIONS)]
    await asyncio.sleep(0)
    lock.release()
    await asyncio.gather(*sessions)
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    return turns


async def test_that_it_was_held_once_slows_nobody_down_after() -> None:
    """With asyncio's own lock all queue up for good: each use of it is a turn of the loop."""
    assert await turns_for(PoolLock()) < 3 * USES
    assert await turns_for(asyncio.Lock()) > SESSIONS * USES / 2


async def test_who_goes_away_when_told_that_it_is_free_tells_the_next() -> None:
    lock = PoolLock()
    await lock.acquire()
    first, second = (asyncio.create_task(lock.acquire()) for _ in range(2))
    await asyncio.sleep(0)
    lock.release()
    first.cancel()
    assert await asyncio.wait_for(second, 1) is True


async def test_who_goes_away_before_is_passed_over() -> None:
    lock = PoolLock()
    await lock.acquire()
    first, second = (asyncio.create_task(lock.acquire()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    lock.release()
    assert await asyncio.wait_for(second, 1) is True


async def test_what_is_not_taken_cannot_be_given_back() -> None:
    with pytest.raises(RuntimeError, match="not taken"):
        PoolLock().release()
