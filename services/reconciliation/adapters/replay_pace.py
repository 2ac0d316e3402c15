"""Not faster than asked: a replay beside running services shares broker, database and processor with them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

SHORTEST_S: Final = 0.05
"""A shorter wait is left to the next one."""


class Pace:
    """At most `per_second` of something, from when it is made."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._begun = clock()

    async def keep(self, done: int) -> None:
        """Wait while so many are done too soon."""
        ahead = done / self._per_second - (self._clock() - self._begun)
        if ahead >= SHORTEST_S:
            await self._sleep(ahead)
