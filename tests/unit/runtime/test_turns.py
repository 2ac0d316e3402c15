"""Partitions of a process take turns, and wait for nobody for long."""

import asyncio

import pytest

from services.runtime.turns import Turns

LONG_S = 30.0


async def test_only_a_few_work_at_once() -> None:
    turns, working, most = Turns(2, LONG_S), 0, 0

    async def work() -> None:
        nonlocal working, most
        async with turns.turn():
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1

    await asyncio.gather(*(work() for _ in range(9)))
    assert (most, working) == (2, 0)


async def test_who_has_waited_for_long_goes_ahead() -> None:
    turns, stands_still = Turns(1, 0.01), asyncio.Event()

    async def stand_still() -> None:
        async with turns.turn():
            await stands_still.wait()

    standing = asyncio.create_task(stand_still())
    async with asyncio.timeout(LONG_S):
        for _ in range(2):
            async with turns.turn():
                assert not standing.done()
    stands_still.set()
    await standing


@pytest.mark.parametrize("patience_s", [0.0, LONG_S])
async def test_a_turn_that_failed_is_over(patience_s: float) -> None:
    turns = Turns(1, patience_s)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with turns.turn():
                raise ZeroDivisionError
    async with asyncio.timeout(LONG_S), Turns(1, LONG_S).turn(), turns.turn():
        pass


async def test_a_turn_that_did_not_come_is_not_given_back() -> None:
    turns, working = Turns(1, 0.01), 0
    async with turns.turn(), turns.turn():
        pass

    async def work() -> None:
        nonlocal working
        async with turns.turn():
            working += 1
            assert working == 1
            await asyncio.sleep(0)
            working -= 1

    await asyncio.gather(*(work() for _ in range(4)))
